"""How a DNC finds rows beside by content, of one sequence at one step: `ntm_core.dnc_addressing`, compiled.

The memory lies with its words in front. All are called from compiled code alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.dnc_addressing import LEAST_USAGE
from ntm_core.kernels.compiling import in_order, loose, woven
from ntm_core.kernels.products import add_product, fill_dots
from ntm_core.usage import USAGE_STEPS

_NO_SHARE = 1e-30
"""Of an allocation, less is 0: numbers too small to be normal take a processor many times as long."""


@loose
def retain(retention: Any, free_gate: Any, weighting: Any) -> None:
    """Fill what the free gates leave of each row. weighting: (at least R, N), of the reads of the step before."""
    one = retention.dtype.type(1)
    for at in range(retention.shape[0]):
        retention[at] = one
    for head in range(free_gate.shape[0]):
        gate = free_gate[head]
        for at in range(retention.shape[0]):
            retention[at] *= one - gate * weighting[head, at]


@loose
def use(usage: Any, before: Any, written: Any, retention: Any) -> None:
    """Fill the usage. before, written: of the step before; `before` may be `usage` itself."""
    one = usage.dtype.type(1)
    for at in range(usage.shape[0]):
        usage[at] = (before[at] + (one - before[at]) * written[at]) * retention[at]


@in_order
def sort_rows(order: Any, usage: Any, used: Any) -> None:
    """Bring an order of the rows up to date: the least used first, of equally used ones the first in the memory.

    Quick where the order was nearly right; which order it comes to does not depend on the one it starts from.   used:
    (N,), room.
    """
    steps = usage.dtype.type(USAGE_STEPS)
    for at in range(usage.shape[0]):
        used[at] = np.rint(steps * usage[at])
    for at in range(1, order.shape[0]):
        row, place = order[at], at
        mine = used[row]
        while place > 0:
            other = order[place - 1]
            if used[other] < mine or (used[other] == mine and other < row):
                break
            order[place] = other
            place -= 1
        order[place] = row


@in_order
def fill_used_less(used_less: Any, usage: Any, order: Any) -> None:
    """Fill, for each row, the product of the usages of all rows that are used less."""
    real = usage.dtype.type
    least, scale, product, nothing = real(LEAST_USAGE), real(1 - LEAST_USAGE), real(1), real(0)
    for at in range(order.shape[0]):
        row = order[at]
        used_less[row] = product
        product *= least + scale * usage[row]
        product = nothing if product < real(_NO_SHARE) else product


@loose
def allocate(allocation: Any, usage: Any, used_less: Any) -> None:
    """Fill where the free rows are."""
    real = usage.dtype.type
    one, scale = real(1), real(1 - LEAST_USAGE)
    for at in range(usage.shape[0]):
        allocation[at] = scale * (one - usage[at]) * used_less[at]


@woven
def allocate_backward(d_usage: Any, usage: Any, order: Any, used_less: Any, d_allocation: Any) -> None:
    """Of `allocate`, the order taken as it is. d_usage: added to."""
    real = usage.dtype.type
    one, least, scale, behind = real(1), real(LEAST_USAGE), real(1 - LEAST_USAGE), real(0)
    for place in range(order.shape[0] - 1, -1, -1):
        row = order[place]
        slope = scale * d_allocation[row] * used_less[row]
        d_usage[row] += scale * behind / (least + scale * usage[row]) - slope
        behind += slope * (one - usage[row])


@in_order
def link(to: Any, links: Any, written: Any, precedence: Any) -> None:
    """Fill the links after a write, (N, N). `to` is not `links` itself: two arrays that are one are slow."""
    real = links.dtype.type
    for row in range(links.shape[0]):
        share = written[row]
        kept = real(1) - share
        for at in range(links.shape[1]):
            to[row, at] = (kept - written[at]) * links[row, at] + share * precedence[at]
        to[row, row] = real(0)


@woven
def follow(links: Any, reads: Any, backward: Any, forward: Any) -> None:
    """Fill where the links lead from the last reads.

    links: (N, N).   reads: (R, N), of the step before.   backward, forward: (R, N), filled.
    """
    nothing = links.dtype.type(0)
    for head in range(backward.shape[0]):
        for at in range(backward.shape[1]):
            backward[head, at] = nothing
    add_product(backward, reads, links)
    fill_dots(forward, reads, links)


@loose
def links_backward(
    links: Any,
    linked: Any,
    reads: Any,
    written: Any,
    precedence: Any,
    d_links: Any,
    d_backward: Any,
    d_forward: Any,
    d_reads: Any,
    d_written: Any,
    d_precedence: Any,
    lost: Any,
) -> None:
    """Of `link` and of `follow` after it, row by row: each is in the processor's nearest memory once.

    links, linked: (N, N), before the write and after it.   d_links: of what it left; becomes that of the links before.
    reads, d_backward, d_forward, d_reads: (R, N).   written, precedence, d_written, d_precedence: (N,). d_reads,
    d_written and d_precedence are added to.   lost: (N,), room.
    """
    nothing, one = links.dtype.type(0), links.dtype.type(1)
    rows = links.shape[0]
    for row in range(rows):
        lost[row] = nothing
    for row in range(rows):
        for head in range(reads.shape[0]):
            ahead, behind, total = d_forward[head, row], reads[head, row], nothing
            for at in range(rows):
                total += d_backward[head, at] * linked[row, at]
                d_reads[head, at] += ahead * linked[row, at]
            d_reads[head, row] += total
            for at in range(rows):
                d_links[row, at] += ahead * reads[head, at] + behind * d_backward[head, at]
        d_links[row, row] = nothing
        share, total = written[row], nothing
        kept = one - share
        for at in range(rows):
            total += d_links[row, at] * precedence[at]
            d_precedence[at] += share * d_links[row, at]
        for at in range(rows):
            lesser = d_links[row, at] * links[row, at]
            total -= lesser
            lost[at] -= lesser
            d_links[row, at] *= kept - written[at]
        d_written[row] += total
    for at in range(rows):
        d_written[at] += lost[at]
