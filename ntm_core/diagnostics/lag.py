"""How long ago what is read was written, by addresses: the write-then-read lag."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ntm_core.diagnostics.frames import frames_of
from ntm_core.diagnostics.layout import Layout
from ntm_core.diagnostics.pieces import whole
from ntm_core.trace import Role

if TYPE_CHECKING:
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.diagnostics.pieces import Pieces
    from ntm_core.diagnostics.sums import Floats
    from ntm_core.trace import Array, Source


class Lags(NamedTuple):
    """Where the weight of an episode's reads went. The shares and `unwritten` sum to 1; all are NaN without a read."""

    shares: Floats
    """By how many steps ago the row was last written with more than a tenth of a head's weight: (steps,)."""
    unwritten: float
    """On rows that were not written so."""

    @property
    def peak(self) -> int | None:
        """The lag with the greatest share; None where more was read from unwritten rows."""
        best = int(np.argmax(self.shares)) if len(self.shares) else 0
        return best if len(self.shares) and self.shares[best] >= self.unwritten else None


def lags(source: Source) -> Lags | None:
    """Over the scored steps of an episode, or all where none is scored, all read heads together.

    A network that copies L vectors after one delimiter reads each L + 1 steps after it wrote it, unless it writes late.
    None where the trace has no weightings of both kinds.
    """
    return whole(lags_in_pieces(source))


def lags_in_pieces(source: Source) -> Pieces[Lags | None]:
    """What `lags` gives, a piece at a time."""
    layout = Layout(source.spec)
    if Role.READ_WEIGHTING not in layout or Role.WRITE_WEIGHTING not in layout:
        return None
    everywhere, scored = (np.zeros(len(source) + 1) for _ in range(2))
    for frames in frames_of(source, layout, with_history=True):
        everywhere += _by_lag(frames, len(everywhere), np.ones(frames.steps, bool))
        scored += _by_lag(frames, len(everywhere), frames.scored)
        yield
    counted = scored if scored.any() else everywhere
    with np.errstate(all="ignore"):
        shares = counted / counted.sum()
    return Lags(shares[:-1], float(shares[-1]))


def _by_lag(frames: Frames, size: int, counts: Array) -> Floats:
    """Weight of reads by lag; that on unwritten rows last: (size,)."""
    last = frames.when_read(frames.writes.last)[counts]
    step = np.arange(frames.start, frames.start + frames.steps)[counts]
    lag = np.where(last >= 0, step[:, None] - last, size - 1).astype(np.int64)
    weight = frames[Role.READ_WEIGHTING].sum(1)[counts]
    return np.bincount(lag.ravel(), weight.ravel(), size).astype(np.float64)
