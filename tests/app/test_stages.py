"""Work that is spread over turns of the event loop."""

import pytest
from PySide6.QtCore import QObject

import sessions
from ntmviz import stages
from ntmviz.presenter import Presenter
from ntmviz.stages import Stages


@pytest.fixture
def hurried(monkeypatch):
    """Turns of the event loop that have time for a single stage."""
    monkeypatch.setattr(stages, "TURN_S", 0.0)


@pytest.fixture
def made(qapp):
    owner = QObject()
    yield Stages(owner)


def writer(log, *names):
    """Stages that write their names down."""
    return [lambda name=name: log.append(name) for name in names]


def begin(made, log, *names):
    first, *others = writer(log, *names)
    made.start(first, others)


def test_all_stages_are_done_at_once_where_there_is_time(made, qtbot):
    log = []
    with qtbot.waitSignal(made.done):
        begin(made, log, "a", "b", "c")
        assert log == ["a", "b", "c"]
    assert not made.is_active


def test_what_there_is_no_time_for_is_done_in_later_turns_or_when_it_is_asked_for(made, hurried, qtbot):
    log = []
    begin(made, log, "a", "b", "c")
    assert (log, made.is_active) == (["a"], True)
    with qtbot.waitSignal(made.done):
        pass
    assert log == ["a", "b", "c"]
    begin(made, log, "d", "e")
    made.finish()
    assert log == ["a", "b", "c", "d", "e"]


def test_newer_things_replace_older_ones_and_no_stage_starves(made, hurried):
    log = []
    for number in range(6):
        begin(made, log, *(f"{name}{number}" for name in "abc"))
    assert log == ["a0", "a1", "b1", "a2", "c2", "a3", "b3", "a4", "c4", "a5", "b5"]


def test_a_thing_that_is_dropped_or_replaced_within_a_stage_goes_no_further(made):
    log = []
    made.start(made.drop, writer(log, "never"))
    made.start(lambda: log.append("a"), [lambda: begin(made, log, "b"), *writer(log, "never")])
    assert (log, made.is_active) == (["a", "b"], False)


def test_a_step_that_is_shown_over_several_turns_comes_to_the_same_picture(open_window, session, hurried, qtbot):
    window = open_window(session)
    presenter, told = window.presenter, []
    presenter.presented.connect(told.append)
    qtbot.waitUntil(lambda: not presenter.is_behind)
    told.clear()
    window.store.update(episode=0, step=4)
    assert (presenter.now.step, told, presenter.is_behind) == (4, [], True), "read, but not drawn"
    window.views.machine.cell_hovered.emit((0, 0))  # the machine shows another step as yet
    picture = window.grab().toImage()
    assert [now.step for now in told] == [4], "a picture of the window waits for nothing"
    qtbot.waitUntil(lambda: not presenter.is_behind)
    presenter.present()
    presenter.finish()
    assert window.grab().toImage() == picture


def test_a_workspace_that_another_one_follows_is_not_painted_between(open_window, session, hurried, qtbot, monkeypatch):
    window, released = open_window(session), []
    qtbot.waitUntil(lambda: not window.presenter.is_behind)
    monkeypatch.setattr(window._settling, "release", lambda: released.append(window.arrangements.current))
    window.show_workspace("Step")
    window._on_docks_settled()  # presents, of which most is left for later turns
    window.show_workspace("Watch")
    window.presenter.finish()
    assert not released
    with qtbot.waitSignal(window.presenter.rested):
        pass
    assert not window._has_moved, "the docks of the second have settled before anything is painted"
    assert released == ["Watch"]


def test_damage_in_a_later_stage_is_told_and_the_window_is_let_go(open_window, session, hurried, qtbot, monkeypatch):
    def damaged(*_):
        raise sessions.SessionError("the session is damaged")

    window = open_window(session)
    qtbot.waitUntil(lambda: not window.presenter.is_behind)
    monkeypatch.setattr(Presenter, "_show_rows", damaged)
    with qtbot.waitSignals([window.presenter.failed, window.presenter.rested]):
        window.store.update(episode=0, step=4)
    assert not window.presenter.is_behind
    assert window.notice.text == "The session is damaged"
