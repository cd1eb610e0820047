"""The views show every network of the registry without knowing it: they go by roles."""

import json

import numpy as np
import pytest

import sessions
from ntm_core import registry
from ntm_core.kept import KeptEpisode
from ntm_core.trace import EpisodeInfo, Field, Phase, Role, TraceSpec
from ntmviz import ink
from ntmviz.addressing_figure import addressing
from ntmviz.episode_figures import phase_runs, sequence
from ntmviz.field_figure import dense_links, field_figure, first_field, shown_fields
from ntmviz.figures import Head, HeadKind, heads, machine
from ntmviz.step_words import describe
from tests.app.conftest import SIZES

STAGES = {
    ("ntm", "read"): ["Content", "Gate", "Shift", "Sharpen"],
    ("ntm", "write"): ["Content", "Gate", "Shift", "Sharpen"],
    ("dnc", "read"): ["Backward", "Content", "Forward", "Read"],
    ("dnc", "write"): ["Content", "Allocation", "Write"],
    ("mann", "read"): ["Content", "Read"],
    ("mann", "write"): ["Last read", "Least used", "Write"],
}
COLUMNS = {
    "ntm": ["recalled", "recalled of late", "primed"],
    "dnc": ["usage", "allocation", "retention", "precedence"],
    "mann": ["usage", "least used", "kept"],
}


@pytest.fixture(params=SIZES)
def model(request):
    return request.param


@pytest.fixture
def episode(model, session_of_model):
    with sessions.open(session_of_model(model)) as recording:
        yield recording.episodes[len(recording.episodes) - 1]


def test_every_model_of_the_registry_is_looked_at():
    assert set(SIZES) == set(registry.models())


def test_a_head_is_explained_by_the_stages_that_it_has(model, episode):
    for head in heads(episode.spec):
        for step in (-1, 0, len(episode) - 1):
            figure = addressing(episode, step, head)
            assert [stage.title for stage in figure.stages] == STAGES[model, head.kind]
        assert all(stage.values.shape == (12,) for stage in figure.stages)
        weighting = episode.record(len(episode) - 1)[head.kind.weighting.value][head.index]
        np.testing.assert_array_equal(figure.stages[-1].values, weighting)


def test_the_stages_of_a_read_that_follows_links_mix_to_the_weighting(session_of_model):
    with sessions.open(session_of_model("dnc")) as recording:
        episode = recording.episodes[0]
        for index in range(2):
            *mixed, read = addressing(episode, 6, Head(HeadKind.READ, index)).stages
            total = sum(stage.share * stage.values for stage in mixed)
            np.testing.assert_allclose(total, read.values, atol=1e-6)


def test_the_stages_of_a_write_that_allocates_or_replaces_mix_to_the_weighting(session_of_model):
    for model in ("dnc", "mann"):
        with sessions.open(session_of_model(model)) as recording:
            *mixed, write = addressing(recording.episodes[0], 6, Head(HeadKind.WRITE)).stages
            opened = 1.0 if write.share is None else write.share
            total = opened * sum(stage.share * stage.values for stage in mixed)
            np.testing.assert_allclose(total, write.values, atol=1e-6, err_msg=model)


def test_what_is_known_of_each_location_stands_beside_the_memory(model, episode):
    figure = machine(episode, len(episode) - 1)
    if model == "lstm":
        assert figure is None
        return
    assert [column.label for column in figure.columns] == COLUMNS[model]
    assert all(column.values.shape == (12,) and column.values.max() <= column.limit for column in figure.columns)
    assert figure.segments == (2 if model == "ntm" else 1)


def test_any_field_can_be_shown(episode):
    for step in (-1, 3):
        for field in shown_fields(episode.spec):
            figure = field_figure(episode, step, field)
            if figure is None:
                assert step == -1 and not field.carried
                continue
            assert figure.values.ndim == 2
            assert figure.limits[0] < figure.limits[1]
            if not figure.is_wrapped and field.role is not Role.LINKS:
                np.testing.assert_array_equal(figure.values.reshape(field.shape), episode_value(episode, step, field))


def episode_value(episode, step, field):
    return episode.record(step)[field.name] if step >= 0 else episode.initial(field.name)


def test_links_come_first_and_sparse_ones_are_put_where_they_lead(session_of_model):
    with sessions.open(session_of_model("dnc")) as recording:
        episode = recording.episodes[0]
        field = first_field(episode.spec)
        assert field.role is Role.LINKS
        record = episode.record(6)
        wanted = np.zeros((12, 12))
        for row in range(12):
            for value, place in zip(record["links"][row], record["link_location"][row], strict=True):
                wanted[row, int(place)] += value
        assert wanted.any()
        np.testing.assert_allclose(field_figure(episode, 6, field).values, wanted, atol=1e-6)


def test_a_link_that_leads_nowhere_does_no_harm():
    assert dense_links(np.ones((2, 1), np.float32), np.array([[7.0], [-3.0]], np.float32)).tolist() == [[0, 1], [1, 0]]


def test_a_step_is_put_into_words(model, episode):
    words = describe(episode, 2, heads(episode.spec)[0] if heads(episode.spec) else Head(HeadKind.READ))
    told = {row.name: row.value for row in words.rows}
    assert words.statement
    assert told["phase"] in [phase.name.lower() for phase in Phase]
    wanted = {"dnc": {"it goes by", "it frees", "to free rows", "write gate"}, "ntm": {"its segment"}}
    assert wanted.get(model, set()) <= told.keys()


def test_the_window_draws_it(model, session_of_model, open_window, qtbot):
    window = open_window(session_of_model(model))
    views = window.views
    shown = [
        mark.text for mark in [*views.machine.under.marks, *views.machine.over.marks] if isinstance(mark, ink.Text)
    ]
    if model == "lstm":
        assert shown == ["This network has no memory; its units are in the State panel"]
        assert not views.head_button.isVisible()
        qtbot.waitUntil(lambda: views.field.figure is not None and views.field.isVisible())
        assert views.sequence.sequence_layout.lane("weighting") is None
    else:
        assert set(COLUMNS[model]) <= set(shown)
        assert views.head_button.isVisible()
    for key in ("next_head", "next_step", "first_step"):
        window.actions_by_name[key].trigger()
    views.docks["State"].raise_()
    for field in shown_fields(window.presenter.now.source.spec):
        window.store.update(field=field.name)
        assert views.field.figure is not None


VERDICTS = {"lstm": "no memory"}


def test_the_health_panel_says_what_the_command_line_says(model, session_of_model, open_window, qtbot, call):
    window = open_window(session_of_model(model))
    window.views.docks["Health"].raise_()
    qtbot.waitUntil(lambda: window.views.health.sentences != ())
    _, out, _ = call("info", session_of_model(model), "--json")
    assert list(window.views.health.sentences) == json.loads(out[-1])["health"]
    assert VERDICTS.get(model, "") in window.views.health.sentences[0]
    window.desk.close()
    window.show_workspace()
    qtbot.waitUntil(lambda: window.views.health.sentences == ())


def kept(phases):
    spec = TraceSpec((Field("phase", Role.PHASE, (), ()),))
    episode = KeptEpisode(spec, EpisodeInfo(), {})
    episode.append_steps({"phase": np.asarray(phases, np.float32)})
    return episode


def test_phases_are_told_run_by_run():
    runs = phase_runs(sequence(kept([1, 1, 2, 4, 4, 4, 0])).phases)
    assert [(run.start, run.count, run.phase) for run in runs] == [
        (0, 2, Phase.INPUT),
        (2, 1, Phase.DELIMITER),
        (3, 3, Phase.OUTPUT),
        (6, 1, Phase.NONE),
    ]


def test_a_number_that_is_no_phase_is_left_out():
    assert phase_runs(np.array([1, 77])) == ((0, 1, Phase.INPUT),)


def test_a_sequence_without_phases_has_no_lane_for_them():
    assert sequence(kept([0, 0])).phases is None
