"""Priming: what one recall does to the next, and the three graphs that must not be mixed up. NumPy only.

The spread itself is `content_terms.spread_of`: `s = sum_k (alpha P)^k z`, the linear counterpart of ACT-R's spreading
activation, with columns of P that sum to 1 for its fan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Array

_NORM_FLOOR = 1e-6
"""Under the roots, as in `addressing`."""


@dataclass(frozen=True, slots=True, eq=False)
class Graphs:
    """Three ways in which two rows belong together, (N, N) each, row i and column j, diagonals empty."""

    co_recall: Array
    """How often i and j were recalled one soon after the other, either way round"""
    write_order: Array
    """How much i was written right after j"""
    similarity: Array
    """The cosine of what they hold, -1 to 1; 0 beside a row that was never written"""


def graphs(record: Mapping[str, Array]) -> Graphs:
    """Of the memory after a step."""
    association, memory = record["association"], record["memory"].astype(np.float64)
    unit = memory / np.sqrt((memory**2).sum(1, keepdims=True) + _NORM_FLOOR)
    alone = 1 - np.eye(len(memory))
    return Graphs((association + association.T) * alone, record["links"] * alone, unit @ unit.T * alone)


def logit(chance: float) -> float:
    """Log odds; infinite at 0 and 1."""
    if chance in (0.0, 1.0):
        return math.inf if chance else -math.inf
    return math.log(chance / (1 - chance))


def effect(related: float, unrelated: float) -> float:
    """By how many logits an item is likelier after a related recall than after an unrelated one; 0 is no priming.

    related, unrelated: the item's share of a lookup whose content scores are the same both times.
    """
    return logit(related) - logit(unrelated)
