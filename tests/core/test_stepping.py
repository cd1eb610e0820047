"""Stepping by hand: what runs, what is gone to, what is recorded of it, and that every bit of it is the network's."""

from __future__ import annotations

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import torch

from ntm_core import commands, deeds, events, models, registry, seeding, tasks
from ntm_core.engine import Engine, Weights
from ntm_core.errors import ConfigError
from ntm_core.lineage import Lineage
from ntm_core.network import mapped
from ntm_core.observe import observe
from ntm_core.states import state_at
from ntm_core.trace import EpisodeInfo, EpisodeKind, StepRecord
from tests.contracts import check_source, same_bits
from tests.core.builders import SMALL, ListSink, small_model, small_task

SELDOM = (1.0, 1.0, 1.0, 1.0)
"""An input that the task never feeds."""


def engine_of(sink=None, model=None, **more):
    return Engine(small_model(seed=1) if model is None else model, small_task(), sink=sink, **more)


def engine_on(name, sink=None, past=(), **settings):
    """An engine on another task than copy."""
    task = tasks.build(name, **settings)
    return Engine(models.build("ntm", task.inputs, task.outputs, seed=1, **SMALL), task, sink=sink, past=past)


def only(kind, happened):
    (event,) = (event for event in happened if isinstance(event, kind))
    return event


def do(engine, *several):
    happened = [event for command in several for event in engine.handle(command)]
    failed = [event.message for event in happened if isinstance(event, events.Failed)]
    assert not failed, failed
    return happened


def refusal(engine, command):
    return only(events.Failed, engine.handle(command)).message


class Recorded:
    """An episode as a recording gives it back: one that the engine does not own."""

    def __init__(self, source, info=None):
        self.spec, self.info = source.spec, source.info if info is None else info
        self.initial, self.record, self.series = source.initial, source.record, source.series
        self._steps = len(source)

    def __len__(self):
        return self._steps


def run_of(model, seed=3, length=3, info=None):
    """A whole sequence that a network ran in one go, as an episode."""
    engine = engine_of(model=model)
    do(engine, commands.Reset(seed, length), commands.Run())
    return Recorded(engine.line, info or EpisodeInfo(EpisodeKind.EVAL, iteration=40, seed=seed, checkpoint=0))


def test_stepping_through_a_sequence_equals_running_it_to_the_bit():
    sink = ListSink()
    engine = engine_of(sink)
    assert only(events.WasReset, engine.handle(commands.Reset(seed=5, length=3))) == events.WasReset(5, 7, 0)
    happened = [event for _ in range(7) for event in engine.handle(commands.Step())]
    assert happened == [events.Stepped(0, step) for step in range(7)]
    assert "all 7 steps" in refusal(engine, commands.Step())
    engine.rest()
    sample = small_task().sample(1, seeding.generator(5), 3)
    with torch.no_grad():
        logits, _, trace = engine.model(sample.inputs, trace=True)
    whole = observe(engine.spec, trace, sample, logits, engine.task)
    (episode,) = sink.episodes
    assert (episode["info"].kind, episode["info"].seed, episode["info"].checkpoint) == (EpisodeKind.MANUAL, 5, 0)
    for name, column in whole.columns.items():
        assert same_bits(episode["columns"][name], column), name
    for name, values in whole.initial.items():
        assert same_bits(episode["initial"][name], values), name


@pytest.mark.parametrize("name", registry.tasks())
def test_stepping_tells_the_phases_of_every_task_as_a_whole_sequence_has_them(name):
    sink = ListSink()
    engine = engine_on(name, sink)
    do(engine, commands.Reset(seed=5, length=4), commands.Step(), commands.Run())
    sample = engine.task.sample(1, seeding.generator(5), 4)
    columns = sink.episodes[0]["columns"]
    assert same_bits(columns["phase"], engine.task.phases(sample)[:, 0].numpy())
    assert same_bits(columns["target"], sample.targets[:, 0].numpy())


def test_the_sequence_of_the_task_is_told_before_it_runs():
    planned = only(events.Planned, engine_of().handle(commands.Reset(seed=5, length=3)))
    sample = small_task().sample(1, seeding.generator(5), 3)
    assert np.array_equal(planned.inputs, sample.inputs[:, 0])
    assert np.array_equal(planned.targets, sample.targets[:, 0])
    assert np.array_equal(planned.scored, sample.mask[:, 0])
    assert planned.delimiter == (0.0, 0.0, 0.0, 1.0)


def test_a_step_that_ran_before_on_the_same_input_is_gone_to_and_not_run_again():
    sink = ListSink()
    engine = engine_of(sink)
    do(engine, commands.Reset(seed=1, length=2), commands.Run(3), commands.Rewind(1))
    assert engine.handle(commands.Step()) == (events.Stepped(0, 1, is_new=False),)
    assert engine.handle(commands.Run(2)) == (events.Stepped(0, 3, 2),)
    do(engine, commands.Rewind(1), commands.Step(SELDOM), commands.Wake(0, 0))
    assert engine.handle(commands.Step(SELDOM)) == (events.Stepped(1, 1, is_new=False),)
    do(engine, commands.Wake(0, 3))
    assert engine.handle(commands.Step())[0] == events.Forked(2, 0, 3, "goes on"), "it ended when it was left"
    assert len(sink.episodes) == 3


def test_another_input_starts_a_fork_that_names_its_parent_and_what_was_done():
    sink = ListSink()
    engine = engine_of(sink)
    do(engine, commands.Reset(seed=1, length=3), commands.Run(5), commands.Rewind(3), commands.Rewind(2))
    planned = small_task().sample(1, seeding.generator(1), 3).inputs[2, 0]
    other = planned.clone()
    other[1] = 1 - other[1]
    assert do(engine, commands.Step(tuple(other.tolist()))) == [
        events.Forked(1, 0, 1, "bit 1 flipped"),
        events.Stepped(1, 2),
    ]
    do(engine, commands.Step(), commands.Rewind(3))
    assert only(events.Forked, do(engine, commands.Step(SELDOM))) == events.Forked(2, 1, 0, "bits 0, 1, 2 flipped")
    do(engine, commands.Rewind(0))
    assert only(events.Forked, do(engine, commands.Step(SELDOM))).parent_step == -1
    fork = EpisodeKind.FORK
    assert [(each["info"].kind, each["info"].parent, each["info"].parent_step) for each in sink.episodes] == [
        (EpisodeKind.MANUAL, -1, -1),
        (fork, 0, 1),
        (fork, 1, 0),
        (fork, 0, -1),
    ]
    assert same_bits(sink.episodes[1]["initial"]["memory"], sink.episodes[0]["columns"]["memory"][1])


@pytest.mark.parametrize(
    ("fed", "label"),
    [((0.0, 0.0, 0.0, 1.0), "delimiter"), ((0.0, 0.0, 0.5, 1.0), "another input")],
    ids=["delimiter", "numbers"],
)
def test_a_fork_says_in_words_what_was_fed(fed, label):
    engine = engine_of()
    do(engine, commands.Reset(seed=1, length=2), commands.Run(1), commands.Rewind(0))
    assert only(events.Forked, do(engine, commands.Step(fed))).label == label


@pytest.mark.parametrize(
    ("fed", "planned", "told"),
    [
        ((1.0, 0.0, -0.25), (1.0, 1.0, -0.25), "bit 1 flipped"),
        ((1.0, 1.0, 1.0), (1.0, 1.0, -0.25), "another input"),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.5), "another input"),
    ],
    ids=["a bit beside a priority", "a priority", "no priority"],
)
def test_only_bits_are_said_to_be_flipped(fed, planned, told):
    assert deeds.of_input(np.array(fed, np.float32), np.array(planned, np.float32), ()) == told


def test_an_input_of_one_s_own_is_run_unscored_and_the_task_s_own_is_scored_however_it_is_given():
    sink = ListSink()
    engine = engine_of(sink)
    do(engine, commands.Reset(length=1), commands.Step((0.5, 0.0, 1.0, 0.0)), commands.Run(1))
    do(engine, commands.Step((0.0, 0.0, 0.0, 0.0)))
    columns = sink.episodes[0]["columns"]
    assert columns["input"][0].tolist() == [0.5, 0.0, 1.0, 0.0]
    assert columns["mask"].tolist() == [0.0, 0.0, 1.0]
    assert "an input of 'copy' has 4 numbers; got 2" in refusal(engine, commands.Step((1.0, 0.0)))


WOKEN = [
    {"order": "read_first", "read_heads": 2},
    {"order": "write_first", "read_heads": 2},
    {"name": "mann", "read_heads": 2, "priming": 1.0},
    {"name": "mann", "controller": "feedforward"},
    {"name": "lstm"},
]


@pytest.mark.parametrize("settings", WOKEN, ids=lambda settings: " ".join(map(str, settings.values())))
def test_an_episode_woken_at_any_step_goes_on_as_the_run_did_to_the_bit(settings):
    model = small_model(seed=1, **settings)
    past = run_of(model)
    for step in range(-1, len(past) - 1):
        engine = engine_of(model=model, past=[past], weights=Weights(40))
        assert engine.handle(commands.Wake(0, step))[0] == events.Woken(0, step)
        do(engine, commands.Run())
        assert engine.line.info.iteration == 40
        assert len(engine.line) == len(past)
        for field in past.spec:
            assert same_bits(engine.line.series(field.name), past.series(field.name)), field.name


def test_an_episode_that_another_network_ran_is_not_woken():
    engine = engine_of(past=[run_of(small_model(seed=1, locations=9))])
    assert "memory of shape (8, 5); the episode has (9, 5)" in refusal(engine, commands.Wake(0, 1))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (commands.Wake(0, 7), "a step from -1, before the first, to 6 of episode 0 was wanted; got 7"),
        (commands.Wake(1, 0), "an episode from 0 to 0 was wanted; got 1"),
    ],
    ids=["step", "episode"],
)
def test_what_is_not_there_cannot_be_woken(command, told):
    assert told in refusal(engine_of(past=[run_of(small_model(seed=1))]), command)


def test_a_sequence_drawn_by_hand_is_known_again_when_it_is_woken_half_way():
    engine = engine_of()
    before = only(events.Planned, engine.handle(commands.Reset(seed=8)))
    do(engine, commands.Run(2))
    half = Recorded(engine.line)
    woken = engine_of(past=[half])
    assert only(events.Planned, woken.handle(commands.Wake(0, 1))) == before
    do(woken, commands.Run())
    assert len(woken.line) == len(before.inputs)


def test_a_sequence_of_a_given_length_is_not_mistaken_for_the_one_that_its_seed_alone_draws():
    """All lists of associative recall begin with the same delimiter."""
    engine = engine_on("associative_recall")
    do(engine, commands.Reset(seed=8, length=3), commands.Step())
    assert engine.line.info.label == "length 3"
    woken = engine_on("associative_recall", past=[Recorded(engine.line)])
    planned = only(events.Planned, woken.handle(commands.Wake(0, 0)))
    assert len(planned.inputs) == 1, "the rest of it is not known"
    drawn = engine_on("associative_recall")
    before = only(events.Planned, do(drawn, commands.Reset(seed=8), commands.Step()))
    woken = engine_on("associative_recall", past=[Recorded(drawn.line)])
    assert only(events.Planned, woken.handle(commands.Wake(0, 0))) == before


def test_a_row_of_several_fields_is_edited_in_one_fork():
    engine = engine_of(ListSink())
    do(engine, commands.Reset(seed=1, length=3), commands.Run(3))
    record = engine.line.record(2)
    where = tuple(np.eye(record["read_weighting"].shape[1])[1].tolist())
    what = tuple(np.full(record["read_vector"].shape[1], 0.25).tolist())
    told = do(engine, commands.EditRows(("read_weighting", "read_vector"), 0, (where, what)))
    assert told == [events.Forked(1, 0, 2, "edit read weighting and read vector")]
    do(engine, commands.Step())
    assert engine.line.record(2)["read_weighting"][0].tolist() == list(where)
    assert engine.line.record(2)["read_vector"][0].tolist() == list(what)
    assert np.array_equal(engine.line.record(2)["memory"], record["memory"])
    for fields, row, values in (
        (("memory",), 99, (what,)),
        (("nothing",), 0, (what,)),
        (("read_vector",), 0, ((1.0,),)),
    ):
        (failed,) = engine.handle(commands.EditRows(fields, row, values))
        assert isinstance(failed, events.Failed)


def test_what_has_no_rows_is_set_whole_beside_a_row():
    engine = engine_of(ListSink(), small_model(seed=1, name="mann"))
    do(engine, commands.Reset(seed=1, length=3), commands.Run(3))
    record = engine.line.record(2)
    usage = tuple((record["usage"] + 0.5).tolist())
    where = tuple(np.eye(len(usage))[1].tolist())
    read = tuple(record["read_vector"][0].tolist())
    fields = ("read_weighting", "read_vector", "usage")
    (forked,) = do(engine, commands.EditRows(fields, 0, (where, read, usage)))
    assert forked.label == "edit read weighting, read vector and usage"
    do(engine, commands.Step())
    assert engine.line.record(2)["usage"].tolist() == pytest.approx(usage)
    (failed,) = engine.handle(commands.EditRows(("usage",), 0, ((1.0,),)))
    assert isinstance(failed, events.Failed)


def test_a_number_of_the_state_is_edited_and_the_fork_starts_from_it():
    sink = ListSink()
    engine = engine_of(sink)
    do(engine, commands.Reset(seed=1, length=3), commands.Run(3))
    was = float(engine.line.record(2)["memory"][4, 2])
    assert do(engine, commands.Edit("memory", (4, 2), 0.75)) == [
        events.Edited("memory", (4, 2), was, 0.75),
        events.Forked(1, 0, 2, "edit row 4, word 2"),
    ]
    assert engine.line.record(2)["memory"][4, 2] == 0.75
    assert sink.episodes[0]["columns"]["memory"][2, 4, 2] == np.float32(was)
    do(engine, commands.Run())
    assert len(engine.line) == 7
    assert sink.episodes[1]["initial"]["memory"][4, 2] == 0.75
    do(engine, commands.Wake(0, 2), commands.Step())
    assert engine.line.info.label == "goes on", "an unedited state does not go on along the edited one"
    do(engine, commands.Edit("write_weighting", (0, 1), 1))
    assert engine.line.info.label == "edit write weighting, write head 0, row 1"


@pytest.mark.parametrize(
    ("name", "edit", "label", "changes"),
    [
        ("mann", commands.Edit("usage", (3,), 9.0), "edit usage, row 3", "memory"),
        ("lstm", commands.Edit("controller_cell", (7,), 2.0), "edit controller cell, unit 7", "output"),
    ],
)
def test_what_other_networks_carry_is_edited_and_changes_the_next_step(name, edit, label, changes):
    engine = engine_of(model=small_model(seed=1, name=name))
    do(engine, commands.Reset(seed=1, length=3), commands.Run(4))
    as_it_ran = engine.line.record(3)
    assert only(events.Forked, do(engine, commands.Rewind(3), edit)).label == label
    assert engine.line.record(2)[edit.field][edit.index] == edit.value
    assert only(events.Stepped, do(engine, commands.Step())).is_new
    assert not np.allclose(engine.line.record(3)[changes], as_it_ran[changes])


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (commands.Edit("key", (0, 0), 0.0), "a field of the state, memory, read_weighting"),
        (commands.Edit("memory", (8, 0), 0.0), "an index into memory, of shape (8, 5), was wanted; got [8, 0]"),
        (commands.Edit("memory", (1,), 0.0), "got [1]"),
    ],
    ids=["field", "range", "axes"],
)
def test_an_edit_of_what_is_not_there_is_refused_and_changes_nothing(edit, told):
    sink = ListSink()
    engine = engine_of(sink)
    do(engine, commands.Reset(), commands.Step())
    assert told in refusal(engine, edit)
    assert len(sink.episodes) == 1
    assert do(engine, commands.Step()) == [events.Stepped(0, 1)]


def test_a_checkpoint_kept_on_the_way_does_not_end_stepping():
    sink = ListSink()
    engine = engine_of(sink)
    do(engine, commands.Reset(seed=1, length=3), commands.Step())
    assert isinstance(engine.handle(commands.Save())[-1], events.Saved)
    assert do(engine, commands.Step()) == [events.Stepped(0, 1)]


def test_one_who_rests_ends_the_episode_and_goes_on_with_a_fork():
    sink = ListSink()
    engine = engine_of(sink)
    do(engine, commands.Reset(seed=1, length=3), commands.Step())
    engine.rest()
    assert not sink.is_open
    assert do(engine, commands.Step())[0] == events.Forked(1, 0, 0, "goes on")


def test_a_session_that_drops_the_episode_fails_the_step_in_words():
    class Dropping(ListSink):
        def begin_episode(self, info, initial):
            return None

    past = run_of(small_model(seed=1))
    engine = engine_of(Dropping(), past=[past])
    do(engine, commands.Wake(0, 1))
    assert "did not take the step" in refusal(engine, commands.Step())
    assert engine.line.info == past.info


@pytest.mark.parametrize(
    "command", [commands.Step(), commands.Run(), commands.Rewind(0), commands.Edit("memory", (), 0)]
)
def test_there_is_nothing_to_step_before_a_reset_or_after_training(command):
    engine = engine_of()
    assert "reset, or wake an episode, first" in refusal(engine, command)
    do(engine, commands.Reset(), commands.Train())
    assert "reset, or wake an episode, first" in refusal(engine, command)


def test_a_rewind_beyond_what_ran_says_how_far_it_goes():
    engine = engine_of()
    do(engine, commands.Reset())
    assert "one of 0 to 0; got 3" in refusal(engine, commands.Rewind(3))


STEPS = st.one_of(
    st.tuples(st.just("step"), st.integers(0, 3)),
    st.tuples(st.just("run"), st.integers(1, 3)),
    st.tuples(st.just("rewind"), st.floats(0, 1)),
    st.tuples(st.just("wake"), st.tuples(st.floats(0, 1), st.floats(0, 1))),
    st.tuples(st.just("edit"), st.tuples(st.integers(0, 7), st.integers(0, 4), st.floats(-1, 1, width=32))),
    st.tuples(st.just("rest"), st.none()),
)
INPUTS = (None, SELDOM, (0.0, 0.0, 0.0, 1.0), (1.0, 0.0, 0.0, 0.0))


def rerun(model, line):
    """All steps of a line again, one by one: from a fork's own start where one starts, else from the step before."""
    state = state_at(model, line.parts[0].source, -1, torch.device("cpu"))
    starts = {part.first: part.source for part in line.parts}
    for step in range(len(line)):
        if step in starts:
            state = state_at(model, starts[step], -1, torch.device("cpu"))
        given = torch.tensor(line.record(step)["input"])[None, None]
        with torch.no_grad():
            _, state, trace = model(given, state, trace=True)
        yield mapped(trace.steps, lambda tensor: tensor[0])


@hypothesis.settings(max_examples=40)
@hypothesis.given(st.lists(STEPS, max_size=14))
def test_whatever_the_hand_does_each_recorded_line_is_what_the_network_does(deeds):
    sink, model = ListSink(), small_model(seed=1)
    engine = engine_of(sink, model, past=())
    do(engine, commands.Reset(seed=2, length=3), commands.Step())
    spec = engine.spec
    for kind, what in deeds:
        steps = len(engine.line)
        match kind:
            case "step":
                engine.handle(commands.Step(INPUTS[what]))  # fails at the end of the sequence
            case "run":
                engine.handle(commands.Run(what))
            case "rewind":
                engine.handle(commands.Rewind(round(what * steps)))
            case "wake":
                episode = round(what[0] * (len(sink.episodes) - 1))
                columns = sink.episodes[episode]["columns"]
                own = 0 if columns is None else len(columns["mask"])
                do(engine, commands.Wake(episode, round(what[1] * own) - 1))
            case "edit":
                do(engine, commands.Edit("memory", what[:2], what[2]))
            case "rest":
                engine.rest()
    episodes = [FromSink(spec, each) for each in sink.episodes]
    for index in range(len(episodes)):
        line = Lineage(episodes, index)
        check_source(line)
        for step, view in enumerate(rerun(model, line)):
            is_junction = any(part.first == step + 1 for part in line.parts[1:])
            if not is_junction:  # there an edit may show
                assert same_bits(line.record(step)["memory"], view.memory[0].numpy())
                assert same_bits(line.record(step)["read_vector"], view.read_vector[0].numpy())


class FromSink:
    """What a ListSink was told of one episode, as a source."""

    def __init__(self, spec, told):
        self.spec, self.info = spec, told["info"]
        self._initial, self._columns = told["initial"], told["columns"] or {}

    def __len__(self):
        return len(self._columns.get("mask", ()))

    def initial(self, name):
        if not self.spec[name].carried:
            raise KeyError(name)
        return self._initial[name]

    def record(self, step):
        if not 0 <= step < len(self):
            raise IndexError(step)
        return StepRecord(step, {name: column[step] for name, column in self._columns.items()})

    def series(self, name, start=0, stop=None):
        field = self.spec[name]
        return self._columns.get(name, np.empty((0, *field.shape), np.float32))[start:stop]


@pytest.mark.parametrize(
    "given", [np.ones(4, np.float32), [1, 1, 1, 1], (np.float32(1),) * 4], ids=["array", "list", "numpy"]
)
def test_an_input_is_any_sequence_of_numbers(given):
    assert commands.Step(given).input == (1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize("given", [5, "word", [[1.0]], [1e300]])
def test_an_input_that_is_no_vector_is_refused_in_one_line(given):
    with pytest.raises(ConfigError, match="an input is a"):
        commands.Step(given)


def test_a_number_that_float32_cannot_hold_is_no_edit():
    with pytest.raises(ConfigError, match="a value is a finite number at least"):
        commands.Edit("memory", (0, 0), 1e300)
