"""The DNC over a whole sequence, forward: `ntm_core.dnc.DNC.step` as often as the sequence has steps, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.kernels.addressing import write
from ntm_core.kernels.compiling import entry, matrix, woven
from ntm_core.kernels.content import find, softmax
from ntm_core.kernels.controller import control, copy_memory, emit, squash_gates
from ntm_core.kernels.dnc_addressing import (
    allocate,
    fill_used_less,
    follow,
    link,
    retain,
    sort_rows,
    use,
)
from ntm_core.kernels.dnc_layout import stages_of, told_of
from ntm_core.kernels.elementary import softplus
from ntm_core.kernels.layout import INTERVAL
from ntm_core.kernels.products import ROWS, fill_dots, transpose, turned


@woven
def _squash_told(shape: Any, row: Any, mode: Any) -> None:
    """Bring what the memory is told to its domain, in place. mode: (3,), room."""
    reads, word = shape.read_heads, shape.word
    shares = (reads + 2) * word
    strengths = shares + word + reads + 2
    modes = strengths + reads + 1
    squash_gates(row[shares:strengths])
    one = row.dtype.type(1)
    for at in range(strengths, modes):
        row[at] = one + softplus(row[at])
    for head in range(reads):
        for place in range(3):
            mode[place] = row[modes + place * reads + head]
        softmax(mode)
        for place in range(3):
            row[modes + place * reads + head] = mode[place]


@woven
def _access(
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
    read: Any,
    scales: Any,
) -> None:
    """What the heads do in one step.

    memory, after: (W, N), what is found and what is left; links, linked: (N, N), likewise.   order: (N,), of the rows,
    by usage.   weighting, usage, precedence: of the step before; may be those of `stages`.   read: (R, W), filled.
    """
    reads = shape.read_heads
    real = memory.dtype.type
    one, written, content = real(1), stages.weighting[reads], stages.content[reads]
    retain(scales, told.free_gate, weighting)
    use(stages.usage, usage, weighting[reads], scales)
    sort_rows(order, stages.usage, scales)
    fill_used_less(scales, stages.usage, order)
    allocate(stages.allocation, stages.usage, scales)
    find(memory, told.key, told.key_strength, stages.content, reads, reads + 1, scales)
    offered, gate = told.gates[0], told.gates[1]
    for at in range(written.shape[0]):
        written[at] = gate * (content[at] + offered * (stages.allocation[at] - content[at]))
    write(memory, after, stages.weighting[reads:], told.erase, told.add, False, scales)
    link(linked, links, written, precedence)
    follow(linked, weighting[:reads], stages.backward, stages.forward)
    total = real(0)
    for at in range(written.shape[0]):
        total += written[at]
    for at in range(written.shape[0]):
        stages.precedence[at] = (one - total) * precedence[at] + written[at]
    find(after, told.key, told.key_strength, stages.content, 0, reads, scales)
    for head in range(reads):
        back, alike, on = told.modes[0, head], told.modes[1, head], told.modes[2, head]
        to, found = stages.weighting[head], stages.content[head]
        for at in range(to.shape[0]):
            to[at] = back * stages.backward[head, at] + alike * found[at] + on * stages.forward[head, at]
    fill_dots(read, stages.weighting[:reads], after)


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
    """Run the sequences from first to last of a batch. Arguments as of `ntm_forward.forward`, see `dnc_layout`.

    Of the halves of `working` the one that T is even to or odd ends as the last memory and links.
    """
    memory, links = working.memory, working.links
    controller, rows = shape.layers * shape.units, memory.shape[3]
    heads, output = turned(weights.heads, steps.told.shape[2]), turned(weights.output, logits.shape[2])
    scales, mode = np.empty(rows, memory.dtype), np.empty(3, memory.dtype)
    orders = np.empty((ROWS, rows), np.int64)
    for block in range(first, last, ROWS):
        end = min(block + ROWS, last)
        for item in range(block, end):
            copy_memory(memory[0, item], start.memory[item])
            copy_memory(links[0, item], start.links[item])
            for at in range(rows):
                orders[item - block, at] = at
        for step in range(inputs.shape[0]):
            at = step if keeps else 0
            weightings, usages, precedences = start.weighting, start.usage, start.precedence
            if step:
                before = step - 1 if keeps else 0
                weightings, usages, precedences = steps.weighting[before], steps.usage[before], steps.precedence[before]
            control(shape, weights, inputs[step], start, steps, heads, step, keeps, block, end)
            found, left = memory[step % 2], memory[(step + 1) % 2]
            links_found, links_left = links[step % 2], links[(step + 1) % 2]
            for item in range(block, end):
                if keeps and step % INTERVAL == 0:
                    copy_memory(steps.memory[step // INTERVAL, item], found[item])
                    copy_memory(steps.links[step // INTERVAL, item], links_found[item])
                _squash_told(shape, steps.told[at, item], mode)
                _access(
                    shape,
                    found[item],
                    left[item],
                    links_found[item],
                    links_left[item],
                    orders[item - block],
                    weightings[item],
                    usages[item],
                    precedences[item],
                    told_of(shape, steps.told[at, item]),
                    stages_of(steps, at, item),
                    matrix(steps.out[at, item], controller, shape.read_heads, shape.word),
                    scales,
                )
            emit(weights, steps, output, logits[step], at, block, end)


@entry
def recalled(shape: Any, start: Any, steps: Any, item: int, place: int, memory: Any, links: Any) -> None:
    """The memory and the links that each step of one sequence left.

    Filled are memory[:, place] of (T, count, N, W), and links[:, place] of (T, count, N, N).
    """
    both = np.empty((2, *steps.memory.shape[2:]), memory.dtype)
    product = np.empty(both.shape[2], memory.dtype)
    for step in range(memory.shape[0]):
        told, written = told_of(shape, steps.told[step, item]), steps.weighting[step, item, shape.read_heads :]
        found, left, linked = both[(step + 1) % 2], both[step % 2], links[step - 1, place]
        precedence = start.precedence[item]
        if step % INTERVAL == 0:
            found, linked = steps.memory[step // INTERVAL, item], steps.links[step // INTERVAL, item]
        if step:
            precedence = steps.precedence[step - 1, item]
        write(found, left, written, told.erase, told.add, False, product)
        transpose(left, memory[step, place])
        link(links[step, place], linked, written[0], precedence)
