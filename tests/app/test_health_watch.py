"""The Health panel judges a session in pieces: the window does other things in between."""

import pytest
from PySide6.QtCore import QTimer

import sessions
from ntm_core.diagnostics import health as module
from ntmviz import health_watch
from ntmviz.cli import main
from ntmviz.recall.items import NOT_JUDGED
from tests.app.conftest import record_one
from tests.sessions.traces import tiny_spec


@pytest.fixture
def turns(qtbot):
    """How often the window came to do something else."""
    made = []
    timer = QTimer(interval=0)
    timer.timeout.connect(lambda: made.append(None))
    timer.start()
    yield made
    timer.stop()


@pytest.fixture
def pieces(monkeypatch, turns):
    """At which turn each piece was done; one piece a turn."""
    done = []
    real = module.health_in_pieces

    def noted(*what):
        inner = real(*what)
        while True:
            try:
                next(inner)
            except StopIteration as end:
                return end.value
            done.append(len(turns))
            yield

    monkeypatch.setattr(health_watch, "_SLICE_S", 0)
    monkeypatch.setattr(health_watch, "health_in_pieces", noted)
    return done


def judged(window):
    return len(window.views.health.sentences) > 1


def test_a_turn_of_the_window_does_one_piece_and_the_words_are_those_of_the_whole(
    open_window, session, qtbot, pieces, turns
):
    window = open_window(session)
    window.views.docks["Health"].raise_()
    qtbot.waitUntil(lambda: judged(window))
    assert len(pieces) > 20
    assert pieces[-1] - pieces[0] >= len(pieces) // 2  # of two timers of 0 ms, one may come twice before the other
    with sessions.open(session) as recording:
        assert window.views.health.sentences == module.health(recording.episodes, recording.metrics).sentences


def test_a_session_that_is_closed_or_hidden_midway_is_let_go_and_judged_when_it_comes_back(
    open_window, session, qtbot, pieces, turns
):
    window = open_window(session)
    docks = window.views.docks
    docks["Health"].raise_()
    qtbot.waitUntil(lambda: len(pieces) > 2)
    window.desk.close()
    qtbot.waitUntil(lambda: window.desk.recording is None)
    done = len(pieces)
    assert window.views.health.sentences == ()

    open_window(session)
    docks["Health"].raise_()
    qtbot.waitUntil(lambda: len(pieces) > done + 2)
    docks["Health"].hide()
    done, turn = len(pieces), len(turns)
    qtbot.waitUntil(lambda: len(turns) > turn + 9)
    assert len(pieces) <= done + 1
    docks["Health"].show()
    docks["Health"].raise_()
    qtbot.waitUntil(lambda: judged(window))


def test_a_memory_that_is_worked_by_hand_is_not_judged(window, qtbot, tmp_path, capsys):
    path = tmp_path / "lab.h5"
    with sessions.Recorder(path, tiny_spec(), {"model": "recall"}) as recorder:
        record_one(recorder)
    assert window.desk.open(path)
    window.show_workspace("Watch")
    window.views.docks["Health"].show()
    window.views.docks["Health"].raise_()
    qtbot.waitUntil(lambda: window.views.health.sentences == (NOT_JUDGED,))
    assert main(["info", str(path)]) == 0
    assert "nothing was learned" in capsys.readouterr().out
