"""What every task of the registry keeps to: one suite over all of them, in each of its variants."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ntm_core import models, registry, tasks
from ntm_core.errors import ConfigError
from ntm_core.settings import described
from ntm_core.tasks import Phase
from ntm_core.train_config import TrainConfig
from ntm_core.training import Trainer, on_device, score
from tests.core import slow_tasks
from tests.core.builders import SMALL

VARIANTS = {
    "copy": {},
    "copy of mixed lengths": {"mixed_lengths": True, "max_length": 6, "bits": 3},
    "repeat_copy": {},
    "repeat_copy of mixed lengths": {"mixed_lengths": True, "max_length": 4, "max_repeats": 3, "bits": 3},
    "repeat_copy always twice": {"min_repeats": 2, "max_repeats": 2, "min_length": 2, "bits": 1},
    "associative_recall": {},
    "associative_recall of mixed lengths": {"mixed_lengths": True, "item_length": 2, "bits": 3},
    "associative_recall of all items there are": {"item_length": 1, "bits": 2, "max_items": 4},
    "ngrams": {},
    "ngrams of short contexts": {"length": 20, "context": 2},
    "priority_sort": {},
    "priority_sort of few": {"items": 5, "answers": 3, "bits": 2},
}
SIZES = {
    "copy": ({"min_length": 2, "max_length": 5}, {"length": {2, 3, 4, 5}}),
    "repeat_copy": (
        {"min_length": 2, "max_length": 4, "min_repeats": 1, "max_repeats": 3},
        {"length": {2, 3, 4}, "repeats": {1, 2, 3}},
    ),
    "associative_recall": ({"min_items": 3, "max_items": 5}, {"length": {3, 4, 5}}),
}
"""Of the tasks that draw them: settings, and the sizes that come of these."""
SCORED = {
    "copy": (8 * 20, 8 * 60, 8 * 120),
    "repeat_copy": (9 * 101, 9 * 201, 9 * 201),
    "associative_recall": (18, 18, 18, 18),
    "ngrams": (200, 400),
    "priority_sort": (128, 128, 128),
}
"""Scored bits of each trial: what a sequence costs where every output is one half."""


@pytest.fixture(params=VARIANTS)
def task(request):
    return tasks.build(request.param.split()[0], **VARIANTS[request.param])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def same(left, right):
    return all(map(torch.equal, left, right))


def read(task, sample, item=0):
    """What the slow reader makes of a sequence: sizes, then targets and phases as long as the sequence is."""
    return slow_tasks.READERS[task.name](task.settings, sample.inputs[:, item].tolist())


def check_as_read(task, sample):
    phases = task.phases(sample)
    for item in range(sample.inputs.shape[1]):
        _, targets, told = read(task, sample, item)
        end = len(told)
        assert sample.targets[:end, item].tolist() == targets
        assert phases[:end, item].tolist() == told
        assert sample.mask[:end, item].tolist() == [phase is Phase.OUTPUT for phase in told]
        for padding in (*sample, phases):
            assert not padding[end:, item].any()


def test_every_task_of_the_registry_is_among_the_variants():
    assert {name.split()[0] for name in VARIANTS} == set(registry.tasks()) == set(SCORED)


def test_a_batch_is_float32_time_first_with_targets_and_mask_of_0_and_1(task):
    inputs, targets, mask = task.sample(3, seeded())
    steps = len(inputs)
    assert inputs.shape == (steps, 3, task.inputs)
    assert targets.shape == (steps, 3, task.outputs)
    assert mask.shape == (steps, 3)
    assert {each.dtype for each in (inputs, targets, mask)} == {torch.float32}
    assert set(targets.unique().tolist()) <= {0, 1} and set(mask.unique().tolist()) <= {0, 1}
    assert not targets[mask == 0].any()
    assert mask.sum(0).all(), "each sequence is scored"
    assert not (inputs.signbit() & (inputs == 0)).any(), "a zero is 0 to the bit"


def test_inputs_keep_the_limits_that_the_task_states(task):
    low, high = task.input_limits
    for trial in task.trials:
        inputs = task.sample(20, seeded(), **trial.sizes).inputs
        assert low - 1e-6 <= inputs.min() and inputs.max() <= high + 1e-6
    drawn = torch.cat([task.sample(2, seeded(seed)).inputs.flatten() for seed in range(20)])
    assert low - 1e-6 <= drawn.min() and drawn.max() <= high + 1e-6


def test_a_seed_decides_the_batch_and_nothing_else_does(task):
    sizes = task.trials[0].sizes
    before = torch.get_rng_state()
    first = task.sample(3, seeded(4), **sizes)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(1)
    assert same(first, task.sample(3, seeded(4), **sizes))
    assert not same(first, task.sample(3, seeded(5), **sizes))
    assert same(task.sample(3, seeded(4)), task.sample(3, seeded(4)))


def test_the_sequences_of_a_batch_differ(task):
    inputs = task.sample(50, seeded(), **task.trials[-1].sizes).inputs
    assert len(inputs.transpose(0, 1).flatten(1).unique(dim=0)) > 25


@pytest.mark.parametrize("name", slow_tasks.READERS)
def test_the_answer_is_what_a_slow_reader_of_the_inputs_says(name):
    for variant, settings in VARIANTS.items():
        if variant.split()[0] == name:
            task = tasks.build(name, **settings)
            for seed in range(5):
                check_as_read(task, task.sample(7, seeded(seed)))


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_drawn_from_least_to_greatest_both_included(name):
    settings, wanted = SIZES[name]
    for is_mixed in (False, True):
        task, generator = tasks.build(name, **settings, mixed_lengths=is_mixed), seeded()
        found = [read(task, task.sample(1, generator))[0] for _ in range(200)]
        assert {size: {each[size] for each in found} for size in wanted} == wanted


@pytest.mark.parametrize("name", SIZES)
def test_a_batch_has_one_size_unless_lengths_are_mixed(name):
    settings, wanted = SIZES[name]
    plain, mixed = (tasks.build(name, **settings, mixed_lengths=is_mixed) for is_mixed in (False, True))
    for seed in range(10):
        sample = plain.sample(20, seeded(seed))
        assert all(read(plain, sample, item)[0] == read(plain, sample)[0] for item in range(20))
        assert plain.phases(sample).all(), "nothing is filled up"
    sample = mixed.sample(100, seeded())
    found = [read(mixed, sample, item)[0] for item in range(100)]
    assert {size: {each[size] for each in found} for size in wanted} == wanted
    assert mixed.phases(sample)[-1].any(), "no step is there for nobody"


@pytest.mark.parametrize("name", SIZES)
def test_each_sequence_of_a_mixed_batch_is_told_apart_as_if_it_were_alone(name):
    task = tasks.build(name, **SIZES[name][0], mixed_lengths=True)
    sample = task.sample(20, seeded())
    phases = task.phases(sample)
    check_as_read(task, sample)
    for item in range(20):
        end = len(read(task, sample, item)[2])
        alone = type(sample)(*(tensor[:end, item : item + 1] for tensor in sample))
        check_as_read(task, alone)
        assert torch.equal(task.phases(alone)[:, 0], phases[:end, item])


def test_given_sizes_are_obeyed(task):
    for trial in task.trials:
        sample = task.sample(2, seeded(), **trial.sizes)
        if task.name == "ngrams":
            assert len(sample.inputs) == trial.sizes["length"]
        else:
            assert read(task, sample)[0] == read(task, sample, 1)[0] == trial.sizes


def test_every_trial_has_a_name_of_its_own_and_the_first_decides_when_it_is_solved(task):
    names = [trial.name for trial in task.trials]
    assert len(set(names)) == len(names)
    assert task.criterion.trial == task.trials[0]
    for trial in task.trials:
        assert task.sample(1, seeded(), **trial.sizes).inputs.shape[1] == 1


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("copy", ["20", "60", "120"]),
        ("repeat_copy", ["10 x 10", "10 x 20", "20 x 10"]),
        ("associative_recall", ["6", "8", "12", "15"]),
        ("ngrams", ["200", "400"]),
        ("priority_sort", ["20", "30", "40"]),
    ],
)
def test_the_trials_are_those_of_the_paper_and_greater_ones(name, names):
    assert [trial.name for trial in tasks.build(name).trials] == names


@pytest.mark.parametrize("name", SCORED)
def test_by_chance_every_scored_bit_costs_one_bit(name):
    task = tasks.build(name)
    for trial, bits in zip(task.trials, SCORED[name], strict=True):
        sample = task.sample(2, seeded(), **trial.sizes)
        scores = score(torch.zeros_like(sample.targets), sample)
        assert scores.bits.tolist() == [bits, bits]
        assert (scores.loss * scores.bits / math.log(2)).tolist() == pytest.approx([bits, bits], rel=1e-5)


def test_phases_claim_every_step_and_output_is_what_is_scored(task):
    sample = task.sample(20, seeded())
    phases = task.phases(sample)
    assert phases.shape == sample.mask.shape and phases.dtype == torch.float32
    assert set(phases.unique().tolist()) <= set(map(float, Phase))
    assert torch.equal(phases == Phase.OUTPUT, sample.mask > 0)
    is_padding = phases == Phase.NONE
    assert not sample.inputs[is_padding].any()
    assert not (is_padding[:-1] & ~is_padding[1:]).any(), "what fills up comes last"


def test_the_phases_of_a_part_of_the_batch_are_those_of_the_batch(task):
    sample = task.sample(4, seeded())
    assert torch.equal(task.phases(sample.only(slice(2, 3))), task.phases(sample)[:, 2:3])


def test_phases_are_told_on_the_device_that_a_sample_is_on_without_waiting_for_it(task):
    """The meta device stands for one that is not here: mixing it with the CPU fails, and so does reading a value."""
    there = on_device(task.sample(2, seeded()), torch.device("meta"))
    assert task.phases(there).device.type == "meta"


def test_the_delimiter_is_an_input_that_ends_what_is_to_be_remembered(task):
    sample = task.sample(1, seeded())
    if not task.delimiter:
        assert Phase.DELIMITER not in task.phases(sample)
        return
    (places,) = torch.nonzero((sample.inputs[:, 0] == torch.tensor(task.delimiter)).all(1), as_tuple=True)
    phases = task.phases(sample)[:, 0]
    assert (phases[places] == Phase.DELIMITER).all()
    assert Phase.INPUT not in phases[places[0] :] and Phase.INPUT in phases[: places[0]]


def test_no_answer_costs_less_than_the_optimum_on_average(task):
    sample = task.sample(100, seeded())
    optimum = task.optimum(sample)
    if optimum is not None:
        assert optimum.shape == (100,)
        assert 0 < optimum.mean() < score(torch.zeros_like(sample.targets), sample).bits.mean()


@pytest.mark.parametrize("name", SCORED)
def test_a_network_trains_on_it_and_is_measured(name):
    task = tasks.build(name, **next(settings for variant, settings in VARIANTS.items() if variant == name))
    trainer = Trainer(models.build("ntm", task.inputs, task.outputs, **SMALL), task, TrainConfig(batch=2))
    update = trainer.step()
    assert update.not_finite is None and trainer.iteration == 1
    result = trainer.evaluate(task.criterion.trial, 2, seed=0)
    assert 0.2 < result.bit_error_rate < 0.8
    assert result.excess_bits > task.criterion.most_excess or result.bit_error_rate > task.criterion.most_wrong


def test_settings_go_through_json(task):
    plain = json.loads(json.dumps(task.settings.to_json()))
    assert tasks.build(task.name, **plain).settings == task.settings
    assert type(task.settings).from_json(plain) == task.settings


@pytest.mark.parametrize("name", SCORED)
def test_every_setting_has_a_label_of_its_own(name):
    settings = described(registry.task(name).config)
    assert tuple(each.name for each in settings) == tasks.settings(name)
    assert len({each.text for each in settings} - {""}) == len(settings)


REFUSED = [
    ("copy", {"bits": 0}, "bits is a whole number, at least 1; got 0"),
    ("copy", {"min_length": 5, "max_length": 4}, "max_length is at least min_length, 5; got 4"),
    (
        "copy",
        {"length": 4},
        "a setting of task 'copy' is one of bits, max_length, min_length, mixed_lengths; got 'length'",
    ),
    ("repeat_copy", {"min_repeats": 3, "max_repeats": 2}, "max_repeats is at least min_repeats, 3; got 2"),
    ("repeat_copy", {"min_length": 11}, "max_length is at least min_length, 11; got 10"),
    ("associative_recall", {"min_items": 1}, "min_items is a whole number, at least 2; got 1"),
    ("associative_recall", {"min_items": 7}, "max_items is at least min_items, 7; got 6"),
    (
        "associative_recall",
        {"item_length": 1, "bits": 2},
        "max_items is at most 4: there are no more different items of item_length 1 and bits 2; got 6",
    ),
    ("ngrams", {"context": 17}, "context is a whole number, at most 16; got 17"),
    ("priority_sort", {"items": 10}, "items is at least answers, 16; got 10"),
    ("priority_sort", {"answers": 0}, "answers is a whole number, at least 1; got 0"),
]


@pytest.mark.parametrize(("name", "settings", "message"), REFUSED)
def test_a_setting_that_cannot_be_says_what_is_wanted(name, settings, message):
    with pytest.raises(ConfigError) as raised:
        tasks.build(name, **settings)
    assert str(raised.value) == message


@pytest.mark.parametrize("sizes", [{"batch": 0}, {"length": 0}])
def test_an_empty_batch_or_sequence_is_refused(task, sizes):
    with pytest.raises(ConfigError, match=r"is a whole number, at least [12]; got 0"):
        task.sample(**{"batch": 2, "generator": seeded()} | sizes)


@pytest.mark.parametrize(
    ("name", "sizes", "message"),
    [
        ("repeat_copy", {"repeats": 0}, "repeats is a whole number, at least 1; got 0"),
        ("associative_recall", {"length": 1}, "length is a whole number, at least 2; got 1"),
    ],
)
def test_a_size_that_cannot_be_is_refused(name, sizes, message):
    with pytest.raises(ConfigError, match=message):
        tasks.build(name).sample(2, seeded(), **sizes)


def test_an_unknown_task_is_answered_with_the_known_ones():
    known = "associative_recall, copy, ngrams, priority_sort, repeat_copy"
    with pytest.raises(ConfigError, match=f"a task is one of {known}; got 'coppy'"):
        tasks.build("coppy")


def test_making_a_task_needs_no_torch():
    script = """
import sys
from ntm_core import registry, tasks
for name in registry.tasks():
    task = tasks.build(name)
    print(name, task.inputs, task.outputs, task.input_limits, task.trials, task.criterion, task.settings.to_json())
assert "torch" not in sys.modules
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
