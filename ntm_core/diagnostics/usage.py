"""Which rows a model itself keeps count of as in use, as free, or as least used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.diagnostic import Diagnostic, Rule
from ntm_core.diagnostics.sums import length, total, weight_on
from ntm_core.trace import Role

if TYPE_CHECKING:
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.trace import Array

FREE = 0.05
"""A row of less usage counts as free."""
DIRTY = 0.1
"""A row that is longer holds something."""


def rows_in_use(frames: Frames) -> Array:
    return total(frames[Role.USAGE])


def allocation_max(frames: Frames) -> Array:
    greatest: Array = frames[Role.ALLOCATION].max(-1)
    return greatest


def free_but_dirty(frames: Frames) -> Array:
    return total(_is_dirty(frames))


def write_to_least_used(frames: Frames) -> Array:
    return total(frames[Role.WRITE_WEIGHTING] * frames[Role.LEAST_USED])


def _is_dirty(frames: Frames) -> Array:
    """Which rows count as free in a step and yet hold something as it begins: (steps, locations)."""
    is_dirty: Array = (frames[Role.USAGE] < FREE) & (length(frames.before(Role.MEMORY)) > DIRTY)
    return is_dirty


def _reads_dirt(frames: Frames, value: Array) -> Array:
    if Role.READ_WEIGHTING not in frames:
        return np.zeros(value.shape, bool)
    read: Array = weight_on(frames[Role.READ_WEIGHTING], _is_dirty(frames)).max(-1)
    return read > 0.5


DIAGNOSTICS = (
    Diagnostic(
        "rows_in_use",
        "rows",
        "How many rows count as in use, summed over their usage",
        (Role.USAGE, Role.ALLOCATION),
        rows_in_use,
    ),
    Diagnostic(
        "allocation_max",
        "share",
        "How free the freest row is: near 0 the memory is full",
        (Role.ALLOCATION,),
        allocation_max,
        rule=Rule("the memory is full: no row is free to be written", lambda frames, value: value < 0.1),
    ),
    Diagnostic(
        "free_but_dirty",
        "rows",
        "How many rows count as free although they still hold something that a key may find",
        (Role.USAGE, Role.ALLOCATION, Role.MEMORY),
        free_but_dirty,
        rule=Rule("a read finds what lies in rows that count as free", _reads_dirt),
    ),
    Diagnostic(
        "write_to_least_used",
        "",
        "How much of its weight a write head gives to the least used row that it is offered",
        (Role.WRITE_WEIGHTING, Role.LEAST_USED),
        write_to_least_used,
        Role.WRITE_WEIGHTING,
    ),
)
