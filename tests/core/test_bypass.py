"""Bypass: how a network does when all that it reads arrives as zeros."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import sessions
from ntm_core import checkpoints, models, seeding, tasks
from ntm_core.bypass import bypass
from ntm_core.training import score
from tests.core.builders import small_model, small_task

SAMPLE_SESSION = Path(__file__).parents[2] / "assets" / "copy.ntmviz.h5"


def sample_of(task, seed=3):
    return task.sample(8, seeding.generator(seed))


@pytest.fixture(scope="module")
def learned():
    """A network that has learned copy, and its task."""
    with sessions.open(SAMPLE_SESSION) as recording:
        settings = recording.info.task_settings
        return checkpoints.load(recording.checkpoints[-1].read()), tasks.build("copy", **settings)


@pytest.mark.parametrize("order", ["read_first", "write_first"])
def test_it_is_the_loss_of_the_same_network_with_nothing_but_zeros_to_read(order):
    model, sample = small_model(order=order), sample_of(small_task())
    found = bypass(model, sample)
    with torch.no_grad():
        scores = score(model(sample.inputs)[0], sample)
        assert found.loss == pytest.approx(float((scores.loss * scores.bits).sum() / scores.bits.sum()), rel=1e-6)
        # With no weights on what is read, it may as well be zeros.
        words = model.config.word_size
        model.output.weight[:, -words:] = 0
        model.controller.weight[model.config.inputs : model.config.inputs + words] = 0
        deaf = score(model(sample.inputs)[0], sample)
    wanted = float((deaf.loss * deaf.bits).sum() / deaf.bits.sum())
    assert found.loss_without_reads == pytest.approx(wanted, rel=1e-5)
    assert found.ratio == pytest.approx(found.loss_without_reads / found.loss)
    deafened = bypass(model, sample)
    assert (deafened.ratio, deafened.direct_share) == pytest.approx((1, 0), abs=1e-6)


def test_the_direct_share_is_that_of_the_output_weights_on_the_reads():
    model, sample = small_model(), sample_of(small_task())
    with torch.no_grad():
        logits, _, trace = model(sample.inputs, trace=True)
        words = model.config.word_size
        reads = trace.steps.read_vector.flatten(2) @ model.output.weight[:, -words:].T
        scored = sample.mask > 0
        by_reads, rest = (float(part.norm(dim=-1)[scored].sum()) for part in (reads, logits - reads))
    assert bypass(model, sample).direct_share == pytest.approx(by_reads / (by_reads + rest), rel=1e-4)


def test_a_network_that_learned_copy_needs_its_memory(learned):
    model, task = learned
    found = bypass(model, sample_of(task))
    assert found.loss < 0.05
    assert found.ratio > 10
    assert found.direct_share > 0.3


def test_the_network_is_whole_again_afterwards_also_where_it_failed(learned):
    model, task = learned
    sample = sample_of(task)
    before = model(sample.inputs)[0]
    bypass(model, sample)
    assert torch.equal(model(sample.inputs)[0], before)
    with pytest.raises(RuntimeError):
        bypass(model, sample._replace(inputs=sample.inputs[..., :2]))
    assert torch.equal(model(sample.inputs)[0], before)


def test_it_leaves_no_gradient_and_takes_any_model_of_the_registry():
    task = small_task()
    model = models.build("ntm", task.inputs, task.outputs, seed=0, locations=8, word_size=5, controller="feedforward")
    assert bypass(model, sample_of(task)).ratio > 0
    assert all(parameter.grad is None for parameter in model.parameters())
