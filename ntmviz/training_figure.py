"""The curves of a training over its iterations, as points to be drawn. NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntmviz.curves import Curve, Points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sessions import Recording

LEAST_LOSS = 1e-7
"""Where the log scale ends: a loss of zero has no logarithm."""


@dataclass(frozen=True, slots=True)
class TrainingFigure:
    """Curves over iterations, each as its values and as their running mean."""

    loss: tuple[Points, Points]
    wrong_bits: tuple[Points, Points]
    """Per cent of the scored bits, or a number of bits where the session has no share."""
    wrong_unit: str
    last: int
    """Where the axis ends."""
    episodes: NDArray[np.int64]
    """The iteration of every recorded episode."""
    current: int
    """The iteration that is looked at; -1 where the episode belongs to none."""

    @property
    def highest(self) -> float:
        """Of the wrong bits, and at least 1."""
        values = self.wrong_bits[0].y
        return max(float(np.max(values, initial=1.0, where=np.isfinite(values))), 1.0)

    @property
    def below(self) -> float:
        """Where the plot of wrong bits ends below its zero, to have room for the ticks."""
        return -0.14 * self.highest

    @property
    def has_some(self) -> bool:
        """Whether there is an iteration."""
        return len(self.loss[0].x) > 0


class TrainingCurves:
    """The curves of one session, which may still grow."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._loss = Curve(LEAST_LOSS)
        self._wrong, self._wrong_name = Curve(), ""

    def figure(self, iteration: int) -> TrainingFigure:
        """As far as the session was read; iteration: the one that is looked at."""
        metrics = self._recording.metrics
        iterations, episodes = metrics.iterations(), self._recording.episode_iterations
        missing = np.full(len(iterations), np.nan)
        name, share, unit = "wrong_bits", 1.0, "per sequence"
        if "bit_error_rate" in metrics.names:
            name, share, unit = "bit_error_rate", 100.0, "% of scored bits; chance is 50 %"
        if name != self._wrong_name:
            self._wrong, self._wrong_name = Curve(), name
        last = int(max(iterations[-1] if len(iterations) else 0, episodes.max(initial=0), 1))
        return TrainingFigure(
            self._loss.points(iterations, metrics.get("loss", missing)),
            self._wrong.points(iterations, share * metrics.get(name, missing)),
            unit,
            last,
            episodes,
            iteration,
        )
