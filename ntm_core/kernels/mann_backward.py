"""The gradients of `ntm_core.kernels.mann_forward`, by hand, from the last step to the first; see `ntm_backward`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.kernels.compiling import entry, matrix, woven
from ntm_core.kernels.content import find_backward
from ntm_core.kernels.controller import copy_memory
from ntm_core.kernels.controller_backward import control_backward, receive, turned_controller
from ntm_core.kernels.layout import INTERVAL
from ntm_core.kernels.mann_forward import choose_least_used, store
from ntm_core.kernels.mann_layout import Room, told_of
from ntm_core.kernels.products import ROWS, add_outer, add_product, dot


@woven
def _access_backward(
    shape: Any,
    after: Any,
    unused: Any,
    before: Any,
    told: Any,
    weighting: Any,
    written: Any,
    strength: Any,
    d_read: Any,
    d_memory: Any,
    d_weighting: Any,
    d_usage: Any,
    d_told: Any,
    room: Any,
) -> None:
    """Of what the heads do in one step.

    after: the memory that the step left.   unused: (R,), the rows that were least used.   before: where the read heads
    were.   d_memory, d_weighting, d_usage: of what the step left; become those of what it found.
    """
    real = after.dtype.type
    one, nothing, heads = real(1), real(0), shape.read_heads
    d_written = room.d_written
    for head in range(heads):
        for at in range(d_usage.shape[0]):
            d_weighting[head, at] += d_usage[at]
        for at in range(d_usage.shape[0]):
            d_written[head, at] = d_usage[at]
    for at in range(d_usage.shape[0]):
        d_usage[at] *= real(shape.usage_decay)
    add_product(d_weighting, d_read, after)
    add_outer(d_memory, d_read, weighting)
    find_backward(
        after,
        told.key,
        strength,
        weighting,
        d_weighting,
        0,
        heads,
        d_memory,
        d_told.key,
        room.d_strength,
        room.scales,
        room.pull,
        room.dots,
    )
    add_product(d_written, told.key, d_memory)
    for head in range(heads):
        for word in range(shape.word):
            key = told.key[head, word]
            d_told.key[head, word] = (d_told.key[head, word] + dot(d_memory[word], written[head])) * (one - key * key)
    for word in range(shape.word):
        for head in range(heads):
            d_memory[word, unused[head]] = nothing
    for head in range(heads):
        gate, slope = told.gate[head], d_written[head]
        kept = one - gate
        d_told.gate[head] = (dot(slope, before[head]) - slope[unused[head]]) * gate * kept
        for at in range(slope.shape[0]):
            d_weighting[head, at] = kept * slope[at]


@entry
def backward(
    shape: Any,
    weights: Any,
    start: Any,
    steps: Any,
    d_out: Any,
    d_start: Any,
    d_gates: Any,
    d_told: Any,
    first: int,
    last: int,
) -> None:
    """The gradients of the sequences from first to last of a batch. Arguments as of `ntm_backward.backward`."""
    controller = shape.layers * shape.units
    words, rows = d_start.memory.shape[1], d_start.memory.shape[2]
    memory = np.empty((ROWS, INTERVAL + 1, words, rows), d_out.dtype)
    unused = np.empty((ROWS, INTERVAL, shape.read_heads), np.int64)
    strength = np.ones(shape.read_heads, d_out.dtype)
    d_hidden = np.empty((ROWS, controller), d_out.dtype)
    transposed = turned_controller(shape, weights)
    d_seen = np.empty((ROWS, transposed.shape[2]), d_out.dtype)
    room = Room(
        np.empty(rows, d_out.dtype),
        np.empty(rows, d_out.dtype),
        np.empty((shape.read_heads, rows), d_out.dtype),
        np.empty((shape.read_heads, rows), d_out.dtype),
        np.empty(shape.read_heads, d_out.dtype),
    )
    steps_count = d_out.shape[0]
    for block in range(first, last, ROWS):
        end = min(block + ROWS, last)
        for segment in range((steps_count - 1) // INTERVAL, -1, -1):
            begin = segment * INTERVAL
            finish = min(begin + INTERVAL, steps_count)
            for item in range(block, end):
                found = memory[item - block]
                copy_memory(found[0], steps.memory[segment, item])
                for step in range(begin, finish):
                    at, usage = step - begin, start.usage[item]
                    if step:
                        usage = steps.usage[step - 1, item]
                    least = unused[item - block, at]
                    choose_least_used(least, usage)
                    key = told_of(shape, steps.told[step, item]).key
                    store(found[at], found[at + 1], least, steps.written[step, item], key)
            for step in range(finish - 1, begin - 1, -1):
                weightings = start.weighting
                if step:
                    weightings = steps.weighting[step - 1]
                for item in range(block, end):
                    carried, at = d_start.out[item], step - begin
                    receive(d_hidden[item - block], d_out[step, item], carried)
                    _access_backward(
                        shape,
                        memory[item - block, at + 1],
                        unused[item - block, at],
                        weightings[item],
                        told_of(shape, steps.told[step, item]),
                        steps.weighting[step, item],
                        steps.written[step, item],
                        strength,
                        matrix(carried, controller, shape.read_heads, shape.word),
                        d_start.memory[item],
                        d_start.weighting[item],
                        d_start.usage[item],
                        told_of(shape, d_told[step, item]),
                        room,
                    )
                add_product(d_hidden[: end - block], d_told[step, block:end], weights.heads)
                control_backward(shape, transposed, start, steps, step, block, end, d_hidden, d_start, d_gates, d_seen)
