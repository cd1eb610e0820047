"""Where an NTM starts: which first memories and weightings let its rows learn apart, and what of them is kept."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ntm_core import checkpoints
from ntm_core.train_config import TrainConfig
from ntm_core.training import Trainer
from tests.core.builders import small_model, small_task

ORDERS = ["read_first", "write_first"]


def trained(updates=10, **settings):
    """A network after some updates, its gradients those of the last one; and that one's trace."""
    trainer = Trainer(small_model(**settings), small_task(), TrainConfig(batch=4, learning_rate=1e-2))
    for _ in range(updates):
        update = trainer.step(record=True)
    return trainer.model, update.trace


def row_spread(trace):
    """How far any row is from the first, at any step."""
    return (trace.steps.memory - trace.steps.memory[:, :, :1]).abs().max().item()


def steepest(model):
    """The greatest gradient of a first weighting."""
    return model.first_weighting.grad.abs().max().item()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("locations", [3, 8, 128])
def test_rows_and_weightings_that_start_equal_stay_equal_to_the_bit(locations, order):
    """The symmetry trap. What gradient there is comes of rounding, and is the same for all rows: they stay equal."""
    model, trace = trained(locations=locations, first_weighting="uniform", order=order)
    assert row_spread(trace) == 0
    gradient = model.first_weighting.grad
    assert (gradient == gradient[:, :1]).all()
    assert gradient.abs().max() < 1e-12
    for weighting in (trace.steps.read_weighting, trace.steps.write_weighting):
        assert (weighting == weighting[..., :1]).all()
    first = model.initial_state(1).read_weighting
    assert (first == first[..., :1]).all()
    assert model.heads.weight.grad.abs().max() > 1e-6, "all else learns"


@pytest.mark.parametrize("order", ORDERS)
def test_in_the_trap_a_first_weighting_has_no_gradient_at_all_where_nothing_is_rounded(order):
    """Over two rows the sums of the backward pass are exact: of more rows, 3 times a number may already be rounded."""
    model, trace = trained(locations=2, shift_range=0, first_weighting="uniform", order=order)
    assert row_spread(trace) == 0
    assert not model.first_weighting.grad.any()
    assert not model.first_weighting.any()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "settings",
    [
        {"first_weighting": "one_hot"},
        {"first_weighting": "random"},
        {"first_weighting": "uniform", "first_memory": "random"},
        {"first_weighting": "uniform", "first_memory": "learned"},
    ],
    ids=["one-hot", "random weightings", "random memory", "learned memory"],
)
def test_first_weightings_or_memories_that_differ_between_rows_are_learned_from(settings, order):
    model, trace = trained(locations=8, order=order, **settings)
    assert row_spread(trace) > 1e-4
    assert steepest(model) > 1e-9


def first_memory(**settings):
    return small_model(**settings).initial_state(2).memory


def test_a_constant_memory_is_no_weight_and_never_changes():
    model, _ = trained(first_memory="constant")
    assert not any("memory" in name for name in model.state_dict())
    assert model.initial_state(2).memory.unique().tolist() == pytest.approx([1e-6])


def test_a_random_memory_is_even_within_its_bound_and_the_same_for_all_sequences():
    """Of one over the root of rows and columns."""
    memory = first_memory(first_memory="random", locations=128, word_size=16)
    bound = 1 / 12
    assert 0.99 * bound < memory.max() <= bound and -bound <= memory.min() < -0.99 * bound
    assert memory.mean().abs() < 0.05 * bound
    assert memory.std().item() == pytest.approx(bound / 3**0.5, rel=0.05)
    assert torch.equal(memory[0], memory[1])
    assert not torch.equal(memory, first_memory(first_memory="random", locations=128, word_size=16, seed=1))


def test_a_random_memory_is_kept_but_not_learned_and_a_learned_one_is():
    for name, is_learned in (("random", False), ("learned", True)):
        model, _ = trained(first_memory=name)
        before = small_model(first_memory=name).first_memory
        assert isinstance(model.first_memory, nn.Parameter) is is_learned
        assert ("first_memory" in dict(model.named_buffers())) is not is_learned
        assert torch.equal(model.first_memory, before) is not is_learned


@pytest.mark.parametrize("name", ["random", "learned"])
def test_a_first_memory_survives_a_checkpoint_and_goes_where_the_network_goes(name):
    model = small_model(first_memory=name)
    loaded = checkpoints.load(checkpoints.save(model))
    assert torch.equal(loaded.first_memory, model.first_memory)
    assert model.double().initial_state(1).memory.dtype == torch.float64
    assert model.to("meta").initial_state(1).memory.device.type == "meta"


def test_a_sequence_leaves_the_first_memory_as_it_was():
    model = small_model(first_memory="random")
    before = model.first_memory.clone()
    model(small_task().sample(2, torch.Generator().manual_seed(0), 3).inputs)
    assert torch.equal(model.first_memory, before)
    assert torch.equal(model.initial_state(1).memory[0], before)


def test_random_first_weightings_differ_between_heads_and_rows_and_are_weightings():
    model = small_model(first_weighting="random", read_heads=2, write_heads=2, locations=128)
    state = model.initial_state(1)
    weighting = torch.cat((state.read_weighting, state.write_weighting), dim=1)[0]
    torch.testing.assert_close(weighting.sum(-1), torch.ones(4))
    assert torch.cdist(weighting, weighting)[~torch.eye(4, dtype=torch.bool)].min() > 0.01
    assert model.first_weighting.std().item() == pytest.approx(1, abs=0.1)
