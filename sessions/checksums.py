"""The CRC32 of every row of a table, of many rows at once.

A CRC is linear over bits: among rows of one length it differs from that of the first row by the exclusive or of what
each other byte makes of it, whatever the rest of the row holds. So only the bytes that differ from row to row are
looked up, a column of them at a time, and a table whose rows are much alike is checked several times faster than row by
row.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 500
"""Rows, below which they are faster taken one by one."""


def row_checksums(rows: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """The CRC32 of each of the rows: (rows, bytes) -> (rows,)."""
    if len(rows) < FEW:
        return np.array([zlib.crc32(row) for row in np.ascontiguousarray(rows)], np.uint32)
    first = rows[0]
    shares = _shares(rows.shape[1])
    found = np.full(len(rows), zlib.crc32(first.tobytes()), np.uint32)
    for at in np.flatnonzero((rows != first).any(axis=0)):
        share = shares[at]
        found ^= (share ^ share[first[at]])[rows[:, at]]
    return found


@lru_cache(maxsize=16)
def _shares(size: int) -> NDArray[np.uint32]:
    """What a byte at a place of a row makes of the row's CRC32, against a zero there: (bytes, 256)."""
    shares = np.empty((size, 256), np.uint32)
    of_zero = zlib.crc32(b"\0")
    last = shares[-1]
    last[:] = [zlib.crc32(bytes([byte])) ^ of_zero for byte in range(256)]
    for at in range(size - 2, -1, -1):
        after = shares[at + 1]
        shares[at] = last[after & 0xFF] ^ (after >> 8)
    return shares
