"""The MANN over a whole sequence, forward: `ntm_core.mann.MANN.step` as often as the sequence has steps, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.kernels.compiling import entry, in_order, loose, matrix, woven
from ntm_core.kernels.content import find
from ntm_core.kernels.controller import control, copy_memory, copy_row, emit, squash_gates, squash_signed
from ntm_core.kernels.layout import INTERVAL
from ntm_core.kernels.mann_layout import told_of
from ntm_core.kernels.products import ROWS, add_outer, fill_dots, transpose, turned
from ntm_core.usage import USAGE_STEPS


@woven
def _squash_told(shape: Any, row: Any) -> None:
    """Bring what the heads are told to its domain, in place."""
    keys = shape.read_heads * shape.word
    squash_signed(row[:keys])
    for at in range(keys, keys + shape.read_heads):
        row[at] = -row[at]
    squash_gates(row[keys : keys + shape.read_heads])


@in_order
def choose_least_used(unused: Any, usage: Any) -> None:
    """Fill the rows that are used least, the least used first, of equally used ones the first in the memory."""
    steps = usage.dtype.type(USAGE_STEPS)
    for head in range(unused.shape[0]):
        least, fewest = -1, usage.dtype.type(0)
        for row in range(usage.shape[0]):
            is_taken = False
            for other in range(head):
                is_taken |= unused[other] == row
            used = np.rint(steps * usage[row])
            if not is_taken and (least < 0 or used < fewest):
                least, fewest = row, used
        unused[head] = least


@loose
def mix_write(written: Any, unused: Any, before: Any, gate: Any) -> None:
    """Fill where the write heads write. before: (R, N), where the read heads were."""
    one = written.dtype.type(1)
    for head in range(written.shape[0]):
        kept = one - gate[head]
        for at in range(written.shape[1]):
            written[head, at] = kept * before[head, at]
        written[head, unused[head]] += gate[head]


@woven
def store(memory: Any, after: Any, unused: Any, written: Any, key: Any) -> None:
    """Fill the memory that the write heads leave: the least used rows are emptied first."""
    nothing = memory.dtype.type(0)
    for word in range(memory.shape[0]):
        copy_row(after[word], memory[word])
        for head in range(unused.shape[0]):
            after[word, unused[head]] = nothing
    add_outer(after, key, written)


@loose
def _use(usage: Any, before: Any, read: Any, written: Any, decay: Any) -> None:
    for at in range(usage.shape[0]):
        usage[at] = decay * before[at]
    for head in range(read.shape[0]):
        for at in range(usage.shape[0]):
            usage[at] += read[head, at] + written[head, at]


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
    """Run the sequences from first to last of a batch. Arguments as of `ntm_forward.forward`, see `mann_layout`."""
    memory = working.memory
    real = memory.dtype.type
    controller = shape.layers * shape.units
    heads, output = turned(weights.heads, steps.told.shape[2]), turned(weights.output, logits.shape[2])
    scales, strength = np.empty(memory.shape[3], memory.dtype), np.ones(shape.read_heads, memory.dtype)
    unused = np.empty(shape.read_heads, np.int64)
    for block in range(first, last, ROWS):
        end = min(block + ROWS, last)
        for item in range(block, end):
            copy_memory(memory[0, item], start.memory[item])
        for step in range(inputs.shape[0]):
            at = step if keeps else 0
            weightings, usages = start.weighting, start.usage
            if step:
                before = step - 1 if keeps else 0
                weightings, usages = steps.weighting[before], steps.usage[before]
            control(shape, weights, inputs[step], start, steps, heads, step, keeps, block, end)
            found, left = memory[step % 2], memory[(step + 1) % 2]
            for item in range(block, end):
                if keeps and step % INTERVAL == 0:
                    copy_memory(steps.memory[step // INTERVAL, item], found[item])
                _squash_told(shape, steps.told[at, item])
                told, written = told_of(shape, steps.told[at, item]), steps.written[at, item]
                weighting = steps.weighting[at, item]
                choose_least_used(unused, usages[item])
                mix_write(written, unused, weightings[item], told.gate)
                store(found[item], left[item], unused, written, told.key)
                find(left[item], told.key, strength, weighting, 0, shape.read_heads, scales)
                fill_dots(matrix(steps.out[at, item], controller, shape.read_heads, shape.word), weighting, left[item])
                _use(steps.usage[at, item], usages[item], weighting, written, real(shape.usage_decay))
            emit(weights, steps, output, logits[step], at, block, end)


@entry
def memories(shape: Any, start: Any, steps: Any, item: int, place: int, out: Any) -> None:
    """The memory that each step of one sequence left: out[:, place] of (T, count, N, W), filled."""
    unused = np.empty(shape.read_heads, np.int64)
    both = np.empty((2, *steps.memory.shape[2:]), out.dtype)
    for step in range(out.shape[0]):
        found, left, usage = both[(step + 1) % 2], both[step % 2], start.usage[item]
        if step % INTERVAL == 0:
            found = steps.memory[step // INTERVAL, item]
        if step:
            usage = steps.usage[step - 1, item]
        choose_least_used(unused, usage)
        store(found, left, unused, steps.written[step, item], told_of(shape, steps.told[step, item]).key)
        transpose(left, out[step, place])
