"""Words as small pictures: the shape that the numbers of a word are drawn in, and pictures that come ready.

NumPy only. Ink is 1 and paper -1, as in `ntm_core.recall.letters`.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.letters import LETTERS, SIDE, letter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_POINTS = {
    "2": "00 3C 42 02 0C 30 40 7E",
    "3": "00 3C 42 02 1C 02 42 3C",
    "4": "00 0C 14 24 44 7E 04 04",
    "5": "00 7E 40 7C 02 02 42 3C",
    "7": "00 7E 02 04 08 10 10 10",
    "8": "00 3C 42 42 3C 42 42 3C",
    "plus": "00 18 18 7E 7E 18 18 00",
    "arrow": "00 08 04 7E 7E 04 08 00",
    "box": "00 7E 42 42 42 42 7E 00",
    "heart": "00 66 FF FF 7E 3C 18 00",
}
"""As those of the letters: rows from the top, the most left point is the greatest bit."""
SHAPES = {25: (5, 5), 35: (7, 5), 36: (6, 6), 48: (8, 6), 49: (7, 7), 63: (9, 7)}
"""Rows and columns of words that are no square number of two."""
READY = (*LETTERS, *_POINTS)
"""Names of the pictures that come ready."""


def ready(name: str) -> Floats:
    """The word of a picture that comes ready: (64,). KeyError on another name."""
    if name in LETTERS:
        return np.asarray(letter(name), np.float32)
    lines = np.array([[int(line, 16)] for line in _POINTS[name].split()], np.uint8)
    return 2 * np.unpackbits(lines, axis=1).astype(np.float32).ravel() - 1


def drawn_from(name: str, word_size: int) -> Floats:
    """A pattern that stands for a name, the same each time and for each machine: (word_size,) of 1 and -1."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.where(np.random.default_rng(seed).random(word_size) < 0.5, -1, 1).astype(np.float32)


def shape_of(word_size: int) -> tuple[int, int]:
    """Rows and columns of the picture of a word; where they do not come out even, the last cells stay empty."""
    if word_size in SHAPES:
        return SHAPES[word_size]
    columns = math.ceil(math.sqrt(word_size))
    for wider in range(columns, 2 * columns):
        if word_size % wider == 0:
            return word_size // wider, wider
    return math.ceil(word_size / columns), columns


def laid_out(word: Floats, shape: tuple[int, int], empty: float = -1.0) -> Floats:
    """A word as rows and columns."""
    rows, columns = shape
    picture = np.full(rows * columns, empty, np.float32)
    picture[: word.size] = word
    return picture.reshape(rows, columns)


__all__ = ["READY", "SIDE", "drawn_from", "laid_out", "ready", "shape_of"]
