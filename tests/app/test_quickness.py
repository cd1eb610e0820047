"""What keeps the window quick: long work in pieces, and nothing drawn twice."""

from collections import Counter

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication

import sessions
from ntm_core.trace import EpisodeInfo
from ntmviz import survey
from ntmviz.episode_figures import Happening
from ntmviz.presenter import Presenter
from ntmviz.survey import Surveyor
from ntmviz.views import canvas, settling
from ntmviz.views.addressing import AddressingView
from ntmviz.views.machine import MachineView
from ntmviz.views.sequence import SequenceView
from ntmviz.views.training import TrainingView
from sessions.episodes import Episode
from tests.sessions.traces import ntm_spec, still

SPOILT = 70


@pytest.fixture
def spoilt(tmp_path):
    """A session whose one episode of 100 steps has values up to 4.5 at its end, and a NaN in the memory of a step."""
    spec = ntm_spec(16, 4)
    columns = {field.name: np.zeros((100, *field.shape), np.float32) for field in spec}
    columns["add"][99] = -4.5
    columns["write_weighting"][3] = 0.25
    columns["memory"][SPOILT, 2, 1] = np.nan
    path = tmp_path / "spoilt.ntmviz.h5"
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), still(spec))
        recorder.append_steps(columns)
    return path


def surveyed(source):
    surveyor = Surveyor(source)
    pieces = 0
    while not surveyor.is_done:
        surveyor.look_on()
        pieces += 1
    return surveyor.found, pieces


def test_an_episode_surveyed_in_pieces_comes_to_the_same_as_at_once(spoilt, monkeypatch):
    with sessions.open(spoilt) as recording:
        whole, pieces = surveyed(recording.episodes[0])
        assert pieces == 1
        assert whole.limit == 5
        assert whole.largest_weighting == 0.25
        assert [each for each in whole.happenings if each.kind == "not finite"] == [Happening(SPOILT, "not finite")]
        monkeypatch.setattr(survey, "_PIECE_STEPS", 7)
        assert surveyed(recording.episodes[0]) == (whole, 15)


def test_the_survey_of_a_long_episode_leaves_the_window_free_and_is_drawn_when_it_is_whole(
    open_window, spoilt, qtbot, monkeypatch
):
    monkeypatch.setattr(survey, "_PIECE_STEPS", 7)
    window = open_window(spoilt)
    assert window.views.machine.figure.limit == 1
    qtbot.waitUntil(lambda: window.views.machine.figure.limit == 5)
    assert Happening(SPOILT, "not finite") in window.presenter.happenings


def test_a_survey_that_meets_damage_is_not_taken_up_again_and_other_steps_are_shown(
    open_window, spoilt, qtbot, monkeypatch
):
    look_on = Surveyor.look_on

    def damaged(self):
        if self.found.happenings or self._next:
            raise sessions.SessionError("the session is damaged")
        look_on(self)

    monkeypatch.setattr(survey, "_PIECE_STEPS", 7)
    monkeypatch.setattr(Surveyor, "look_on", damaged)
    window = open_window(spoilt)
    qtbot.waitUntil(lambda: window.views.machine.figure is None)
    window.store.update(step=5)
    assert window.views.machine.figure is not None
    assert not window.presenter.is_behind, "nothing is looked for where the damage is"


def on_screen(view):
    """What a view shows now; nobody asks it to paint itself for that."""
    window = view.window()
    screen = window.screen().grabWindow(window.winId()).toImage()
    return screen.copy(QRect(view.viewport().mapTo(window, QPoint(0, 0)), view.viewport().size()))


def test_every_step_comes_onto_the_screen_though_nobody_asks_for_a_picture_of_it(open_window, session, qtbot):
    window = open_window(session)
    shown = [window.views.machine, window.views.addressing, window.views.sequence]
    for step in (3, 5, 8):
        before = [on_screen(view) for view in shown]
        window.store.update(step=step)
        for view, old in zip(shown, before, strict=True):
            qtbot.waitUntil(lambda view=view, old=old: on_screen(view) != old, timeout=3000)


def test_going_to_another_episode_moves_the_line_of_the_training_and_draws_no_curve(open_window, session, monkeypatch):
    window = open_window(session)
    training = window.views.training
    monkeypatch.setattr(training, "_draw_curves", lambda figure: pytest.fail("the curves are drawn already"))
    before = training.figure.current
    window.actions_by_name["previous_episode"].trigger()
    assert training.figure.current < before
    assert [line.value() for line in training._lines] == [training.figure.current] * 2


CANVASES = MachineView, AddressingView, SequenceView


@pytest.fixture
def counts(monkeypatch):
    """How often each canvas was drawn, and its scene painted."""
    counts = Counter()
    for kind in CANVASES:
        for done in ("_redraw", "_keep"):
            count_calls(monkeypatch, kind, done, counts)
    return counts


def test_another_size_theme_or_workspace_paints_each_scene_once(open_window, session, qtbot, counts):
    """And draws it once for the size and once for what it shows, however often docks move meanwhile."""
    window = open_window(session)

    def check(act, most_drawn):
        counts.clear()
        act()
        qtbot.waitUntil(lambda: len(counts) == 6 and window.updatesEnabled())
        for name, count in counts.items():
            assert count <= (most_drawn if name.endswith("_redraw") else 1), (name, count)

    check(lambda: window.resize(1200, 860), 1)
    check(lambda: window.resize(1500, 1000), 1)
    check(lambda: window.show_workspace("Step"), 2)
    check(lambda: window.show_workspace("Watch"), 2)
    check(lambda: window.set_theme("light"), 2)


def paint_once(window, *size):
    """Give a window another size, and let it be painted, but nothing else that has a turn of its own."""
    window.resize(*size)
    QApplication.sendPostedEvents()


def canvases(window):
    views = window.views
    return views.machine, views.addressing, views.sequence


@pytest.fixture
def no_time(monkeypatch):
    """A machine so slow that one picture takes all the time of a turn."""
    monkeypatch.setattr(settling, "_AT_ONCE_S", 0.0)


def test_another_size_draws_no_picture_in_the_turn_that_paints_the_window(open_window, session, counts, no_time):
    window = open_window(session)
    QApplication.sendPostedEvents()  # it is painted for the first time
    counts.clear()
    paint_once(window, 1500, 1000)
    assert not counts
    waiting = [*canvases(window), window.views.training.graphics]
    assert all(each.is_waiting for each in waiting)
    for drawn in range(1, 5):
        window._settling._go_on()
        assert [each.is_waiting for each in waiting].count(False) == drawn
    assert counts == {f"{kind.__name__}.{done}": 1 for kind in CANVASES for done in ("_redraw", "_keep")}


def test_a_step_that_takes_long_to_draw_is_painted_a_picture_a_turn(open_window, session, qtbot, counts, no_time):
    window = open_window(session)
    QApplication.sendPostedEvents()
    before = {view: on_screen(view) for view in canvases(window)}
    counts.clear()
    window.store.update(step=5)
    QApplication.sendPostedEvents()
    assert not any(counts[f"{kind.__name__}._keep"] for kind in CANVASES)
    assert {view: on_screen(view) for view in canvases(window)} == before
    for drawn in range(1, 4):
        window._settling._go_on()
        assert sum(counts[f"{kind.__name__}._keep"] for kind in CANVASES) == drawn
    QApplication.sendPostedEvents()
    for view in canvases(window):
        shown = on_screen(view)
        assert shown == view.grab().toImage().convertToFormat(shown.format())
        assert shown != before[view]


def test_what_there_is_time_for_is_drawn_in_the_turn_that_paints_it(open_window, session, counts, monkeypatch):
    monkeypatch.setattr(settling, "_AT_ONCE_S", 60.0)
    window = open_window(session)
    QApplication.sendPostedEvents()
    drawn = []
    for view in canvases(window):
        monkeypatch.setattr(view, "prepare", lambda view=view: drawn.append(view) or type(view).prepare(view))
    window.store.update(step=5)
    counts.clear()
    QApplication.sendPostedEvents()
    assert set(drawn) == set(canvases(window))
    assert {counts[f"{kind.__name__}._keep"] for kind in CANVASES} == {1}


def test_while_the_size_changes_on_and_on_every_picture_has_its_turn(open_window, session, counts, no_time):
    window = open_window(session)
    counts.clear()
    for more in range(8):
        paint_once(window, 1300 + 10 * more, 820 + 10 * more)
        window._settling._go_on()
    assert {counts[f"{kind.__name__}._keep"] for kind in CANVASES} == {2}


def test_a_picture_that_has_waited_is_what_it_would_have_been_at_once(open_window, session, qtbot):
    window = open_window(session)
    paint_once(window, 1500, 1000)
    qtbot.waitUntil(lambda: not any(each.is_waiting for each in window.views.pictures))
    for view in canvases(window):
        waited = view.grab().toImage()
        assert view.sceneRect() == view.area
        view.redraw()
        assert view.grab().toImage() == waited


def test_a_picture_asked_of_the_window_has_nothing_in_it_that_still_waits(open_window, session, qtbot):
    window = open_window(session)
    paint_once(window, 1500, 1000)
    at_once = window.grab().toImage()
    qtbot.waitUntil(lambda: not any(each.is_waiting for each in window.views.pictures))
    assert window.grab().toImage() == at_once
    window._settling.hold()
    assert window.grab().toImage() == at_once
    assert not window.updatesEnabled()
    window._settling.release()


def test_a_scene_that_has_not_changed_is_not_painted_again(open_window, session, counts):
    window = open_window(session)
    view = window.views.machine
    view.viewport().repaint()
    counts.clear()
    view.viewport().repaint()
    assert not counts
    window.store.update(shows_change=not window.store.state.shows_change)
    view.viewport().repaint()
    assert counts["MachineView._keep"] == 1


def test_what_is_painted_again_in_part_is_what_would_be_painted_in_whole(open_window, session_of_two_heads):
    window = open_window(session_of_two_heads)
    state = window.store.state
    for changes in (
        {"step": 1},
        {"step": 5},
        {"shows_change": not state.shows_change},
        {"step": 6, "weighting_to_largest": True},
        {"pinned": (3, 2)},
        {"first_row": 4},
        {"head": window.presenter.now.head, "loop": (2, 7)},
        {"episode": 0, "step": 2, "pinned": None},
    ):
        window.store.update(**changes)
        for view in canvases(window):
            in_part = view.grab().toImage()
            view._on_changed(None)
            assert view.grab().toImage() == in_part, (view, changes)


def test_a_mark_that_cannot_be_drawn_leaves_the_window_standing(open_window, session, qtbot, monkeypatch):
    window = open_window(session)
    view = window.views.machine
    window.store.update(step=2)
    wanted = view.grab().toImage()

    def fail(*_):
        raise ValueError("a mark of no kind")

    with qtbot.captureExceptions() as caught, monkeypatch.context() as patch:
        patch.setattr(canvas, "draw", fail)
        window.store.update(step=1)
        qtbot.waitUntil(lambda: bool(caught))
    assert {kind for kind, _, _ in caught} == {ValueError}
    window.store.update(step=2)
    assert view.grab().toImage() == wanted


def test_a_row_of_the_episode_list_reads_its_episode_once(open_window, session, monkeypatch):
    window = open_window(session)
    model, read = window.views.episodes.episodes, []
    info = Episode.info.fget
    monkeypatch.setattr(Episode, "info", property(lambda self: read.append(self.index) or info(self)))
    model.refresh()
    roles = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ForegroundRole
    for row in (0, 1):
        for column in range(3):
            for role in roles:
                model.data(model.index(row, column), role)
    assert read == [model.episode_at(0), model.episode_at(1)]


def count_calls(monkeypatch, kind, name, counts):
    method = getattr(kind, name)

    def call(self, *arguments):
        counts[f"{kind.__name__}.{name}"] += 1
        return method(self, *arguments)

    monkeypatch.setattr(kind, name, call)


def test_a_wider_window_shows_more_steps_of_a_long_episode(open_window, tmp_path, qtbot):
    spec = ntm_spec(16, 4)
    path = tmp_path / "long.ntmviz.h5"
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), still(spec))
        recorder.append_steps({field.name: np.zeros((600, *field.shape), np.float32) for field in spec})
    window = open_window(path)
    window.resize(1024, 700)
    steps = window.views.sequence.steps_in_view
    qtbot.waitUntil(lambda: window.views.sequence.sequence_layout.count == steps(600))
    narrow = steps(600)
    window.resize(1700, 900)
    qtbot.waitUntil(lambda: window.views.sequence.sequence_layout.count == steps(600) > narrow)


def test_a_session_that_is_opened_is_presented_once_its_docks_stand_and_its_curves_in_a_turn_of_their_own(
    open_window, session, qtbot, monkeypatch
):
    done = []
    for kind, name in ((Presenter, "present"), (TrainingView, "_draw_curves")):
        note_calls(monkeypatch, kind, name, done)
    window = open_window(session)
    done.clear()
    window.desk.close()
    done.clear()
    assert window.desk.open(session)
    qtbot.waitUntil(lambda: "_draw_curves ended" in done and window.updatesEnabled())
    assert done == ["present", "present ended", "_draw_curves", "_draw_curves ended"]


def note_calls(monkeypatch, kind, name, done):
    method = getattr(kind, name)

    def call(self, *arguments):
        done.append(name)
        method(self, *arguments)
        done.append(f"{name} ended")

    monkeypatch.setattr(kind, name, call)


def test_a_picture_that_waited_out_of_sight_is_drawn_when_it_is_seen(open_window, session, qtbot, no_time):
    window = open_window(session)
    QApplication.sendPostedEvents()
    before = on_screen(window.views.machine)
    window.store.update(step=5)
    QApplication.sendPostedEvents()
    assert window.views.machine.is_waiting
    window.views.machine.hide()
    while window._settling._waiting:
        window._settling._go_on()
    window.views.machine.show()
    qtbot.waitUntil(lambda: on_screen(window.views.machine) != before)


def test_the_list_of_episodes_is_painted_when_another_is_looked_at_and_else_left_alone(open_window, session):
    window = open_window(session)
    QApplication.sendPostedEvents()
    episodes = window.views.episodes
    asked = []
    real = episodes.episodes._info
    episodes.episodes._info = lambda episode: asked.append(episode) or real(episode)
    window.store.update(step=5)
    QApplication.sendPostedEvents()
    assert not asked
    window.actions_by_name["previous_episode"].trigger()
    QApplication.sendPostedEvents()
    assert asked
    assert episodes.episodes.episode_at(episodes.currentIndex().row()) == window.presenter.now.episode
