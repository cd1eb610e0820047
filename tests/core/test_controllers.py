"""The networks that drive the heads: against torch's own cell, against a loop over layers, and what each remembers."""

from __future__ import annotations

import pytest
import torch

from ntm_core import controllers
from ntm_core.controllers import ControllerState, DeepLSTMController, FeedForwardController, LSTMController
from ntm_core.model_config import ControllerKind
from tests.core.builders import small_model, small_task


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(*shapes, seed=1):
    generator = seeded(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]


def cell_like(layer):
    """The cell of torch with a layer's weights: its gates are in another order, its weights the other way round."""
    units = len(layer.bias) // 4
    input_gate, forget_gate, output_gate, candidate = range(4)
    columns = torch.cat(
        [torch.arange(gate * units, (gate + 1) * units) for gate in (input_gate, forget_gate, candidate, output_gate)]
    )
    inputs = len(layer.weight) - units
    cell = torch.nn.LSTMCell(inputs, units, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(layer.weight[:inputs, columns].T)
        cell.weight_hh.copy_(layer.weight[inputs:, columns].T)
        cell.bias_ih.copy_(layer.bias[columns])
        cell.bias_hh.zero_()
    return cell


def test_one_layer_is_the_lstm_of_torch():
    layer = LSTMController(5, 4, seeded()).double()
    torch.nn.init.normal_(layer.bias, generator=seeded(2))
    cell, state = cell_like(layer), layer.initial(3)
    other = state.hidden, state.cell
    for x in drawn((3, 5), (3, 5), (3, 5)):
        output, state = layer((x[:, :2], x[:, 2:]), state)
        other = cell(x, other)
        for found, wanted in zip(state, other, strict=True):
            torch.testing.assert_close(found, wanted, atol=1e-12, rtol=0)
        assert output is state.hidden


@pytest.mark.parametrize("count", [2, 3])
def test_each_layer_sees_the_input_and_the_layer_below_and_all_are_the_output(count):
    deep = DeepLSTMController(5, 4, count, seeded()).double()
    cells = [cell_like(layer) for layer in deep.layers]
    state = deep.initial(3)
    hidden, memory = ([*part.chunk(count, dim=1)] for part in state)
    for x in drawn((3, 5), (3, 5), (3, 5)):
        output, state = deep((x[:, :2], x[:, 2:]), state)
        for at, cell in enumerate(cells):
            seen = x if at == 0 else torch.cat((x, hidden[at - 1]), dim=1)
            hidden[at], memory[at] = cell(seen, (hidden[at], memory[at]))
        torch.testing.assert_close(output, torch.cat(hidden, dim=1), atol=1e-12, rtol=0)
        torch.testing.assert_close(state.cell, torch.cat(memory, dim=1), atol=1e-12, rtol=0)
        assert output is state.hidden


def changed_layers(deep, parts, state, *, parts_to=None, state_to=None):
    """Which layers give another output in the same step."""
    before, _ = deep(parts, state)
    after, _ = deep(parts_to or parts, state_to or state)
    each = zip(before.chunk(3, dim=1), after.chunk(3, dim=1), strict=True)
    return [not torch.equal(left, right) for left, right in each]


def test_the_input_reaches_every_layer_in_the_same_step_even_past_those_below():
    deep = DeepLSTMController(5, 4, 3, seeded()).double()
    (x, other), state = drawn((2, 5), (2, 5)), deep.initial(2)
    assert changed_layers(deep, (x,), state, parts_to=(other,)) == [True, True, True]
    with torch.no_grad():  # layers that do not look below
        for layer in list(deep.layers)[1:]:
            layer.weight[5:9] = 0
    assert changed_layers(deep, (x,), state, parts_to=(other,)) == [True, True, True]


@pytest.mark.parametrize("at", range(3))
def test_what_a_layer_remembers_reaches_itself_and_those_above_in_the_same_step(at):
    deep = DeepLSTMController(5, 4, 3, seeded()).double()
    (x,), state = drawn((2, 5)), deep.initial(2)
    own = torch.arange(12) // 4 == at
    for changed in (state._replace(hidden=state.hidden + own), state._replace(cell=state.cell + own)):
        assert changed_layers(deep, (x,), state, state_to=changed) == [layer >= at for layer in range(3)]


@pytest.mark.parametrize("layers", [1, 3])
def test_first_states_are_learned(layers):
    made = controllers.build(ControllerKind.LSTM, 5, 4, layers, seeded())
    sum(part.sum() for part in made.initial(2)).backward()
    first = {name: each for name, each in made.named_parameters() if "first" in name}
    assert len(first) == 2 * layers
    assert all((each.grad == 2).all() and each.abs().min() > 0 for each in first.values())


def test_a_feed_forward_controller_is_a_layer_of_tanh_and_remembers_nothing():
    made = controllers.build(ControllerKind.FEEDFORWARD, 5, 4, 1, seeded()).double()
    assert isinstance(made, FeedForwardController)
    torch.nn.init.normal_(made.bias, generator=seeded(2))
    assert made.initial(3) == (None, None)
    (x,) = drawn((3, 5))
    output, state = made((x[:, :2], x[:, 2:]), made.initial(3))
    assert state == ControllerState(None, None)
    torch.testing.assert_close(output, torch.tanh(x @ made.weight + made.bias), atol=1e-12, rtol=0)
    assert torch.equal(made((x,), state)[0], output)


@pytest.mark.parametrize("order", ["read_first", "write_first"])
def test_with_a_feed_forward_controller_only_the_memory_and_its_heads_remember(order):
    """What the past left is there in memory, weightings and reads: set those back, and the past is forgotten."""
    model = small_model(controller="feedforward", order=order)
    inputs = small_task().sample(2, seeded(), 4).inputs
    first = model.initial_state(2)
    _, last, _ = model(inputs, first)
    assert first.controller is first.controller_cell is last.controller is last.controller_cell is None
    x = inputs[0]
    assert not torch.equal(model.step(x, last)[0], model.step(x, first)[0])
    forgotten = last._replace(
        memory=first.memory,
        read_weighting=first.read_weighting,
        write_weighting=first.write_weighting,
        read_vector=first.read_vector,
    )
    assert torch.equal(model.step(x, forgotten)[0], model.step(x, first)[0])
    assert model.step(x, forgotten)[2].controller.shape == (2, 12)
