"""How long the GUI thread stays away from its event loop, measured by a pulse of that loop.

A timer of 2 ms beats in the GUI thread. Between two beats lies a *turn*; a turn longer than SHORTEST_S is a *block*:
for so long no key, click or picture was dealt with. The event dispatcher's own signals cannot tell this: with glib,
as with poll, `aboutToBlock` to `awake` holds the waiting and the work alike. A dialog's nested loop beats on, so an
open dialog is no block.
"""

from __future__ import annotations

import heapq
import itertools
import os
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.soak.pace import Pace

PULSE_MS = 2
SHORTEST_S = 0.005
WATCH_S = 0.05
"""A block that lasts as long as this has its stack looked at, and the pace of the machine measured after it."""
CLOCKS = ("wall", "cpu", "own")
WORST = 10
_BIN_S = 0.0005
_BINS = 4000


class Moment(NamedTuple):
    """Readings of the clocks of the calling thread, or the time between two, in seconds."""

    wall: float
    cpu: float
    waited: float
    """Ready to run, but without a core: what other processes take from this thread."""

    def since(self, other: Moment) -> Moment:
        return Moment(self.wall - other.wall, self.cpu - other.cpu, self.waited - other.waited)


class Clocks:
    """Reads the clocks of the thread that made it."""

    def __init__(self) -> None:
        self._scheduler = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)

    def now(self) -> Moment:
        waited = int(os.pread(self._scheduler, 64, 0).split()[1]) / 1e9
        return Moment(time.perf_counter(), time.thread_time(), waited)

    def close(self) -> None:
        os.close(self._scheduler)


@dataclass(frozen=True, slots=True)
class Block:
    """One turn of the event loop that took long."""

    at: float
    """Seconds since the pulse began."""
    took: Moment
    doing: str
    where: str
    """The innermost lines of the product after WATCH_S, or ""."""
    slowness: float = 1.0
    """How many times slower than at its fastest the machine was just after a long one."""

    @property
    def own(self) -> float:
        """Seconds it would have taken on a machine that does nothing for others."""
        return self.took.cpu / self.slowness


class Blocks:
    """Counts blocks in bins of half a millisecond, and keeps the worst: its size does not grow."""

    def __init__(self) -> None:
        self._counts = {clock: np.zeros(_BINS, np.int64) for clock in CLOCKS}
        self._order = itertools.count()
        self._worst: dict[str, list[tuple[float, int, Block]]] = {clock: [] for clock in CLOCKS}

    def add(self, block: Block) -> None:
        for name, seconds in zip(CLOCKS, (block.took.wall, block.took.cpu, block.own), strict=True):
            self._counts[name][min(int(seconds / _BIN_S), _BINS - 1)] += 1
            worst = self._worst[name]
            heapq.heappush(worst, (seconds, next(self._order), block))
            if len(worst) > WORST:
                heapq.heappop(worst)

    @property
    def count(self) -> int:
        return int(self._counts["wall"].sum())

    def worst(self, clock: str) -> list[Block]:
        """By one of CLOCKS, the worst first."""
        return [block for _, _, block in sorted(self._worst[clock], reverse=True)]

    def most(self, clock: str) -> float:
        """Seconds of the worst block; 0 where there is none."""
        return max((seconds for seconds, _, _ in self._worst[clock]), default=0.0)

    def quantile(self, clock: str, share: float) -> float:
        """Seconds that so many of the blocks do not pass, to half a millisecond."""
        counts = np.cumsum(self._counts[clock])
        if not counts[-1]:
            return 0.0
        upper_edge = (int(np.searchsorted(counts, share * counts[-1])) + 1) * _BIN_S
        return min(upper_edge, self.most(clock))


class Pulse(QObject):
    """Beats in the thread that made it and collects its blocks from `count_from` seconds on."""

    def __init__(self, count_from: float, pace: Pace) -> None:
        super().__init__()
        self.blocks = Blocks()
        self._pace = pace
        self.doing = "opening"
        """What goes on now, in words; blocks carry it."""
        self._count_from = count_from
        self._clocks = Clocks()
        self._began = self._last = self._clocks.now()
        self._did = self.doing
        self._watch = _Watch(lambda: self._last.wall)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(PULSE_MS)

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self._began.wall

    @contextmanager
    def excused(self) -> Iterator[None]:
        """What happens inside is the measurement's own work: no part of any block."""
        before = self._clocks.now()
        yield
        own = self._clocks.now().since(before)
        self._last = Moment(*(last + more for last, more in zip(self._last, own, strict=True)))

    def stop(self) -> None:
        self._timer.stop()
        self._watch.stop()
        self._clocks.close()

    def _beat(self) -> None:
        now = self._clocks.now()
        took, at = now.since(self._last), self._last.wall - self._began.wall
        where = self._watch.seen(self._last.wall)
        doing = self.doing if self._did == self.doing else f"{self._did}, then {self.doing}"
        self._last, self._did = now, self.doing
        if took.wall <= SHORTEST_S or at <= self._count_from:
            return
        slowness = 1.0
        if took.wall > WATCH_S:
            with self.excused():
                slowness = self._pace.sample()
        self.blocks.add(Block(at, took, doing, where, slowness))


class _Watch:
    """A thread that looks where the GUI thread stands once it has not beaten for WATCH_S."""

    def __init__(self, last_beat: Callable[[], float]) -> None:
        self._last_beat = last_beat
        self._watched = threading.get_ident()
        self._seen: tuple[float, str] = 0.0, ""
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch")
        self._thread.start()

    def seen(self, beat: float) -> str:
        """What was seen in the turn that began with a beat."""
        return self._seen[1] if self._seen[0] == beat else ""

    def stop(self) -> None:
        self._ends.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ends.wait(0.01):
            beat = self._last_beat()
            if time.perf_counter() - beat > WATCH_S and self._seen[0] != beat:
                self._seen = beat, _place(self._watched)


def _place(thread: int, most: int = 4) -> str:
    """The innermost lines of a thread outside the driver."""
    lines = []
    frame = sys._current_frames().get(thread)
    while frame is not None and len(lines) < most:
        path = frame.f_code.co_filename
        if "/tests/soak/" not in path:
            lines.append(f"{path.rsplit('/', 1)[-1]}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(lines)
