"""Has the C library hand large arrays back to the system as soon as they are freed."""

from __future__ import annotations

import contextlib
import ctypes

_M_MMAP_THRESHOLD = -3
"""glibc's name for the size from which a block of memory is mapped, and unmapped, on its own."""
_LARGE_BYTES = 256 * 1024


def return_large_blocks() -> None:
    """Keep that size fixed; where there is no glibc this does nothing.

    By itself glibc raises it to the largest block that was freed, up to 32 MB. The arrays of other sessions then stay
    in the heap as holes between what is still used, and the process seems to grow with every file that is opened.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
