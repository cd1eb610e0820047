"""Which training iterations are recorded: `auto`, `all`, `every:N` or `off`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ntm_core.trace import RecordingPolicy

MAX_SIZE = 2_000_000_000
"""Bytes that `auto` lets a session grow to."""
SHARE = 0.05
"""Of training's time, what `auto` spends on recording."""
SHORTEST_S = 0.2
"""Between two episodes of a small file: the writer takes 2 to 10 % of a core to compress the copy task so often."""
PHASES = 16
"""The interval doubles each time the file has grown by this part of its limit; the last part is kept free."""
_SAVED_S = 0.05
"""Time that recording may save up, so that the first episode and the one after a pause are recorded at once."""


class Every:
    """Obeyed literally: each N-th iteration, all with 1, none with 0."""

    def __init__(self, interval: int) -> None:
        self._interval = interval

    def wants(self, iteration: int) -> bool:
        return self._interval > 0 and iteration % self._interval == 0

    def begin(self) -> None:
        pass

    def end(self) -> None:
        pass


class Auto:
    """As many episodes as keep within SHARE of the time, and the file within its limit.

    What lies between `begin` and `end` is paid from an account that time fills. The interval between episodes starts
    at SHORTEST_S and doubles with every sixteenth of `max_size` that the file grows, so that a session of any length
    has episodes of all its times, the early ones closer together; at fifteen sixteenths it is full.
    """

    def __init__(self, size: Callable[[], int], max_size: int, clock: Callable[[], float]) -> None:
        self._size = size
        self._max_size = max_size
        self._clock = clock
        self._saved = _SAVED_S
        self._asked_at = clock()
        self._recorded_at = float("-inf")
        self._began_at = 0.0

    def wants(self, iteration: int) -> bool:
        now = self._clock()
        self._saved = min(self._saved + SHARE * (now - self._asked_at), _SAVED_S)
        self._asked_at = now
        if self._saved < 0 or now - self._recorded_at < SHORTEST_S:
            return False
        phase = PHASES * self._size() // self._max_size
        return phase < PHASES - 1 and now - self._recorded_at >= SHORTEST_S * 2**phase

    def begin(self) -> None:
        self._began_at = self._recorded_at = self._clock()

    def end(self) -> None:
        self._saved -= self._clock() - self._began_at


def parse(
    text: str,
    *,
    size: Callable[[], int],
    max_size: int = MAX_SIZE,
    clock: Callable[[], float] = time.perf_counter,
) -> RecordingPolicy:
    """The policy that a word of the command line names.

    size: bytes of the file so far.   clock: seconds, ever growing. SessionError where the word is none of the four.
    """
    match text.partition(":"):
        case "auto", "", "":
            return Auto(size, max_size, clock)
        case "all", "", "":
            return Every(1)
        case "off", "", "":
            return Every(0)
        case "every", ":", number if number.isdecimal() and int(number) > 0:
            return Every(int(number))
    raise SessionError(f"auto, all, every:N with N from 1, or off was wanted; got {text!r}")
