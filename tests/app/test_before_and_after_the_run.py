"""What is drawn around the steps that were run: the state before the first, and the plan after the last."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

import sessions
from ntmviz import ink
from ntmviz.addressing_figure import addressing
from ntmviz.colours import PALETTES, Scale, lookup_table, paint
from ntmviz.episode_figures import sequence
from ntmviz.excerpt import FirstSteps
from ntmviz.figures import HeadKind, heads, machine
from ntmviz.views import sequence_layout
from ntmviz.views.addressing import AddressingView
from ntmviz.views.machine import MachineView
from ntmviz.views.machine_layout import Rows
from ntmviz.views.sequence import SequenceView

ROWS = Rows(first=0, count=20, total=48, pitch=10, top=100)
NOTHING_SET = (None, None)


@pytest.fixture(params=["session", "session_of_two_heads"])
def episode(request):
    with sessions.open(request.getfixturevalue(request.param)) as recording:
        yield recording.episodes[-1]


@pytest.fixture
def shown(qapp):
    """Shows a view for the time of a test."""
    views = []

    def show(view, width, height):
        view.resize(width, height)
        view.show()
        views.append(view)
        return view

    yield show
    for view in views:
        view.hide()  # not close(): pyqtgraph takes the viewport away there
        view.deleteLater()


def partly_run(episode, steps):
    """A figure of the first steps of an episode, with the others planned."""
    return replace(
        sequence(FirstSteps(episode, steps)),
        planned_inputs=episode.series("input").T[:, steps:],
        planned_targets=episode.series("target").T[:, steps:],
        phases=episode.series("phase").astype(np.int64),
    )


def texts(view):
    return [mark.text for mark in [*view.under.marks, *view.over.marks] if isinstance(mark, ink.Text)]


def test_before_the_first_step_the_machine_is_what_the_episode_starts_from(episode):
    figure, first = machine(episode, -1), machine(episode, 0)
    np.testing.assert_array_equal(figure.memory, episode.initial("memory"))
    np.testing.assert_array_equal(figure.before, figure.memory)
    for weighting in figure.writes + figure.reads:
        start = episode.initial(weighting.head.kind.weighting.value)
        np.testing.assert_array_equal(weighting.values, start[weighting.head.index])
    assert [strip.label for strip in figure.above] == [strip.label for strip in first.above]
    assert [strip.label for strip in figure.below] == [strip.label for strip in first.below]
    for strip in figure.above:
        assert strip.note == ""
        np.testing.assert_array_equal(strip.values, 0)
    for strip, vector in zip(figure.below, episode.initial("read_vector"), strict=True):
        assert strip.note.startswith("norm ")
        np.testing.assert_array_equal(strip.values, vector)


@pytest.mark.parametrize("step", [-2, 10_000])
def test_steps_further_out_are_refused(episode, step):
    with pytest.raises(IndexError):
        machine(episode, step)


def test_before_the_first_step_addressing_has_one_stage(episode):
    for head in heads(episode.spec):
        figure = addressing(episode, -1, head)
        assert [stage.values is None for stage in figure.stages] == [True, True, True, False]
        start = episode.initial(head.kind.weighting.value)[head.index]
        np.testing.assert_array_equal(figure.stages[3].values, start)
        assert [stage.note for stage in figure.stages] == ["β –", "g –", "", "γ –"]
        assert all(stage.share is None and stage.beside is None for stage in figure.stages)


def test_what_is_not_there_yet_is_drawn_as_a_dash_and_told(episode, shown):
    view = shown(AddressingView(PALETTES["dark"]), 340, 460)
    view.show_figure(addressing(episode, -1, heads(episode.spec)[0]), ROWS)
    assert texts(view).count("no step yet") == 3
    assert {"β –", "g –", "γ –"} <= set(texts(view))
    assert "nan" not in " ".join(texts(view)).lower()


def test_the_machine_keeps_its_layout_before_the_first_step(episode, shown):
    view = shown(MachineView(PALETTES["dark"]), 863, 460)
    view.show_figure(machine(episode, 0), first_row=0, row_pitch=10)
    layout = view.machine_layout
    view.show_figure(machine(episode, -1), first_row=0, row_pitch=10)
    assert view.machine_layout == layout
    assert "nan" not in " ".join(texts(view)).lower()


def test_a_head_without_any_mass_is_a_dash(episode, shown):
    view = shown(MachineView(PALETTES["dark"]), 863, 460)
    figure = machine(episode, -1)
    empty = tuple(replace(each, values=each.values * 0, peak=0) for each in figure.reads)
    view.show_figure(replace(figure, reads=empty), first_row=0, row_pitch=10)
    assert texts(view).count("–") == len(empty)
    assert all(each.head.kind is HeadKind.READ for each in empty)


@pytest.fixture
def view(shown):
    made = shown(SequenceView(PALETTES["dark"]), 730, 284)
    made.show_step(3, NOTHING_SET)
    return made


def test_planned_steps_stand_right_of_those_that_were_run_in_fainter_colours(episode, view):
    figure = partly_run(episode, 5)
    view.show_figure(figure, ROWS, ())
    layout = view.sequence_layout
    assert (layout.count, layout.planned) == (5, len(episode) - 5)
    image = view.grab().toImage()
    table = lookup_table("dark", Scale.BITS)
    compared = set()
    for name, run, planned in (
        ("input", figure.inputs, figure.planned_inputs),
        ("target", None, figure.planned_targets),
    ):
        lane = layout.lane(name)
        both = planned if run is None else np.concatenate([run, planned], axis=1)
        start = len(episode) - both.shape[1]
        for channel, step in np.ndindex(both.shape):
            step += start
            if step == 3:
                continue  # the play head's frame lies over it
            value, high = both[channel, step - start], 1.0 if step < 5 else 2.0
            x = layout.x(step) + layout.step_width // 2
            y = int(lane.top + (channel + 0.5) * lane.height / len(both))
            assert image.pixel(x, y) == int(paint(np.array([value]), table, 0.0, high)[0]), (name, channel, step)
            compared.add((float(value), high))
    assert compared == {(0, 1), (1, 1), (0, 2), (1, 2)}


def test_it_is_said_in_place_that_they_are_not_run_yet(episode, view):
    view.show_figure(partly_run(episode, 4), ROWS, ())
    lane = view.sequence_layout.lane("weighting")
    said = {mark.text: mark for mark in view.over.marks if isinstance(mark, ink.Text)}
    for text in ("not run yet", "Enter feeds the next input"):
        assert view.sequence_layout.x(4) < said[text].x < view.sequence_layout.x(len(episode))
        assert lane.top < said[text].y < lane.top + lane.height
    assert str(len(episode) - 1) in said, "the axis goes to the end of the plan"
    view.show_figure(sequence(episode), ROWS, ())
    assert "not run yet" not in texts(view)


def test_a_press_on_a_planned_step_wishes_for_it(qtbot, episode, view):
    view.show_figure(partly_run(episode, 4), ROWS, ())
    with qtbot.waitSignal(view.step_wished) as wished:
        place = QPoint(view.sequence_layout.x(6) + 2, 60)
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert wished.args == [6]


def test_a_sequence_of_which_nothing_is_run_is_all_plan(episode, view):
    view.show_step(-1, NOTHING_SET)
    view.show_figure(partly_run(episode, 0), ROWS, ())
    layout = view.sequence_layout
    assert (layout.count, layout.planned) == (0, len(episode))
    assert {"start", "not run yet"} <= set(texts(view))
    lanes = layout.lanes
    view.show_figure(partly_run(episode, 1), ROWS, ())
    assert view.sequence_layout.lanes == lanes, "the first step moves nothing"


def test_steps_that_were_run_come_before_planned_ones_where_room_is_short():
    def arranged(at_hand, planned):
        return sequence_layout.arrange(
            300, 280, steps=at_hand, start=0, at_hand=at_hand, planned=planned, bit_rows=(), locations=20
        )

    room = (300 - sequence_layout.LANES_LEFT - sequence_layout.MARGIN_RIGHT) // sequence_layout.NARROWEST_STEP
    assert (arranged(10, 500).count, arranged(10, 500).planned) == (10, room - 10)
    assert (arranged(500, 10).count, arranged(500, 10).planned) == (room, 0)


def test_a_figure_that_ends_before_its_episode_shows_no_plan(episode):
    figure = replace(sequence(episode, 0, 3), planned_inputs=episode.series("input").T)
    assert figure.planned == 0
    assert replace(sequence(episode, 2), planned_inputs=np.zeros((5, 4))).planned == 4
