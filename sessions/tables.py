"""Reading what grows row by row: progress, tables, and the byte ranges that they name."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sessions import schema
from sessions.errors import DamageError

if TYPE_CHECKING:
    from pathlib import Path

    from sessions.container import Dataset

TRIES = 50
"""Looks at a row that is being written just now, a millisecond apart, before it counts as damaged."""
_ALWAYS_READ = 1 << 20
"""Bytes that are read without asking first whether the file can hold them."""

Rows = NDArray[Any]


def read_progress(dataset: Dataset, path: Path) -> Rows:
    """The one row that says what of everything else may be read."""
    for attempt in range(TRIES):
        _pause(attempt)
        content = dataset.read_chunk(0)
        if len(content) == schema.PROGRESS_ROW.itemsize:
            row = np.frombuffer(content, schema.PROGRESS_ROW)
            if schema.intact(row)[0]:
                return row
    raise DamageError(f"the state of this session is damaged, so its parts cannot be told: {path}")


class Table:
    """The rows of a table, all of them in memory, each checked when it came."""

    def __init__(self, name: str, dataset: Dataset, dtype: np.dtype[Any], path: Path) -> None:
        self._name = name
        self._dataset = dataset
        self._path = path
        self._buffer = np.empty(0, dtype)
        self._length = 0

    @property
    def rows(self) -> Rows:
        return self._buffer[: self._length]

    def grow(self, length: int, *, again_from: int | None = None) -> None:
        """Read up to so many rows, and those from `again_from` on once more. DamageError where one is damaged."""
        start = self._length if again_from is None else min(again_from, self._length)
        if length <= start:
            return
        size = (length - start) * self._buffer.itemsize
        if size > _ALWAYS_READ and size > self._dataset.stored_bytes:
            raise DamageError(f"table {self._name!r} names more rows than the file can hold: {self._path}")
        for attempt in range(TRIES):
            _pause(attempt)
            rows = self._dataset.read(start, length)
            good = schema.intact(rows)
            if good.all():
                break
        else:
            bad = start + int(np.argmin(good))
            raise DamageError(f"row {bad} of table {self._name!r} is damaged: {self._path}")
        if start == 0:
            self._buffer, self._length = rows, length
            return
        if length > len(self._buffer):
            grown = np.empty(max(length, 2 * len(self._buffer)), self._buffer.dtype)
            grown[:start] = self._buffer[:start]
            self._buffer = grown
        self._buffer[start:length] = rows
        self._length = length


def read_bytes(dataset: Dataset, row: Any, what: str, path: Path) -> bytes:
    """The byte range of a text or a checkpoint that a row of its table names, checked."""
    start, length = int(row["offset"]), int(row["length"])
    if start < 0 or length < 0 or (length > _ALWAYS_READ and length > dataset.stored_bytes):
        raise DamageError(f"{what} claims bytes {start} to {start + length}, which the file does not have: {path}")
    content = dataset.read(start, start + length).tobytes()
    if zlib.crc32(content) != row["content_crc32"]:
        raise DamageError(f"{what} is damaged: {path}")
    return content


def _pause(attempt: int) -> None:
    if attempt:
        time.sleep(0.001)
