"""The curves of a training over its iterations, as numbers to be drawn. NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sessions import Recording


@dataclass(frozen=True, slots=True)
class TrainingFigure:
    """Curves over iterations."""

    iterations: NDArray[np.int64]
    loss: NDArray[np.float64]
    wrong_bits: NDArray[np.float64]
    """Of every iteration: per cent of the scored bits, or a number of bits where the session has no share."""
    wrong_unit: str
    episodes: NDArray[np.int64]
    """The iteration of every recorded episode."""
    current: int
    """The iteration that is looked at; -1 where the episode belongs to none."""

    @property
    def last(self) -> int:
        """Where the axis ends."""
        return int(max(self.iterations[-1], self.episodes.max(initial=0), 1))

    @property
    def highest(self) -> float:
        """Of the wrong bits, and at least 1."""
        return max(float(np.max(self.wrong_bits, initial=1.0, where=np.isfinite(self.wrong_bits))), 1.0)

    @property
    def below(self) -> float:
        """Where the plot of wrong bits ends below its zero, to have room for the ticks."""
        return -0.14 * self.highest


def training_figure(recording: Recording, iteration: int) -> TrainingFigure:
    """The curves of a session; iteration: the one that is looked at."""
    metrics = recording.metrics
    missing = np.full(len(metrics.iterations()), np.nan)
    loss = metrics["loss"] if "loss" in metrics.names else missing
    if "bit_error_rate" in metrics.names:
        wrong, unit = 100 * metrics["bit_error_rate"], "% of scored bits; chance is 50 %"
    else:
        wrong, unit = metrics["wrong_bits"] if "wrong_bits" in metrics.names else missing, "per sequence"
    return TrainingFigure(metrics.iterations(), loss, wrong, unit, recording.episode_iterations, iteration)
