"""A process of a training is killed, stopped or slow: the window says so in one line, and one click goes on."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time

import pytest
from PySide6.QtCore import Qt

import sessions
from ntmviz import live
from ntmviz.rescue import BEHIND_BYTES
from ntmviz.run_options import RunOptions
from tests.app.processes import check_kept, child_running, is_gone, iterations_in, steps_in, wait_for

WINDOW = """
import json
import sys
from ntmviz.app import application, make_window
from ntmviz.interrupt import Interrupt
from ntmviz.run_options import RunOptions

app = application(offscreen=True)
Interrupt(app)
window = make_window("dark")
window.show()
window.desk.train(RunOptions(**json.loads(sys.argv[1])))
sys.exit(app.exec())
"""


@pytest.fixture(autouse=True)
def quick_clock(monkeypatch):
    """Seconds of silence that are shorter than a second, but longer than any engine needs to say something."""
    monkeypatch.setattr(live, "TICK_MS", 500)


@pytest.fixture
def training(window, options, forked_engines, qtbot):
    """The window with a training that is drawn."""
    window.desk.train(options)
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=30_000)
    return window


def offered(window, qtbot, what, button):
    """Wait until the notice offers a button in one line."""
    qtbot.waitUntil(lambda: window.notice.isVisible() and what in window.notice.text, timeout=20_000)
    assert "\n" not in window.notice.text
    assert window.notice.button.text() == button
    assert window.notice.button.isVisible()


def accept(window, qtbot):
    qtbot.mouseClick(window.notice.button, Qt.MouseButton.LeftButton)


def kept_at(path):
    """The iteration of a session's last checkpoint."""
    with sessions.open(path) as recording:
        return recording.checkpoints[-1].iteration if len(recording.checkpoints) else -1


def goes_on_from(parent, window, qtbot):
    """Wait until the window trains in a new session; it must start from the parent's last checkpoint."""
    qtbot.waitUntil(lambda: window.desk.shows_training and window.desk.training_path != parent, timeout=30_000)
    path = window.desk.training_path
    qtbot.waitUntil(lambda: iterations_in(path) > 5, timeout=20_000)
    with sessions.open(parent) as old, sessions.open(path) as new:
        assert new.info.parent["session_id"] == old.info.session_id
        assert new.info.parent["path"] == str(parent)
        assert new.checkpoints[0].read() == old.checkpoints[-1].read()
        assert new.metrics.iterations()[0] == old.checkpoints[-1].iteration
        assert new.info.train == old.info.train


def test_a_killed_engine_is_restarted_by_one_click_though_its_recorder_was_stopped(training, path, qtbot):
    wait_for(lambda: kept_at(path) >= 100)
    engine, flushed = training.desk.engine.pid, steps_in(path)
    recorder = child_running(engine, "sessions.writer")
    os.kill(recorder, signal.SIGSTOP)
    os.kill(engine, signal.SIGKILL)
    wait_for(lambda: is_gone(recorder))
    offered(training, qtbot, "every step that was flushed", "Restart from the last checkpoint")
    assert not training.desk.is_training
    accept(training, qtbot)
    assert training.notice.isHidden()
    goes_on_from(path, training, qtbot)
    check_kept(path, flushed, complete=False)


def test_a_killed_recorder_is_told_of_and_one_click_trains_on_in_a_new_session(training, path, qtbot):
    flushed = steps_in(path)
    os.kill(child_running(training.desk.engine.pid, "sessions.writer"), signal.SIGKILL)
    offered(training, qtbot, "training goes on unseen", "Restart from the last checkpoint")
    assert training.desk.is_training
    accept(training, qtbot)
    goes_on_from(path, training, qtbot)
    check_kept(path, flushed, complete=False)


def test_a_stopped_engine_is_restarted_by_one_click_and_loses_nothing(training, path, qtbot):
    engine = training.desk.engine.pid
    os.kill(engine, signal.SIGSTOP)
    offered(training, qtbot, "engine was stopped by a signal (SIGSTOP)", "Restart from the last checkpoint")
    accept(training, qtbot)
    goes_on_from(path, training, qtbot)
    assert is_gone(engine)
    check_kept(path, 1, complete=True)


def test_a_stopped_engine_that_goes_on_takes_the_notice_with_it(training, path, qtbot):
    os.kill(training.desk.engine.pid, signal.SIGSTOP)
    offered(training, qtbot, "engine was stopped by a signal (SIGSTOP)", "Restart from the last checkpoint")
    training.actions_by_name["pause_training"].trigger()
    qtbot.waitUntil(training.notice.isHidden, timeout=10_000)
    then = iterations_in(path)
    qtbot.waitUntil(lambda: iterations_in(path) > then + 20, timeout=20_000)


def test_a_window_closes_at_once_over_a_stopped_engine_and_recorder_and_seals_the_session(training, path):
    engine = training.desk.engine.pid
    recorder = child_running(engine, "sessions.writer")
    for process in (engine, recorder):
        os.kill(process, signal.SIGSTOP)
    started = time.monotonic()
    training.close()
    assert time.monotonic() - started < 5
    assert not training.isVisible()
    assert is_gone(engine)
    assert is_gone(recorder)
    check_kept(path, 1, complete=True)


def test_an_engine_stopped_while_it_starts_is_told_of_until_it_goes_on(window, options, qtbot):
    window.desk.train(options)
    engine = window.desk.engine.pid
    os.kill(engine, signal.SIGSTOP)
    offered(window, qtbot, "SIGSTOP), Ctrl+P lets it go on; there is no checkpoint yet", "Start anew from seed 0")
    os.kill(engine, signal.SIGCONT)
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=30_000)
    assert window.notice.isHidden()


def test_an_engine_killed_while_it_starts_is_started_anew_by_one_click(window, options, qtbot):
    window.desk.train(options)
    os.kill(window.desk.engine.pid, signal.SIGKILL)
    offered(window, qtbot, "ended by itself before there was a session", "Start anew from seed 0")
    accept(window, qtbot)
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=30_000)
    assert window.desk.recording.info.parent == {}


@pytest.fixture
def no_file(tmp_path, forked_engines):
    """Nobody can create a session in the folder of the test; calling it lets them again."""
    opened = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(opened, fcntl.LOCK_EX)
    yield lambda: fcntl.flock(opened, fcntl.LOCK_UN)
    os.close(opened)


def recorder_of(window):
    """The recorder's process, as soon as the engine has started it."""
    engine = window.desk.engine.pid
    wait_for(lambda: child_running(engine, "sessions.writer"))
    return child_running(engine, "sessions.writer")


def test_a_recorder_that_makes_no_file_is_told_of_until_it_does(window, options, no_file, qtbot):
    window.desk.train(options)
    told = "has not made the session's file within 3 s; training starts when it has; there is no checkpoint yet"
    offered(window, qtbot, told, "Start anew from seed 0")
    no_file()
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=30_000)
    assert window.notice.isHidden()


def test_a_window_closes_at_once_though_the_recorder_makes_no_file(window, options, no_file, path):
    window.desk.train(options)
    engine, recorder = window.desk.engine.pid, recorder_of(window)
    started = time.monotonic()
    window.close()
    assert time.monotonic() - started < 6
    wait_for(lambda: is_gone(engine) and is_gone(recorder))
    assert not path.exists()


def test_a_training_kept_on_without_its_window_waits_for_its_file(window, options, no_file, path):
    window.desk.keep_on(True)
    window.desk.train(options)
    engine, _ = window.desk.engine.pid, recorder_of(window)
    window.close()
    no_file()
    wait_for(lambda: iterations_in(path) > 5)
    os.kill(engine, signal.SIGTERM)
    wait_for(lambda: is_gone(engine))
    check_kept(path, 1, complete=True)


def test_a_recorder_stopped_before_it_made_its_file_is_let_go_on(window, options, no_file, qtbot):
    window.desk.train(options)
    os.kill(recorder_of(window), signal.SIGSTOP)
    no_file()
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=30_000)


def test_a_recorder_killed_before_it_made_its_file_is_replaced_by_one_click(window, options, no_file, path, qtbot):
    window.desk.train(options)
    os.kill(recorder_of(window), signal.SIGKILL)
    no_file()
    offered(window, qtbot, "he process that writes the session ended unexpectedly", "Start anew from seed 0")
    accept(window, qtbot)
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=30_000)
    assert window.desk.recording.path != path


def test_a_stopped_recorder_is_told_of_and_one_click_lets_it_go_on(window, options, path, qtbot):
    large = {"locations": 256, "word_size": 32, "hidden_size": 16}
    window.desk.train(RunOptions(**(options.to_json() | {"model_settings": large, "record": "all"})))
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=30_000)
    recorder = window.desk.recording.info.writer.pid
    os.kill(recorder, signal.SIGSTOP)
    offered(window, qtbot, "recorder was stopped by a signal (SIGSTOP)", "Let it go on")
    assert "training is not slowed" in window.notice.text
    written = iterations_in(path)
    accept(window, qtbot)
    qtbot.waitUntil(lambda: iterations_in(path) > written + 20, timeout=20_000)
    assert window.notice.isHidden() or "behind" in window.notice.text, "it may have much to catch up with"


def test_a_stopped_recorder_that_has_little_to_write_is_told_of_too(window, options, path, qtbot):
    window.desk.train(RunOptions(**(options.to_json() | {"record": "off"})))
    qtbot.waitUntil(lambda: window.desk.recording is not None and iterations_in(path) > 5, timeout=30_000)
    os.kill(window.desk.recording.info.writer.pid, signal.SIGSTOP)
    offered(window, qtbot, "recorder was stopped by a signal (SIGSTOP)", "Let it go on")
    accept(window, qtbot)
    qtbot.waitUntil(window.notice.isHidden, timeout=10_000)


def progress(**changed):
    return {"queued_bytes": 0, "dropped_episodes": 0, "recorder_silent_s": 0.0, "recorder_failure": None} | changed


def test_a_slow_recorder_is_told_of_while_it_is_behind(window):
    window.desk.progressed.emit(progress())
    assert window.notice.isHidden()
    window.desk.progressed.emit(progress(queued_bytes=BEHIND_BYTES))
    assert window.notice.text == "The recorder is behind: 16.8 MB wait; training is not slowed"
    window.desk.progressed.emit(progress(queued_bytes=4 * BEHIND_BYTES, dropped_episodes=3))
    assert window.notice.text == "The recorder is behind: 67.1 MB wait, episodes are dropped; training is not slowed"
    window.desk.progressed.emit(progress(dropped_episodes=3))
    assert window.notice.isHidden()


def test_a_killed_window_leaves_nothing_even_where_engine_and_recorder_were_stopped(launch, options, path):
    window = launch("-c", WINDOW, json.dumps(options.to_json()))
    wait_for(lambda: steps_in(path) > 0)
    engine = child_running(window.pid, "ntmviz.worker")
    recorder = child_running(engine, "sessions.writer")
    for process in (engine, recorder):
        os.kill(process, signal.SIGSTOP)
    window.kill()
    wait_for(lambda: is_gone(engine) and is_gone(recorder))
    check_kept(path, 1, complete=True)


def test_a_killed_window_leaves_no_engine_that_was_stopped_at_birth(launch, options):
    window = launch("-c", WINDOW, json.dumps(options.to_json()))
    wait_for(lambda: child_running(window.pid, "ntmviz.worker"))
    engine = child_running(window.pid, "ntmviz.worker")
    os.kill(engine, signal.SIGSTOP)
    window.kill()
    try:
        wait_for(lambda: is_gone(engine), deadline_s=10)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(engine, signal.SIGKILL)


def test_a_window_whose_terminal_closes_ends_in_order(launch, options, path):
    window = launch("-c", WINDOW, json.dumps(options.to_json()))
    wait_for(lambda: steps_in(path) > 0)
    engine = child_running(window.pid, "ntmviz.worker")
    window.send_signal(signal.SIGHUP)
    assert window.wait(20) == 0
    assert is_gone(engine)
    check_kept(path, 1, complete=True)


def test_a_stopped_window_does_not_mistake_itself_for_a_silent_engine(launch, options, path):
    script = WINDOW.replace("sys.exit", "window.desk.fell_silent.connect(print)\nsys.exit")
    window = launch("-c", script, json.dumps(options.to_json()))
    wait_for(lambda: steps_in(path) > 0)
    window.send_signal(signal.SIGSTOP)
    then, stopped_at = iterations_in(path), time.monotonic()
    wait_for(lambda: iterations_in(path) > then + 50 and time.monotonic() > stopped_at + live.SILENT_S + 1)
    window.send_signal(signal.SIGCONT)
    window.send_signal(signal.SIGTERM)
    output, _ = window.communicate(timeout=30)
    assert (window.returncode, output) == (0, b"")
    check_kept(path, 1, complete=True)
