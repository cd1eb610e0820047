"""The gradients of `ntm_core.kernels.dnc_forward`, by hand, from the last step to the first; see `ntm_backward`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.kernels.addressing import write
from ntm_core.kernels.addressing_backward import add_backward, erase_backward
from ntm_core.kernels.compiling import entry, matrix, woven
from ntm_core.kernels.content import find_backward
from ntm_core.kernels.controller import copy_memory
from ntm_core.kernels.controller_backward import control_backward, receive, turned_controller
from ntm_core.kernels.dnc_addressing import (
    allocate_backward,
    fill_used_less,
    link,
    links_backward,
    retain,
    sort_rows,
)
from ntm_core.kernels.dnc_layout import Room, stages_of, told_of
from ntm_core.kernels.elementary import softplus_slope
from ntm_core.kernels.layout import INTERVAL
from ntm_core.kernels.products import ROWS, add_outer, add_product, dot


@woven
def _find_backward(
    memory: Any, told: Any, stages: Any, first: int, last: int, d_memory: Any, d_told: Any, room: Any
) -> None:
    """Of looking for rows, with room.d_content."""
    find_backward(
        memory,
        told.key,
        told.key_strength,
        stages.content,
        room.d_content,
        first,
        last,
        d_memory,
        d_told.key,
        d_told.key_strength,
        room.scales,
        room.pull,
        room.dots,
    )
    real = memory.dtype.type
    for head in range(first, last):
        d_told.key_strength[head] *= real(softplus_slope(told.key_strength[head] - real(1)))


@woven
def _modes_backward(shape: Any, told: Any, stages: Any, d_weighting: Any, d_told: Any, room: Any) -> None:
    """Of mixing the three weightings of each read head, whose d_weighting is set to 0 for what comes next."""
    nothing = d_weighting.dtype.type(0)
    for head in range(shape.read_heads):
        slope = d_weighting[head]
        back, alike, on = told.modes[0, head], told.modes[1, head], told.modes[2, head]
        of_back, of_on = dot(slope, stages.backward[head]), dot(slope, stages.forward[head])
        of_alike = dot(slope, stages.content[head])
        mean = back * of_back + alike * of_alike + on * of_on
        d_told.modes[0, head] = back * (of_back - mean)
        d_told.modes[1, head] = alike * (of_alike - mean)
        d_told.modes[2, head] = on * (of_on - mean)
        for at in range(slope.shape[0]):
            room.d_backward[head, at] = back * slope[at]
        for at in range(slope.shape[0]):
            room.d_forward[head, at] = on * slope[at]
        for at in range(slope.shape[0]):
            room.d_content[head, at] = alike * slope[at]
        for at in range(slope.shape[0]):
            slope[at] = nothing


@woven
def _write_weighting_backward(shape: Any, told: Any, stages: Any, d_written: Any, d_told: Any, room: Any) -> None:
    """Fills room.d_content of the write head and room.d_allocation; d_written is set to 0."""
    reads, real = shape.read_heads, d_written.dtype.type
    one, nothing = real(1), real(0)
    content, slope = stages.content[reads], room.d_content[reads]
    offered, gate = told.gates[0], told.gates[1]
    d_offered, d_gate = nothing, nothing
    for at in range(d_written.shape[0]):
        apart = stages.allocation[at] - content[at]
        d_offered += d_written[at] * apart
        d_gate += d_written[at] * (content[at] + offered * apart)
    for at in range(d_written.shape[0]):
        room.d_allocation[at] = gate * offered * d_written[at]
    for at in range(d_written.shape[0]):
        slope[at] = gate * (one - offered) * d_written[at]
    for at in range(d_written.shape[0]):
        d_written[at] = nothing
    d_told.gates[0] = gate * d_offered * offered * (one - offered)
    d_told.gates[1] = d_gate * gate * (one - gate)


@woven
def _use_backward(
    shape: Any, weighting: Any, usage: Any, told: Any, d_usage: Any, d_weighting: Any, d_told: Any, room: Any
) -> None:
    """Of the usage and what is retained of it: d_usage becomes that of the usage before.

    No gradient passes to what was written: see `ntm_core.dnc_addressing.usage`.
    """
    reads, one = shape.read_heads, d_usage.dtype.type(1)
    retain(room.retention, told.free_gate, weighting)
    written, slope = weighting[reads], room.row
    for at in range(slope.shape[0]):
        slope[at] = d_usage[at] * (usage[at] + (one - usage[at]) * written[at])
    for at in range(slope.shape[0]):
        d_usage[at] *= room.retention[at] * (one - written[at])
    for head in range(reads):
        gate = told.free_gate[head]
        # What the other heads retain: a quotient would divide by 0 where a row is freed.
        others = room.retention
        for at in range(slope.shape[0]):
            others[at] = slope[at]
        for other in range(reads):
            if other != head:
                for at in range(slope.shape[0]):
                    others[at] *= one - told.free_gate[other] * weighting[other, at]
        d_told.free_gate[head] = -dot(others, weighting[head]) * gate * (one - gate)
        for at in range(slope.shape[0]):
            d_weighting[head, at] -= others[at] * gate


@woven
def _access_backward(
    shape: Any,
    memory: Any,
    after: Any,
    links: Any,
    linked: Any,
    order: Any,
    weighting: Any,
    usage: Any,
    precedence: Any,
    told: Any,
    stages: Any,
    d_read: Any,
    d_memory: Any,
    d_weighting: Any,
    d_usage: Any,
    d_precedence: Any,
    d_links: Any,
    d_told: Any,
    room: Any,
) -> None:
    """Of what the heads do in one step.

    memory, links, weighting, usage, precedence: what the step found.   after, linked: the memory and the links it left.
    d_memory to d_links: of what it left; become those of what it found.
    """
    reads, one = shape.read_heads, memory.dtype.type(1)
    written, d_written = stages.weighting[reads], d_weighting[reads]
    add_product(d_weighting[:reads], d_read, after)
    add_outer(d_memory, d_read, stages.weighting[:reads])
    _modes_backward(shape, told, stages, d_weighting, d_told, room)
    _find_backward(after, told, stages, 0, reads, d_memory, d_told, room)
    along, left = dot(d_precedence, precedence), one
    for at in range(written.shape[0]):
        left -= written[at]
    for at in range(written.shape[0]):
        d_written[at] += d_precedence[at] - along
    for at in range(written.shape[0]):
        d_precedence[at] *= left
    links_backward(
        links,
        linked,
        weighting[:reads],
        written,
        precedence,
        d_links,
        room.d_backward,
        room.d_forward,
        d_weighting[:reads],
        d_written,
        d_precedence,
        room.row,
    )
    add_backward(d_memory, written, told.add[0], d_written, d_told.add[0])
    erase_backward(d_memory, memory, written, told.erase[0], d_written, d_told.erase[0])
    for word in range(shape.word):
        d_told.erase[0, word] *= told.erase[0, word] * (one - told.erase[0, word])
    _write_weighting_backward(shape, told, stages, d_written, d_told, room)
    _find_backward(memory, told, stages, reads, reads + 1, d_memory, d_told, room)
    sort_rows(order, stages.usage, room.used_less)
    fill_used_less(room.used_less, stages.usage, order)
    allocate_backward(d_usage, stages.usage, order, room.used_less, room.d_allocation)
    _use_backward(shape, weighting, usage, told, d_usage, d_weighting, d_told, room)


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
    links = np.empty((ROWS, INTERVAL + 1, rows, rows), d_out.dtype)
    orders = np.empty((ROWS, rows), np.int64)
    d_hidden = np.empty((ROWS, controller), d_out.dtype)
    transposed = turned_controller(shape, weights)
    d_seen = np.empty((ROWS, transposed.shape[2]), d_out.dtype)
    room = Room(
        np.empty(rows, d_out.dtype),
        np.empty(rows, d_out.dtype),
        np.empty(rows, d_out.dtype),
        np.empty(rows, d_out.dtype),
        np.empty(rows, d_out.dtype),
        np.empty(rows, d_out.dtype),
        np.empty((shape.read_heads + 1, rows), d_out.dtype),
        np.empty((shape.read_heads + 1, rows), d_out.dtype),
        np.empty((shape.read_heads, rows), d_out.dtype),
        np.empty((shape.read_heads, rows), d_out.dtype),
    )
    steps_count = d_out.shape[0]
    for block in range(first, last, ROWS):
        end = min(block + ROWS, last)
        for item in range(block, end):
            for at in range(rows):
                orders[item - block, at] = at
        for segment in range((steps_count - 1) // INTERVAL, -1, -1):
            begin = segment * INTERVAL
            finish = min(begin + INTERVAL, steps_count)
            for item in range(block, end):
                found, linked = memory[item - block], links[item - block]
                copy_memory(found[0], steps.memory[segment, item])
                copy_memory(linked[0], steps.links[segment, item])
                for step in range(begin, finish):
                    at = step - begin
                    told = told_of(shape, steps.told[step, item])
                    weighting = steps.weighting[step, item, shape.read_heads :]
                    write(found[at], found[at + 1], weighting, told.erase, told.add, False, room.scales)
                    precedence = start.precedence[item]
                    if step:
                        precedence = steps.precedence[step - 1, item]
                    link(linked[at + 1], linked[at], weighting[0], precedence)
            for step in range(finish - 1, begin - 1, -1):
                weightings, usages, precedences = start.weighting, start.usage, start.precedence
                if step:
                    weightings, usages = steps.weighting[step - 1], steps.usage[step - 1]
                    precedences = steps.precedence[step - 1]
                for item in range(block, end):
                    carried, at = d_start.out[item], step - begin
                    receive(d_hidden[item - block], d_out[step, item], carried)
                    _access_backward(
                        shape,
                        memory[item - block, at],
                        memory[item - block, at + 1],
                        links[item - block, at],
                        links[item - block, at + 1],
                        orders[item - block],
                        weightings[item],
                        usages[item],
                        precedences[item],
                        told_of(shape, steps.told[step, item]),
                        stages_of(steps, step, item),
                        matrix(carried, controller, shape.read_heads, shape.word),
                        d_start.memory[item],
                        d_start.weighting[item],
                        d_start.usage[item],
                        d_start.precedence[item],
                        d_start.links[item],
                        told_of(shape, d_told[step, item]),
                        room,
                    )
                add_product(d_hidden[: end - block], d_told[step, block:end], weights.heads)
                control_backward(shape, transposed, start, steps, step, block, end, d_hidden, d_start, d_gates, d_seen)
