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
from ntm_core.trace import EpisodeInfo, EpisodeKind
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
        ({"train": np.zeros(3)}, "is not JSON serializable"),
    ],
)
def test_info_that_cannot_be_kept_is_told(path, info, told):
    with pytest.raises(sessions.SessionError, match=told):
        sessions.Recorder(path, tiny_spec(), info)
    assert not path.exists()


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
        assert [(event.kind, event.text) for event in recording.events] == [
            ("dropped", "20 episodes dropped: the writer was behind")
        ]
        assert [len(each) for each in recording.episodes] == [200, 0]
        assert recording.episodes[1].info.iteration == 99


def test_an_accepted_episode_that_outgrows_all_bounds_is_cut_and_counted(path, monkeypatch):
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
    with sessions.open(path) as recording:
        assert recording.dropped_episodes == 1
        assert len(recording.episodes[0]) == 41


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
    file.close(State.CLOSED)
    copy = compact._copy

    def copy_while_another_program_writes(source, draft):
        copy(source, draft)
        path.unlink()
        path.write_text("another file")

    monkeypatch.setattr(compact, "_copy", copy_while_another_program_writes)
    compact.compact(str(path))
    assert path.read_text() == "another file"
    assert [each.name for each in path.parent.iterdir()] == [path.name]
