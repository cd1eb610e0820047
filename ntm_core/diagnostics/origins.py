"""What reads are made of, live: the memory kept as a sum over the writes, and whether the record adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ntm_core.diagnostics.diagnostic import Diagnostic, Rule
from ntm_core.diagnostics.sums import length
from ntm_core.provenance import WARN_ABOVE
from ntm_core.trace import Role, WriteOrder

if TYPE_CHECKING:
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.diagnostics.sums import Floats
    from ntm_core.trace import Array

MOST_BYTES = 64 * 2**20
"""Of the parts of a memory; what a longer episode reads after that is not told."""
_NOTHING = 1e-6
"""A vector whose numbers are smaller counts as zero: networks start from memories of this size."""
_ROLES = (Role.MEMORY, Role.WRITE_WEIGHTING, Role.ADD, Role.READ_WEIGHTING)


class Origins(NamedTuple):
    """Of what each read head read in each step: (steps, read heads)."""

    lag: Floats
    """How many steps ago it was written, mean by the lengths of the parts; NaN where no write has a part."""
    from_initial: Floats
    """The signed share of the first memory."""
    cancellation: Floats
    """The lengths of the parts over the length of their sum."""
    parts: Floats | None
    """The memory after the last step, the part of the first memory first, then of each step: (steps so far + 1,
    locations, word). None where it grew too large."""


def origins(frames: Frames) -> Origins:
    """The forward stream of provenance: every part is cut by each step and read by each read."""
    parts, weightings = frames.first_parts, frames[Role.READ_WEIGHTING]
    steps, heads, locations = weightings.shape
    word = frames[Role.MEMORY].shape[2]
    lag, initial, cancellation = (np.full((steps, heads), np.nan) for _ in range(3))
    before = frames.start + 1
    if parts is None or (before + steps) * locations * word * 8 > MOST_BYTES:
        return Origins(lag, initial, cancellation, None)
    whole = np.empty((before + steps, locations, word))
    whole[:before] = parts
    kept, added = _changes(frames)
    for step in range(steps):
        if not frames.reads_first:
            _write(whole, before + step, kept[step], added[step])
        seen = before + step + (not frames.reads_first)
        shares = np.einsum("hn,knw->hkw", weightings[step], whole[:seen])
        lag[step], initial[step], cancellation[step] = _told(shares, frames.start + step)
        if frames.reads_first:
            _write(whole, before + step, kept[step], added[step])
    return Origins(lag, initial, cancellation, whole)


def _write(whole: Floats, count: int, kept: Floats, added: Floats) -> None:
    whole[:count] *= kept
    whole[count] = added


def _told(parts: Floats, step: int) -> tuple[Floats, Floats, Floats]:
    """parts: (read heads, parts, word). Lag, share of the first memory and cancellation, (read heads,) each."""
    lengths, total = length(parts), parts.sum(1)
    size = np.maximum(length(total), _NOTHING)
    written = lengths[:, 1:]
    lags = step - np.arange(written.shape[1])
    lag = (written * lags).sum(1) / np.where(written.sum(1) > _NOTHING, written.sum(1), np.nan)
    return lag, (parts[:, 0] * total).sum(-1) / size**2, lengths.sum(1) / size


def _changes(frames: Frames) -> tuple[Floats, Floats]:
    """What each step keeps of each cell, and what it adds: (steps, locations, word) each."""
    weighting, add = frames[Role.WRITE_WEIGHTING], frames[Role.ADD]
    shape = frames.steps, weighting.shape[2], add.shape[2]
    kept, added = np.ones(shape), np.zeros(shape)
    if Role.KEEP in frames:
        kept *= frames[Role.KEEP][:, :, None]
    is_sequential = frames.layout.spec.write_order is WriteOrder.SEQUENTIAL
    for head in range(weighting.shape[1]):
        where = weighting[:, head, :, None]
        if Role.ERASE in frames:
            cut = 1 - where * frames[Role.ERASE][:, head, None, :]
            kept *= cut
            if is_sequential:
                added *= cut
        added += where * add[:, head, None, :]
    return kept, added


def read_lag(frames: Frames) -> Array:
    return frames.once(origins).lag


def from_initial(frames: Frames) -> Array:
    return frames.once(origins).from_initial


def read_cancellation(frames: Frames) -> Array:
    return frames.once(origins).cancellation


def write_residual(frames: Frames) -> Array:
    """How far the memory of each step is from what the step's writes make of the one before."""
    memory = frames[Role.MEMORY]
    kept, added = frames.once(_changes)
    difference = np.abs(frames.before(Role.MEMORY) * kept + added - memory).max((1, 2))
    return np.asarray(difference / np.maximum(np.abs(memory).max((1, 2)), _NOTHING), np.float64)


def read_residual(frames: Frames) -> Array:
    """How far each read vector is from its weighting times the memory."""
    memory = frames.before(Role.MEMORY) if frames.reads_first else frames[Role.MEMORY]
    reads = frames[Role.READ_VECTOR]
    difference = np.abs(frames[Role.READ_WEIGHTING] @ memory.astype(np.float64) - reads).max(-1)
    return np.asarray(difference / np.maximum(np.abs(reads).max(-1), _NOTHING), np.float64)


def _is_off(frames: Frames, residual: Array) -> Array:
    wrong: Array = residual > WARN_ABOVE
    return wrong


DIAGNOSTICS = (
    Diagnostic(
        "read_lag",
        "steps",
        "How many steps ago it was written what a read head reads, by exact provenance",
        _ROLES,
        read_lag,
        heads=Role.READ_WEIGHTING,
        needs_parts=True,
    ),
    Diagnostic(
        "from_initial",
        "",
        "How much of what a read head reads was in the memory before the first step; below 0 where it is cancelled",
        _ROLES,
        from_initial,
        heads=Role.READ_WEIGHTING,
        needs_parts=True,
    ),
    Diagnostic(
        "read_cancellation",
        "",
        "The lengths of all that a read is the sum of over its own: near 1 is clean, a large one makes shares void",
        _ROLES,
        read_cancellation,
        heads=Role.READ_WEIGHTING,
        needs_parts=True,
    ),
    Diagnostic(
        "write_residual",
        "",
        "How far the memory is from what the recorded writes make of it, of its greatest number",
        (Role.MEMORY, Role.WRITE_WEIGHTING, Role.ADD),
        write_residual,
        rule=Rule(
            "the memory is not what the recorded writes make of it ({value} off): the order of writes or a field of "
            "the trace is not what it says",
            _is_off,
        ),
    ),
    Diagnostic(
        "read_residual",
        "",
        "How far a read vector is from its weighting times the memory, of its greatest number",
        (Role.MEMORY, Role.READ_WEIGHTING, Role.READ_VECTOR),
        read_residual,
        heads=Role.READ_WEIGHTING,
        rule=Rule(
            "what {head} read is not its weighting times the memory ({value} off): the order of reads and writes or a "
            "field of the trace is not what it says",
            _is_off,
        ),
    ),
)
