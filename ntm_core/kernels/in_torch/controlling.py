"""The controller over one step, and back: `ntm_core.controllers` for all layers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntm_core.kernels.in_torch.layout import Layer
    from ntm_core.kernels.in_torch.weights import Joined
    from ntm_core.ntm_config import NTMConfig


def apart(numbers: Tensor) -> Tensor:
    """The same numbers at the start of a place of their own, on a CPU.

    Some of its libraries round a product by how the numbers lie in memory, and those of a step lie otherwise in a
    sequence than alone.
    """
    return numbers.clone() if numbers.device.type == "cpu" else numbers


def control(is_recurrent: bool, joined: Joined, seen: Tensor, gates: Tensor, layers: Sequence[Layer]) -> None:
    """One step: what the layers compute is filled in.

    seen: (B, as many as `joined.controller` has rows).   gates: (B, L G).   layers: at this step.
    """
    torch.addmm(joined.controller_bias, apart(seen), joined.controller, out=gates)
    for at, layer in enumerate(layers):
        if at:
            layer.gates.addmm_(layers[at - 1].hidden, joined.below[at - 1])
        if is_recurrent:
            layer.opened.sigmoid_()
            layer.candidate.tanh_()
            torch.mul(layer.forget, layer.before, out=layer.cell)
            layer.cell.addcmul_(layer.input, layer.candidate)
            torch.mul(layer.emitted, torch.tanh(layer.cell), out=layer.hidden)
        else:
            torch.tanh(layer.gates, out=layer.hidden)


class Slopes(NamedTuple):
    """What the gradients of a layer are multiplied by on their way back, (B, ...) at one step or (T, B, ...) at all."""

    gates: Tensor
    """(4, C), of an LSTM: that of the output gate by the gradient of what the layer gave, the others by the cell's; (1,
    C) of a feed-forward layer, by the gradient of what it gave"""
    output_gate: Tensor
    """(C,): a view of the one before"""
    given: Tensor
    """(C,): from what the layer gave to its cell"""
    forget: Tensor
    """(C,): from its cell to the one before"""


def slopes_of(config: NTMConfig, layer: Layer) -> Slopes:
    """At all steps."""
    if not config.is_recurrent:
        slope = 1 - layer.hidden.square()
        return Slopes(slope.unsqueeze(2), slope, slope, slope)
    squashed = torch.tanh(layer.cell)
    opened = layer.opened * (1 - layer.opened)
    input_gate, forget, emitted = opened.chunk(3, -1)
    gates = torch.stack(
        (
            layer.candidate * input_gate,
            layer.before * forget,
            squashed * emitted,
            layer.input * (1 - layer.candidate.square()),
        ),
        dim=2,
    )
    return Slopes(gates, gates[:, :, 2], layer.emitted * (1 - squashed.square()), layer.forget)


def control_backward(
    is_recurrent: bool,
    joined: Joined,
    slopes: Sequence[Slopes],
    d_hidden: Tensor,
    d_cells: Sequence[Tensor],
    d_gates: Tensor,
) -> None:
    """Of one step.

    slopes: of each layer.   d_hidden: (B, L C), of all that the layers gave; changed.   d_cells: (B, C) of each layer;
    becomes that of the cells before.   d_gates: (B, L, G), filled: of the gates before they are squashed.
    """
    given, filled = d_hidden.view(len(d_hidden), len(slopes), -1).unbind(1), d_gates.unbind(1)
    for at in range(len(slopes) - 1, -1, -1):
        slope, d_cell = slopes[at], d_cells[at]
        if is_recurrent:
            gates = filled[at].view_as(slope.gates)
            d_cell.addcmul_(given[at], slope.given)
            torch.mul(slope.gates, d_cell.unsqueeze(1), out=gates)
            torch.mul(slope.output_gate, given[at], out=gates[:, 2])
            d_cell.mul_(slope.forget)
        else:
            torch.mul(slope.given, given[at], out=filled[at])
        if at:
            given[at - 1].addmm_(filled[at], joined.below[at - 1].mT)
