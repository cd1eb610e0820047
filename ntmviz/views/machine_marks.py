"""The marks of the machine: axes, bars, labels, outlines and the explanation of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntmviz import ink
from ntmviz.figures import WRITTEN, HeadKind, effective_rows
from ntmviz.painting import text_width
from ntmviz.views import machine_layout as at
from ntmviz.wording import grouped, share, short, signed, tick

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ntmviz.figures import MachineFigure, Weighting

_FAINTEST_BAR = 0.002
_WIDE_BARS = 80
"""Pixels of a bar's axis beside which a sentence has room."""


@dataclass(frozen=True, slots=True)
class CellNote:
    """What is said of one cell of the memory."""

    location: int
    word: int
    value: float
    row_norm: float
    cosine: float
    """Of the row, as the step's addressing saw it, with the key of the explained head; NaN where there is no key."""
    head: HeadKind
    last_write: int | None
    is_pinned: bool
    before_edit: float | None = None
    """What it held before a hand changed it after this step."""


def grounds(layout: at.MachineLayout) -> Iterator[ink.Mark]:
    """Wells and axes under the images."""
    rows = layout.rows
    for x, width in (
        (layout.write_strips_left, at.WEIGHTING_STRIP * layout.write_strips),
        (layout.memory_left, layout.memory_width),
        (layout.read_strips_left, at.WEIGHTING_STRIP * layout.read_strips),
    ):
        if width:
            yield ink.Box(x - 1, rows.top - 1, width + 2, rows.height + 2, fill="well", stroke="border")
    for part in (0.5, 1.0):
        for x in (layout.write_bars_right - part * layout.bar_width, layout.read_bars_left + part * layout.bar_width):
            yield ink.Line(round(x), rows.top, round(x), rows.top + rows.height)
    for x in (layout.write_bars_right, layout.read_bars_left):
        yield ink.Line(x, rows.top, x, rows.top + rows.height, token="border")


def axes(figure: MachineFigure, layout: at.MachineLayout, weighting_limit: float) -> Iterator[ink.Mark]:
    """Names and ticks of rows, words and weightings."""
    rows = layout.rows
    yield ink.Text(at.TICKS_RIGHT, rows.top - 8, "row", "muted", align=ink.Align.RIGHT)
    every = next(step for step in (1, 2, 5, 10, 20, 50) if step * rows.pitch >= 24)
    for location in range(-(-rows.first // every) * every, rows.last + 1, every):
        y = rows.y(location) + rows.pitch / 2
        yield ink.Text(at.TICKS_RIGHT, y, grouped(location), "muted", align=ink.Align.RIGHT)
    y = layout.axis_y
    for word in at.index_ticks(layout.columns, layout.column_pitch):
        x = layout.memory_left + (word + 0.5) * layout.column_pitch
        yield ink.Text(x, y, grouped(word), "muted", align=ink.Align.CENTRE)
    yield ink.Text(layout.memory_left + layout.memory_width / 2, y + 15, "word", "muted", align=ink.Align.CENTRE)
    for kind, zero, direction in (
        (HeadKind.WRITE, layout.write_bars_right, -1),
        (HeadKind.READ, layout.read_bars_left, 1),
    ):
        weightings = figure.writes if kind is HeadKind.WRITE else figure.reads
        if not weightings:
            continue
        for part in (0.0, 0.5, 1.0):
            x = zero + direction * part * layout.bar_width
            yield ink.Text(x, y, tick(part * weighting_limit), "muted", align=ink.Align.CENTRE)
        middle = zero + direction * layout.bar_width / 2
        yield ink.Text(middle, y + 15, f"{kind} weighting", kind.value, align=ink.Align.CENTRE)


def without_hidden_ticks(axes: Iterable[ink.Mark], labels: Iterable[ink.Mark]) -> Iterator[ink.Mark]:
    """The axes less the row numbers that a head's label would lie on."""
    wide = [
        label.y
        for label in labels
        if isinstance(label, ink.Text)
        and label.align is ink.Align.RIGHT
        and label.x - text_width(label.text, weight=ink.BOLD) < at.TICKS_RIGHT + 2
    ]
    for mark in axes:
        is_tick = isinstance(mark, ink.Text) and mark.x == at.TICKS_RIGHT
        if not (is_tick and any(abs(mark.y - y) < 11 for y in wide)):
            yield mark


def strip_labels(figure: MachineFigure, layout: at.MachineLayout) -> Iterator[ink.Mark]:
    """Names at the left of each strip, its one number at the right."""
    right = layout.write_strips_left - 6
    number = layout.read_bars_left + 2
    for strips, top in ((figure.above, layout.strips_top), (figure.below, layout.below_top)):
        for index, strip in enumerate(strips):
            y = top + index * at.STRIP_PITCH + at.STRIP_HEIGHT / 2
            yield ink.Text(right, y, strip.label, strip.head.value, align=ink.Align.RIGHT)
            if not strip.note:
                continue
            name, _, value = strip.note.partition(" ")
            yield ink.Text(number, y, name, "muted")
            yield ink.Text(number + max(34.0, text_width(name) + 6), y, value, weight=ink.MEDIUM)


def bars(weightings: tuple[Weighting, ...], layout: at.MachineLayout, limit: float) -> Iterator[ink.Mark]:
    """A bar a row, growing away from the memory; several heads share a row's height."""
    rows = layout.rows
    inset = 1 if rows.pitch >= 5 else 0
    for order, weighting in enumerate(weightings):
        is_write = weighting.head.kind is HeadKind.WRITE
        token = weighting.head.kind.value
        height = (rows.pitch - 2 * inset) / len(weightings)
        for location in range(rows.first, rows.last + 1):
            value = float(weighting.values[location])
            if not value > _FAINTEST_BAR * limit:
                continue
            length = max(1, round(min(1.0, value / limit) * layout.bar_width))
            x = layout.write_bars_right - length if is_write else layout.read_bars_left
            yield ink.Box(x, rows.y(location) + inset + order * height, length, max(1, height), fill=token)


def peaks(figure: MachineFigure, layout: at.MachineLayout, limit: float) -> Iterator[ink.Mark]:
    """The attended row of each head, outlined across the memory, with its number at the end of its bar.

    A head that is spread over many rows has no row of its own: it says over how many.
    """
    rows = layout.rows
    for weightings in (figure.writes, figure.reads):
        taken: list[float] = []
        for weighting in weightings:
            kind = weighting.head.kind
            name = f"head {weighting.head.index + 1}, " if len(weightings) > 1 else ""
            if weighting.is_diffuse:
                text, y, token = _spread(weighting, layout, name), rows.top + 8.0, "muted"
            else:
                text, y, token = _peak_text(weighting, rows, name)
                if rows.has(weighting.peak):
                    top = rows.y(weighting.peak)
                    yield ink.Box(layout.memory_left - 1, top, layout.memory_width + 2, rows.pitch, stroke=kind.value)
            y, length = _place(text, y, weightings, layout, limit, taken)
            taken.append(y)
            weight = ink.REGULAR if token == "muted" else ink.BOLD
            if kind is HeadKind.WRITE:
                x = layout.write_bars_right - length - 8
                yield ink.Text(x, y, text, token, weight=weight, align=ink.Align.RIGHT)
            else:
                yield ink.Text(layout.read_bars_left + length + 6, y, text, token, weight=weight)


def _spread(weighting: Weighting, layout: at.MachineLayout, name: str) -> str:
    """Over how many rows a head is spread, at the length that has room; a dash where it has no mass at all."""
    over = effective_rows(weighting.values)
    if np.isnan(over):
        return "NaN" if np.isnan(weighting.values).any() else "–"
    is_wide = layout.bar_width >= _WIDE_BARS
    return f"{name}spread over {over:.0f} rows" if is_wide else f"{over:.0f} rows"


def _peak_text(weighting: Weighting, rows: at.Rows, name: str) -> tuple[str, float, str]:
    """What is said of a peak, at which height, in which colour; an arrow where it lies outside the rows in view."""
    token = weighting.head.kind.value
    where = f"{name}{grouped(weighting.peak)}  {share(weighting.peak_value)}"
    if rows.has(weighting.peak):
        return where, rows.y(weighting.peak) + rows.pitch / 2, token
    is_above = weighting.peak < rows.first
    arrow, y = ("↑", rows.top + 8.0) if is_above else ("↓", rows.top + rows.height - 8.0)
    return f"{arrow} {where}", y, token


def _place(
    text: str,
    wished: float,
    weightings: tuple[Weighting, ...],
    layout: at.MachineLayout,
    limit: float,
    taken: list[float],
) -> tuple[float, float]:
    """(height, length of the bars there) nearest to a wished height where a label has room and meets no other."""
    rows = layout.rows
    is_write = weightings[0].head.kind is HeadKind.WRITE
    room = layout.write_bars_right - at.TICKS_RIGHT - 12 if is_write else layout.bar_width + at.LABELS_RIGHT - 8
    wide = text_width(text, weight=ink.BOLD)
    for offset in sorted(range(-10, 11), key=abs):
        y = wished + 13 * offset
        if not rows.top <= y <= rows.top + rows.height or any(abs(y - other) < 13 for other in taken):
            continue
        near = range(max(rows.first, rows.first + int((y - 7 - rows.top) // rows.pitch)), rows.last + 1)
        near = near[: int(14 // rows.pitch) + 1]
        highest = max((float(np.nan_to_num(w.values[row])) for w in weightings for row in near), default=0.0)
        length = min(1.0, highest / limit) * layout.bar_width
        if length + wide <= room:
            return y, length
    return wished, 0.0


def overview_frame(layout: at.MachineLayout) -> Iterator[ink.Mark]:
    """Which part of all rows is in view."""
    rows = layout.rows
    if rows.count == rows.total:
        return
    x, width = at.OVERVIEW_X, at.OVERVIEW_WIDTH
    yield ink.Text(x + width / 2, rows.top - 8, "0", "muted", align=ink.Align.CENTRE)
    yield ink.Text(x + width / 2, rows.top + rows.height + 10, grouped(rows.total - 1), "muted", align=ink.Align.CENTRE)
    top = rows.top + round(rows.first / rows.total * rows.height)
    yield ink.Box(x - 1, top, width + 2, max(4, round(rows.count / rows.total * rows.height)), stroke="text", radius=2)


def columns(figure: MachineFigure, layout: at.MachineLayout) -> Iterator[ink.Mark]:
    """Frames of the columns, their names one above the other, and how far the range of each goes."""
    rows = layout.rows
    for index, column in enumerate(figure.columns):
        x = layout.column_left(index)
        yield ink.Box(x - 1, rows.top - 1, at.COLUMN + 2, rows.height + 2, stroke="border")
        y = rows.top - 10 - at.COLUMN_LABEL * (len(figure.columns) - 1 - index)
        yield ink.Line(x + at.COLUMN // 2, y + 8, x + at.COLUMN // 2, rows.top - 2, token="border")
        yield ink.Text(x + at.COLUMN / 2 + 4, y, column.label, "muted", align=ink.Align.RIGHT)
        yield ink.Text(x + at.COLUMN / 2, layout.axis_y, tick(column.limit), "muted", align=ink.Align.CENTRE)
    if figure.columns:
        middle = (layout.column_left(0) + layout.column_left(len(figure.columns) - 1) + at.COLUMN) / 2
        yield ink.Text(middle, layout.axis_y + 15, "0 to", "muted", align=ink.Align.CENTRE)


def segment_bounds(figure: MachineFigure, layout: at.MachineLayout) -> Iterator[ink.Mark]:
    """A line across the memory between two of its segments."""
    rows = layout.rows
    size = figure.locations // figure.segments
    for first in range(size, figure.locations, size):
        if rows.has(first) and first > rows.first:
            y = rows.y(first)
            yield ink.Line(layout.memory_left - 6, y, layout.memory_right + 6, y, token="accent")


def changes(figure: MachineFigure, layout: at.MachineLayout) -> Iterator[ink.Mark]:
    """A frame around every cell that the step moved by more than 2 % of the colour range."""
    rows, pitch = layout.rows, layout.column_pitch
    shown = slice(rows.first, rows.last + 1)
    moved = np.abs(figure.memory[shown] - figure.before[shown]) > 0.02 * figure.limit
    row, word = np.nonzero(moved)
    corners = np.stack((layout.memory_left + word * pitch + 1, rows.y(rows.first) + row * rows.pitch + 1), axis=1)
    yield ink.Frames(corners, pitch - 2, rows.pitch - 2, "text")


def hatches(figure: MachineFigure, layout: at.MachineLayout) -> Iterator[ink.Mark]:
    """Black lines over cells that are no numbers; their colour alone would not tell a colour-blind reader."""
    rows, pitch = layout.rows, layout.column_pitch
    bad = ~np.isfinite(figure.memory[rows.first : rows.last + 1])
    for row in np.flatnonzero(bad.any(axis=1)):
        words = np.flatnonzero(bad[row])
        for run in np.split(words, np.flatnonzero(np.diff(words) > 1) + 1):
            x = layout.memory_left + int(run[0]) * pitch
            yield ink.Hatch(x, rows.y(rows.first + int(row)), len(run) * pitch, rows.pitch, "black")


def cell_note(note: CellNote, layout: at.MachineLayout, height: float) -> Iterator[ink.Mark]:
    """The pinned or pointed-at cell with its numbers, in a box that never covers its own row."""
    rows = layout.rows
    if not rows.has(note.location):
        return
    x = layout.memory_left + note.word * layout.column_pitch
    y = rows.y(note.location)
    yield ink.Box(x, y, layout.column_pitch, rows.pitch, stroke="text", stroke_width=2)
    width, tall = 296, 66
    left = round(min(max(x + layout.column_pitch / 2 - width / 2, layout.memory_left), layout.memory_right - width))
    left = max(4, left)
    is_below = y + rows.pitch + 24 + tall < height - 4
    top = y + rows.pitch + 24 if is_below else y - 24 - tall
    middle = round(x + layout.column_pitch / 2)
    yield ink.Line(middle, y + rows.pitch if is_below else top + tall, middle, top if is_below else y, token="text")
    yield ink.Box(left, top, width, tall, fill="raised", stroke="muted", radius=4)
    yield ink.Text(
        left + 12, top + 13, f"row {grouped(note.location)}, word {note.word}", size=ink.BODY, weight=ink.BOLD
    )
    hint = "pinned" if note.is_pinned else "click to pin"
    if note.before_edit is not None:
        hint = f"edited, was {signed(note.before_edit)}"
    yield ink.Text(left + width - 12, top + 13, hint, "muted", align=ink.Align.RIGHT)
    written = f"none above {tick(WRITTEN)}" if note.last_write is None else f"step {note.last_write}"
    cells = (
        (0, 0, "value", signed(note.value), "text"),
        (1, 0, f"cosine to {note.head} key", "none" if np.isnan(note.cosine) else signed(note.cosine), note.head.value),
        (0, 1, "row norm", short(note.row_norm), "text"),
        (1, 1, "last write", written, "write" if note.last_write is not None else "muted"),
    )
    for column, row, name, value, token in cells:
        line = top + 33 + 18 * row
        start, end = (left + 12, left + 112) if column == 0 else (left + 124, left + width - 12)
        yield ink.Text(start, line, name, "muted")
        yield ink.Text(end, line, value, token, weight=ink.MEDIUM, align=ink.Align.RIGHT)
