"""The network that drives the heads."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence


class ControllerKind(StrEnum):
    """The controllers there are."""

    LSTM = "lstm"


class LSTMController(nn.Module):
    """One LSTM cell with a learned first state; its four gates are one matrix product.

    inputs: numbers in one step's input, all parts together.   hidden_size: units.
    Weights start uniform within 5 / sqrt(inputs + hidden_size): far wider than usual, and what learns copy in seconds.
    """

    def __init__(self, inputs: int, hidden_size: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        bound = 5 / math.sqrt(inputs + hidden_size)
        # Rows: the inputs, then the units; columns: input, forget and output gates, then the candidate.
        self.weight = nn.Parameter(torch.empty(inputs + hidden_size, 4 * hidden_size))
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        self.first_hidden = nn.Parameter(torch.empty(hidden_size))
        self.first_cell = nn.Parameter(torch.empty(hidden_size))
        nn.init.uniform_(self.weight, -bound, bound, generator=generator)
        nn.init.normal_(self.first_hidden, std=0.05, generator=generator)
        nn.init.normal_(self.first_cell, std=0.05, generator=generator)
        self._gate_sizes = (3 * hidden_size, hidden_size)

    def initial(self, batch: int) -> tuple[Tensor, Tensor]:
        """Hidden state and cell before the first step, each (batch, hidden_size)."""
        return self.first_hidden.expand(batch, -1), self.first_cell.expand(batch, -1)

    def forward(self, parts: Sequence[Tensor], hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """One step (Hochreiter and Schmidhuber 1997, with forget gates).

        parts: tensors of (batch, ...) that joined make the input.   hidden, cell: (batch, hidden_size).
        Returns the next hidden state and cell.
        """
        gates = torch.addmm(self.bias, torch.cat((*parts, hidden), dim=1), self.weight)
        openings, candidate = gates.split_with_sizes(self._gate_sizes, dim=1)
        input_gate, forget_gate, output_gate = torch.sigmoid(openings).chunk(3, dim=1)
        cell = forget_gate * cell + input_gate * torch.tanh(candidate)
        return output_gate * torch.tanh(cell), cell
