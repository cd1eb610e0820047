"""A controller's step of all sequences of a batch: `ntm_core.controllers`, compiled; and what it passes on.

Shapes and bundles are a network's own: they have the names of `layout` for what is used here. All are called from
compiled code alone.
"""

from __future__ import annotations

from typing import Any

from ntm_core.kernels.compiling import loose, woven
from ntm_core.kernels.elementary import exp, tanh
from ntm_core.kernels.layout import rows_of
from ntm_core.kernels.products import add_product


@loose
def squash_gates(gates: Any) -> None:
    """Logistic function, in place."""
    one = gates.dtype.type(1)
    for at in range(gates.shape[0]):
        gates[at] = one / (one + exp(-gates[at]))


@loose
def squash_signed(row: Any) -> None:
    """Hyperbolic tangent, in place."""
    for at in range(row.shape[0]):
        row[at] = tanh(row[at])


@woven
def _lstm(gates: Any, before: Any, cell: Any, hidden: Any) -> None:
    """One layer's step. gates: (4 C,), of input, forget and output, then the candidate; squashed in place."""
    units = cell.shape[0]
    squash_gates(gates[: 3 * units])
    squash_signed(gates[3 * units :])
    for at in range(units):
        cell[at] = gates[units + at] * before[at] + gates[at] * gates[3 * units + at]
    for at in range(units):
        hidden[at] = gates[2 * units + at] * tanh(cell[at])


@loose
def copy_row(to: Any, row: Any) -> None:
    """As many numbers as the row has."""
    for at in range(row.shape[0]):
        to[at] = row[at]


@loose
def copy_memory(to: Any, memory: Any) -> None:
    """Word by word."""
    for word in range(memory.shape[0]):
        copy_row(to[word], memory[word])


@woven
def _control(
    shape: Any, weights: Any, inputs: Any, before: Any, cells: Any, steps: Any, at: int, first: int, last: int
) -> None:
    """The controller's step.

    inputs: (B, I).   before: (B, L C + R W), the outputs and reads of the step before.   cells: (L, B, C).
    """
    units, reads = shape.units, shape.read_heads * shape.word
    controller = shape.layers * units
    read, below = shape.inputs, shape.inputs + reads
    for layer in range(shape.layers):
        count = rows_of(shape, layer)
        for item in range(first, last):
            seen = steps.seen[layer, at, item]
            copy_row(seen, inputs[item])
            copy_row(seen[read:], before[item, controller:])
            if layer:
                copy_row(seen[below:], steps.out[at, item, (layer - 1) * units : layer * units])
            if shape.is_recurrent:
                copy_row(seen[count - units :], before[item, layer * units : (layer + 1) * units])
            copy_row(steps.gates[layer, at, item], weights.controller_bias[layer])
        add_product(
            steps.gates[layer, at, first:last], steps.seen[layer, at, first:last], weights.controller[layer, :count]
        )
        for item in range(first, last):
            hidden = steps.out[at, item, layer * units : (layer + 1) * units]
            if shape.is_recurrent:
                _lstm(steps.gates[layer, at, item], cells[layer, item], steps.cell[at, layer, item], hidden)
            else:
                squash_signed(steps.gates[layer, at, item])
                copy_row(hidden, steps.gates[layer, at, item])


@woven
def control(
    shape: Any,
    weights: Any,
    inputs: Any,
    start: Any,
    steps: Any,
    heads: Any,
    step: int,
    keeps: bool,
    first: int,
    last: int,
) -> None:
    """The controller's step, and what it tells the heads, before that is squashed.

    inputs: (B, I), of this step.   heads: the weights of the heads, the controller's units in front.   keeps: whether
    all steps are kept.
    """
    at, before = (step, step - 1) if keeps else (0, 0)
    outs = steps.out[before] if step else start.out
    cells = steps.cell[before] if step else start.cell
    _control(shape, weights, inputs, outs, cells, steps, at, first, last)
    zero = heads.dtype.type(0)
    for item in range(first, last):
        told = steps.told[at, item]
        for rest in range(weights.heads_bias.shape[0], told.shape[0]):
            told[rest] = zero
        copy_row(told, weights.heads_bias)
    add_product(steps.told[at, first:last], steps.out[at, first:last], heads)


@woven
def emit(weights: Any, steps: Any, output: Any, logits: Any, at: int, first: int, last: int) -> None:
    """The logits of a step from what its output sees. output: its weights, that in front.   logits: (B, outputs)."""
    for item in range(first, last):
        copy_row(logits[item], weights.output_bias)
    add_product(logits[first:last], steps.out[at, first:last], output)
