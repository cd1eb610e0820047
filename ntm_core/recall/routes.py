"""What a router does: how much goes astray, how even the load is, how much it knows of topics. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntm_core.trace import Array


@dataclass(frozen=True, slots=True, eq=False)
class Routes:
    """Many recalls, by segment."""

    mass: Array
    """(recalls, segments): how much of each recall's weighting lies in each segment"""
    load: Array
    """(segments,): the mean of it"""
    leakage: Array
    """(recalls,): the mass outside the segment that gets most"""
    balance: float
    """How even the load is: its entropy over that of an even one, 0 to 1"""
    information: float
    """I(segment; topic) in bits: how much the segment that a recall goes to tells of its topic"""


def routes(weightings: Array, member: Sequence[int], topics: Sequence[int]) -> Routes:
    """Measure recalls. weightings: (recalls, rows), each summing to 1.   member: the segment of each row.   topics:
    of each recall.
    """
    segments = max(member) + 1
    mass = np.stack([weightings[:, np.array(member) == each].sum(1) for each in range(segments)], 1)
    load = mass.mean(0)
    joint = np.stack([mass[np.array(topics) == each].sum(0) for each in sorted(set(topics))]) / max(len(mass), 1)
    return Routes(mass, load, 1 - mass.max(1), _entropy(load) / np.log2(max(segments, 2)), _information(joint))


def _information(joint: Array) -> float:
    return _entropy(joint.sum(0)) + _entropy(joint.sum(1)) - _entropy(joint.ravel())


def _entropy(shares: Array) -> float:
    shares = shares[shares > 0]
    return float(-(shares * np.log2(shares)).sum())
