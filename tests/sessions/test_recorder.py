"""A recorder never stands in the way: of training, of files that are there, of scripts of any form."""

import logging
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import sessions
from ntm_core.trace import EpisodeInfo, EpisodeKind, Field, Role, TraceSpec
from sessions import compact
from sessions import recorder as recorder_module
from sessions.info import SessionInfo
from sessions.schema import State
from sessions.storage import SessionFile
from tests.contracts import same_bits
from tests.sessions.traces import at, episode, ntm_spec, numbered, still, tiny_spec

ROOT = Path(__file__).parents[2]


def test_a_plain_script_without_a_main_guard_records(tmp_path):
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts" / "train.py"
    script.write_text(
        "import numpy as np, sessions\n"
        "from ntm_core.trace import EpisodeInfo, Field, Role, TraceSpec\n"
        "spec = TraceSpec((Field('memory', Role.MEMORY, (2, 2), ('location', 'word')),))\n"
        "with sessions.Recorder('run.h5', spec, {'model': 'mine'}) as recorder:\n"
        "    recorder.begin_episode(EpisodeInfo(), {})\n"
        "    recorder.append({'memory': np.ones((2, 2))})\n"
    )
    (tmp_path / "json.py").write_text("raise SystemExit('the folder that a script is started in is not ours')")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, script], cwd=tmp_path, env=environment, check=True, timeout=60)
    with sessions.open(tmp_path / "run.h5") as recording:
        assert recording.info.model == "mine"
        assert recording.episodes[0].record(0)["memory"].tolist() == [[1, 1], [1, 1]]


def test_a_file_that_is_there_is_kept_unless_asked_for(path):
    with sessions.Recorder(path, tiny_spec(), {"title": "first"}):
        pass
    with pytest.raises(sessions.SessionError, match=r"take another, or ask for overwrite: .*run\.ntmviz\.h5$"):
        sessions.Recorder(path, tiny_spec(), {"title": "second"})
    with sessions.open(path) as first:
        with sessions.Recorder(path, tiny_spec(), {"title": "third"}, overwrite=True):
            pass
        assert first.info.title == "first"
        assert not first.refresh()
    with sessions.open(path) as recording:
        assert recording.info.title == "third"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("missing/run.h5", "cannot write a session here: No such file or directory"),
        (".", "this is a folder"),
        ("x" * 300, "cannot write a session here: File name too long"),
    ],
)
def test_a_path_that_cannot_be_written_is_told_in_one_line(tmp_path, name, told):
    with pytest.raises(sessions.SessionError) as caught:
        sessions.Recorder(tmp_path / name, tiny_spec(), overwrite=True)
    assert told in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("info", "told"),
    [
        ({"modle": "ntm"}, "got modle too"),
        ({"seed": "three"}, "a whole seed"),
        ({"seed": float("inf")}, "a whole seed"),
        ({"title": "long" * 2**20}, "info of at most 4194304 bytes was wanted"),
        ({"train": np.zeros(3)}, "is not JSON serializable"),
    ],
)
def test_info_that_cannot_be_kept_is_told(path, info, told):
    with pytest.raises(sessions.SessionError, match=told):
        sessions.Recorder(path, tiny_spec(), info)
    assert not path.exists()


def test_an_impossible_session_does_not_take_the_place_of_one_that_is_there(path):
    with sessions.Recorder(path, tiny_spec(), {"title": "first"}):
        pass
    with pytest.raises(sessions.SessionError, match="info of at most"):
        sessions.Recorder(path, tiny_spec(), {"title": "long" * 2**20}, overwrite=True)
    with sessions.open(path) as recording:
        assert recording.info.title == "first"


def test_a_session_that_fails_half_way_through_its_creation_leaves_no_file(path):
    spec = TraceSpec((Field("gate", Role.GATE, (2,), ("head",), unit="\ud800"),))
    with pytest.raises(sessions.SessionError):
        sessions.Recorder(path, spec)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (lambda recorder: recorder.begin_episode(EpisodeInfo(seed=2**63), still(tiny_spec())), "seed: a whole number"),
        (lambda recorder: recorder.begin_episode(EpisodeInfo(item=0.5), still(tiny_spec())), r"item: .*got 0\.5"),
        (lambda recorder: recorder.begin_episode(EpisodeInfo(loss="low"), still(tiny_spec())), "loss: a number"),
        (lambda recorder: recorder.end_episode(loss="low"), "loss: a number was wanted; got 'low'"),
        (lambda recorder: recorder.log(-(2**63) - 1, loss=1.0), "iteration: a whole number"),
        (lambda recorder: recorder.log(1, loss="low"), "loss: a number"),
        (lambda recorder: recorder.event("hit", step=2**63), "step: a whole number"),
        (lambda recorder: recorder.checkpoint(b"weights", 2**63), "iteration: a whole number"),
    ],
)
def test_a_number_that_the_format_cannot_hold_is_told_and_recording_goes_on(path, record, told):
    spec = tiny_spec()
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), still(spec))
        with pytest.raises(sessions.SessionError, match=told):
            record(recorder)
        recorder.begin_episode(EpisodeInfo(), still(spec))
        recorder.append_steps(numbered(spec, 0, 3))
    with sessions.open(path) as recording:
        assert recording.complete
        assert [len(each) for each in recording.episodes] == [0, 3]


def test_a_text_of_any_length_does_not_end_recording(path):
    with sessions.Recorder(path, tiny_spec()) as recorder:
        recorder.begin_episode(EpisodeInfo(label="long" * 2**23), still(tiny_spec()))
        recorder.event("hit", text="long" * 2**23)
    with sessions.open(path) as recording:
        assert recording.complete
        assert recording.episodes[0].info.label == recording.events[0].text == "long" * 2**14


def test_fields_that_do_not_fit_the_spec_are_told(path):
    spec = tiny_spec()
    columns, initial = episode(spec, 3, 0)
    with sessions.Recorder(path, spec) as recorder:
        with pytest.raises(sessions.SessionError, match="begin one first"):
            recorder.append_steps(columns)
        with pytest.raises(sessions.SessionError, match="missing read_weighting"):
            recorder.begin_episode(EpisodeInfo(), {"memory": initial["memory"]})
        recorder.begin_episode(EpisodeInfo(), initial)
        with pytest.raises(sessions.SessionError, match="unknown extra"):
            recorder.append_steps(columns | {"extra": columns["gate"]})
        with pytest.raises(sessions.SessionError, match=r"field 'gate': an array of shape \(3, 2\).*got \(3, 4\)"):
            recorder.append_steps(columns | {"gate": np.zeros((3, 4))})
        recorder.append_steps(columns)
    with sessions.open(path) as recording:
        assert [len(each) for each in recording.episodes] == [3]


def test_a_writer_that_stands_still_does_not_hold_up_training(path, monkeypatch):
    monkeypatch.setattr(recorder_module, "QUEUE_LIMIT", 2_000_000)
    spec = ntm_spec()
    columns, initial = numbered(spec, 0, 41), still(spec)
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(kind=EpisodeKind.MANUAL), initial)
        os.kill(recorder.writer_pid, signal.SIGSTOP)
        try:
            start = time.perf_counter()
            for step in range(200):
                recorder.append(at(columns, step % 41))
            recorder.end_episode()
            kept = [recorder.begin_episode(EpisodeInfo(iteration=number), initial) for number in range(20)]
            recorder.append_steps(columns)
            elapsed = time.perf_counter() - start
            assert not recorder.flush(0.01)
        finally:
            os.kill(recorder.writer_pid, signal.SIGCONT)
        assert elapsed < 5
        assert kept == [None] * 20
        assert recorder.dropped_episodes == 20
        assert recorder.queued_bytes > 2_000_000
        assert recorder.flush(30)
        assert recorder.queued_bytes == 0
        assert recorder.begin_episode(EpisodeInfo(iteration=99), initial) == 1
    with sessions.open(path) as recording:
        assert recording.dropped_episodes == 20
        assert [(event.kind, event.text, event.episode) for event in recording.events] == [
            ("dropped", "20 episodes dropped: the writer was behind", -1)
        ]
        assert [len(each) for each in recording.episodes] == [200, 0]
        assert recording.episodes[1].info.iteration == 99


def test_an_accepted_episode_that_outgrows_all_bounds_is_cut_and_counted(path, monkeypatch):
    monkeypatch.setattr("sessions.channel.QUEUE_LIMIT", 100_000)
    monkeypatch.setattr("sessions.channel.HARD_LIMIT", 1_000_000)
    spec = ntm_spec()
    columns = numbered(spec, 0, 41)
    with sessions.Recorder(path, spec) as recorder:
        assert recorder.begin_episode(EpisodeInfo(), still(spec)) == 0
        os.kill(recorder.writer_pid, signal.SIGSTOP)
        try:
            for _ in range(10):
                recorder.append_steps(columns)
            assert recorder.queued_bytes <= 1_000_000
        finally:
            os.kill(recorder.writer_pid, signal.SIGCONT)
        assert recorder.dropped_episodes == 1
        recorder.end_episode()
        assert recorder.flush(30)
        assert recorder.begin_episode(EpisodeInfo(), still(spec)) == 1
        recorder.append_steps(numbered(spec, 41, 5))
        recorder.flush(30)
        with sessions.open(path) as recording:
            assert [len(each) for each in recording.episodes] == [41, 5]
    with sessions.open(path) as recording:
        assert recording.dropped_episodes == 1
        assert [len(each) for each in recording.episodes] == [41, 5]
        assert [(event.kind, event.episode) for event in recording.events] == [("dropped", -1)]


def test_a_frame_of_any_size_is_kept_where_the_writer_is_not_behind(path, monkeypatch):
    monkeypatch.setattr("sessions.channel.HARD_LIMIT", 100_000)
    spec = ntm_spec()
    columns, weights = numbered(spec, 0, 41), bytes(500_000)
    with sessions.Recorder(path, spec) as recorder:
        assert recorder.begin_episode(EpisodeInfo(), still(spec)) == 0
        recorder.append_steps(columns)
        assert recorder.checkpoint(weights, 0) == 0
        assert recorder.dropped_episodes == 0
    with sessions.open(path) as recording:
        assert same_bits(recording.episodes[0].series("memory"), columns["memory"])
        assert recording.checkpoints[0].read() == weights


def test_frames_that_waited_long_are_not_joined_past_what_a_frame_may_hold(path, monkeypatch):
    monkeypatch.setattr("sessions.channel.EAGER_BYTES", 800_000)
    monkeypatch.setattr("sessions.framing.BODY_LIMIT", 1_000_000)
    spec = ntm_spec()
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), still(spec))
        for start in range(0, 410, 41):
            recorder.append_steps(numbered(spec, start, 41))
        assert recorder.flush(30)
        assert recorder.failure is None
    with sessions.open(path) as recording:
        assert same_bits(recording.episodes[0].series("input"), numbered(spec, 0, 410)["input"])


def test_what_no_frame_can_hold_is_told_and_recording_goes_on(path, monkeypatch, caplog):
    monkeypatch.setattr(recorder_module, "BODY_LIMIT", 1000)
    spec = tiny_spec()
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), still(spec))
        with pytest.raises(sessions.SessionError, match="at most 1000 bytes at once were wanted; got 4000: append"):
            recorder.append_steps(numbered(spec, 0, 50))
        assert recorder.checkpoint(bytes(1001), 0) == -1
        assert "a checkpoint has up to 1000 bytes; one of 1001 is left out" in caplog.text
        recorder.append_steps(numbered(spec, 0, 12))
        assert recorder.checkpoint(bytes(1000), 0) == 0
    with sessions.open(path) as recording:
        assert (len(recording.episodes[0]), len(recording.checkpoints)) == (12, 1)


def test_a_fault_of_the_sending_thread_is_told_like_any_other(path, monkeypatch, caplog, wait_until):
    def fault(batch):
        raise LookupError("nobody thought\nof this")

    recorder = sessions.Recorder(path, tiny_spec())
    monkeypatch.setattr("sessions.channel._joined", fault)
    recorder.begin_episode(EpisodeInfo(), still(tiny_spec()))
    wait_until(lambda: recorder.failure is not None)
    assert recorder.failure == "LookupError: nobody thought of this"
    assert recorder.begin_episode(EpisodeInfo(), still(tiny_spec())) is None
    assert (recorder.recorded_episodes, recorder.dropped_episodes) == (1, 2)
    recorder.close()
    assert len([record for record in caplog.records if "recording has stopped" in record.message]) == 1


def test_a_full_disk_ends_recording_and_not_training(path, caplog):
    spec = tiny_spec()
    recorder = sessions.Recorder(path, spec)
    recorder.begin_episode(EpisodeInfo(), still(spec))
    recorder.append_steps(numbered(spec, 0, 50))
    assert recorder.flush(10)
    limit = recorder.bytes_written + 100_000
    resource.prlimit(recorder.writer_pid, resource.RLIMIT_FSIZE, (limit, limit))
    content = np.random.default_rng(0).bytes(50_000)
    deadline = time.monotonic() + 20
    while recorder.failure is None and time.monotonic() < deadline:
        recorder.checkpoint(content, 1)
        recorder.flush(1)
    assert "File too large" in recorder.failure
    assert "\n" not in recorder.failure
    recorder.close()
    assert caplog.record_tuples == [("sessions.channel", logging.WARNING, f"recording has stopped: {recorder.failure}")]
    with sessions.open(path) as recording:
        assert same_bits(recording.episodes[0].series("number"), numbered(spec, 0, 50)["number"])
        for checkpoint in recording.checkpoints:
            assert checkpoint.read() == content


def test_a_writer_that_never_finishes_is_ended(path, monkeypatch, is_gone, caplog):
    monkeypatch.setattr(recorder_module, "CLOSE_S", 0.2)
    monkeypatch.setattr("sessions.channel.Channel._wake", lambda channel: None)  # one that hangs would not wake
    recorder = sessions.Recorder(path, tiny_spec())
    os.kill(recorder.writer_pid, signal.SIGSTOP)
    recorder.close()
    assert is_gone(recorder.writer_pid)
    assert "did not finish within 0.2 s" in recorder.failure
    assert "did not finish within 0.2 s" in caplog.text


def test_the_writer_yields_to_training(path):
    with sessions.Recorder(path, tiny_spec()) as recorder:
        assert os.getpriority(os.PRIO_PROCESS, recorder.writer_pid) > os.getpriority(os.PRIO_PROCESS, 0)


def test_the_size_of_the_file_is_known_while_it_grows(path):
    spec = tiny_spec()
    with sessions.Recorder(path, spec) as recorder:
        before = recorder.bytes_written
        recorder.checkpoint(bytes(300_000), 0)
        recorder.flush(10)
        assert recorder.bytes_written >= before + 300_000
        assert recorder.bytes_written == path.stat().st_size
    with sessions.open(path) as recording:
        assert recording.bytes == path.stat().st_size


def test_opening_sessions_loads_neither_torch_nor_qt():
    script = "import sys, sessions; sessions.open, sessions.Recorder; print(*({'torch', 'PySide6'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []


def test_a_small_session_takes_little_room_once_it_is_closed(path):
    spec = ntm_spec()
    columns, initial = numbered(spec, 0, 41), still(spec)
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), initial)
        recorder.append_steps(columns)
        recorder.flush(10)
        live = sessions.open(path)
        assert live.bytes > 1_000_000
    with live:
        assert live.refresh() and live.complete
        assert same_bits(live.episodes[0].series("memory"), columns["memory"])
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    with sessions.open(path) as recording:
        assert recording.bytes < 300_000
        assert same_bits(recording.episodes[0].series("memory"), columns["memory"])


def test_a_file_that_took_the_place_of_a_session_is_left_alone(path, monkeypatch):
    file = SessionFile(str(path), tiny_spec(), SessionInfo.made_from({}))
    written = file.status
    file.close(State.CLOSED)
    copy = compact._copy

    def copy_while_another_program_writes(source, draft):
        copy(source, draft)
        path.unlink()
        path.write_text("another file")

    monkeypatch.setattr(compact, "_copy", copy_while_another_program_writes)
    compact.compact(str(path), written)
    assert path.read_text() == "another file"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_another_session_that_took_the_place_of_one_is_left_alone(path):
    first = SessionFile(str(path), tiny_spec(), SessionInfo.made_from({"title": "first"}))
    written = first.status
    first.close(State.CLOSED)
    path.rename(path.with_name("elsewhere.h5"))
    SessionFile(str(path), tiny_spec(), SessionInfo.made_from({"title": "second"})).close(State.CLOSED)
    content = path.read_bytes()
    compact.compact(str(path), written)
    assert path.read_bytes() == content
    assert {each.name for each in path.parent.iterdir()} == {path.name, "elsewhere.h5"}


def test_files_beside_a_session_are_left_alone(path):
    neighbour = path.with_name(f"{path.name}.compact")
    neighbour.write_text("of another program")
    with sessions.Recorder(path, tiny_spec()):
        path.chmod(0o640)
    assert neighbour.read_text() == "of another program"
    assert path.stat().st_size < 50_000
    assert path.stat().st_mode & 0o777 == 0o640
    assert {each.name for each in path.parent.iterdir()} == {path.name, neighbour.name}
