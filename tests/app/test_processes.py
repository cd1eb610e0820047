"""Window, engine and writer as processes: whoever dies, what was flushed survives and nobody is orphaned."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time

import pytest

import sessions
from ntm_core import checkpoints
from ntmviz.preparing import Start
from ntmviz.run_options import RunOptions
from ntmviz.runs import Run
from tests.app.lines import check_failed, check_line
from tests.app.processes import check_kept, child_running, has_open, is_gone, iterations_in, steps_in, wait_for

TRAINING = (
    *("train", "copy", "--iterations", "1000000", "--batch", "2", "--device", "cpu", "--record", "every:5", "--json"),
    *("--set", "locations=32", "--set", "word_size=8", "--set", "hidden_size=16", "--set", "task.max_length=4"),
    *("--set", "kernel=eager"),
)


def test_an_engine_pauses_goes_on_and_records_as_it_is_told(start, options, path, qtbot):
    engine, heard = start(options)
    assert heard.paths == [str(path)]
    assert engine.is_running
    engine.pause()
    qtbot.waitUntil(lambda: heard.progress[-1]["is_paused"], timeout=10_000)
    paused_at, seconds = heard.progress[-1]["iteration"], heard.progress[-1]["seconds"]
    for policy in ("every:3", "all"):  # each is answered, so an iteration in between would show
        engine.record(policy)
        qtbot.waitUntil(lambda policy=policy: heard.progress[-1]["recording"] == policy, timeout=10_000)
        assert (heard.progress[-1]["is_paused"], heard.progress[-1]["iteration"]) == (True, paused_at)
    assert heard.progress[-1]["seconds"] == pytest.approx(seconds, abs=0.05)
    wait_for(lambda: iterations_in(path) == paused_at)
    engine.resume()
    qtbot.waitUntil(lambda: heard.progress[-1]["iteration"] > paused_at + 20, timeout=20_000)
    assert (heard.progress[-1]["is_paused"], heard.ended) == (False, [])
    engine.stop()
    qtbot.waitUntil(lambda: len(heard.ended) == 1, timeout=20_000)
    ((result, failure),) = heard.ended
    assert (failure, result["session"], engine.is_running) == ("", str(path), False)
    assert result["iterations"] > paused_at + 20
    with sessions.open(path) as recording:
        assert recording.complete
        assert len(recording.metrics.iterations()) == result["iterations"]
        trained = {episode.info.iteration for episode in recording.episodes if episode.info.kind == "train"}
        assert {iteration for iteration in trained if iteration < paused_at} == set(range(0, paused_at, 10))
        assert set(range(paused_at, result["iterations"])) <= trained


def test_an_engine_ends_by_itself_when_its_training_is_over(start, options, path, qtbot):
    few = RunOptions(**(options.to_json() | {"iterations": 30}))
    _, heard = start(few)
    qtbot.waitUntil(lambda: len(heard.ended) == 1, timeout=20_000)
    ((result, failure),) = heard.ended
    assert (result["iterations"], failure) == (30, "")
    assert heard.progress[-1]["iteration"] == 30
    check_kept(path, 1, complete=True)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": "nope"}, "a model is one of dnc, lstm, mann, ntm; got 'nope'"),
        ({"out": "/nowhere/run.h5"}, "cannot write a session here"),
    ],
    ids=["model", "out"],
)
def test_options_that_cannot_be_end_the_engine_with_one_line(changed, said, start, options, path):
    _, heard = start(RunOptions(**(options.to_json() | changed)))
    ((result, failure),) = heard.ended
    assert (result, heard.paths) == (None, [])
    assert said in failure
    assert "\n" not in failure
    assert not path.exists()


def test_a_killed_engine_is_told_of_and_loses_nothing_that_was_flushed(start, options, path, qtbot):
    engine, heard = start(options)
    wait_for(lambda: steps_in(path) > 100)
    writer, flushed = child_running(engine.pid, "sessions.writer"), steps_in(path)
    os.kill(engine.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: len(heard.ended) == 1, timeout=10_000)
    ((result, failure),) = heard.ended
    assert result is None
    assert failure == "the engine process ended by itself; every step that was flushed is in the session"
    wait_for(lambda: is_gone(writer))
    check_kept(path, flushed, complete=False)


def test_training_goes_on_when_its_writer_is_killed(start, options, path, qtbot):
    engine, heard = start(options)
    wait_for(lambda: steps_in(path) > 100)
    flushed = steps_in(path)
    os.kill(child_running(engine.pid, "sessions.writer"), signal.SIGKILL)
    killed_at = heard.progress[-1]["iteration"]
    qtbot.waitUntil(lambda: heard.progress[-1]["dropped_episodes"] > 2, timeout=20_000)
    engine.stop()
    qtbot.waitUntil(lambda: len(heard.ended) == 1, timeout=20_000)
    ((result, failure),) = heard.ended
    beside = path.with_name(f"{path.name}.safetensors")
    assert failure.endswith(f"the trained weights are beside it: {beside}")
    assert checkpoints.load(beside.read_bytes()).name == "ntm"
    assert result["iterations"] > killed_at
    assert result["dropped_episodes"] > 2
    check_kept(path, flushed, complete=False)


def test_weights_that_the_writer_took_and_never_flushed_go_beside_the_session(options, path, monkeypatch):
    run = Run(options)
    run.advance(3)
    os.kill(run.recorder.writer_pid, signal.SIGSTOP)
    seal = run.recorder.close

    def seal_after_its_writer_is_killed():
        os.kill(run.recorder.writer_pid, signal.SIGKILL)
        seal()

    monkeypatch.setattr(run.recorder, "close", seal_after_its_writer_is_killed)
    run.leave()
    beside = path.with_name(f"{path.name}.safetensors")
    assert run.failure.endswith(f"the trained weights are beside it: {beside}")
    kept = checkpoints.load(beside.read_bytes()).state_dict()
    assert all(kept[name].equal(each) for name, each in run.engine.model.state_dict().items())


def test_an_engine_closed_in_a_pause_seals_its_session_and_ends_in_silence(start, options, path, qtbot):
    engine, heard = start(options)
    pids = engine.pid, child_running(engine.pid, "sessions.writer")
    wait_for(lambda: steps_in(path) > 0)
    engine.pause()
    qtbot.waitUntil(lambda: heard.progress[-1]["is_paused"], timeout=10_000)
    engine.close()
    assert (engine.is_running, heard.ended) == (False, [])
    wait_for(lambda: all(map(is_gone, pids)))
    check_kept(path, 1, complete=True)


def test_a_window_outlives_its_engine_and_shows_what_was_flushed(window, options, path, qtbot):
    window.desk.train(options)
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=30_000)
    os.kill(window.desk.engine.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: not window.desk.is_training and not window.desk.is_live, timeout=10_000)
    assert window.notice.isVisible()
    assert "every step that was flushed" in window.notice.text
    assert window.desk.recording.steps == steps_in(path) > 0


def trained_window(launch, tmp_path):
    """A window that trains copy: its process, those of engine and writer, and the session."""
    window = launch("-m", "ntmviz", "demo")
    folder = tmp_path / "data" / "ntmviz" / "sessions"
    wait_for(lambda: any(steps_in(path) > 100 for path in folder.glob("*.h5")))
    (path,) = folder.glob("*.h5")
    engine = child_running(window.pid, "ntmviz.worker")
    writer = child_running(engine, "sessions.writer")
    wait_for(lambda: has_open(window.pid, path))
    return window, engine, writer, path


def test_a_killed_window_leaves_a_sealed_session_and_no_process(launch, tmp_path):
    window, engine, writer, path = trained_window(launch, tmp_path)
    flushed = steps_in(path)
    window.kill()
    wait_for(lambda: is_gone(engine) and is_gone(writer))
    check_kept(path, flushed, complete=True)


def test_an_interrupt_at_the_terminal_closes_the_window_and_seals_the_session(launch, tmp_path):
    window, engine, writer, path = trained_window(launch, tmp_path)
    flushed = steps_in(path)
    os.killpg(window.pid, signal.SIGINT)
    wait_for(lambda: is_gone(window.pid) and is_gone(engine) and is_gone(writer))
    assert window.wait() == 0
    check_kept(path, flushed, complete=True)
    assert (tmp_path / "errors.txt").read_text() == ""


def test_a_killed_training_leaves_what_was_flushed_and_no_process(launch, path):
    training = launch("-m", "ntmviz", *TRAINING, "--out", path)
    wait_for(lambda: steps_in(path) > 100)
    writer, flushed = child_running(training.pid, "sessions.writer"), steps_in(path)
    training.kill()
    wait_for(lambda: is_gone(writer))
    check_kept(path, flushed, complete=False)


def test_a_training_goes_on_when_the_window_that_follows_it_is_killed(launch, path):
    training = launch("-m", "ntmviz", *TRAINING, "--out", path)
    wait_for(lambda: steps_in(path) > 0)
    window = launch("-m", "ntmviz", "follow", path)
    wait_for(lambda: has_open(window.pid, path))
    window.kill()
    window.wait()
    killed_at = iterations_in(path)
    wait_for(lambda: iterations_in(path) > killed_at + 50)
    training.send_signal(signal.SIGINT)
    result = json.loads(training.communicate(timeout=30)[0].splitlines()[-1])
    assert training.returncode == 0
    assert result["iterations"] > killed_at + 50
    check_kept(path, 1, complete=True)


def errors_of(tmp_path):
    return (tmp_path / "errors.txt").read_text().splitlines()


def test_a_training_says_soon_that_its_recorder_was_stopped_and_goes_on(launch, path, tmp_path):
    training = launch("-m", "ntmviz", *TRAINING, "--record", "off", "--out", path)
    wait_for(lambda: iterations_in(path) > 20)
    recorder = child_running(training.pid, "sessions.writer")
    os.kill(recorder, signal.SIGSTOP)
    stopped_at = time.monotonic()
    wait_for(lambda: errors_of(tmp_path), deadline_s=20)
    assert time.monotonic() - stopped_at < 10
    written = iterations_in(path)
    os.kill(recorder, signal.SIGCONT)
    wait_for(lambda: len(errors_of(tmp_path)) == 2)
    wait_for(lambda: iterations_in(path) > written + 50)
    training.terminate()
    training.communicate(timeout=30)
    said, again, kept = errors_of(tmp_path)
    check_line(said, "the recorder has not answered for 3 s; training goes on", f"kill -CONT {recorder}")
    check_line(again, "the recorder answers again")
    assert "are kept" in kept
    with sessions.open(path) as recording:
        assert (recording.complete, recording.dropped_episodes) == (True, 0)


def test_a_training_says_soon_that_its_recorder_makes_no_file_and_starts_when_it_has(launch, path, tmp_path):
    opened = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)  # nobody can create a session in this folder meanwhile
        training = launch("-m", "ntmviz", *TRAINING, "--out", path)
        wait_for(lambda: errors_of(tmp_path))
    finally:
        os.close(opened)
    wait_for(lambda: iterations_in(path) > 20)
    training.terminate()
    training.communicate(timeout=30)
    check_line(errors_of(tmp_path)[0], "has not made the session's file within 3 s; training starts when it has")
    assert training.returncode == 143


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_training_that_is_asked_to_leave_before_it_began_leaves_nothing(number, launch, path, tmp_path):
    opened = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        training = launch("-m", "ntmviz", *TRAINING, "--out", path)
        wait_for(lambda: child_running(training.pid, "sessions.writer"))
        writer = child_running(training.pid, "sessions.writer")
        training.send_signal(number)
        training.communicate(timeout=30)
        wait_for(lambda: is_gone(writer))
    finally:
        os.close(opened)
    told = f"{number.name} ended this before training began"
    check_failed(training.returncode, errors_of(tmp_path)[-1:], told, wanted_code=128 + number)
    assert not path.exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_a_training_that_fails_once_there_is_a_file_leaves_none(error, options, path, monkeypatch):
    def fail(start, sink=None):
        raise error

    monkeypatch.setattr(Start, "engine", fail)
    with pytest.raises(error):
        Run(options)
    assert not path.exists()
