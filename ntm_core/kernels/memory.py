"""Memory that one sequence after another works on: the system takes longer to hand it out anew than kernels to fill it.

Needs no numba.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 2**20
"""Bytes below which the system has them at hand itself."""
MOST_KEPT = 2**28
"""Bytes that are kept for the next at most."""
_MOST = 3
"""Pieces that are kept at most: of residuals, of gradients, and of what a trace still holds."""

_kept: list[NDArray[np.uint8]] = []
_changing = threading.RLock()
"""Taken twice where the garbage collector happens to run inside."""


class _Lent:
    """Goes back where it came from when no array looks at it any more."""

    def __init__(self, content: NDArray[np.uint8]) -> None:
        self._content = content
        self.__array_interface__ = content.__array_interface__

    def __del__(self) -> None:
        _give_back(self._content)


def lend(count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """So many numbers, any; kept for the next who asks when neither they nor a view of them are there any more."""
    size = count * dtype.itemsize
    if size < LEAST:
        return np.empty(count, dtype)
    return np.asarray(_Lent(_take(size)))[:size].view(dtype)


def _take(size: int) -> NDArray[np.uint8]:
    with _changing:
        found = min((each for each in _kept if each.nbytes >= size), key=len, default=None)
        if found is not None:
            _kept[:] = [each for each in _kept if each is not found]
    return np.empty(size, np.uint8) if found is None else found


def _give_back(content: NDArray[np.uint8]) -> None:
    """The largest are kept, as they fit the most who ask."""
    with _changing:
        found = sorted((*_kept, content), key=len, reverse=True)
        _kept.clear()
        for each in found:
            if len(_kept) < _MOST and sum(map(len, _kept)) + len(each) <= MOST_KEPT:
                _kept.append(each)
