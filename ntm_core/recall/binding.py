"""Binding: an event put together again from one of its fragments, along links in time (an extension of ntmviz).

Links are those of the DNC (Graves et al. 2016, Methods). A DNC links every write to the one before, so that events
chain; here a store may end its event, which resets the precedence. NumPy only: a window draws an event being rebuilt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from ntm_core.trace import Array

PASSED_ON = 0.85
"""alpha: what of its activation a row passes on along a link: four links away is still above THRESHOLD."""
SHARPENING_FLOOR = 1e-6
"""As in `dnc_addressing`."""
THRESHOLD = 0.5
"""From this activation on a row counts to the event."""
LEAST_LED = 0.3
"""Links of less mass in all lead nowhere: sharpening would make a whole one of what blur left."""


@dataclass(frozen=True, slots=True, eq=False)
class Rebuilt:
    """An event as it was put together from a cue."""

    activation: Array
    """(N,): how much each row takes part; above 1 where it is reached both ways"""
    rows: tuple[int, ...]
    """Those above THRESHOLD, the cue among them"""


@dataclass(frozen=True, slots=True)
class Found:
    """What was rebuilt beside what belongs together, the cue not counted."""

    precision: float
    """Share of what was found that belongs there; 1 where nothing was found"""
    recall: float
    """Share of what belongs there that was found"""


def rebuild(links: Array, row: int, *, hops: int, sharpness: float = 1.0, passed_on: float = PASSED_ON) -> Rebuilt:
    """Follow links from a row both ways: `sum_k alpha^k (S(L^k x) + S(L^T^k x))`, and x itself.

    links: (N, N).   hops: how far; one less than the fragments of the longest event does.   sharpness: 1 follows links
    as they are; more undoes their blur at each hop (Csordas and Schmidhuber 2019), 20 does.
    """
    cue = np.eye(len(links))[row]
    activation = cue.copy()
    for table in (links, links.T):
        reached = cue
        for hop in range(1, hops + 1):
            reached = table.astype(np.float64) @ reached
            if reached.sum() < LEAST_LED:
                break
            reached = sharpened(reached, sharpness)
            activation += passed_on**hop * reached
    return Rebuilt(activation, tuple(np.flatnonzero(activation > THRESHOLD).tolist()))


def mass_led(links: Array, row: int, hops: int, sharpness: float = 1.0) -> float:
    """How much of a chain of links arrives at the row that it leads to, so many hops on: 1 without blur."""
    reached = np.eye(len(links))[row]
    for _ in range(hops):
        reached = sharpened(links.astype(np.float64) @ reached, sharpness)
    return float(reached.max())


def sharpened(weighting: Array, sharpness: float) -> Array:
    """`dnc_addressing.sharpen` of one weighting, (N,); at 1 the weighting itself, whatever it sums to."""
    if sharpness <= 1:
        return weighting
    floored = weighting + SHARPENING_FLOOR
    power = (floored / floored.max()) ** sharpness
    sharp: Array = power / power.sum()
    return sharp


def found(rebuilt: Rebuilt, belongs: Collection[int], cue: int) -> Found:
    """Compare an event that was put together with the rows of the true one."""
    wanted, got = set(belongs) - {cue}, set(rebuilt.rows) - {cue}
    hits = len(wanted & got)
    return Found(hits / len(got) if got else 1.0, hits / len(wanted) if wanted else 1.0)
