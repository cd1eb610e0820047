"""Small charts in which a demonstration ends: lines, bars side by side, pictures in a row, tables. NumPy only."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ntmviz import ink
from ntmviz.colours import Scale
from ntmviz.painting import text_width
from ntmviz.recall.glyph_marks import cell_that_fits, glyph, size_of
from ntmviz.recall.glyphs import shape_of
from ntmviz.wording import tick

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LINES, BARS, PICTURES, GRAPH, TABLE = "lines", "bars", "pictures", "graph", "table"
TOKENS = ("text", "accent", "muted", "read")
"""Of series, in their order; dashes tell them apart as well."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 14, 42, 34
_HEAD = 15
_LEAST_CELL = 28
"""Pixels of a number in a table beside the name of its row."""
_LEAST_WIDTH = 165
"""Pixels of a chart beside another one; narrower ones stand one below the other."""
"""Pixels over the highest bar, for its number."""
_PICTURES_SHARE = 0.42


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers under one name."""

    name: str
    values: tuple[float, ...]
    mask: tuple[float, ...] = ()
    """Of a picture: 0 where a cell is unknown"""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. lines: a point for each of `x`; bars: a group for each of `labels`; pictures: one for each series."""

    kind: str
    title: str
    series: tuple[Series, ...]
    x: tuple[float, ...] = ()
    x_title: str = ""
    labels: tuple[str, ...] = ()
    highest: float = 1.0
    lowest: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Chart:
        """The chart that `to_json` wrote."""
        told = dict(plain)
        told["series"] = tuple(
            Series(str(each["name"]), tuple(each["values"]), tuple(each["mask"])) for each in told["series"]
        )
        for name in ("x", "labels"):
            told[name] = tuple(told[name])
        return cls(**told)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a demonstration came to."""

    sentence: str
    note: str
    charts: tuple[Chart, ...] = field(default=())


def charts_marks(charts: tuple[Chart, ...], width: float, height: float) -> Iterator[ink.Mark]:
    """Charts side by side, or one below the other where the room is tall."""
    if not charts:
        return
    if charts[0].kind == PICTURES and len(charts) == 2:
        upper = round(height * _PICTURES_SHARE)
        yield from _chart(charts[0], 0, 0, width, upper)
        yield from _chart(charts[1], 0, upper, width, height - upper)
        return
    is_wide = width >= len(charts) * _LEAST_WIDTH or width >= 2 * height
    count = len(charts)
    wide, tall = (width / count, height) if is_wide else (width, height / count)
    for place, chart in enumerate(charts):
        x, y = (place * wide, 0.0) if is_wide else (0.0, place * tall)
        yield from _chart(chart, x, y, wide, tall)


def _chart(chart: Chart, x: float, y: float, width: float, height: float) -> Iterator[ink.Mark]:
    yield ink.Text(x + 12, y + 12, _fitted(chart.title, width - 20, ink.BOLD), "text", weight=ink.BOLD)
    if chart.kind == PICTURES:
        yield from _pictures(chart, x, y, width, height)
        return
    if chart.kind == TABLE:
        yield from _table(chart, x, y, width, height)
        return
    if chart.kind == GRAPH:
        yield from _graph(chart, x, y, width, height)
        return
    left, right, top, bottom = x + _LEFT, x + width - _RIGHT, y + _TOP, y + height - _BOTTOM
    yield from _key(chart, x + 12, y + 28, right)
    yield ink.Box(left, top, right - left, bottom - top, fill="well", stroke="border")
    span = chart.highest - chart.lowest
    head = _HEAD if chart.kind == BARS else 0
    for part in (0.0, 0.5, 1.0):
        at = bottom - (bottom - top - head) * part
        if part == 0.5:
            yield ink.Line(left, round(at), right, round(at), "grid")
        value = chart.lowest + span * part
        yield ink.Text(left - 6, at, tick(value), "muted", align=ink.Align.RIGHT)
    if chart.kind == LINES:
        yield from _lines(chart, left, right, top, bottom)
    else:
        yield from _bars(chart, left, right, top, bottom)
    if chart.x_title:
        yield ink.Text((left + right) / 2, bottom + 26, chart.x_title, "muted", align=ink.Align.CENTRE)


def _fitted(text: str, room: float, weight: int = ink.REGULAR) -> str:
    """As much of a text as there is room for."""
    while len(text) > 3 and text_width(text, weight=weight) > room:
        text = text[:-2].rstrip(" ,…") + "…"
    return text


def _key(chart: Chart, x: float, y: float, right: float) -> Iterator[ink.Mark]:
    if len(chart.series) < 2:
        return
    for place, series in enumerate(chart.series):
        token = TOKENS[place % len(TOKENS)]
        wide = 22 + text_width(series.name) + 12
        if x + wide > right + 12:
            return
        if chart.kind == LINES:
            yield ink.Path(((x, y), (x + 16, y)), token, 1.5, is_dashed=place % 2 == 1)
        else:
            yield ink.Box(x + 4, y - 4, 9, 9, fill=token)
        yield ink.Text(x + 21, y, series.name, "muted")
        x += wide


def _lines(chart: Chart, left: float, right: float, top: float, bottom: float) -> Iterator[ink.Mark]:
    xs = np.asarray(chart.x, float)
    low, high = float(xs.min()), float(xs.max())
    across = left + 2 + (right - left - 4) * (xs - low) / max(high - low, 1e-9)
    for place, series in enumerate(chart.series):
        part = (np.asarray(series.values) - chart.lowest) / (chart.highest - chart.lowest)
        ys = bottom - 1 - (bottom - top - 2) * np.clip(part, 0, 1)
        points = tuple(zip(across.tolist(), ys.tolist(), strict=True))
        token = TOKENS[place % len(TOKENS)]
        yield ink.Path(points, token, 1.5, is_dashed=place % 2 == 1)
        if len(points) <= 12:
            for at_x, at_y in points:
                yield ink.Marker(at_x, at_y, ink.Shape.DOT, token, 5)
    for value, align, at in ((low, ink.Align.LEFT, left), (high, ink.Align.RIGHT, right)):
        yield ink.Text(at, bottom + 11, tick(value), "muted", align=align)


def _bars(chart: Chart, left: float, right: float, top: float, bottom: float) -> Iterator[ink.Mark]:
    groups, count = len(chart.labels), len(chart.series)
    wide = (right - left - 4) / max(groups, 1)
    bar = max(3, min(22, int((wide - 10) / max(count, 1))))
    is_roomy = bar >= 16
    for group, label in enumerate(chart.labels):
        middle = left + 2 + wide * (group + 0.5)
        start = middle - bar * count / 2
        for place, series in enumerate(chart.series):
            value = series.values[group]
            part = float(np.clip((value - chart.lowest) / (chart.highest - chart.lowest), 0, 1))
            tall = round((bottom - top - _HEAD) * part)
            x = round(start + place * bar)
            if tall:
                yield ink.Box(x, bottom - 1 - tall, bar - 2, tall, fill=TOKENS[place % len(TOKENS)])
            if is_roomy or count == 1:
                y = bottom - tall - 8
                yield ink.Text(x + bar / 2 - 1, y, f"{value:.2f}", "text", align=ink.Align.CENTRE)
        yield ink.Text(middle, bottom + 11, _fitted(label, wide - 2), "muted", align=ink.Align.CENTRE)


def _pictures(chart: Chart, x: float, y: float, width: float, height: float) -> Iterator[ink.Mark]:
    count = len(chart.series)
    size = len(chart.series[0].values)
    shape = shape_of(size)
    room = (width - 24) / count
    cell = min(12, cell_that_fits(shape, room - 12, height - 56))
    wide, tall = size_of(shape, cell)
    pitch = min(room, max(wide + 14, *(text_width(each.name) + 10 for each in chart.series)))
    left = x + (width - count * pitch + pitch - wide) / 2
    top = y + 28 + max(0, (height - 56 - tall) / 2)
    for place, series in enumerate(chart.series):
        at = round(left + place * pitch)
        mask = np.asarray(series.mask, np.float32) if series.mask else None
        frame = "read" if place == count - 1 else "border"
        values = np.asarray(series.values, np.float32)
        limit = max(1.0, float(np.abs(values).max(initial=0)))
        yield from glyph(at, round(top), cell, values, shape, limit=limit, mask=mask, frame=frame)
        yield ink.Text(at + wide / 2, top + tall + 13, series.name, "muted", align=ink.Align.CENTRE)


def _table(chart: Chart, x: float, y: float, width: float, height: float) -> Iterator[ink.Mark]:
    """Numbers with a name for each row, and a label for each column; those from `x[0]` on are marked."""
    names = max(text_width(each.name, ink.BODY, ink.MEDIUM) for each in chart.series)
    left, top = x + 12 + names + 14, y + 40
    columns = max(len(chart.series[0].values), 1)
    across = min(64.0, (width - names - 40) / columns)
    is_stacked = across < _LEAST_CELL
    if is_stacked:  # names over their numbers
        left, across = x + 12, (width - 24) / columns
    down = min(44.0 if is_stacked else 30.0, (height - 62) / len(chart.series))
    marked = chart.x[0] if chart.x else float("inf")
    if not is_stacked:
        yield ink.Text(x + 12, top - 6, chart.x_title, "muted")
    for column, label in enumerate(chart.labels):
        yield ink.Text(left + across * (column + 0.5), top - 6, label, "muted", align=ink.Align.CENTRE)
    for line, series in enumerate(chart.series):
        at = top + down * (line + 0.5) + 6
        drop = 8 if is_stacked else 0
        yield ink.Line(
            x + 12, round(top + down * line + 5), left + across * columns, round(top + down * line + 5), "grid"
        )
        yield ink.Text(x + 12, at - drop, series.name, "text", ink.SMALL if is_stacked else ink.BODY, ink.MEDIUM)
        for column, value in enumerate(series.values):
            middle = left + across * (column + 0.5)
            is_lost = value >= marked
            text = f"▲{value:.0%}"[:-1] if is_lost and across >= 34 else f"{value:.0%}"[:-1]
            token, weight = ("warning", ink.BOLD) if is_lost else ("text", ink.REGULAR)
            yield ink.Text(middle, at + drop, text, token, weight=weight, align=ink.Align.CENTRE)
    yield ink.Text(x + 12, top + down * len(chart.series) + 20, "wrong bits, %; ▲ lost", "muted")


def _graph(chart: Chart, x: float, y: float, width: float, height: float) -> Iterator[ink.Mark]:
    """A matrix between labels, as cells; each series is one row."""
    count = len(chart.series)
    labels = max((text_width(each.name) for each in chart.series), default=0.0)
    left, top = x + 16 + labels, y + 26
    columns = max(len(chart.series[0].values), 1)
    cell = max(4, int(min((width - labels - 28) / columns, (height - 34) / count, 24)))
    values = np.array([each.values for each in chart.series])
    yield ink.Image(left, top, cell * columns, cell * count, values, Scale.READ, chart.lowest, chart.highest)
    yield ink.Box(left - 1, top - 1, cell * columns + 2, cell * count + 2, stroke="border")
    for line, series in enumerate(chart.series):
        yield ink.Text(left - 6, top + cell * (line + 0.5), series.name, "muted", align=ink.Align.RIGHT)
