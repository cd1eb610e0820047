"""The Memory panel: one row an item, and beside it what each term says of it; rows and columns aligned."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from ntmviz import ink
from ntmviz.colours import Scale
from ntmviz.painting import text_width
from ntmviz.recall.arcs import Graph, arc_marks, arcs_of
from ntmviz.recall.glyph_marks import cell_that_fits, glyph, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ntmviz.recall.figure import LabFigure

    Floats = NDArray[np.floating]

TOP, BOTTOM = 28, 24
_LEAST_PITCH, _MOST_PITCH = 15, 22
_NUMBER = 34
"""Pixels for a number beside a bar."""
_SHORT = {
    "read weighting": "read",
    "write weighting": "write",
    "backward": "back",
    "prominence": "prom.",
    "priming": "prime",
    "recalled n": "n",
    "cosine": "cos",
}
_LABELLED = 36
"""Pixels of a bar whose ends have room for numbers."""
_NARROW = 640
"""A panel of less is too narrow for numbers beside the bars of every term."""


@dataclass(frozen=True, slots=True)
class Column:
    """One term, as bars with numbers."""

    title: str
    token: str
    values: Floats
    bars: Floats
    """0 to 1: how long each is"""
    ends: tuple[str, str]
    """What the bar's ends mean"""


@dataclass(frozen=True, slots=True)
class MemoryLayout:
    """Where everything stands."""

    shown: tuple[int, ...]
    """Rows of the memory, from the top"""
    pitch: int
    bracket: int
    number: int
    """Right end of the row numbers"""
    item: int
    pattern: int
    cell: int
    terms: int
    bar: int
    figure_width: int
    """Of the number beside a bar; 0 where there is no room"""
    arcs: int
    arcs_width: int
    first: int
    """How many rows are scrolled out at the top"""

    def y_of(self, place: int) -> int:
        """The top of a row."""
        return TOP + place * self.pitch

    def row_at(self, y: float) -> int | None:
        """The row of the memory at a height."""
        place = int((y - TOP) // self.pitch)
        return self.shown[place] if 0 <= place < len(self.shown) and y >= TOP else None


def columns_of(figure: LabFigure) -> tuple[Column, ...]:
    """The terms that say anything, and what they come to."""
    look = figure.look
    rows = figure.rows
    nothing = np.zeros(len(figure.names))
    counts = figure.counts
    if look is None:
        return (Column("read weighting", "read", nothing, nothing, ("0", "1")), _recalled_of_late(counts))
    cosine = look.cosine
    made = [Column("cosine", "muted", cosine, np.clip(cosine, 0, 1), ("0", "1"))]
    told = f"{figure.token} weighting"
    read = Column(told, figure.token, look.weighting, np.clip(look.weighting, 0, 1), ("0", "1"))
    if figure.asked:
        stages = (Column(name, "muted", each, np.clip(each, 0, 1), ("0", "1")) for name, each in figure.stages)
        return (*made, *stages, read)
    largest = max(1.0, *(float(np.abs(term[rows]).max(initial=0)) for term in (look.prominence, look.priming)))
    end = f"+{largest:.2g}"
    if look.prominence.any():
        made.append(
            Column("prominence", "accent", look.prominence, np.clip(look.prominence / largest, 0, 1), ("0", end))
        )
    else:
        made.append(_recalled_of_late(counts))
    if look.priming.any():
        made.append(Column("priming", "accent", look.priming, np.clip(look.priming / largest, 0, 1), ("0", end)))
    if look.router.any():
        share = look.shares[figure.members]
        made.append(Column("router", "muted", share, share, ("0", "1")))
    return (*made, read)


def _recalled_of_late(counts: Floats) -> Column:
    """Prominence where it adds nothing: the counts themselves."""
    most = max(1.0, float(counts.max(initial=0)))
    return Column("recalled n", "muted", counts, counts / most, ("0", f"{most:.2g}"))


def memory_layout(figure: LabFigure, columns: int, width: float, height: float, first: int = 0) -> MemoryLayout:
    """Place rows and columns; what has no room at the bottom is scrolled to."""
    room = height - TOP - BOTTOM
    pitch = min(_MOST_PITCH, max(_LEAST_PITCH, int(room // max(len(figure.rows), 1))))
    visible = max(1, int(room // pitch))
    first = min(max(0, first), max(0, len(figure.rows) - visible))
    shown = tuple(int(row) for row in figure.rows[first : first + visible])
    titles = () if figure.asked else (figure.names[row] for row in shown)
    longest = max((text_width(title, ink.BODY, ink.BOLD) for title in titles), default=0)
    has_segments = len(figure.segments) > 1
    bracket = 12 if has_segments else 0
    number = bracket + (40 if has_segments else 32)
    item = number + 10
    icon = size_of(figure.shape, icon_cell(figure.shape, pitch))[0]
    pattern = round(item + icon + 8 + min(longest, 76) + 10)
    is_wide = width >= _NARROW
    arcs_width = 76 if is_wide else 40
    rest = width - pattern - 14 - arcs_width - 14
    words = figure.memory.shape[1]
    least = columns * ((78 + 12) if is_wide else (40 + 10))
    cell = max(1, min(6, int((rest - least) // words)))
    if words * cell > max(rest - least, 120):  # a long word is drawn narrower than a pixel a number
        cell = 1
    terms = pattern + min(words * cell, max(120, int(rest - least))) + 14
    across = (width - arcs_width - 14 - terms) / max(columns, 1)
    figure_width = _NUMBER if across >= 84 else 0
    bar = max(12, min(72, int(across) - figure_width - 14))
    arcs = round(terms + columns * across)
    return MemoryLayout(
        shown, pitch, bracket, number, item, pattern, cell, terms, bar, figure_width, arcs, arcs_width, first
    )


def icon_cell(shape: tuple[int, int], pitch: int) -> int:
    """Pixels of a cell of the small picture beside a name."""
    return cell_that_fits(shape, 2 * pitch, pitch - 3)


def memory_marks(
    figure: LabFigure, width: float, height: float, first: int = 0, graph: Graph = Graph.TOGETHER
) -> Iterator[ink.Mark]:
    """All of the panel. graph: what its arcs are of."""
    if not len(figure.rows):
        words = "Nothing is stored yet: paint something, then store it"
        yield ink.Text(width / 2, height / 2, words, "muted", ink.STATEMENT, align=ink.Align.CENTRE)
        return
    columns = columns_of(figure)
    at = memory_layout(figure, len(columns), width, height, first)
    yield from _heads(figure, at, columns)
    arcs = arcs_of(figure, graph, at.shown)
    if arcs and at.arcs_width >= 60:
        yield ink.Text(at.arcs + 4, TOP / 2 + 1, graph.value, "muted")
    yield from _segments(figure, at)
    for place, row in enumerate(at.shown):
        yield from _row(figure, at, place, row, width)
    across = (at.arcs - at.terms) / max(len(columns), 1)
    for number, column in enumerate(columns):
        yield from _column(figure, at, column, round(at.terms + number * across))
    yield from arc_marks(arcs, at, graph)
    yield from _foot(figure, at, columns, across)


def pattern_width(figure: LabFigure, at: MemoryLayout) -> int:
    """Pixels of a word drawn as a strip."""
    return at.terms - 14 - at.pattern


def _heads(figure: LabFigure, at: MemoryLayout, columns: tuple[Column, ...]) -> Iterator[ink.Mark]:
    y = TOP / 2 + 1
    yield ink.Text(at.number, y, "row", "muted", align=ink.Align.RIGHT)
    yield ink.Text(at.item, y, "item", "muted")
    pattern = f"pattern, {figure.memory.shape[1]} cells"
    fits = text_width(pattern) < pattern_width(figure, at)
    yield ink.Text(at.pattern, y, pattern if fits else "pattern", "muted")
    across = (at.arcs - at.terms) / max(len(columns), 1)
    for number, column in enumerate(columns):
        title = column.title
        if text_width(title, weight=ink.BOLD) > across - 6:
            title = _SHORT.get(title, title)
        weight = ink.REGULAR if column.token == "muted" else ink.BOLD
        yield ink.Text(round(at.terms + number * across), y, title, column.token, weight=weight)


def _segments(figure: LabFigure, at: MemoryLayout) -> Iterator[ink.Mark]:
    """A bracket and a name for each segment, and for the long-term store."""
    if len(figure.segments) < 2:
        return
    for name, places in groupby(range(len(at.shown)), lambda place: figure.part_of(int(at.shown[place]))):
        first, *others = places
        top, bottom = at.y_of(first) + 2, at.y_of((others or [first])[-1] + 1) - 3
        x = at.bracket + 10
        for line in ((x, top, x, bottom), (x, top, x + 4, top), (x, bottom, x + 4, bottom)):
            yield ink.Line(*line, "muted")
        while name and text_width(name, ink.SMALL, ink.MEDIUM) > bottom - top + 8:
            name = name[:-1]
        yield ink.Text(x - 9, (top + bottom) / 2, name, "text", weight=ink.MEDIUM, align=ink.Align.CENTRE, turned=True)


def _row(figure: LabFigure, at: MemoryLayout, place: int, row: int, width: float) -> Iterator[ink.Mark]:
    y, middle = at.y_of(place), at.y_of(place) + at.pitch / 2
    is_read, is_stored = row == figure.read_row, row == figure.stored_row
    if is_read or is_stored:
        yield ink.Box(at.number - 24, y, width - at.number + 24 - 4, at.pitch, fill="raised")
    yield ink.Text(at.number, middle, str(row), "muted", align=ink.Align.RIGHT)
    cell = icon_cell(figure.shape, at.pitch)
    tall = size_of(figure.shape, cell)[1]
    yield from glyph(at.item, round(middle - tall / 2), cell, figure.memory[row], figure.shape, limit=figure.limit)
    x = at.item + size_of(figure.shape, cell)[0] + 8
    name = "" if figure.asked else figure.names[row]  # a trained network's rows have numbers alone
    while len(name) > 2 and text_width(name, ink.BODY, ink.BOLD) > at.pattern - x - 6:
        name = name[:-2].rstrip("…") + "…"
    weight = ink.BOLD if is_read or is_stored else ink.MEDIUM
    yield ink.Text(x, middle, name, "write" if is_stored and not is_read else "text", ink.BODY, weight)
    wide = pattern_width(figure, at)
    strip = figure.memory[row : row + 1]
    inset = 4 if at.pitch >= 18 else 3
    limit = figure.limit
    yield ink.Image(at.pattern, y + inset, wide, at.pitch - 2 * inset, strip, Scale.SIGNED, -limit, limit)
    for is_on, token in ((is_stored, "write"), (is_read, figure.token)):
        if is_on:
            yield ink.Box(at.pattern - 2, y + inset - 2, wide + 4, at.pitch - 2 * inset + 4, stroke=token)


def _column(figure: LabFigure, at: MemoryLayout, column: Column, x: int) -> Iterator[ink.Mark]:
    tall = max(4, round(at.pitch * 0.4))
    look = figure.look
    for place, row in enumerate(at.shown):
        middle = at.y_of(place) + at.pitch / 2
        if look is not None and not look.candidates[row]:
            continue
        yield ink.Box(x, round(middle - tall / 2), at.bar, tall, fill="well")
        length = round(float(column.bars[row]) * at.bar)
        if length:
            yield ink.Box(x, round(middle - tall / 2), length, tall, fill=column.token)
        text = _number(column, float(column.values[row]))
        if at.figure_width and text:
            strong = column.token == figure.token and row == figure.read_row
            token = "text" if column.token == figure.token else "muted"
            yield ink.Text(x + at.bar + 5, middle, text, token, weight=ink.BOLD if strong else ink.REGULAR)


def _number(column: Column, value: float) -> str:
    """Beside its bar; "" where it says nothing."""
    if column.title in ("prominence", "priming"):
        return f"+{value:.2f}" if value >= 0.005 else ""
    if column.token in ("read", "write"):
        return f"{value:.2f}" if value >= 0.005 else ""
    return f"{value:.2f}".replace("-", "−") if abs(value) >= 0.005 else ""


def _foot(figure: LabFigure, at: MemoryLayout, columns: tuple[Column, ...], across: float) -> Iterator[ink.Mark]:
    y = at.y_of(len(at.shown)) + 12
    wide = pattern_width(figure, at)
    hidden = len(figure.rows) - len(at.shown)
    if hidden:
        yield ink.Text(at.number - 24, y, f"{hidden} more rows", "muted")
        return
    yield ink.Text(at.pattern, y, "0", "muted")
    yield ink.Text(at.pattern + wide, y, str(figure.memory.shape[1] - 1), "muted", align=ink.Align.RIGHT)
    yield ink.Text(at.pattern + wide / 2, y, "cell", "muted", align=ink.Align.CENTRE)
    for number, column in enumerate(columns):
        x = round(at.terms + number * across)
        if at.bar >= _LABELLED:
            yield ink.Text(x, y, column.ends[0], "muted")
            yield ink.Text(x + at.bar, y, column.ends[1], "muted", align=ink.Align.RIGHT)
