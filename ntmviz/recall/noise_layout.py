"""The Noise panel: how much of a cue may be wrong before recall fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntmviz import ink
from ntmviz.painting import text_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_INVITATION = ("Cues with more and more wrong cells:", "how often does recall", "bring the stored word back?")
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 42, 40


@dataclass(frozen=True, slots=True, eq=False)
class NoiseFigure:
    """Shares of recalls without a wrong cell, by the share of cells of the cue that were turned over."""

    noise: NDArray[np.floating]
    """(points,), 0 to 0.5"""
    once: NDArray[np.floating]
    """(points,): after one recall; NaN where it was not measured yet"""
    chained: NDArray[np.floating]
    """(points,): after a chain of recalls"""
    trials: int
    """Cues of a point"""

    @property
    def done(self) -> int:
        """Points that were measured."""
        return int(np.isfinite(self.once).sum())

    @property
    def basin(self) -> float:
        """The largest noise up to which 95 of 100 recalls are exact; NaN where it never is, or is not known."""
        good = np.cumprod(np.nan_to_num(self.chained) >= 0.95).astype(bool)
        return float(self.noise[good].max()) if good.any() else float("nan")


def noise_marks(figure: NoiseFigure | None, width: float, height: float) -> Iterator[ink.Mark]:
    if figure is None:
        for line, words in enumerate(_INVITATION):
            yield ink.Text(width / 2, height / 2 - 18 + 18 * line, words, "muted", ink.BODY, align=ink.Align.CENTRE)
        return
    left, right, top, bottom = _LEFT, width - _RIGHT, _TOP, height - _BOTTOM
    yield ink.Text(left, 13, "recalled without a wrong cell, %", "muted")
    yield ink.Box(left, top, right - left, bottom - top, fill="well", stroke="border")
    for share in (0, 25, 50, 75, 100):
        y = bottom - (bottom - top) * share / 100
        if 0 < share < 100:
            yield ink.Line(left, round(y), right, round(y), "grid")
        yield ink.Text(left - 8, y, str(share), "muted", align=ink.Align.RIGHT)
    for percent in range(0, 51, 10):
        x = left + (right - left) * percent / 50
        yield ink.Text(x, bottom + 12, str(percent), "muted", align=ink.Align.CENTRE)
    yield ink.Text((left + right) / 2, bottom + 28, "cells of the cue turned over, %", "muted", align=ink.Align.CENTRE)
    for values, token, is_dashed in ((figure.once, "muted", True), (figure.chained, "text", False)):
        known = np.isfinite(values)
        xs = left + (right - left) * figure.noise[known] / 0.5
        ys = bottom - (bottom - top) * values[known]
        points = tuple(zip(xs.tolist(), ys.tolist(), strict=True))
        if len(points) > 1:
            yield ink.Path(points, token, 1.5, is_dashed=is_dashed)
        if not is_dashed:
            for x, y in points:
                yield ink.Marker(x, y, ink.Shape.DOT, token, 6)
    yield from _key(left, 30)


def _key(x: float, y: float) -> Iterator[ink.Mark]:
    """Which line is which, above the well: in it there is no place that both always leave free."""
    for name, token, is_dashed in (("chained", "text", False), ("one recall", "muted", True)):
        yield ink.Path(((x, y), (x + 22, y)), token, 1.5, is_dashed=is_dashed)
        yield ink.Text(x + 28, y, name, token, weight=ink.MEDIUM)
        x += 28 + text_width(name, weight=ink.MEDIUM) + 16
