"""Marks of a word drawn as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntmviz import ink
from ntmviz.colours import Scale
from ntmviz.recall.glyphs import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

_GRID_FROM = 6
"""Pixels of a cell from which on cells are told apart by lines."""


def size_of(shape: tuple[int, int], cell: int) -> tuple[int, int]:
    """Width and height of a picture."""
    return shape[1] * cell, shape[0] * cell


def cell_that_fits(shape: tuple[int, int], width: float, height: float) -> int:
    """Pixels of a cell, at least 1, so that the picture has no more than so much."""
    return max(1, int(min(width // shape[1], height // shape[0])))


def glyph(
    x: float,
    y: float,
    cell: int,
    word: Floats,
    shape: tuple[int, int],
    *,
    limit: float = 1.0,
    mask: Floats | None = None,
    frame: str = "border",
    frame_width: float = 1,
) -> Iterator[ink.Mark]:
    """A word as a picture whose top left cell is at (x, y), in a frame around. Cells with a mask of 0 are hatched."""
    wide, tall = size_of(shape, cell)
    edge = frame_width + (1 if cell >= _GRID_FROM else 0)
    yield ink.Box(
        x - edge, y - edge, wide + 2 * edge, tall + 2 * edge, fill="well", stroke=frame, stroke_width=frame_width
    )
    picture = laid_out(np.asarray(word, np.float32), shape, -limit)
    yield ink.Image(x, y, wide, tall, picture, Scale.GLYPH, -limit, limit)
    if mask is not None:
        yield from _unknown(x, y, cell, laid_out(np.asarray(mask, np.float32), shape, 1.0) <= 0)
    if cell >= _GRID_FROM:
        for column in range(1, shape[1]):
            yield ink.Line(x + column * cell - 1, y, x + column * cell - 1, y + tall - 1, "grid")
        for line in range(1, shape[0]):
            yield ink.Line(x, y + line * cell - 1, x + wide - 1, y + line * cell - 1, "grid")


def _unknown(x: float, y: float, cell: int, unknown: NDArray[np.bool_]) -> Iterator[ink.Mark]:
    """Hatched bands over runs of cells that are not known; whole rows are one field."""
    rows = unknown.all(1)
    line = 0
    while line < len(unknown):
        if rows[line]:
            last = line
            while last + 1 < len(unknown) and rows[last + 1]:
                last += 1
            yield ink.Hatch(
                x, y + line * cell, unknown.shape[1] * cell, (last + 1 - line) * cell, "muted", fill="raised"
            )
            line = last + 1
            continue
        edges = np.flatnonzero(np.diff(np.concatenate(([0], unknown[line].astype(int), [0]))))
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            yield ink.Hatch(x + start * cell, y + line * cell, (stop - start) * cell, cell, "muted", fill="raised")
        line += 1
