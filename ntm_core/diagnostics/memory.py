"""Whether the rows of the memory hold different things."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.diagnostic import Diagnostic, Rule
from ntm_core.diagnostics.history import STRONG
from ntm_core.diagnostics.sums import breadth, length, total
from ntm_core.trace import Role

if TYPE_CHECKING:
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.trace import Array

SAME = 1e-3
"""Rows count as equal where they differ by less than this share of the greatest number among them."""
MOST_ROWS = 256
"""Compared with each other: of more, so many that lie evenly among them."""
MOST_DIRECTIONS = 512
"""Of rows or columns, whichever are fewer, up to which the rank is worth its time."""


def row_spread(frames: Frames) -> Array:
    memory = frames[Role.MEMORY]
    spread: Array = (memory.max(1) - memory.min(1)).max(-1)
    return spread.astype(np.float64)


def row_similarity(frames: Frames) -> Array:
    """Mean of |cos| over the pairs of written rows; NaN where there is no pair."""
    memory, is_written = frames[Role.MEMORY], frames.writes.most[1:] > STRONG
    similarity = np.full(len(memory), np.nan)
    for step, rows in enumerate(is_written):
        places = np.flatnonzero(rows)
        places = places[:: -(-len(places) // MOST_ROWS) or 1]
        if len(places) < 2:
            continue
        vectors = memory[step, places].astype(np.float64)
        vectors /= length(vectors)[:, None] + 1e-30
        cosines = np.abs(vectors @ vectors.T)
        similarity[step] = (cosines.sum() - np.trace(cosines)) / (len(places) * (len(places) - 1))
    return similarity


def effective_rank(frames: Frames) -> Array:
    """From the entropy of the singular values' shares (Roy and Vetterli 2007); NaN without any, or with too many."""
    memory = frames[Role.MEMORY].astype(np.float64)
    if memory.shape[1] < memory.shape[2]:
        memory = np.swapaxes(memory, 1, 2)
    if memory.shape[2] > MOST_DIRECTIONS:
        return np.full(len(memory), np.nan)
    is_finite = np.isfinite(memory).reshape(len(memory), -1).all(-1)
    memory[~is_finite] = 0.0
    # Of the squares, which takes a third of the time; what that rounds away is too small to count.
    values = np.sqrt(np.maximum(np.linalg.eigvalsh(np.swapaxes(memory, 1, 2) @ memory), 0.0))
    return breadth(values)


def is_trapped(frames: Frames, spread: Array) -> Array:
    """All rows are equal although something was written: (steps,)."""
    greatest = np.abs(frames[Role.MEMORY]).max((1, 2))
    trapped: Array = (total(frames.writes.total[1:]) > 0.5) & (greatest > 0) & (spread <= SAME * greatest)
    return trapped


def _trap(frames: Frames, spread: Array) -> Array:
    return is_trapped(frames, spread) if Role.WRITE_WEIGHTING in frames else np.zeros(spread.shape, bool)


DIAGNOSTICS = (
    Diagnostic(
        "row_spread",
        "",
        "The greatest difference between two rows in any column: 0 where all rows are equal",
        (Role.MEMORY,),
        row_spread,
        rule=Rule("symmetry trap: all rows of the memory are equal although they were written to", _trap, True),
    ),
    Diagnostic(
        "row_similarity",
        "cosine",
        "How alike the written rows are, whatever their sign: 0 is at right angles, 1 is the same direction",
        (Role.MEMORY, Role.WRITE_WEIGHTING),
        row_similarity,
        needs_history=True,
    ),
    Diagnostic(
        "effective_rank",
        "directions",
        "How many directions the rows of the memory spread over",
        (Role.MEMORY,),
        effective_rank,
    ),
)
