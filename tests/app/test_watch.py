"""Watching a training from the first door to its end, through a real engine process and a real file."""

import pytest
from PySide6.QtCore import Qt

import sessions

STARTING_MS = 60_000
"""A cold start loads torch, on a machine that may be busy."""


@pytest.fixture
def live(window, qtbot):
    """The window after a click on the first door, as soon as something is drawn."""
    qtbot.mouseClick(window.welcome.cards["watch"].button, Qt.MouseButton.LeftButton)
    assert window.stack.currentWidget() is window.views.machine_panel
    assert window.views.run.status.is_starting
    qtbot.waitUntil(lambda: window.views.machine.figure is not None, timeout=STARTING_MS)
    return window


def newest(window):
    return len(window.desk.recording.episodes) - 1


def test_the_first_door_trains_live_and_time_can_be_looked_back_on(live, qtbot):
    window = live
    assert window.desk.is_live
    assert window.store.state.is_following
    assert window.views.follow_button.text() == "● Following live"
    assert window.headline.segment.live.isEnabled()
    qtbot.waitUntil(lambda: newest(window) >= 2 and len(window.desk.recording.metrics.iterations()) > 2, timeout=30_000)
    assert window.presenter.now.episode == newest(window)

    qtbot.keyClick(window, Qt.Key.Key_Left)
    assert not window.store.state.is_following
    left_at, known = (window.presenter.now.episode, window.presenter.now.step), newest(window)
    qtbot.waitUntil(lambda: newest(window) > known, timeout=30_000)
    assert (window.presenter.now.episode, window.presenter.now.step) == left_at
    assert "Looking back" in window.hint.text()

    qtbot.keyClick(window, Qt.Key.Key_End)
    assert window.store.state.is_following
    assert window.presenter.now.episode == newest(window)

    run = window.views.run
    qtbot.mouseClick(run._main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: run.status.is_paused, timeout=10_000)
    assert run._main.text() == "Go on"
    qtbot.mouseClick(run._main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not run.status.is_paused, timeout=10_000)

    every_ten = next(action for action in run._policies.actions() if action.data() == "every:10")
    every_ten.trigger()
    qtbot.waitUntil(lambda: run.status.policy == "every:10", timeout=10_000)
    assert run._record.text() == "Record every 10"

    path = window.desk.recording.path
    qtbot.mouseClick(run._stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.desk.is_training and not window.desk.is_live, timeout=60_000)
    assert window.notice.isHidden()
    assert run.status.verdict == "ended before it was solved"
    assert not window.store.state.is_following
    with sessions.open(path) as recording:
        assert recording.complete
        assert len(recording.episodes) == newest(window) + 1


def test_another_session_can_be_looked_at_while_it_trains(live, qtbot, session):
    training = live.desk.recording.path
    live.desk.open(session)
    assert live.desk.is_training
    assert not live.views.run.status.is_training
    assert "trains in the background" in live.queue.text()
    assert "sequences/s" not in live.headline.rates.text()
    live.actions_by_name["show_training"].trigger()
    assert live.desk.recording.path == training
    qtbot.waitUntil(lambda: live.views.run.status.is_training, timeout=10_000)


def test_closing_the_window_ends_the_training_and_seals_the_session(live):
    path, pid = live.desk.recording.path, live.desk.engine.pid
    assert pid > 0
    live.close()
    assert live.desk.engine is None
    with sessions.open(path) as recording:
        assert not recording.is_live
        assert recording.complete
        assert len(recording.episodes) > 0


def test_a_training_that_cannot_start_says_so_in_one_line(window, qtbot, forked_engines, tmp_path):
    from ntmviz.run_options import RunOptions

    window.desk.train(RunOptions(out=str(tmp_path / "x.h5"), model="nonsense"))
    qtbot.waitUntil(lambda: window.notice.isVisible(), timeout=STARTING_MS)
    assert "nonsense" in window.notice.text.lower()
    assert "\n" not in window.notice.text
    assert not window.desk.is_training
    assert not (tmp_path / "x.h5").exists()
