"""The copy task: what its sequences look like, and that they can be drawn again."""

from __future__ import annotations

import json

import pytest
import torch

from ntm_core import tasks
from ntm_core.errors import ConfigError
from ntm_core.tasks import Phase


def draw(seed=0, batch=3, length=None, **settings):
    return tasks.build("copy", **settings).sample(batch, torch.Generator().manual_seed(seed), length)


def test_a_copy_sequence_is_vectors_a_delimiter_and_silence_to_answer_in():
    inputs, targets, mask = draw(length=4)
    assert (inputs.shape, targets.shape, mask.shape) == ((9, 3, 9), (9, 3, 8), (9, 3))
    assert {each.dtype for each in (inputs, targets, mask)} == {torch.float32}
    vectors = inputs[:4, :, :8]
    assert vectors.unique().tolist() == [0, 1]
    assert torch.equal(targets[5:], vectors)
    assert inputs[:, 0, 8].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert not inputs[4:, :, :8].any() and not inputs[5:].any() and not targets[:5].any()
    assert mask[:, 1].tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]


def test_the_phases_say_what_each_step_is_for():
    phases = tasks.build("copy").phases(draw(length=2))
    assert phases[:, 0].tolist() == [Phase.INPUT, Phase.INPUT, Phase.DELIMITER, Phase.OUTPUT, Phase.OUTPUT]


def test_lengths_are_drawn_from_the_least_to_the_greatest_both_included():
    task = tasks.build("copy", min_length=2, max_length=5)
    generator = torch.Generator().manual_seed(0)
    drawn = {(len(task.sample(1, generator).inputs) - 1) // 2 for _ in range(100)}
    assert drawn == {2, 3, 4, 5}


def test_bits_are_fair_and_differ_between_sequences():
    inputs, _, _ = draw(batch=100, length=20)
    assert inputs[:20, :, :8].mean().item() == pytest.approx(0.5, abs=0.02)
    assert len(inputs[:20].permute(1, 0, 2).flatten(1).unique(dim=0)) == 100


def test_equal_seeds_draw_equal_batches():
    first, again, other = draw(seed=4), draw(seed=4), draw(seed=5)
    assert all(map(torch.equal, first, again))
    assert first.inputs.shape != other.inputs.shape or not torch.equal(first.inputs, other.inputs)


def test_settings_change_the_channels_and_go_through_json():
    task = tasks.build("copy", bits=5, max_length=7)
    assert (task.name, task.inputs, task.outputs) == ("copy", 6, 5)
    assert tasks.build("copy", **json.loads(json.dumps(task.settings.to_json()))).settings == task.settings
    assert task.criterion.trial.sizes == {"length": 7}
    assert [trial.name for trial in tasks.build("copy").trials] == ["20", "60", "120"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bits": 0}, "bits is a whole number, at least 1; got 0"),
        ({"min_length": 5, "max_length": 4}, "max_length is at least min_length, 5; got 4"),
        ({"length": 4}, "a setting of task 'copy' is one of bits, max_length, min_length, mixed_lengths; got 'length'"),
    ],
)
def test_a_setting_that_cannot_be_says_what_is_wanted(settings, message):
    with pytest.raises(ConfigError) as raised:
        tasks.build("copy", **settings)
    assert str(raised.value) == message


def test_an_unknown_task_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match="a task is one of copy; got 'coppy'"):
        tasks.build("coppy")


@pytest.mark.parametrize("arguments", [{"batch": 0}, {"length": 0}])
def test_an_empty_batch_is_refused(arguments):
    with pytest.raises(ConfigError, match="at least 1; got 0"):
        draw(**arguments)
