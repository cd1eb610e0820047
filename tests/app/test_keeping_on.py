"""Closing the window while it trains asks nothing: training ends, or goes on to be found by the next window."""

from __future__ import annotations

import json
import os
import signal
import socket
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from ntmviz import running
from ntmviz.app import screenshot
from ntmviz.live import EngineProcess
from ntmviz.settings import Settings
from sessions.info import Writer
from tests.app.processes import check_kept, child_running, is_gone, iterations_in, steps_in, wait_for
from tests.app.recent_rows import recent_rows
from tests.app.test_rescue import WINDOW

if TYPE_CHECKING:
    from pathlib import Path

KEEPING = WINDOW.replace("window.show()", 'window.actions_by_name["keep_training"].setChecked(True); window.show()')


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def kept_on(options, path, forked_engines):
    """A training whose window is gone, in which it was paused; the test ends it, or it is killed."""
    engine = EngineProcess()
    engine.train(options, keeps_on=True)
    wait_for(lambda: steps_in(path) > 0)
    engine.pause()
    engine.let_go()
    wait_for(lambda: running.find(path))
    detached = running.find(path)
    yield detached
    if detached.runs:
        os.kill(detached.process.pid, signal.SIGKILL)
    wait_for(lambda: is_gone(engine.pid))


def words(row):
    return " | ".join(each.text() for each in row.findChildren(QLabel))


def entry(folder: Path, session: Path, *, pid=0, host=None, started="long ago"):
    """What is told of a training, written as another process would."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.iterdir()))}.json"
    process = {"pid": pid, "host": host or socket.gethostname(), "started": started}
    path.write_text(json.dumps({"session": str(session), "process": process, "since": 1.0}))
    return path


def test_a_training_that_is_kept_on_is_offered_shown_live_and_finished_from_the_next_window(
    kept_on, path, window, qtbot
):
    row = recent_rows(window)[0]
    assert row.path == path
    assert "● still training, at iteration" in words(row)
    then = iterations_in(path)
    wait_for(lambda: iterations_in(path) > then + 20)  # though it was paused: nobody could let it go on
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=20_000)
    assert window.desk.is_live
    run = window.views.run
    assert (run._stop.isVisible(), run._record.isVisible(), run._main.text()) == (True, False, "Train another")
    assert window.actions_by_name["stop_training"].isEnabled()
    assert not window.actions_by_name["pause_training"].isEnabled()
    qtbot.mouseClick(run._stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.desk.is_live, timeout=20_000)
    assert not run._stop.isVisible()
    wait_for(lambda: is_gone(kept_on.process.pid))
    check_kept(path, 1, complete=True)
    window.actions_by_name["close_session"].trigger()
    assert "ended at iteration" in words(recent_rows(window)[0])
    assert list(running.folder().iterdir()) == []
    window.welcome.shown.emit()
    assert "complete" in words(recent_rows(window)[0]), "told once, then a session like any other"


def test_a_window_closed_while_it_trains_asks_nothing_and_training_goes_on_where_that_is_set(
    window, options, path, forked_engines, qtbot
):
    window.desk.train(options)
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=30_000)
    window.actions_by_name["keep_training"].trigger()
    engine = window.desk.engine.pid
    window.close()
    try:
        wait_for(lambda: running.find(path))
        then = iterations_in(path)
        wait_for(lambda: iterations_in(path) > then + 20)
    finally:
        os.kill(engine, signal.SIGTERM)
    wait_for(lambda: is_gone(engine))
    check_kept(path, 1, complete=True)
    assert Settings().keeps_training


def test_a_setting_that_is_taken_back_during_training_counts(start, options, path):
    engine, _ = start(options, keeps_on=True)
    engine.keep_on(False)
    wait_for(lambda: steps_in(path) > 0)
    engine.let_go()
    wait_for(lambda: is_gone(engine.pid))
    assert running.find(path) is None
    check_kept(path, 1, complete=True)


def test_a_killed_window_does_not_end_a_training_that_is_to_be_kept_on(launch, options, path):
    window = launch("-c", KEEPING, json.dumps(options.to_json()))
    wait_for(lambda: steps_in(path) > 0)
    engine = child_running(window.pid, "ntmviz.worker")
    os.killpg(window.pid, signal.SIGKILL)
    wait_for(lambda: running.find(path))
    then = iterations_in(path)
    wait_for(lambda: iterations_in(path) > then + 20)
    os.kill(engine, signal.SIGINT)
    os.kill(engine, signal.SIGHUP)
    running.find(path).finish()
    wait_for(lambda: is_gone(engine))
    check_kept(path, 1, complete=True)


def test_what_is_told_of_ended_trainings_is_forgotten_and_that_of_other_machines_left(session, tmp_path):
    ended, elsewhere = entry(running.folder(), session), entry(running.folder(), session, host="another")
    alive = entry(running.folder(), session, pid=os.getpid(), started=Writer.this_process().started)
    assert {each.entry for each in running.known()} == {ended, alive}
    running.forget_ended()
    assert set(running.folder().iterdir()) == {elsewhere, alive}
    assert running.find(session).entry == alive


def test_a_process_that_got_the_id_of_an_ended_training_is_left_alone(session, monkeypatch):
    monkeypatch.setattr(os, "kill", pytest.fail)
    entry(running.folder(), session, pid=os.getpid(), started="before the boot")
    (ended,) = running.known()
    ended.finish()
    assert running.find(session) is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"session": 1, "process": {"pid": "x"}, "since": 0}', "\udcff"])
def test_files_that_tell_of_no_training_are_passed_over(content, window):
    running.folder().mkdir(parents=True)
    (running.folder() / "x.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert running.known() == []
    window.welcome.shown.emit()
    assert recent_rows(window) == []


def test_a_session_that_is_gone_is_not_offered(window, tmp_path):
    entry(running.folder(), tmp_path / "gone.h5")
    window.welcome.shown.emit()
    assert recent_rows(window) == []


def test_a_screenshot_of_the_welcome_page_forgets_nothing(session, tmp_path):
    told = entry(running.folder(), session)
    screenshot(None, tmp_path / "welcome.png", size=(1100, 700))
    assert told.exists()
