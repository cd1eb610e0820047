"""Health: what a person is told of how a network uses its memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sessions
from ntm_core.diagnostics import excerpts
from ntm_core.diagnostics.habits import habits
from ntm_core.diagnostics.health import Verdict, health
from ntm_core.trace import EpisodeInfo, EpisodeKind, Phase
from ntm_core.training import TrainConfig, Trainer
from tests.core.builders import small_model, small_task
from tests.core.episodes import episode, one_hot, run

SAMPLE_SESSION = Path(__file__).parents[2] / "assets" / "copy.ntmviz.h5"
INPUT, DELIMITER, OUTPUT = (float(phase) for phase in (Phase.INPUT, Phase.DELIMITER, Phase.OUTPUT))


def copying(length=5, rows=16, gate=0.1, first_row=0, info=None, **more):
    """A perfect copy: written row after row, then read again from where writing began."""
    steps = 2 * length + 1
    phase = [INPUT] * length + [DELIMITER] + [OUTPUT] * length
    writes = (first_row + np.minimum(np.arange(steps), length)) % rows
    reads = np.full(steps, (first_row + 9) % rows)
    reads[length:] = first_row + np.arange(-1, length)
    reads[length] = first_row
    reads[length + 1 :] = first_row + np.arange(length)
    memory = np.zeros((steps + 1, rows, 2))
    for step, row in enumerate(writes):
        memory[step + 1] = memory[step]
        memory[step + 1, row] = 1
    gates = np.full((steps, 2), gate)
    gates[length, 0] = 0.9
    return episode(
        info=info,
        first={"memory": memory[0], "read_weighting": one_hot(rows, [0])[0], "write_weighting": one_hot(rows, [0])[0]},
        **{
            "memory": memory[1:],
            "read_weighting": one_hot(rows, reads),
            "write_weighting": one_hot(rows, writes),
            "gate": gates,
            "output": np.full((steps, 2), 0.9),
            "target": np.ones((steps, 2)),
            "mask": np.equal(phase, OUTPUT),
            "phase": phase,
        }
        | more,
    )


def trained(iterations, **settings):
    """Two episodes of a network that was trained for a while."""
    model, task = small_model(**settings), small_task()
    trainer = Trainer(model, task, TrainConfig(batch=4))
    for _ in range(iterations):
        trainer.step()
    return [run(model, task, length, seed=length, iteration=iterations) for length in (3, 4)]


def test_a_copy_is_told_as_a_person_would():
    found = health([copying(length, info=EpisodeInfo(iteration=length)) for length in (3, 4, 5)])
    assert found.verdict is Verdict.USED
    assert found.sentences == (
        "The memory is used.",
        "100 % of what it reads to answer comes from rows written before.",
        "In an episode of 11 steps, what is read was mostly written 6 steps before.",
        "The read head stays on its row during the input; goes to row 0, where writing began, at the delimiter, by "
        "content; steps on by one row at each answer, by shift.",
        "The write head steps on by one row at each input, by shift; steps on by one row at the delimiter, by shift; "
        "stays on its row while it answers.",
        "Looks wrong: the write head writes over rows that hold something (12 of 27 steps).",
        "Judged by 27 steps of the last 3 episodes, of iterations 3 to 5.",
    )


def test_where_a_head_goes_is_named_by_the_row_only_if_it_is_always_that_row():
    told = habits([copying(first_row=row) for row in (1, 3)])
    assert "; goes to where writing began at the delimiter, by content;" in told[0]
    told = habits([copying(first_row=row) for row in (3, 3)])
    assert "; goes to row 3, where writing began, at the delimiter, by content;" in told[0]


def moving(places, breadth_rows=0, **more):
    weighting = one_hot(12, places)
    if breadth_rows:
        weighting = np.zeros_like(weighting)
        weighting[:, :, :breadth_rows] = 1 / breadth_rows
    phase = np.full(len(places), INPUT)
    return episode(
        read_weighting=weighting, write_weighting=weighting, phase=phase, memory=np.ones((len(places), 12, 2)), **more
    )


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (moving([5, 4, 3, 2, 1, 0, 11]), "steps back by one row at each input"),
        (moving([0, 3, 6, 9, 0, 3, 6]), "steps on by 3 rows at each input"),
        (moving([0, 5, 1, 2, 11, 7, 3]), "goes from row to row during the input"),
        (moving([0] * 5, breadth_rows=6), "spreads over about 6 rows throughout"),
    ],
)
def test_a_habit_is_told_for_what_most_steps_do(source, wanted):
    assert habits([source]) == (f"The read head {wanted}.", f"The write head {wanted}.")


def test_ways_are_told_by_what_the_model_has():
    stride = [0, 1, 2, 3, 4, 5]
    shares = np.full((6, 1), 0.2)
    told = habits(
        [moving(stride, content_mode=shares, forward_mode=shares * 3, backward_mode=shares, allocation_gate=shares * 4)]
    )
    assert told == (
        "The read head steps on by one row at each input, along the links.",
        "The write head steps on by one row at each input, to free rows.",
    )
    least_used = np.zeros((6, 1, 12))
    told = habits([moving(stride, key=np.ones((6, 2, 2)), allocation_gate=shares, least_used=least_used)])
    assert told[0].endswith("by content.")
    assert told[1].endswith("to what was read before.")


def test_a_head_that_writes_next_to_nothing_is_said_to():
    source = copying(write_gate=np.ones((11, 1)))
    faint = episode(
        **{field.name: source.series(field.name) * (0.05 if "write" in field.name else 1) for field in source.spec}
    )
    assert habits([faint])[1] == (
        "The write head does next to nothing during the input; does next to nothing at the delimiter; "
        "does next to nothing while it answers."
    )


def test_of_many_heads_a_few_are_told_of():
    weighting = np.repeat(one_hot(12, [0, 1, 2, 3]), 6, axis=1)
    told = habits([episode(read_weighting=weighting, phase=[INPUT] * 4)])
    assert len(told) == 5
    assert told[3].startswith("Read head 4 steps on")
    assert told[4] == "2 more read heads are not told of."


def test_a_network_that_learned_copy_is_judged_from_its_session():
    with sessions.open(SAMPLE_SESSION) as recording:
        found = health(recording.episodes, recording.metrics)
    assert found.verdict is Verdict.USED
    read, write = (sentence for sentence in found.sentences if " head " in sentence)
    assert "goes to row 0, where writing began, as the answer begins" in read
    assert "steps on by one row at each answer, by shift" in read
    assert "The write head steps on by one row at each input, by shift" in write
    assert "In an episode of 25 steps, what is read was mostly written 13 steps before." in found.sentences
    assert found.sentences[-1] == "Judged by 88 steps of the last 4 episodes, of iterations 200 to 567."


def test_the_symmetry_trap_is_named_and_its_neighbour_is_not():
    trapped = health(trained(30, first_weighting="uniform"))
    assert trapped.verdict is Verdict.TRAPPED
    assert trapped.sentences[0].startswith("Symmetry trap: all rows of the memory stay equal")
    assert "one-hot or random first weightings" in trapped.sentences[0]
    free = health(trained(30, first_weighting="one_hot"))
    assert free.verdict is not Verdict.TRAPPED
    assert "trap" not in " ".join(free.sentences)


def test_a_network_that_may_as_well_guess_is_too_young_to_tell():
    wrong = np.zeros((11, 2))
    found = health([copying(target=wrong)])
    assert found.verdict is Verdict.UNTRAINED
    assert found.sentences[0].startswith("100 % of the bits are wrong, near to guessing")
    assert health([copying(target=wrong)], {"bit_error_rate": np.array([0.5, np.nan, 0.0])}).verdict is Verdict.USED


def test_of_few_bits_a_third_wrong_may_be_guessed_and_of_many_not():
    target = np.ones((11, 2))
    target[6:9, 0] = 0
    few = [copying(target=target)]
    assert health(few).verdict is Verdict.UNTRAINED
    assert health(few * 4).verdict is Verdict.USED
    assert health(few, {"bit_error_rate": np.full(9, 0.3)}).verdict is Verdict.USED


def test_a_memory_that_is_not_read_where_it_was_written_is_hardly_used():
    elsewhere = one_hot(16, [15] * 11)
    memory = np.tile(np.arange(32).reshape(16, 2), (11, 1, 1))
    found = health([copying(read_weighting=elsewhere, memory=memory)])
    assert found.verdict is Verdict.UNUSED
    assert found.sentences[:3] == (
        "The memory is hardly used.",
        "0 % of what it reads to answer comes from rows written before.",
        "100 % of the weight of its reads falls on rows never written.",
    )
    assert "Looks wrong: the read head answers" not in " ".join(found.sentences)  # that is what was just said


def test_a_network_without_memory_is_not_judged():
    lstm = episode(controller=np.zeros((3, 4)), output=np.zeros((3, 1)), target=np.zeros((3, 1)), mask=[0, 1, 1])
    assert health([lstm]) == health([lstm, lstm])
    assert health([lstm]).sentences == ("The network has no memory to judge.",)
    assert health([lstm]).verdict is Verdict.NO_MEMORY


@pytest.mark.parametrize("episodes", [[], [episode(memory=np.zeros((0, 2, 2)))]])
def test_without_a_step_there_is_nothing_to_judge_by(episodes):
    assert health(episodes).verdict is Verdict.UNKNOWN


def test_a_trace_that_lacks_half_of_it_says_what_it_lacks():
    found = health([episode(memory=np.eye(3)[None], read_weighting=one_hot(3, [0]))])
    assert found.verdict is Verdict.UNKNOWN
    assert found.sentences[0].startswith("The trace does not show the memory, where the network reads and")


def test_numbers_that_are_none_are_told_and_nothing_else():
    weighting = one_hot(16, [0] * 11)
    weighting[4] = np.nan
    found = health([copying(), copying(write_weighting=weighting)])
    assert found.verdict is Verdict.BROKEN
    assert found.sentences[0] == "Numbers are not finite, from step 4 of an episode on."
    assert len(found.sentences) == 2


def test_a_weighting_of_the_wrong_mass_is_told_however_seldom_it_is():
    weighting = one_hot(16, np.arange(11))
    weighting[3] *= 1.1
    found = health([copying(), copying(), copying(write_weighting=weighting)])
    (sentence,) = (each for each in found.sentences if "sums to" in each)
    assert sentence.startswith("Looks wrong: the weighting of the write head sums to 1.1")
    assert sentence.endswith("(1 of 33 steps).")


def test_a_gradient_that_spiked_is_told_by_those_before_it():
    norms = np.full(100, 0.5)
    norms[50] = 40.0
    (sentence,) = (each for each in health([copying()], {"gradient_norm": norms}).sentences if "gradient" in each)
    assert sentence == "A gradient of the last 100 iterations was 80 times as long as those before it."
    norms[50] = 20.0
    assert "gradient" not in " ".join(health([copying()], {"gradient_norm": norms}).sentences)


def test_episodes_of_training_are_judged_before_those_worked_by_hand():
    lesion = copying(info=EpisodeInfo(kind=EpisodeKind.LESION), memory=np.full((11, 16, 2), np.nan))
    assert health([copying(), lesion]).verdict is Verdict.USED
    assert health([lesion]).verdict is Verdict.BROKEN


class Long:
    """An episode of so many steps that notes the last one that it was asked for."""

    def __init__(self, source, steps):
        self.source, self.steps, self.read = source, steps, 0
        self.spec, self.info, self.initial = source.spec, source.info, source.initial

    def __len__(self):
        return self.steps

    def series(self, name, start=0, stop=None):
        first, last, _ = slice(start, stop).indices(self.steps)
        assert last <= excerpts.MOST_STEPS
        self.read = max(self.read, last)
        return np.resize(self.source.series(name), (last - first, *self.spec[name].shape))


class Session:
    """The same episode so many times."""

    def __init__(self, source, count):
        self.source, self.count = source, count

    def __len__(self):
        return self.count

    def __getitem__(self, at):
        found = range(self.count)[at]
        assert len(found) <= 64
        return [self.source] * len(found)


def test_however_long_a_session_is_a_bounded_part_of_it_is_read(monkeypatch):
    long = Long(copying(), 10**9)
    assert health(Session(long, 10**7)).sentences[-1] == "Judged by 1024 steps of the last 4 episodes."
    assert long.read == excerpts.MOST_STEPS
    monkeypatch.setattr(excerpts, "MOST_BYTES", 4 * long.spec.step_size * 4 * 2)
    assert health(Session(long, 10)).sentences[-1] == "Judged by 8 steps of the last 4 episodes."
    monkeypatch.setattr(excerpts, "MOST_BYTES", 1)
    assert health(Session(long, 10)).sentences[-1] == "Judged by 4 steps of the last 4 episodes."


def test_whole_episodes_are_judged_before_the_beginnings_of_long_ones():
    short, long = copying(), Long(copying(), 10**6)
    assert [len(each) for each in excerpts.last_of([short, long, long, long])] == [11]


def test_an_opening_is_a_source_of_its_first_steps():
    source = copying()
    opening = excerpts.Opening(source, 4)
    assert (len(opening), opening.spec, opening.info) == (4, source.spec, source.info)
    np.testing.assert_array_equal(opening.series("memory"), source.series("memory", 0, 4))
    np.testing.assert_array_equal(opening.series("memory", 2, 100), source.series("memory", 2, 4))
    assert opening.series("memory", 3, 1).shape == (0, 16, 2)
    np.testing.assert_array_equal(opening.record(3)["gate"], source.record(3)["gate"])
    np.testing.assert_array_equal(opening.initial("memory"), source.initial("memory"))
    with pytest.raises(IndexError, match="a step from 0 to 3 was wanted; got 4"):
        opening.record(4)
