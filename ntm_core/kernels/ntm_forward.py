"""The NTM over a whole sequence, forward: `ntm_core.ntm.NTM.step` as often as the sequence has steps, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.kernels.addressing import address, write
from ntm_core.kernels.compiling import entry, matrix, woven
from ntm_core.kernels.content import softmax
from ntm_core.kernels.controller import control, copy_memory, copy_row, emit, squash_gates, squash_signed
from ntm_core.kernels.elementary import softplus
from ntm_core.kernels.layout import INTERVAL, stages_of, told_of
from ntm_core.kernels.products import ROWS, fill_dots, transpose, turned


@woven
def _squash_told(shape: Any, row: Any) -> None:
    """Bring what the heads are told to its domain, in place."""
    heads, writes, word = shape.read_heads + shape.write_heads, shape.write_heads, shape.word
    opened = (heads + writes) * word
    positive = opened + writes * word + heads
    shifts = positive + 2 * heads
    squash_signed(row[:opened])
    squash_gates(row[opened:positive])
    one = row.dtype.type(1)
    for at in range(positive, shifts):
        row[at] = softplus(row[at])
    for at in range(positive + heads, shifts):
        row[at] += one
    for head in range(heads):
        softmax(row[shifts + head * shape.offsets : shifts + (head + 1) * shape.offsets])


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
    working: Any,
    logits: Any,
    keeps: bool,
    first: int,
    last: int,
) -> None:
    """Run the sequences from first to last of a batch. The result of one depends on no other, nor on where T ends.

    shape to steps: see `layout`; steps is filled.   inputs: (T, B, I).   working: has `memory`, of whose halves the one
    that T is even to or odd ends as the last memory.   logits: (T, B, outputs), filled.   keeps: whether all steps are
    kept, or only the last.
    """
    memory = working.memory
    controller = shape.layers * shape.units
    heads, output = turned(weights.heads, steps.told.shape[2]), turned(weights.output, logits.shape[2])
    scales = np.empty(memory.shape[3], memory.dtype)
    for block in range(first, last, ROWS):
        end = min(block + ROWS, last)
        for item in range(block, end):
            copy_memory(memory[0, item], start.memory[item])
        for step in range(inputs.shape[0]):
            at = step if keeps else 0
            weightings = start.weighting
            if step:
                weightings = steps.weighting[step - 1 if keeps else 0]
            control(shape, weights, inputs[step], start, steps, heads, step, keeps, block, end)
            found, left = memory[step % 2], memory[(step + 1) % 2]
            for item in range(block, end):
                if keeps and step % INTERVAL == 0:
                    copy_memory(steps.memory[step // INTERVAL, item], found[item])
                _squash_told(shape, steps.told[at, item])
                read = matrix(steps.out[at, item], controller, shape.read_heads, shape.word)
                parts, stages = told_of(shape, steps.told[at, item]), stages_of(steps, at, item)
                _access(shape, found[item], left[item], weightings[item], parts, stages, read, scales)
            emit(weights, steps, output, logits[step], at, block, end)


@woven
def _put(row: Any, at: int, rows: Any) -> int:
    """Copy some rows one after another from a place on; returns where they end."""
    for each in range(rows.shape[0]):
        copy_row(row[at:], rows[each])
        at += rows.shape[1]
    return at


@entry
def pack_steps(shape: Any, steps: Any, item: int, place: int, out: Any) -> None:
    """What each step of one sequence left and did: out[:, place] of (T, count, numbers), filled.

    In a row stand the fields of `ntm_core.ntm.NTM` in their order. The memory is equal to the bit to what the steps
    found.
    """
    reads = shape.read_heads
    both = np.empty((2, *steps.memory.shape[2:]), out.dtype)
    words, rows = both.shape[1:]
    product = np.empty(rows, out.dtype)
    for step in range(out.shape[0]):
        found, left = both[(step + 1) % 2], both[step % 2]
        if step % INTERVAL == 0:
            found = steps.memory[step // INTERVAL, item]
        told, stages, row = told_of(shape, steps.told[step, item]), stages_of(steps, step, item), out[step, place]
        write(found, left, stages.weighting[reads:], told.erase, told.add, shape.is_sequential, product)
        transpose(left, matrix(row, 0, rows, words))
        at = _put(row, rows * words, stages.weighting)
        controller = shape.layers * shape.units
        copy_row(row[at:], steps.out[step, item, controller:])
        at = _put(row, at + reads * words, told.key)
        for numbers in (told.key_strength, told.gate, told.sharpening):
            copy_row(row[at:], numbers)
            at += numbers.shape[0]
        for parts in (told.shift, stages.content, stages.gated, stages.shifted, told.erase, told.add):
            at = _put(row, at, parts)
        copy_row(row[at:], steps.out[step, item, :controller])
        if shape.is_recurrent:
            _put(row, at + controller, steps.cell[step, :, item])
