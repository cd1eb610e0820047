"""The letters of the alphabet as words of 64 numbers: 8 x 8 points, 1 for ink and -1 for paper. NumPy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core import checks

if TYPE_CHECKING:
    from ntm_core.trace import Array

SIDE = 8
"""Points of a side."""

_POINTS = {
    "A": "00 18 24 42 7E 42 42 42",
    "B": "00 7C 42 42 7C 42 42 7C",
    "C": "00 3C 42 40 40 40 42 3C",
    "D": "00 78 44 42 42 42 44 78",
    "E": "00 7E 40 40 78 40 40 7E",
    "F": "00 7E 40 40 78 40 40 40",
    "G": "00 3C 42 40 4E 42 42 3C",
    "H": "00 42 42 42 7E 42 42 42",
    "I": "00 3E 08 08 08 08 08 3E",
    "J": "00 1E 04 04 04 04 44 38",
    "K": "00 42 44 48 70 48 44 42",
    "L": "00 40 40 40 40 40 40 7E",
    "M": "00 81 C3 A5 99 81 81 81",
    "N": "00 42 62 52 4A 46 42 42",
    "O": "00 3C 42 42 42 42 42 3C",
    "P": "00 7C 42 42 7C 40 40 40",
    "Q": "00 3C 42 42 42 4A 44 3A",
    "R": "00 7C 42 42 7C 48 44 42",
    "S": "00 3C 42 40 3C 02 42 3C",
    "T": "00 7F 08 08 08 08 08 08",
    "U": "00 42 42 42 42 42 42 3C",
    "V": "00 41 41 22 22 14 14 08",
    "W": "00 81 81 81 99 A5 C3 81",
    "X": "00 42 42 24 18 24 42 42",
    "Y": "00 41 22 14 08 08 08 08",
    "Z": "00 7E 02 04 08 10 20 7E",
}
"""Rows from the top, in hexadecimal: the most left point is the greatest bit."""

LETTERS = tuple(_POINTS)


def letter(name: str) -> Array:
    """The word of a letter: (64,), float32, of 1 and -1. Raises ConfigError on another name."""
    checks.known("a letter", (name,), LETTERS)
    lines = np.array([[int(line, 16)] for line in _POINTS[name].split()], np.uint8)
    word: Array = 2 * np.unpackbits(lines, axis=1).astype(np.float32).ravel() - 1
    return word
