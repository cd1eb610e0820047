"""Work done a piece at a time, so that who waits for it can do something else in between."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")
Pieces = Generator[None, None, Result]
"""Stops after each piece, some milliseconds of work, and returns the result with the last."""


def whole(pieces: Pieces[Result]) -> Result:
    """All the pieces in one go."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            result: Result = end.value
            return result
