"""How much weight heads give out, over how many rows, and whether reads look where writes went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.diagnostic import Diagnostic, Rule
from ntm_core.diagnostics.history import STRONG
from ntm_core.diagnostics.sums import breadth, length, participation, total, weight_on
from ntm_core.trace import Role

if TYPE_CHECKING:
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.trace import Array

MASS_ERROR = 1e-3
"""Weight that may be lacking or too much by rounding."""
SHARP = 2.0
"""Rows, up to which a weighting counts as being at one place."""
_READ, _WRITE = Role.READ_WEIGHTING, Role.WRITE_WEIGHTING


def read_mass(frames: Frames) -> Array:
    return total(frames[_READ])


def write_mass(frames: Frames) -> Array:
    return total(frames[_WRITE])


def read_breadth(frames: Frames) -> Array:
    return breadth(frames[_READ])


def write_breadth(frames: Frames) -> Array:
    return breadth(frames[_WRITE])


def read_breadth_before(frames: Frames) -> Array:
    return breadth(frames.before(_READ))


def write_breadth_before(frames: Frames) -> Array:
    return breadth(frames.before(_WRITE))


def overlap(frames: Frames) -> Array:
    return total(np.minimum(frames[_READ], frames[_WRITE].max(1, keepdims=True)))


def reads_written(frames: Frames) -> Array:
    return weight_on(frames[_READ], frames.when_read(frames.writes.most))


def read_unwritten(frames: Frames) -> Array:
    is_unwritten = frames.when_read(frames.writes.most) <= STRONG
    return weight_on(frames[_READ], is_unwritten) / frames.once(read_mass)


def read_from_written(frames: Frames) -> Array:
    """Each row counts by its length too: a read spread over rows that hold nothing brings nothing from there."""
    memory = frames.before(Role.MEMORY) if frames.reads_first else frames[Role.MEMORY]
    brought = frames[_READ] * length(memory)[:, None]
    is_written = frames.when_read(frames.writes.most) > STRONG
    everything = total(brought)
    return np.where(everything == 0, 0.0, weight_on(brought, is_written) / everything)


def _is_no_weighting(frames: Frames, mass: Array) -> Array:
    # A sharpened weighting sums to 1; that of a DNC may sum to less.
    lacks = mass < 1 - MASS_ERROR if Role.SHARPENING in frames else np.zeros(mass.shape, bool)
    return lacks | (mass > 1 + MASS_ERROR)


def _writes_wrong_mass(frames: Frames, mass: Array) -> Array:
    if Role.WRITE_GATE in frames:
        return mass > frames[Role.WRITE_GATE] + MASS_ERROR
    return _is_no_weighting(frames, mass)


def _blurs(before: Array, now: Array) -> Array:
    blurs: Array = (before <= SHARP) & (now > 2 * before) & (now > 2 * SHARP)
    return blurs


_MASS = "the weighting of {head} sums to {value}: its steps are computed or recorded wrongly"
_BLUR = "{head} blurs all at once, from one place to {value} rows"

DIAGNOSTICS = (
    Diagnostic(
        "read_mass",
        "",
        "All the weight that a read head gives out in a step",
        (_READ,),
        read_mass,
        _READ,
        Rule(_MASS, _is_no_weighting),
    ),
    Diagnostic(
        "write_mass",
        "",
        "All the weight that a write head gives out in a step; a DNC's is at most its write gate",
        (_WRITE,),
        write_mass,
        _WRITE,
        Rule(_MASS, _writes_wrong_mass),
    ),
    Diagnostic(
        "read_breadth",
        "rows",
        "How many rows a read head spreads over: 1 is a single row, all rows alike is their number",
        (_READ,),
        read_breadth,
        _READ,
        Rule(_BLUR, lambda frames, now: _blurs(frames.once(read_breadth_before), now)),
    ),
    Diagnostic(
        "write_breadth",
        "rows",
        "How many rows a write head spreads over: 1 is a single row, all rows alike is their number",
        (_WRITE,),
        write_breadth,
        _WRITE,
        Rule(_BLUR, lambda frames, now: _blurs(frames.once(write_breadth_before), now)),
    ),
    Diagnostic(
        "read_participation",
        "rows",
        "How many rows take part in a read, counted by the squares of their weights",
        (_READ,),
        lambda frames: participation(frames[_READ]),
        _READ,
    ),
    Diagnostic(
        "write_participation",
        "rows",
        "How many rows take part in a write, counted by the squares of their weights",
        (_WRITE,),
        lambda frames: participation(frames[_WRITE]),
        _WRITE,
    ),
    Diagnostic(
        "overlap",
        "share",
        "How much of a read lies on the rows that the same step writes",
        (_READ, _WRITE),
        overlap,
        _READ,
    ),
    Diagnostic(
        "reads_written",
        "share",
        "How much of a read lies on rows written before, each by the greatest weight it was ever written with",
        (_READ, _WRITE),
        reads_written,
        _READ,
        needs_history=True,
    ),
    Diagnostic(
        "read_from_written",
        "share",
        "How much of what a read brings comes from rows written before, each counted by its weight and its length",
        (_READ, _WRITE, Role.MEMORY),
        read_from_written,
        _READ,
        Rule(
            "{head} answers from rows that were not written to",
            lambda frames, value: frames.scored[:, None] & (value < STRONG),
        ),
        needs_history=True,
    ),
    Diagnostic(
        "read_unwritten",
        "share",
        "How much of a read lies on rows that were never written with more than a tenth of a head's weight",
        (_READ, _WRITE),
        read_unwritten,
        _READ,
        needs_history=True,
    ),
)
