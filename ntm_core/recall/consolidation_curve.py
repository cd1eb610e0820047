"""How much each store still gives back, step after step. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ntm_core.trace import Array


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Share of the words that a store gives back, (steps,) each."""

    short_term: Array
    long_term: Array


def kept(memories: Array, words: Array) -> Kept:
    """memories: (steps, 2 N, W), short-term rows before their long-term copies.   words: (N, W), what was stored.

    A word is given back where every number of its row is nearer to its own than to 0: of at least half its size, and of
    its sign.
    """
    count = len(words)
    halves = memories[:, :count], memories[:, memories.shape[1] // 2 :][:, :count]
    short_term, long_term = ((rows * words >= 0.5 * words**2).all(-1).mean(-1) for rows in halves)
    return Kept(short_term, long_term)
