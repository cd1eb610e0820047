"""A curve that grows for as long as a training lasts, in as few points as a plot can show.

Whatever has come before is not looked at again, so that the millionth value costs what the thousandth did. NumPy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_POINTS = 1200
"""Of a curve; a panel has room for fewer."""
WINDOW = 201
"""Values in the running mean of a long curve."""
_SHARE = 0.03
"""Of all values in the running mean of a short curve."""


@dataclass(frozen=True, slots=True)
class Points:
    """What is drawn of a curve: x and y of equally many points."""

    x: NDArray[np.int64]
    y: NDArray[np.float64]


class Curve:
    """Values over iterations, and their running mean; `floor`: what lies below it is drawn there.

    With a floor above 0 it stands on a logarithmic axis, and the mean is that of the logarithms.
    """

    def __init__(self, floor: float = 0.0) -> None:
        self._floor = floor
        self._each, self._means = Thinning(), Thinning()
        self._mean = RunningMean(floor)

    def points(self, iterations: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[Points, Points]:
        """Of the values and of their running mean: all values that there are by now, the earlier ones as they were."""
        count = len(values)
        each = self._each.kept(values, count)
        means = self._mean.of(values)
        smooth = self._means.kept(means, self._mean.settled)
        return (
            Points(iterations[each], np.maximum(values[each], self._floor)),
            Points(iterations[smooth], means[smooth]),
        )


class Thinning:
    """Which of many values to draw: the smallest and the largest of every stretch, in their order."""

    def __init__(self, most: int = MOST_POINTS) -> None:
        self._most = most
        self._stretch = 0
        self._done = 0
        """Values whose stretches are whole and looked through."""
        self._kept = np.empty(0, np.int64)

    def kept(self, values: NDArray[np.float64], settled: int) -> NDArray[np.int64]:
        """Indices in ascending order, at most about `most`. The first `settled` values will not change any more."""
        count = len(values)
        if count <= self._most:
            return np.arange(count)
        stretch = 2
        while 2 * count > stretch * self._most:
            stretch *= 2
        if stretch != self._stretch:
            self._stretch, self._done, self._kept = stretch, 0, self._kept[:0]
        whole = settled // stretch * stretch
        if whole > self._done:
            self._kept = np.concatenate([self._kept, self._done + _ends(values[self._done : whole], stretch)])
            self._done = whole
        return np.concatenate([self._kept, self._done + _ends(values[self._done :], stretch)])


def _ends(values: NDArray[np.float64], stretch: int) -> NDArray[np.int64]:
    """Indices of the smallest and the largest of every stretch, the last one perhaps short; no number is neither."""
    count = -(-len(values) // stretch)
    padded = np.full(count * stretch, np.nan)
    padded[: len(values)] = values
    stretches = padded.reshape(count, stretch)
    is_missing = np.isnan(stretches)
    ends = np.stack(
        [
            np.where(is_missing, np.inf, stretches).argmin(axis=1),
            np.where(is_missing, -np.inf, stretches).argmax(axis=1),
        ],
        axis=1,
    )
    ends += stretch * np.arange(count)[:, None]
    return np.sort(ends, axis=1).ravel()


class RunningMean:
    """The mean over a centred window, of the logarithms where `floor` is above 0; what is no number is left out."""

    def __init__(self, floor: float = 0.0) -> None:
        self._floor = floor
        self.settled = 0
        """Values whose window will not change any more."""
        self._means = np.empty(0)

    def of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean at each value. The window is a share of them all till it has WINDOW values."""
        count = len(values)
        window = min(WINDOW, max(1, round(count * _SHARE))) | 1
        if window < WINDOW:
            return self._mean(values, window)
        half = WINDOW // 2
        first = max(0, self.settled - half)
        fresh = self._mean(values[first:], WINDOW)[self.settled - first :]
        if count > len(self._means):
            grown = np.empty(2 * count)
            grown[: self.settled] = self._means[: self.settled]
            self._means = grown
        self._means[self.settled : count] = fresh
        self.settled = count - half
        return self._means[:count]

    def _mean(self, values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
        if self._floor <= 0:
            return running_mean(values, window)
        return np.exp(running_mean(np.log(np.maximum(values, self._floor)), window))


def running_mean(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The mean over so many values around each, an odd number, cut at both ends; what is no number is left out."""
    finite = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(finite, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(finite)])
    half = window // 2
    left = np.maximum(np.arange(len(values)) - half, 0)
    right = np.minimum(np.arange(len(values)) + half + 1, len(values))
    count = counts[right] - counts[left]
    return np.where(count > 0, (sums[right] - sums[left]) / np.maximum(count, 1), np.nan)
