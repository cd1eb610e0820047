"""The few sums that diagnostics are made of. What has no weight gives NaN, and a warning that the caller mutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ntm_core.trace import Array

Floats = NDArray[np.float64]


def total(values: Array) -> Floats:
    """Over the last axis."""
    sums: Floats = values.sum(-1, dtype=np.float64)
    return sums


def length(vectors: Array) -> Floats:
    """Euclidean, over the last axis."""
    lengths: Floats = np.sqrt(np.einsum("...w,...w->...", vectors, vectors), dtype=np.float64)
    return lengths


def weight_on(weighting: Array, rows: Array) -> Floats:
    """What heads give to some rows.

    weighting: (steps, heads, locations).   rows: how far each counts, (steps, locations).   Returns (steps, heads).
    """
    given: Floats = np.einsum("thn,tn->th", weighting, rows.astype(np.float64, copy=False))
    return given


def entropy(share: Array) -> Floats:
    """In nats, over the last axis, which sums to 1."""
    return -total(share * np.log(np.maximum(share, 1e-300)))


def breadth(weighting: Array) -> Floats:
    """How many entries of the last axis it spreads over: e to the entropy of their shares, from 1 to their number."""
    weight = np.maximum(weighting, 0.0)
    spread: Floats = np.exp(entropy(weight / weight.sum(-1, keepdims=True)))
    return spread


def participation(weighting: Array) -> Floats:
    """The same by squares, 1 / sum of share^2: the few great shares count for more."""
    weight = np.maximum(weighting, 0.0)
    return total(weight) ** 2 / total(weight**2)
