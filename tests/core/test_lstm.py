"""The LSTM without a memory: its sizes, what it carries and shows, and its gradient."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import gradcheck

from ntm_core import controllers
from ntm_core.lstm import LSTMBaseline, LSTMConfig, LSTMState
from ntm_core.model_config import ControllerKind
from ntm_core.trace import Role
from tests.core.builders import small_model, small_task


def test_it_has_the_sizes_of_the_paper_by_default():
    """Three layers of 256: each sees the input of 9 and itself, all but the lowest the layer below, all the output."""
    model = LSTMBaseline(LSTMConfig(9, 8))
    lowest, others = (9 + 256 + 1) * 4 * 256, 2 * (9 + 256 + 256 + 1) * 4 * 256
    first_states, output = 3 * 2 * 256, (3 * 256 + 1) * 8
    assert sum(parameter.numel() for parameter in model.parameters()) == lowest + others + first_states + output


def test_all_there_is_to_see_is_its_state():
    model = small_model(name="lstm")
    assert {field.role for field in model.fields()} == {Role.CONTROLLER}
    assert all(field.shape == (36,) and field.carried for field in model.fields())
    _, state, view = model.step(torch.zeros(2, 4), model.initial_state(2))
    assert view is state


def test_it_starts_where_it_learned_to():
    model = small_model(name="lstm")
    learned = [layer.first_cell for layer in model.controller.layers]
    assert torch.equal(model.initial_state(2).controller_cell, torch.cat(learned).expand(2, -1))


@pytest.mark.parametrize("layers", [1, 2])
def test_its_output_is_a_projection_of_all_layers(layers):
    model = small_model(name="lstm", layers=layers)
    inputs = small_task().sample(2, torch.Generator().manual_seed(0), 3).inputs
    logits, last, _ = model(inputs)
    alone = controllers.build(ControllerKind.LSTM, 4, 12, layers)
    alone.load_state_dict(model.controller.state_dict())
    state = alone.initial(2)
    for x in inputs:
        hidden, state = alone((x,), state)
    torch.testing.assert_close(logits[-1], hidden @ model.output.weight.T + model.output.bias)
    assert hidden.shape == (2, 12 * layers)
    assert torch.equal(last.controller, hidden)


@pytest.mark.parametrize("layers", [1, 3])
def test_the_gradient_of_a_step_is_right(layers):
    model = LSTMBaseline(LSTMConfig(2, 2, hidden_size=3, layers=layers), torch.Generator().manual_seed(0)).double()
    generator = torch.Generator().manual_seed(1)
    start = [torch.randn(2, size, generator=generator, dtype=torch.float64) for size in (2, 3 * layers, 3 * layers)]

    def step(x, hidden, cell):
        y, after, _ = model.step(x, LSTMState(hidden, cell))
        return y, *after

    assert gradcheck(step, [each.requires_grad_() for each in start])
