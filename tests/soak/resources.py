"""What the window's process holds: memory while it runs, and everything that can be counted while it rests."""

from __future__ import annotations

import contextlib
import gc
import os
from array import array
from collections import Counter
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication, QGraphicsView

from tests.app.processes import children

MIB = 2**20
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> float:
    """Memory of this process in RAM, MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / MIB


class Memory:
    """Resident memory over time."""

    def __init__(self) -> None:
        self._seconds, self._sizes = array("d"), array("d")

    def forget(self) -> None:
        """Begin anew: everything that is made once is there now."""
        del self._seconds[:], self._sizes[:]

    def sample(self, seconds: float) -> None:
        self._seconds.append(seconds)
        self._sizes.append(resident())

    @property
    def first(self) -> float:
        return self._sizes[0]

    @property
    def last(self) -> float:
        return self._sizes[-1]

    @property
    def peak(self) -> float:
        return max(self._sizes)

    @property
    def slope(self) -> float:
        """MiB a minute, the straight line through the last two thirds."""
        seconds, sizes = np.asarray(self._seconds), np.asarray(self._sizes)
        late = seconds > seconds[-1] / 3
        return float(np.polyfit(seconds[late] / 60, sizes[late], 1)[0]) if late.sum() > 1 else 0.0


def _threads() -> list[str]:
    """Names of the threads, but for those that Qt keeps for 30 s after a file dialog, to use them again."""
    names = [Path(f"/proc/self/task/{each}/comm").read_text().strip() for each in os.listdir("/proc/self/task")]
    return [name for name in names if name != "Thread (pooled)"]


def _descriptors() -> list[str]:
    """What the descriptors lead to, but for the one by which an idle thread is woken."""
    found = []
    for each in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # that of the listing is gone again
            found.append(os.readlink(f"/proc/self/fd/{each}"))
    return [place for place in found if place != "anon_inode:[eventfd]"]


_OF_A_DOCK = "QWidgetResizeHandler"
"""What Qt makes for a dock when it first floats, one for each dock at the most."""


class AtRest:
    """How much there is of everything while no session is open and nothing trains."""

    def __init__(self) -> None:
        """Let go of what waits to be deleted, then count."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        for _ in range(3):
            gc.collect()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        roots = [app, *(widget for widget in app.topLevelWidgets() if widget.parent() is None)]
        objects = [each for root in roots for each in (root, *root.findChildren(QObject))]
        objects = [each for each in objects if each.metaObject().className() != _OF_A_DOCK]
        self.counts = {
            "descriptors": len(_descriptors()),
            "threads": len(_threads()),
            "processes": len(children(os.getpid())),
            "graphics items": sum(len(each.scene().items()) for each in objects if isinstance(each, QGraphicsView)),
            "objects": len(objects),
        }
        self._classes = Counter(each.metaObject().className() for each in objects)

    def more_than(self, earlier: AtRest) -> dict[str, int]:
        """What there is more of than earlier, objects by their class, and how much more."""
        now, before = Counter(self.counts | self._classes), Counter(earlier.counts | earlier._classes)
        return dict(now - before)
