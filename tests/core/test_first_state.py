"""Where a network starts from decides whether its memory can be used at all."""

from __future__ import annotations

import pytest
import torch

from ntm_core import checkpoints
from ntm_core.controllers import DeepLSTMController, FeedForwardController, LSTMController
from ntm_core.training import Trainer
from tests.core.builders import small_model, small_task


def trained(**settings):
    trainer = Trainer(small_model(**settings), small_task(), seed=0)
    for _ in range(5):
        trainer.step()
    return trainer.model


def row_spread(model):
    with torch.no_grad():
        _, state, _ = model(small_task().sample(2, torch.Generator().manual_seed(1), 4).inputs)
    return (state.memory.amax(1) - state.memory.amin(1)).max().item()


def test_equal_rows_under_uniform_weightings_stay_equal_for_ever():
    """The symmetry trap: no training can tell the rows apart, and the first weightings get no gradient at all."""
    model = trained(first_weighting="uniform")
    assert row_spread(model) == 0.0
    assert model.first_weighting.grad.abs().max().item() == 0.0
    assert model.first_weighting.detach().std(dim=-1, unbiased=False).max().item() < 1e-12


@pytest.mark.parametrize(
    "settings",
    [
        {"first_weighting": "one_hot"},
        {"first_weighting": "random"},
        {"first_weighting": "uniform", "first_memory": "random"},
        {"first_weighting": "uniform", "first_memory": "learned"},
    ],
    ids=str,
)
def test_any_other_start_tells_the_rows_apart(settings):
    assert row_spread(trained(**settings)) > 1e-6


def test_a_random_memory_is_drawn_once_and_kept_with_the_weights():
    model = small_model(first_memory="random")
    assert "first_memory" not in dict(model.named_parameters())
    memory = model.initial_state(2).memory
    assert torch.equal(memory[0], memory[1])
    assert memory.abs().max().item() <= 1 / (8 + 5) ** 0.5
    loaded = checkpoints.load(checkpoints.save(model))
    assert torch.equal(loaded.initial_state(1).memory[0], memory[0])


def test_a_learned_memory_is_a_weight():
    model = small_model(first_memory="learned")
    before = model.first_memory.detach().clone()
    trainer = Trainer(model, small_task(), seed=0)
    trainer.step()
    assert not torch.equal(model.first_memory, before)


def test_an_lstm_controller_equals_torch_s():
    controller = LSTMController(3, 4, torch.Generator().manual_seed(0)).double()
    cell = torch.nn.LSTMCell(3, 4).double()
    order = [0, 1, 3, 2]  # torch has the candidate before the output gate
    with torch.no_grad():
        blocks = controller.weight.T.reshape(4, 4, -1)[order].reshape(16, -1)
        cell.weight_ih.copy_(blocks[:, :3])
        cell.weight_hh.copy_(blocks[:, 3:])
        cell.bias_ih.copy_(controller.bias.view(4, 4)[order].reshape(-1))
        cell.bias_hh.zero_()
    x = torch.randn(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    output, after = controller((x,), controller.initial(2))
    hidden, memory = cell(x, tuple(controller.initial(2)))
    torch.testing.assert_close((output, after.hidden, after.cell), (hidden, hidden, memory))


def test_each_layer_sees_the_input_and_the_layer_below():
    deep = DeepLSTMController(3, 4, 2, torch.Generator().manual_seed(0)).double()
    x = torch.randn(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    output, after = deep((x,), deep.initial(2))
    lower, upper = deep.layers
    below, _ = lower((x,), lower.initial(2))
    above, _ = upper((x, below), upper.initial(2))
    torch.testing.assert_close(output, torch.cat((below, above), 1))
    assert torch.equal(after.hidden, output)


def test_a_feed_forward_controller_carries_nothing():
    controller = FeedForwardController(3, 4, torch.Generator().manual_seed(0))
    x = torch.randn(2, 3)
    first, state = controller((x,), controller.initial(2))
    again, _ = controller((x,), state)
    assert state == (None, None)
    assert torch.equal(first, again)
