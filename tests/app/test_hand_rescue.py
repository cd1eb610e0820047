"""The Step workspace where a process of its own is stopped: one line says so, and one click lets it go on."""

import os
import signal

import pytest
from PySide6.QtCore import Qt

from ntmviz import live
from tests.app.hand_driver import Driver
from tests.app.processes import child_running

pytestmark = pytest.mark.usefixtures("forked_engines")


@pytest.fixture(autouse=True)
def quick_clock(monkeypatch):
    """Seconds of silence that are shorter than a second, but longer than any engine needs to say something."""
    monkeypatch.setattr(live, "TICK_MS", 500)


@pytest.fixture
def driver(open_window, session, qtbot):
    """A person who has fed the last evaluation a step after its fourth."""
    made = Driver.after_fourth_step(open_window(session), qtbot)
    made.feed()
    return made


def engine_of(driver):
    return driver.window.by_hand.link._own.pid


def accept(driver, qtbot, what):
    """Let what was stopped go on, as soon as the notice offers that."""
    notice = driver.window.notice
    qtbot.waitUntil(lambda: notice.isVisible() and what in notice.text, timeout=20_000)
    assert "Ctrl+P" not in notice.text
    assert notice.button.isVisible()
    assert notice.button.text() == "Let it go on"
    qtbot.mouseClick(notice.button, Qt.MouseButton.LeftButton)


def test_a_stopped_engine_is_let_go_on_by_one_click_and_does_what_was_asked(driver, qtbot):
    os.kill(engine_of(driver), signal.SIGSTOP)
    qtbot.keyClick(driver.window, Qt.Key.Key_Return)
    accept(driver, qtbot, "engine was stopped by a signal (SIGSTOP)")
    driver.wait_awake()
    assert (driver.now.step, driver.now.episode) == (5, 1), "it goes on in the episode that was open"


def test_a_stopped_engine_that_goes_on_or_ends_takes_the_notice_with_it(driver, qtbot):
    notice, engine = driver.window.notice, driver.window.by_hand.link._own
    for number in (signal.SIGCONT, signal.SIGKILL):
        os.kill(engine.pid, signal.SIGSTOP)
        qtbot.waitUntil(notice.isVisible, timeout=20_000)
        os.kill(engine.pid, number)
        qtbot.waitUntil(notice.isHidden, timeout=20_000)


def test_a_stopped_recorder_is_let_go_on_by_one_click_and_what_was_fed_is_shown(driver, qtbot):
    os.kill(child_running(engine_of(driver), "sessions.writer"), signal.SIGSTOP)
    qtbot.keyClick(driver.window, Qt.Key.Key_Return)
    accept(driver, qtbot, "recorder was stopped by a signal (SIGSTOP)")
    qtbot.waitUntil(lambda: driver.now.step == 5, timeout=20_000)
    assert driver.window.notice.isHidden()
