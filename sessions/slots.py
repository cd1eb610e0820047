"""Memory that a recorder shares with its writer: what lies there is not sent, only told where.

Slots are taken one after another, and freed in that order. Linux alone has such memory without a name, which is gone
with the last of the two processes; elsewhere, and where a limit is in the way, everything is sent.
"""

from __future__ import annotations

import mmap
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sessions.errors import FrameError

if sys.platform == "linux":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from numpy.typing import NDArray

SIZE = 16 * 2**20
"""Bytes; those that were never used take no memory."""
LEAST = 2**15
"""Bytes below which steps are sent instead, many of them at once."""
_APART = 64
_NUMBER = np.dtype("<f4")


class Slot(NamedTuple):
    """Where some rows lie."""

    rows: NDArray[np.float32]
    """(steps, size)"""
    at: int
    """Bytes from the beginning."""
    start: int
    """What had been taken before, counted on and on."""
    end: int

    @property
    def told(self) -> Mapping[str, Any]:
        """What the writer finds them by."""
        return {"at": self.at, "shape": self.rows.shape}


class Slots:
    """The recorder's side. Not for several threads at once. OSError where there is no such memory."""

    def __init__(self, size: int = SIZE) -> None:
        if sys.platform != "linux":
            raise OSError("memory without a name is shared on Linux alone")
        made = os.memfd_create("ntmviz")
        self.descriptor = fcntl.fcntl(made, fcntl.F_DUPFD_CLOEXEC, 3)  # not one that standard streams take
        """For the writer, and then to be closed."""
        os.close(made)
        try:
            os.ftruncate(self.descriptor, size)
            self._bytes = np.frombuffer(mmap.mmap(self.descriptor, size), np.uint8)
        except OSError:
            os.close(self.descriptor)
            raise
        self.size = size
        self._taken = self._freed = 0

    def take(self, steps: int, size: int) -> Slot | None:
        """Room for so many rows of so many numbers, None where that is not free."""
        whole, length = self.size, steps * size * _NUMBER.itemsize
        if self._freed == self._taken:
            self._freed = self._taken = 0  # the same memory again and again stays in the processor's cache
        start = self._taken
        at = start % whole
        skipped = whole - at if at + length > whole else 0
        at = (at + skipped) % whole
        end = start + skipped + -(-length // _APART) * _APART
        if length > whole or end - self._freed > whole:
            return None
        self._taken = end
        rows = self._bytes[at : at + length].view(_NUMBER).reshape(steps, size)
        return Slot(rows, at, start, end)

    def give_back(self, slot: Slot) -> None:
        """The slot that was taken last is not used."""
        self._taken = slot.start

    def free(self, slot: Slot) -> None:
        """This one and all that were taken before are written."""
        self._freed = slot.end


class SharedRows:
    """The writer's side."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._bytes = mmap.mmap(descriptor, size, prot=mmap.PROT_READ)
        os.close(descriptor)

    def find(self, told: Mapping[str, Any]) -> NDArray[np.float32]:
        """The rows of a slot, a view. FrameError where it is none."""
        at, (steps, size) = int(told["at"]), told["shape"]
        if min(at, steps, size) < 0 or at + steps * size * _NUMBER.itemsize > len(self._bytes):
            raise FrameError(f"a slot of the shared memory was wanted; got {dict(told)}")
        return np.frombuffer(self._bytes, _NUMBER, steps * size, at).reshape(steps, size)
