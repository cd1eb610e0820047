"""The gradients of `ntm_core.kernels.ntm_forward`, by hand, from the last step to the first.

The gradients of the weights are sums over steps and sequences of outer products: they are left to the caller, for whom
they are one product of large matrices. A gradient of something is written d_something.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.kernels.addressing import write
from ntm_core.kernels.addressing_backward import address_backward, write_backward
from ntm_core.kernels.compiling import entry, matrix, woven
from ntm_core.kernels.controller import copy_memory
from ntm_core.kernels.controller_backward import control_backward, receive, turned_controller
from ntm_core.kernels.layout import INTERVAL, Room, stages_of, told_of
from ntm_core.kernels.products import ROWS, add_outer, add_product


@woven
def _access_backward(
    shape: Any,
    memory: Any,
    after: Any,
    previous: Any,
    told: Any,
    stages: Any,
    d_read: Any,
    d_memory: Any,
    d_weighting: Any,
    d_told: Any,
    room: Any,
) -> None:
    """Of what all heads do in one step. d_memory, d_weighting: of what the step left; become those of what it found."""
    reads, heads = shape.read_heads, shape.read_heads + shape.write_heads
    turns = 1 if shape.reads_first else 2
    for turn in range(turns):
        # As forward, from the end.
        is_first, is_last = turn == 0, turn == turns - 1
        found = memory if is_last else after
        if is_last:
            write_backward(
                memory,
                stages.weighting[reads:],
                told,
                shape.is_sequential,
                d_memory,
                d_weighting[reads:],
                d_told,
                room.chain,
            )
        if is_first:
            add_product(d_weighting[:reads], d_read, found)
            add_outer(d_memory, d_read, stages.weighting[:reads])
        first, last = 0 if is_first else reads, heads if is_last else reads
        address_backward(found, previous, told, stages, first, last, d_memory, d_weighting, d_told, room)


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
    """The gradients of the sequences from first to last of a batch.

    shape, weights, start, steps: of the forward pass, all steps kept; see `layout`.   d_out: as `Steps.out`,
    of what the output saw.   d_start: a `Start` with the gradients of the last state, zeros where nothing depends on
    it; becomes those of the first.   d_gates, d_told: as in `Steps`, filled: of what was squashed, before that.
    """
    controller = shape.layers * shape.units
    count, words, rows = d_start.weighting.shape[1], d_start.memory.shape[1], d_start.memory.shape[2]
    found = np.empty((INTERVAL + 1, ROWS, words, rows), d_out.dtype)
    d_hidden = np.empty((ROWS, controller), d_out.dtype)
    transposed = turned_controller(shape, weights)
    d_seen = np.empty((ROWS, transposed.shape[2]), d_out.dtype)
    room = Room(
        np.empty(rows, d_out.dtype),
        np.empty(rows, d_out.dtype),
        np.empty(rows, d_out.dtype),
        np.empty((count, rows), d_out.dtype),
        np.empty((count, rows), d_out.dtype),
        np.empty((shape.write_heads, words, rows), d_out.dtype),
    )
    steps_count = d_out.shape[0]
    for block in range(first, last, ROWS):
        end = min(block + ROWS, last)
        for segment in range((steps_count - 1) // INTERVAL, -1, -1):
            begin = segment * INTERVAL
            finish = min(begin + INTERVAL, steps_count)
            for item in range(block, end):
                copy_memory(found[0, item - block], steps.memory[segment, item])
                for step in range(begin, finish):
                    told = told_of(shape, steps.told[step, item])
                    at, weighting = step - begin, steps.weighting[step, item, shape.read_heads :]
                    write(
                        found[at, item - block],
                        found[at + 1, item - block],
                        weighting,
                        told.erase,
                        told.add,
                        shape.is_sequential,
                        room.scales,
                    )
            for step in range(finish - 1, begin - 1, -1):
                before = steps.weighting[step - 1] if step else start.weighting
                for item in range(block, end):
                    carried = d_start.out[item]
                    receive(d_hidden[item - block], d_out[step, item], carried)
                    _access_backward(
                        shape,
                        found[step - begin, item - block],
                        found[step - begin + 1, item - block],
                        before[item],
                        told_of(shape, steps.told[step, item]),
                        stages_of(steps, step, item),
                        matrix(carried, controller, shape.read_heads, shape.word),
                        d_start.memory[item],
                        d_start.weighting[item],
                        told_of(shape, d_told[step, item]),
                        room,
                    )
                add_product(d_hidden[: end - block], d_told[step, block:end], weights.heads)
                control_backward(shape, transposed, start, steps, step, block, end, d_hidden, d_start, d_gates, d_seen)
