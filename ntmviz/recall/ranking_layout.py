"""The Ranking panel: rows by content alone at the left, by every term at the right, and how each one moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntmviz import ink
from ntmviz.painting import text_width
from ntmviz.recall.figure import TIE
from ntmviz.recall.glyph_marks import cell_that_fits, glyph, size_of
from ntmviz.wording import share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ntmviz.recall.figure import LabFigure

    Floats = NDArray[np.floating]

MOST = 7
_TOP, _LEAST_PITCH, _PITCH = 40, 26, 40
_EDGE = 14
_LEAST_CURVE = 56
"""Pixels between the two rankings."""
_LITTLE_CURVE = 14
"""The same in a narrow panel."""
_WIDE = 330
"""A panel of less has no room for names and pictures side by side."""


@dataclass(frozen=True, slots=True)
class Place:
    """One row of the memory in a ranking."""

    row: int
    weight: float
    rank: int
    """From 1 on; equal weights share one"""
    is_tied: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """What stands of a row on either side: its rank, picture, name and weight."""

    cell: int
    wide: int
    """Pixels of the picture; 0 for none"""
    names: float
    """Pixels of the names; 0 for none"""
    number: int
    """Pixels of the weight"""

    @property
    def width(self) -> float:
        """From the edge of the panel on."""
        picture, name = (each + 8 if each else 0 for each in (self.wide, self.names))
        return _EDGE + 26 + picture + name + self.number


def ranked(weighting: Floats, rows: NDArray[np.intp]) -> tuple[Place, ...]:
    """Rows from the most weight to the least; what is equal to the eye is of one rank, in the order of rows."""
    levels = np.round(weighting[rows] / TIE)
    order = rows[np.lexsort((rows, -levels))]
    weights = weighting[order]
    level = np.round(weights / TIE)
    before, so_far = (np.searchsorted(-level, -level, side) for side in ("left", "right"))
    tied = (so_far - before > 1) & (level > 0)
    columns = (order, weights, before + 1, tied)
    return tuple(Place(*each) for each in zip(*(column.tolist() for column in columns), strict=True))


def ranking_marks(figure: LabFigure, width: float, height: float) -> Iterator[ink.Mark]:
    look, plain = figure.look, figure.plain
    if look is None or not len(figure.rows):
        words = "What a recall finds is ranked here"
        yield ink.Text(width / 2, height / 2, words, "muted", ink.BODY, align=ink.Align.CENTRE)
        return
    rows = figure.rows[look.candidates[figure.rows]]
    right = ranked(look.weighting, rows)
    left = right if plain is None else ranked(plain.weighting, rows)
    room = max(2, int((height - _TOP - 6) // _LEAST_PITCH))
    count = min(MOST, room, len(rows))
    pitch = min(_PITCH, int((height - _TOP - 6) // max(count, 1)))
    shown_left = left[:count]
    yield ink.Text(_EDGE, 20, figure.rankings[0], "muted", ink.BODY)
    yield ink.Text(width - _EDGE, 20, figure.rankings[1], "text", ink.BODY, ink.BOLD, ink.Align.RIGHT)
    names = max(
        (text_width(figure.names[each.row], ink.BODY, ink.BOLD) for each in (*shown_left, *right[:count])), default=0
    )
    columns = _columns(figure, width, pitch, names)
    start = columns.width
    end = width - start
    top = figure.read_row
    place_right = {each.row: at for at, each in enumerate(right[:count])}
    curves: list[ink.Mark] = []
    strong: list[ink.Mark] = []
    for at, each in enumerate(shown_left):
        y = _TOP + at * pitch + pitch / 2
        yield from _place(figure, each, _EDGE, y, columns, is_left=True, is_top=each.row == top)
        to = place_right.get(each.row)
        if to is None or end - start < _LITTLE_CURVE:
            continue
        y_to = _TOP + to * pitch + pitch / 2
        middle = (start + end) / 2
        points = ((start + 6, y), (middle, y), (middle, y_to), (end - 6, y_to))
        is_top = each.row == top
        (strong if is_top else curves).append(
            ink.Path(points, figure.token if is_top else "border", 2 if is_top else 1.5, is_curved=True)
        )
    for at, each in enumerate(right[:count]):
        y = _TOP + at * pitch + pitch / 2
        yield from _place(figure, each, width - _EDGE, y, columns, is_left=False, is_top=each.row == top)
    yield from curves
    yield from strong


def _columns(figure: LabFigure, width: float, pitch: int, names: float) -> Columns:
    """Names and pictures where there is room for both, else names; where there is little, numbers of rows or pictures.

    names: pixels of the longest.
    """
    is_wide = width >= _WIDE
    number = 50 if is_wide else 36
    cell = cell_that_fits(figure.shape, 3 * pitch, pitch - 8)
    names = min(names, 64) if is_wide or figure.asked else 0
    made = Columns(cell, size_of(figure.shape, cell)[0], names, number)
    if names and width - 2 * made.width < _LEAST_CURVE:  # names say more than pictures of them
        return Columns(cell, 0, names, number)
    if not names:
        room = (width - _LITTLE_CURVE) / 2 - Columns(cell, 0, 0, number).width - 8
        cell = min(cell, cell_that_fits(figure.shape, max(room, 0), pitch - 8))
        return Columns(cell, size_of(figure.shape, cell)[0], 0, number)
    return made


def _place(
    figure: LabFigure,
    each: Place,
    edge: float,
    y: float,
    columns: Columns,
    *,
    is_left: bool,
    is_top: bool,
) -> Iterator[ink.Mark]:
    """Rank, picture, name and weight, from the edge inwards."""
    way = 1 if is_left else -1
    near, far = (ink.Align.RIGHT, ink.Align.LEFT) if is_left else (ink.Align.LEFT, ink.Align.RIGHT)
    rank = (f"{each.rank} =" if is_left else f"= {each.rank}") if each.is_tied else str(each.rank)
    yield ink.Text(
        edge + way * 20, y, rank, "text" if is_top else "muted", weight=ink.BOLD if is_top else ink.REGULAR, align=near
    )
    x = edge + way * 28
    wide, names = columns.wide, columns.names
    if wide:
        tall = size_of(figure.shape, columns.cell)[1]
        left = x if is_left else x - wide
        frame = figure.token if is_top else "border"
        word = figure.memory[each.row]
        yield from glyph(left, round(y - tall / 2), columns.cell, word, figure.shape, limit=figure.limit, frame=frame)
        x += way * (wide + 8)
    token = figure.token if is_top else "text"
    weight = ink.BOLD if is_top else ink.MEDIUM
    if names:
        name = figure.names[each.row]
        while len(name) > 2 and text_width(name, ink.BODY, weight) > names + 2:
            name = name[:-2].rstrip("…") + "…"
        yield ink.Text(x, y, name, token, ink.BODY, weight, far)
        x += way * (names + 8)
    yield ink.Text(x + way * (columns.number - 2), y, share(each.weight), token, ink.SMALL, weight, near)
