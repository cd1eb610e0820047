"""Prominence: what is recalled often comes first, and whether that feeds itself (an extension of ntmviz). NumPy only.

`n_i <- delta n_i + w_i`, and a lookup multiplies the weight of a row by `(n_i + 1)^lambda`. An exponential kernel in
place of the power law of ACT-R's base level, `ln sum_j t_j^-d`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.model_config import FEWEST_RECALLS

if TYPE_CHECKING:
    from ntm_core.recall.recalled import Recalled
    from ntm_core.trace import Array

_EVEN = 1e-9
"""A feedback so near to 1 neither grows nor fades."""


class Stability(StrEnum):
    """What becomes of a small lead in prominence."""

    FORGETS = "forgets"
    DRIFTS = "drifts"
    RUNS_AWAY = "runs away"


def feedback(prominence: float, decay: float) -> float:
    """By how much a small lead in prominence is multiplied at each recall: `delta + (1 - delta) lambda`."""
    return decay + (1 - decay) * prominence


def stability(prominence: float, decay: float) -> Stability:
    """Whether recall by prominence forgets its past, drifts, or ends at one row whatever is asked for."""
    grows = feedback(prominence, decay) - 1
    if abs(grows) < _EVEN:
        return Stability.DRIFTS
    return Stability.RUNS_AWAY if grows > 0 else Stability.FORGETS


def warning(prominence: float, decay: float) -> str:
    """One line where a strength of prominence is not safe, else ""."""
    factor = feedback(prominence, decay)
    match stability(prominence, decay):
        case Stability.RUNS_AWAY:
            return (
                f"prominence feeds itself: a lead grows by {factor:.3g} at each recall, and soon one row is recalled "
                "whatever the cue; keep its strength below 1"
            )
        case Stability.DRIFTS:
            return "prominence neither grows nor fades: leads stay as chance made them; keep its strength below 1"
        case Stability.FORGETS:
            return ""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Rows ranked with and without what a lookup adds to content, (rows,) each, from the first place on."""

    without: Array
    """Rows by content alone"""
    with_terms: Array
    """Rows by all terms"""
    weight_without: Array
    """Of the rows in `without`; so is the next of `with_terms`"""
    weight_with: Array
    moved: Array
    """How many places each row of `with_terms` came forward, below 0 where it fell behind"""


def ranking(found: Recalled) -> Ranking:
    """All rows of a recall, side by side."""
    without, with_terms = np.array(found.ranked(by_content=True)), np.array(found.ranked())
    place_without = np.argsort(without)
    moved = place_without[with_terms] - np.arange(len(without))
    return Ranking(without, with_terms, found.by_content[without], found.weighting[with_terms], moved)


def shares(recall_count: Array, prominence: float) -> Array:
    """What a neutral cue would give each row: (n + 1)^lambda over its sum. recall_count: (..., rows)."""
    weights = (recall_count.astype(np.float64) + FEWEST_RECALLS) ** prominence
    shared: Array = weights / weights.sum(-1, keepdims=True)
    return shared
