"""Input vectors as text: what people type or paste, and what is said of a vector in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntmviz.wording import grouped, tick

if TYPE_CHECKING:
    from collections.abc import Sequence

Vector = tuple[float, ...]

_MOST_NAMED = 5
"""Set bits that are named one by one; of more only their number is said."""
_LONGEST_WORD = 12
_SEPARATORS = str.maketrans("[](),;", "      ")


def parse(text: str, channels: int) -> Vector:
    """A vector of `channels` numbers from "0 1 0", "0, 1, 0", "[0. 1. 0.]" or "010", as exact as float32 is.

    Raises ValueError with one line that says what was wanted and what came.
    """
    words = text.translate(_SEPARATORS).split()
    if len(words) == 1 and channels > 1 and len(words[0]) > 1 and set(words[0]) <= {"0", "1"}:
        words = list(words[0])
    values = [_number(word) for word in words]
    if len(values) != channels:
        wanted = "1 number was" if channels == 1 else f"{grouped(channels)} numbers were"
        raise ValueError(f"{wanted} wanted; got {grouped(len(values))}")
    return tuple(values)


def _number(word: str) -> float:
    """A finite float32. Raises ValueError where the word is none."""
    shown = word if len(word) <= _LONGEST_WORD else word[: _LONGEST_WORD - 1] + "…"
    try:
        with np.errstate(over="ignore"):  # told below
            value = np.float32(word.replace("−", "-"))
    except ValueError:
        raise ValueError(f"numbers were wanted; got “{shown}”") from None
    if not np.isfinite(value):
        raise ValueError(f"finite numbers were wanted; got “{shown}”")
    return float(value)


def written(values: Sequence[float]) -> str:
    """A vector as text that `parse` reads back to the same float32 numbers."""
    return " ".join(np.format_float_positional(np.float32(value), trim="-") for value in values)


def are_bits(values: Sequence[float]) -> bool:
    return all(value in (0, 1) for value in values)


def is_same(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two vectors are the same float32 numbers."""
    return np.array_equal(np.asarray(one, np.float32), np.asarray(other, np.float32))


def told(values: Sequence[float], delimiter: Sequence[float] = ()) -> str:
    """What a vector holds: "all zeros", "the delimiter", "bits 0, 3, 5", or the range of its numbers."""
    if not any(values):
        return "all zeros"
    if delimiter and is_same(values, delimiter):
        return "the delimiter"
    if not are_bits(values):
        return f"numbers from {tick(min(values))} to {tick(max(values))}"
    places = [str(place) for place, value in enumerate(values) if value]
    if len(places) == 1:
        return f"bit {places[0]}"
    if len(places) > _MOST_NAMED:
        return f"{len(places)} of {grouped(len(values))} bits"
    return f"bits {', '.join(places)}"
