"""The gradients of `ntm_core.kernels.controller`, by hand. All are called from compiled code alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.kernels.compiling import loose, woven
from ntm_core.kernels.elementary import tanh
from ntm_core.kernels.layout import rows_of
from ntm_core.kernels.products import add_product, transpose


@woven
def _lstm_backward(gates: Any, cell: Any, before: Any, d_hidden: Any, d_cell: Any, d_gates: Any) -> None:
    """Of one layer's step. gates, d_gates: (4 C,), the second filled.   d_cell: becomes that of the cell before."""
    one, units = cell.dtype.type(1), cell.shape[0]
    forget, emitted, candidate = gates[units:], gates[2 * units :], gates[3 * units :]
    d_forget, d_emitted, d_candidate = d_gates[units:], d_gates[2 * units :], d_gates[3 * units :]
    # Loops of few arrays each: a compiler that must tell whether they overlap gives up over many.
    for at in range(units):
        squashed = tanh(cell[at])
        d_emitted[at] = d_hidden[at] * squashed * emitted[at] * (one - emitted[at])
        d_cell[at] += d_hidden[at] * emitted[at] * (one - squashed * squashed)
    for at in range(units):
        d_gates[at] = d_cell[at] * candidate[at] * gates[at] * (one - gates[at])
    for at in range(units):
        d_forget[at] = d_cell[at] * before[at] * forget[at] * (one - forget[at])
    for at in range(units):
        d_candidate[at] = d_cell[at] * gates[at] * (one - candidate[at] * candidate[at])
    for at in range(units):
        d_cell[at] *= forget[at]


@woven
def turned_controller(shape: Any, weights: Any) -> Any:
    """The controller's weights but for those of the inputs, rows as columns: (L, G, ...)."""
    layers, most, gates = weights.controller.shape
    made = np.empty((layers, gates, most - shape.inputs), weights.controller.dtype)
    for layer in range(layers):
        transpose(weights.controller[layer, shape.inputs :], made[layer])
    return made


@loose
def receive(d_hidden: Any, d_out: Any, carried: Any) -> None:
    """Take what the step after left for one sequence, beside what the output has of this step.

    d_hidden: (L C,), filled.   d_out: (L C + R W,).   carried: likewise, of what the step left; its reads' part becomes
    all that depends on the reads.
    """
    controller = d_hidden.shape[0]
    for at in range(controller):
        d_hidden[at] = d_out[at] + carried[at]
    for at in range(controller, d_out.shape[0]):
        carried[at] += d_out[at]


@woven
def control_backward(
    shape: Any,
    transposed: Any,
    start: Any,
    steps: Any,
    step: int,
    first: int,
    last: int,
    d_out: Any,
    d_start: Any,
    d_gates: Any,
    d_seen: Any,
) -> None:
    """Of the controller's step.

    transposed: (L, G, ...), the controller's weights but for the inputs.   d_out: (ROWS, L C), of the outputs.
    d_start: its cell, and its out, which becomes what the step before gets.   d_gates: filled.   d_seen: (ROWS, ...),
    room.
    """
    units, reads = shape.units, shape.read_heads * shape.word
    controller = shape.layers * units
    one, zero = d_out.dtype.type(1), d_out.dtype.type(0)
    for item in range(first, last):
        for at in range(controller + reads):
            d_start.out[item, at] = zero
    for layer in range(shape.layers - 1, -1, -1):
        hidden = layer * units
        for item in range(first, last):
            slopes, gates = d_gates[layer, step, item], steps.gates[layer, step, item]
            given = d_out[item - first, hidden : hidden + units]
            if shape.is_recurrent:
                cell, before = steps.cell[step, layer, item], start.cell[layer, item]
                if step:
                    before = steps.cell[step - 1, layer, item]
                _lstm_backward(gates, cell, before, given, d_start.cell[layer, item], slopes)
            else:
                for at in range(units):
                    slopes[at] = given[at] * (one - gates[at] * gates[at])
        rows = d_seen[: last - first]
        for item in range(last - first):
            for at in range(rows.shape[1]):
                rows[item, at] = zero
        add_product(rows, d_gates[layer, step, first:last], transposed[layer])
        own = rows_of(shape, layer) - shape.inputs - units
        for item in range(first, last):
            row, carried = rows[item - first], d_start.out[item]
            for at in range(reads):
                carried[controller + at] += row[at]
            if layer:
                for at in range(units):
                    d_out[item - first, hidden - units + at] += row[reads + at]
            if shape.is_recurrent:
                for at in range(units):
                    carried[hidden + at] = row[own + at]
