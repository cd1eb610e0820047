"""Lesions of trained networks: what is lost, what is spared, and what that says of where items are held."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import sessions
from ntm_core import checkpoints, models, patient, seeding, tasks
from ntm_core.bypass import bypass
from ntm_core.errors import CoreError
from ntm_core.patient import Holder, Lesion
from ntm_core.trace import EpisodeKind
from tests.contracts import check_source
from tests.core.builders import small_model, small_task
from tests.core.test_models import VARIANTS

ASSETS = Path(__file__).parents[2] / "assets"
LENGTH = 8


def of_session(name):
    with sessions.open(ASSETS / f"{name}.ntmviz.h5") as recording:
        model = checkpoints.load(recording.checkpoints[-1].read(), kernel="eager")
        return model, tasks.build("copy", **recording.info.task_settings)


@pytest.fixture(scope="module")
def learned():
    """A network that learned copy by its memory, its task, and a batch of sequences of 8."""
    model, task = of_session("copy")
    return model, task, task.sample(64, seeding.generator(3), LENGTH)


@pytest.fixture(scope="module")
def trapped():
    """A network whose rows are all equal for ever: it learned copy all the same."""
    model, task = of_session("trapped")
    return model, task, task.sample(64, seeding.generator(3), task.settings.max_length)


@pytest.mark.parametrize("since", [2, 4, 6])
def test_writing_cut_from_a_step_on_spares_what_was_stored_and_loses_what_comes_after(learned, since):
    chart = patient.examine(*learned, writes_from=since)
    intact, writes_off, *_ = chart.wrong
    assert chart.write_steps.tolist() == list(range(LENGTH)), "this network writes each item as it sees it"
    is_old = chart.write_steps < since
    assert intact.max() == 0
    assert writes_off[is_old].max() <= 0.02
    assert writes_off[~is_old].min() >= 0.3
    assert chart.is_dissociated


def test_the_other_lesions_make_the_dissociation_double(learned):
    chart = patient.examine(*learned)
    assert [lesion.name for lesion in chart.lesions] == ["intact", "writes off", "reads off", "controller reset"]
    assert chart.lesions[1].writes_from == LENGTH // 2
    _, _, reads_off, reset = chart.wrong
    assert reads_off.min() >= 0.3, "without reads nothing comes back, old or new"
    assert reset[:-1].max() <= 0.02 and reset.mean() <= 0.02, "without the controller's past nearly all does"
    assert chart.holder is Holder.MEMORY and chart.is_doubly_dissociated
    assert chart.sentence.startswith("The memory holds the items (reads off: 50% wrong bits, controller reset: 2%")


def test_a_lesion_of_nothing_and_one_past_the_end_change_nothing(learned):
    model, _, sample = learned
    whole = model(sample.inputs)[0]
    for lesion in (Lesion(), Lesion("late", 99, 99, 99)):
        assert torch.equal(patient.run(model, sample.inputs, lesion).logits, whole)
    assert not torch.equal(patient.run(model, sample.inputs, Lesion("reads", reads_from=0)).logits, whole)
    assert not model.reads_are_cut and not model.writes_are_cut
    assert torch.equal(model(sample.inputs)[0], whole)


def test_a_trapped_network_does_without_its_memory_and_not_without_its_controller(trapped):
    model, task, sample = trapped
    chart = patient.examine(model, task, sample)
    assert chart.wrong[0].max() <= 0.02, "it has learned its task"
    assert chart.wrong[1].max() <= 0.05 and chart.wrong[2].max() <= 0.05, "writes or reads are hardly missed"
    assert chart.wrong[3].min() >= 0.3, "all is lost with the controller's state"
    assert chart.holder is Holder.CONTROLLER and not chart.is_dissociated
    assert chart.sentence.startswith("The memory is bypassed: the controller holds the items")
    trace = model(sample.inputs, trace=True)[2].steps
    assert (trace.memory == trace.memory[:, :, :1]).all(), "the symmetry trap: all rows are equal"
    assert bypass(model, sample).direct_share < 0.15


def test_an_untrained_network_has_nothing_to_lose():
    task = small_task()
    chart = patient.examine(small_model(), task, task.sample(16, seeding.generator(0), 3))
    assert chart.holder is Holder.NOTHING and "nothing to lose yet" in chart.sentence


def test_a_network_without_a_memory_is_examined_too():
    task = small_task()
    chart = patient.examine(small_model(name="lstm"), task, task.sample(16, seeding.generator(0), 3))
    assert chart.write_steps.tolist() == [-1, -1, -1] and not chart.is_dissociated
    assert np.array_equal(chart.wrong[0], chart.wrong[1]) and np.array_equal(chart.wrong[0], chart.wrong[2])


def test_sequences_that_are_answered_at_different_steps_are_refused():
    task = small_task(mixed_lengths=True)
    with pytest.raises(CoreError, match="draw them of one length"):
        patient.examine(small_model(), task, task.sample(8, seeding.generator(0)))


CUT = (
    "ntm",
    "ntm of 2 and 2 heads writing first",
    "ntm writing head after head",
    "mann of 2 read heads",
    "dnc",
    "dnc with deallocation",
    "dnc with sparse links",
)


@pytest.mark.parametrize("variant", CUT)
def test_cut_writes_leave_the_memory_of_any_network_as_it_was_and_the_trace_says_so(variant):
    model = small_model(name=variant.split()[0], **VARIANTS[variant])
    inputs = small_task().sample(2, seeding.generator(0), 3).inputs
    whole = patient.run(model, inputs, Lesion()).trace.steps
    trace = patient.run(model, inputs, Lesion("writes", writes_from=2)).trace.steps
    for name in ("memory", "read_vector"):
        assert torch.equal(getattr(trace, name)[:2], getattr(whole, name)[:2])
    kept = trace.memory[2:]
    if not VARIANTS[variant].get("deallocation"):  # which goes on to free rows
        assert (kept == trace.memory[1]).all()
    assert not torch.equal(whole.memory[2], whole.memory[1])
    # Nothing is told to be written: by weightings of 0, or by heads that erase and add nothing.
    written = trace.write_weighting[2:].unsqueeze(-1) * trace.add[2:].unsqueeze(-2)
    assert not written.any()


def test_a_sequence_under_a_lesion_is_an_episode_as_any_other(learned):
    model, task, sample = learned
    source = patient.episode(model, task, sample, Lesion("writes off", writes_from=4), item=1)
    check_source(source)
    assert source.info.kind is EpisodeKind.LESION and source.info.label == "writes off"
    wanted = patient.run(model, sample.inputs, Lesion("writes off", writes_from=4)).logits[:, 1]
    np.testing.assert_allclose(source.series("output"), torch.sigmoid(wanted).numpy(), atol=1e-6)
    assert patient.episode(model, task, sample, Lesion()).info.kind is EpisodeKind.EVAL


def test_a_late_writer_is_judged_by_its_writes_and_not_by_when_it_saw_the_items():
    """Its chart says at which step an item was written: an item seen before the cut and written after it is lost."""
    chart = patient.Chart(
        (Lesion(), Lesion("writes off", writes_from=2)),
        np.array([[0, 0, 0], [0, 0.4, 0.5]]),
        np.array([1, 2, 3]),
    )
    assert chart.is_dissociated
    by_input = patient.Chart(chart.lesions, chart.wrong, np.array([0, 1, 2]))
    assert not by_input.is_dissociated


def test_a_double_dissociation_asks_of_cut_reads_and_of_the_controller_too():
    lesions = (Lesion(), Lesion("writes off", writes_from=2), Lesion("reads off"), Lesion("controller reset"))
    whole = np.array([[0, 0, 0, 0], [0, 0, 0.4, 0.4], [0.19, 0.41, 0.4, 0.4], [0, 0, 0, 0.05]])
    steps = np.arange(4)
    assert patient.Chart(lesions, whole, steps).is_doubly_dissociated
    for lesion, wrong in ((0, [0, 0, 0.1, 0]), (2, [0, 0, 0.4, 0.4]), (2, [0.4, 0.4, 0, 0]), (3, [0.4] * 4)):
        spoilt = whole.copy()
        spoilt[lesion] = wrong
        chart = patient.Chart(lesions, spoilt, steps)
        assert chart.is_dissociated and not chart.is_doubly_dissociated
    assert not patient.Chart(lesions[:2], whole[:2], steps).is_doubly_dissociated
    all_old = patient.Chart(lesions, np.where(whole == 0.4, 0, whole), steps - 9)
    assert not all_old.is_doubly_dissociated, "nothing was lost to cut writes"


def test_the_holder_is_told_by_which_lesions_are_felt():
    names = ("intact", "writes off", "reads off", "controller reset")
    lesions = tuple(Lesion(name) for name in names)
    wanted = {
        (0.0, 0.4, 0.4, 0.0): Holder.MEMORY,
        (0.0, 0.0, 0.0, 0.4): Holder.CONTROLLER,
        (0.0, 0.4, 0.4, 0.4): Holder.BOTH,
        (0.0, 0.0, 0.0, 0.0): Holder.UNCLEAR,
        (0.4, 0.4, 0.4, 0.4): Holder.NOTHING,
    }
    for means, holder in wanted.items():
        chart = patient.Chart(lesions, np.array(means)[:, None], np.array([0]))
        assert chart.holder is holder and chart.sentence.endswith(".")


def test_models_that_are_worked_by_hand_can_be_cut_too():
    task = tasks.build("recall", bits=8, max_length=4, noise=0.0)
    model = models.build("recall", task.inputs, task.outputs, locations=8)
    sample = task.sample(8, seeding.generator(0), 4)
    chart = patient.examine(model, task, sample, writes_from=2)
    assert chart.wrong[0].max() == 0 and chart.wrong[1, :2].max() == 0 and chart.wrong[1, 2:].min() > 0.2
    assert chart.write_steps.tolist() == [0, 1, 2, 3]
