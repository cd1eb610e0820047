"""How a DNC finds rows beside by content, of one sequence at one step: `ntm_core.dnc_addressing`, compiled.

The memory lies with its words in front. All are called from compiled code alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.dnc_addressing import LEAST_USAGE, USAGE_STEPS
from ntm_core.kernels.compiling import in_order, loose, woven
from ntm_core.kernels.products import dot

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
def link_row(to: Any, links: Any, written: Any, precedence: Any, row: int) -> None:
    """The links of a row after a write; `to` may be `links` itself."""
    real = links.dtype.type
    share = written[row]
    kept = real(1) - share
    for at in range(links.shape[0]):
        to[at] = (kept - written[at]) * links[at] + share * precedence[at]
    to[row] = real(0)


@loose
def add_row(to: Any, row: Any, factor: Any) -> None:
    """Add a row times a factor."""
    for at in range(row.shape[0]):
        to[at] += factor * row[at]


@woven
def follow(links: Any, written: Any, precedence: Any, reads: Any, backward: Any, forward: Any) -> None:
    """Bring the links up to date, and fill where they lead from the last reads.

    links: (N, N), changed in place.   reads: (at least R, N).   backward, forward: (R, N), filled.
    """
    nothing = links.dtype.type(0)
    for head in range(backward.shape[0]):
        for at in range(backward.shape[1]):
            backward[head, at] = nothing
    for row in range(links.shape[0]):
        link_row(links[row], links[row], written, precedence, row)
        for head in range(backward.shape[0]):
            forward[head, row] = dot(links[row], reads[head])
            add_row(backward[head], links[row], reads[head, row])


@loose
def _add_outer_row(to: Any, row: Any, factor: Any, other: Any, other_factor: Any) -> None:
    for at in range(to.shape[0]):
        to[at] += factor * row[at] + other_factor * other[at]


@loose
def _unlink_row(slope: Any, links: Any, written: Any, d_written: Any, d_precedence: Any, share: Any) -> Any:
    """Of `link_row`: slope becomes the gradient of the links before; returns the sum of what came through them."""
    real = links.dtype.type
    kept, total = real(1) - share, real(0)
    for at in range(slope.shape[0]):
        d_precedence[at] += share * slope[at]
    for at in range(slope.shape[0]):
        lost = slope[at] * links[at]
        total += lost
        d_written[at] -= lost
    for at in range(slope.shape[0]):
        slope[at] *= kept - written[at]
    return total


@woven
def follow_backward(
    links: Any,
    written: Any,
    precedence: Any,
    reads: Any,
    d_links: Any,
    d_backward: Any,
    d_forward: Any,
    d_written: Any,
    d_precedence: Any,
    d_reads: Any,
    row: Any,
) -> None:
    """Of `follow`.

    links: (N, N), before it.   d_links: of what it left; becomes that of the links before.   d_backward, d_forward:
    (R, N).   d_written, d_precedence, d_reads: added to.   row: (N,), room.
    """
    nothing = links.dtype.type(0)
    for later in range(links.shape[0]):
        slope = d_links[later]
        link_row(row, links[later], written, precedence, later)
        for head in range(d_backward.shape[0]):
            d_reads[head, later] += dot(row, d_backward[head])
            add_row(d_reads[head], row, d_forward[head, later])
            _add_outer_row(slope, reads[head], d_forward[head, later], d_backward[head], reads[head, later])
        slope[later] = nothing
        gained = dot(slope, precedence)
        d_written[later] += gained - _unlink_row(slope, links[later], written, d_written, d_precedence, written[later])
