"""Which rows are written, how much of the memory that fills, and whether writes destroy what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntm_core.diagnostics.diagnostic import Diagnostic, Rule
from ntm_core.diagnostics.history import STRONG
from ntm_core.diagnostics.sums import breadth, length, total, weight_on
from ntm_core.trace import Role

if TYPE_CHECKING:
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.trace import Array

FULL = 0.9
"""Of a row, from which on it surely holds something."""
_WRITE = Role.WRITE_WEIGHTING


def utilisation(frames: Frames) -> Array:
    return total(frames.writes.most[1:] > STRONG) / frames.layout.locations


def rows_written(frames: Frames) -> Array:
    return breadth(frames.writes.total[1:])


def occupancy(frames: Frames) -> Array:
    return total(frames.writes.occupied[1:]) / frames.layout.locations


def collision(frames: Frames) -> Array:
    return weight_on(frames[_WRITE], frames.writes.occupied[:-1])


def erase_mean(frames: Frames) -> Array:
    return total(frames[Role.ERASE]) / frames.layout[Role.ERASE].shape[1]


def add_norm(frames: Frames) -> Array:
    return length(frames[Role.ADD])


def _overwrites(frames: Frames, value: Array) -> Array:
    return weight_on(frames[_WRITE], frames.writes.occupied[:-1] > FULL) > 0.5


DIAGNOSTICS = (
    Diagnostic(
        "utilisation",
        "share",
        "How many of the rows a head has written with more than a tenth of its weight so far",
        (_WRITE,),
        utilisation,
        needs_history=True,
    ),
    Diagnostic(
        "rows_written",
        "rows",
        "How many rows all writes so far spread over",
        (_WRITE,),
        rows_written,
        needs_history=True,
    ),
    Diagnostic(
        "occupancy",
        "share",
        "How full the memory is: what writes took of its rows, less what was freed since",
        (_WRITE,),
        occupancy,
        needs_history=True,
    ),
    Diagnostic(
        "collision",
        "share",
        "How much of a write lies on rows that hold something",
        (_WRITE,),
        collision,
        _WRITE,
        Rule("{head} writes over rows that hold something", _overwrites),
        needs_history=True,
    ),
    Diagnostic(
        "erase_mean",
        "share",
        "How much of a row a write head would erase, on average over the columns",
        (Role.ERASE,),
        erase_mean,
        Role.ERASE,
    ),
    Diagnostic(
        "add_norm",
        "",
        "The length of what a write head adds to the rows it is at",
        (Role.ADD,),
        add_norm,
        Role.ADD,
    ),
)
