"""The NTM over a whole sequence, forward: `ntm_core.ntm.NTM.step` as often as the sequence has steps, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.kernels.addressing import address, softmax, write
from ntm_core.kernels.compiling import entry, loose, matrix, woven
from ntm_core.kernels.elementary import exp, softplus, tanh
from ntm_core.kernels.layout import INTERVAL, rows_of, stages_of, told_of
from ntm_core.kernels.products import ROWS, add_product, fill_dots, transpose


@loose
def squash_gates(gates: Any) -> None:
    """Logistic function, in place."""
    one = gates.dtype.type(1)
    for at in range(gates.shape[0]):
        gates[at] = one / (one + exp(-gates[at]))


@loose
def _squash_signed(row: Any) -> None:
    for at in range(row.shape[0]):
        row[at] = tanh(row[at])


@woven
def _squash_told(shape: Any, row: Any) -> None:
    """Bring what the heads are told to its domain, in place."""
    heads, writes, word = shape.read_heads + shape.write_heads, shape.write_heads, shape.word
    opened = (heads + writes) * word
    positive = opened + writes * word + heads
    shifts = positive + 2 * heads
    _squash_signed(row[:opened])
    squash_gates(row[opened:positive])
    one = row.dtype.type(1)
    for at in range(positive, shifts):
        row[at] = softplus(row[at])
    for at in range(positive + heads, shifts):
        row[at] += one
    for head in range(heads):
        softmax(row[shifts + head * shape.offsets : shifts + (head + 1) * shape.offsets])


@woven
def _lstm(gates: Any, before: Any, cell: Any, hidden: Any) -> None:
    """One layer's step. gates: (4 C,), of input, forget and output, then the candidate; squashed in place."""
    units = cell.shape[0]
    squash_gates(gates[: 3 * units])
    _squash_signed(gates[3 * units :])
    for at in range(units):
        cell[at] = gates[units + at] * before[at] + gates[at] * gates[3 * units + at]
    for at in range(units):
        hidden[at] = gates[2 * units + at] * tanh(cell[at])


@loose
def _copy(to: Any, row: Any) -> None:
    for at in range(row.shape[0]):
        to[at] = row[at]


@loose
def copy_memory(to: Any, memory: Any) -> None:
    """Word by word."""
    for word in range(memory.shape[0]):
        _copy(to[word], memory[word])


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
            _copy(seen, inputs[item])
            _copy(seen[read:], before[item, controller:])
            if layer:
                _copy(seen[below:], steps.out[at, item, (layer - 1) * units : layer * units])
            if shape.is_recurrent:
                _copy(seen[count - units :], before[item, layer * units : (layer + 1) * units])
            _copy(steps.gates[layer, at, item], weights.controller_bias[layer])
        add_product(
            steps.gates[layer, at, first:last], steps.seen[layer, at, first:last], weights.controller[layer, :count]
        )
        for item in range(first, last):
            hidden = steps.out[at, item, layer * units : (layer + 1) * units]
            if shape.is_recurrent:
                _lstm(steps.gates[layer, at, item], cells[layer, item], steps.cell[at, layer, item], hidden)
            else:
                _squash_signed(steps.gates[layer, at, item])
                _copy(hidden, steps.gates[layer, at, item])


@woven
def _access(shape: Any, memory: Any, after: Any, previous: Any, told: Any, stages: Any, read: Any, scales: Any) -> None:
    """What all heads do in one step. memory, after: (W, N), what is found and what is left.   read: (R, W), filled."""
    reads, heads = shape.read_heads, shape.read_heads + shape.write_heads
    turns = 1 if shape.reads_first else 2
    for turn in range(turns):
        # In two turns, the write heads address first, and then the read heads what those left.
        is_second, is_only = turn == 1, turns == 1
        first = 0 if is_second or is_only else reads
        address(after if is_second else memory, previous, told, stages, first, reads if is_second else heads, scales)
        if not is_second:
            write(memory, after, stages.weighting[reads:], told.erase, told.add, shape.is_sequential, scales)
    fill_dots(read, stages.weighting[:reads], memory if shape.reads_first else after)


@entry
def forward(
    shape: Any,
    weights: Any,
    inputs: Any,
    start: Any,
    steps: Any,
    memory: Any,
    logits: Any,
    keeps: bool,
    first: int,
    last: int,
) -> None:
    """Run the sequences from first to last of a batch. The result of one depends on no other, nor on where T ends.

    shape to steps: see `layout`; steps is filled.   inputs: (T, B, I).   memory: (2, B, W, N), room; of its halves the
    one that T is even to or odd ends as the last memory.   logits: (T, B, outputs), filled.   keeps: whether all steps
    are kept, or only the last.
    """
    controller = shape.layers * shape.units
    heads = np.zeros((controller, steps.told.shape[2]), memory.dtype)
    output = np.empty((steps.out.shape[2], logits.shape[2]), memory.dtype)
    transpose(weights.heads, heads)
    transpose(weights.output, output)
    scales = np.empty(memory.shape[3], memory.dtype)
    for block in range(first, last, ROWS):
        end = min(block + ROWS, last)
        for item in range(block, end):
            copy_memory(memory[0, item], start.memory[item])
        for step in range(inputs.shape[0]):
            at, last_at = (step, step - 1) if keeps else (0, 0)
            before = steps.out[last_at] if step else start.out
            cells = steps.cell[last_at] if step else start.cell
            weightings = steps.weighting[last_at] if step else start.weighting
            _control(shape, weights, inputs[step], before, cells, steps, at, block, end)
            told, out = steps.told[at, block:end], steps.out[at, block:end]
            for item in range(block, end):
                for rest in range(weights.heads_bias.shape[0], steps.told.shape[2]):
                    steps.told[at, item, rest] = 0
                _copy(steps.told[at, item], weights.heads_bias)
                _copy(logits[step, item], weights.output_bias)
            add_product(told, out, heads)
            found, left = memory[step % 2], memory[(step + 1) % 2]
            for item in range(block, end):
                if keeps and step % INTERVAL == 0:
                    copy_memory(steps.memory[step // INTERVAL, item], found[item])
                _squash_told(shape, steps.told[at, item])
                read = matrix(steps.out[at, item], controller, shape.read_heads, shape.word)
                parts, stages = told_of(shape, steps.told[at, item]), stages_of(steps, at, item)
                _access(shape, found[item], left[item], weightings[item], parts, stages, read, scales)
            add_product(logits[step, block:end], out, output)


@entry
def memories(shape: Any, steps: Any, item: int, out: Any) -> None:
    """The memory that each step of one sequence left: out, (T, W, N). Equal to the bit to what the steps found."""
    reads = shape.read_heads
    product = np.empty(out.shape[2], out.dtype)
    for step in range(out.shape[0]):
        found = steps.memory[step // INTERVAL, item] if step % INTERVAL == 0 else out[step - 1]
        told = told_of(shape, steps.told[step, item])
        write(found, out[step], steps.weighting[step, item, reads:], told.erase, told.add, shape.is_sequential, product)
