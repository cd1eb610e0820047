"""Faults that other implementations of these networks have: each with a test that this one does not share it."""

from __future__ import annotations

import pickle

import pytest
import torch

from ntm_core import addressing, checkpoints, registry, tasks
from ntm_core.errors import CheckpointError
from tests.core.builders import small_model, small_task

MEMORY_MODELS = [name for name in registry.models() if name != "lstm"]


@pytest.mark.parametrize("name", MEMORY_MODELS)
def test_what_was_read_reaches_the_controller_at_the_next_step(name):
    """One joins the inputs with the first read before the loop over time, so that no later read is ever seen."""
    model = small_model(name=name)
    x = torch.zeros(1, model.config.inputs)
    _, state, _ = model.step(x, model.initial_state(1))
    _, _, told = model.step(x, state)
    _, _, other = model.step(x, state._replace(read_vector=state.read_vector + 1))
    assert not torch.allclose(told.controller, other.controller)


@pytest.mark.parametrize("strength", [50.0, 1e4])
def test_a_great_strength_neither_underflows_nor_overflows(strength):
    """One takes the exponential of the scores as they are."""
    memory = torch.randn(1, 128, 20, generator=torch.Generator().manual_seed(0))
    key = memory[:, 7:8].clone().requires_grad_()
    weighting = addressing.content_weighting(memory, key, torch.full((1, 1), strength))
    weighting[0, 0, 7].backward()
    assert weighting.sum().item() == pytest.approx(1)
    assert weighting[0, 0].argmax().item() == 7
    assert key.grad.isfinite().all()


@pytest.mark.parametrize("gamma", [9.0, 12.0, 21.0, 50.0])
def test_sharpening_keeps_the_mass_of_a_diffuse_weighting(gamma):
    """One divides by the sum and a small number: from an exponent of 9 on such a weighting silently vanishes."""
    weighting = torch.full((1, 1, 128), 1 / 128)
    assert addressing.sharpen(weighting, torch.full((1, 1), gamma)).sum().item() == pytest.approx(1)


def test_a_batch_is_shifted_as_its_items_are():
    """One has a loop over the batch, and a kernel that turns the other way round."""
    weighting = torch.softmax(torch.randn(5, 2, 16, generator=torch.Generator().manual_seed(0)), -1)
    kernel = torch.softmax(torch.randn(5, 2, 3, generator=torch.Generator().manual_seed(1)), -1)
    together = addressing.shift(weighting, kernel)
    alone = [addressing.shift(weighting[item : item + 1], kernel[item : item + 1]) for item in range(5)]
    assert torch.equal(together, torch.cat(alone))
    forwards = addressing.shift(weighting, torch.tensor([0.0, 0.0, 1.0]).expand(5, 2, 3))
    assert torch.equal(forwards, weighting.roll(1, -1))


def test_the_greatest_length_is_trained_too():
    """One leaves the upper bound out, so that length 20 is never seen."""
    task, generator = tasks.build("copy", bits=1), torch.Generator().manual_seed(0)
    longest = max(len(task.sample(1, generator).inputs) for _ in range(200))
    assert (longest - 1) // 2 == task.settings.max_length


@pytest.mark.parametrize("name", registry.models())
@pytest.mark.parametrize("batch", [1, 2, 7])
def test_a_batch_of_any_size_runs(name, batch):
    """One fails on every batch above 1."""
    sample = small_task().sample(batch, torch.Generator().manual_seed(0), 2)
    assert small_model(name=name)(sample.inputs)[0].shape == (5, batch, 3)


class Bomb:
    """Unpickled, it would tell."""

    went_off = False

    def __reduce__(self):
        return setattr, (Bomb, "went_off", True)


def test_a_checkpoint_is_no_pickle_and_a_pickle_no_checkpoint():
    """Several keep whole objects: to load one runs whatever is in it."""
    assert b"ntm_core" in checkpoints.save(small_model())[:4096]
    with pytest.raises(CheckpointError):
        checkpoints.load(pickle.dumps(Bomb()))
    assert not Bomb.went_off
    pickle.loads(pickle.dumps(Bomb()))
    assert Bomb.went_off, "it is a bomb"
