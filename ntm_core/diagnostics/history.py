"""What the write heads have done to each row so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from ntm_core.diagnostics.sums import Floats

STRONG = 0.1
"""A row counts as written where a head gives it more weight than this."""


class Writes(NamedTuple):
    """By row: (locations,) at one moment, (moments, locations) for several."""

    most: Floats
    """The greatest weight that a write head gave it."""
    occupied: Floats
    """From 0, never written or freed since, to 1: like a DNC's usage, whatever the model."""
    total: Floats
    """All weight that write heads gave it."""
    last: Floats
    """The step that last wrote it strongly; -1 where none did."""

    @classmethod
    def none(cls, locations: int) -> Writes:
        """Before the first step."""
        nothing = np.zeros(locations)
        return cls(nothing, nothing, nothing, np.full(locations, -1.0))

    def at(self, moment: int) -> Writes:
        """One moment of several."""
        return Writes(*(each[moment] for each in self))


def written(first: Writes, weighting: Floats, kept: Floats | None, start: int) -> Writes:
    """What was written before a run of steps, and after each of them: (steps + 1, locations).

    first: before them.   weighting: (steps, write heads, locations).   kept: what a step leaves of each row before it
    writes, (steps, locations), if the model says.   start: the number of the first step.
    """
    strongest = weighting.max(1)
    steps = np.arange(start, start + len(weighting), dtype=np.float64)[:, None]
    last = np.where(strongest > STRONG, steps, -1.0)
    spared = np.prod(1 - weighting, axis=1)
    occupied = np.empty((len(weighting) + 1, weighting.shape[2]))
    occupied[0] = first.occupied
    for step, share in enumerate(spared):
        before = occupied[step] if kept is None else occupied[step] * kept[step]
        occupied[step + 1] = 1 - (1 - before) * share
    return Writes(
        most=np.maximum.accumulate(np.concatenate((first.most[None], strongest))),
        occupied=occupied,
        total=np.cumsum(np.concatenate((first.total[None], weighting.sum(1))), axis=0),
        last=np.maximum.accumulate(np.concatenate((first.last[None], last))),
    )
