"""How fast the machine is while the window is under load: others may share its cores."""

from __future__ import annotations

import math
import time
from array import array

import numpy as np

_ROUNDS = 20_000
"""Of the loop that is timed; about a millisecond."""


class Pace:
    """Times one loop of plain Python again and again, by the CPU time of its thread."""

    def __init__(self) -> None:
        self._seconds = array("d")
        self._fastest = math.inf

    def sample(self) -> float:
        """Time it once more. Returns how many times as long as its fastest so far it took."""
        started, total = time.thread_time(), 0
        for number in range(_ROUNDS):
            total += number
        taken = time.thread_time() - started
        self._fastest = min(self._fastest, taken)
        self._seconds.append(taken)
        return taken / self._fastest

    def slowness(self, share: float) -> float:
        """How many times as long as its fastest the loop takes, at a share of all samples."""
        seconds = np.asarray(self._seconds)
        return float(np.quantile(seconds, share) / seconds.min())
