"""The networks that drive the heads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, cast

import torch
from torch import Tensor, nn

from ntm_core import seeding
from ntm_core.model_config import ControllerKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 5.0
"""An LSTM's weights start uniform within this over the root of their number: wide, and what learns copy in seconds."""


class ControllerState(NamedTuple):
    """What a controller carries from step to step: nothing, where it is a feed-forward one.

    Each (batch, units); the units of several layers stand side by side, the lowest first.
    """

    hidden: Tensor | None
    cell: Tensor | None


class Controller(nn.Module):
    """What all of them offer."""

    def initial(self, batch: int) -> ControllerState:
        """Before the first step."""
        raise NotImplementedError

    def forward(self, parts: Sequence[Tensor], state: ControllerState) -> tuple[Tensor, ControllerState]:
        """One step. parts: tensors (batch, ...) that joined make the input. Returns the output (batch, units)."""
        raise NotImplementedError


class LSTMController(Controller):
    """One LSTM layer with a learned first state; its four gates are one matrix product.

    inputs: numbers in one step's input, all parts together.   hidden_size: units.
    """

    def __init__(self, inputs: int, hidden_size: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        bound = WIDTH / math.sqrt(inputs + hidden_size)
        # Rows: the inputs, then the units; columns: input, forget and output gates, then the candidate.
        self.weight = nn.Parameter(torch.empty(inputs + hidden_size, 4 * hidden_size))
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        self.first_hidden = nn.Parameter(torch.empty(hidden_size))
        self.first_cell = nn.Parameter(torch.empty(hidden_size))
        nn.init.uniform_(self.weight, -bound, bound, generator=generator)
        seeding.fill_normally(self.first_hidden, 0.05, generator)
        seeding.fill_normally(self.first_cell, 0.05, generator)
        self._gate_sizes = (3 * hidden_size, hidden_size)

    def initial(self, batch: int) -> ControllerState:
        return ControllerState(self.first_hidden.expand(batch, -1), self.first_cell.expand(batch, -1))

    def forward(self, parts: Sequence[Tensor], state: ControllerState) -> tuple[Tensor, ControllerState]:
        """One step (Hochreiter and Schmidhuber 1997, with forget gates)."""
        hidden, cell = state
        assert hidden is not None and cell is not None
        gates = torch.addmm(self.bias, torch.cat((*parts, hidden), dim=1), self.weight)
        openings, candidate = gates.split_with_sizes(self._gate_sizes, dim=1)
        input_gate, forget_gate, output_gate = torch.sigmoid(openings).chunk(3, dim=1)
        cell = forget_gate * cell + input_gate * torch.tanh(candidate)
        hidden = output_gate * torch.tanh(cell)
        return hidden, ControllerState(hidden, cell)


class DeepLSTMController(Controller):
    """Several LSTM layers: each sees the input and the layer below; the output is all of them (DNC paper, Methods)."""

    def __init__(self, inputs: int, hidden_size: int, layers: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        made = [LSTMController(inputs + (hidden_size if at else 0), hidden_size, generator) for at in range(layers)]
        self.layers = nn.ModuleList(made)

    @property
    def _each(self) -> Iterable[LSTMController]:
        return cast("Iterable[LSTMController]", self.layers)

    def initial(self, batch: int) -> ControllerState:
        return _side_by_side([layer.initial(batch) for layer in self._each])

    def forward(self, parts: Sequence[Tensor], state: ControllerState) -> tuple[Tensor, ControllerState]:
        assert state.hidden is not None and state.cell is not None
        count = len(self.layers)
        each = zip(self._each, state.hidden.chunk(count, dim=1), state.cell.chunk(count, dim=1), strict=True)
        below: tuple[Tensor, ...] = ()
        after = []
        for layer, hidden, cell in each:
            output, reached = layer((*parts, *below), ControllerState(hidden, cell))
            after.append(reached)
            below = (output,)
        joined = _side_by_side(after)
        assert joined.hidden is not None
        return joined.hidden, joined


class FeedForwardController(Controller):
    """One layer of tanh units: it can only act as recurrent through the memory (NTM paper, section 3.4)."""

    def __init__(self, inputs: int, hidden_size: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, hidden_size))
        self.bias = nn.Parameter(torch.zeros(hidden_size))
        nn.init.xavier_uniform_(self.weight, gain=5 / 3, generator=generator)

    def initial(self, batch: int) -> ControllerState:
        return ControllerState(None, None)

    def forward(self, parts: Sequence[Tensor], state: ControllerState) -> tuple[Tensor, ControllerState]:
        return torch.tanh(torch.addmm(self.bias, torch.cat((*parts,), dim=1), self.weight)), state


def build(
    kind: ControllerKind, inputs: int, hidden_size: int, layers: int, generator: torch.Generator | None = None
) -> Controller:
    """A controller; inputs: numbers in one step's input."""
    if kind is ControllerKind.FEEDFORWARD:
        return FeedForwardController(inputs, hidden_size, generator)
    if layers == 1:
        return LSTMController(inputs, hidden_size, generator)
    return DeepLSTMController(inputs, hidden_size, layers, generator)


def _side_by_side(states: list[ControllerState]) -> ControllerState:
    hidden, cell = (
        torch.cat([part for part in parts if part is not None], dim=1) for parts in zip(*states, strict=True)
    )
    return ControllerState(hidden, cell)
