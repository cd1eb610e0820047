"""One field of a step as a heatmap, whatever field it is: links, units of the controller, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize

from ntmviz import ink
from ntmviz.figures import strongest
from ntmviz.views import machine_layout as at
from ntmviz.views.canvas import Canvas
from ntmviz.wording import grouped, short, signed, tick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ntmviz.colours import Palette
    from ntmviz.field_figure import FieldFigure

_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 16, 12, 62
_LARGEST_CELL = 22
_WHOLE_FROM = 4
_WAITING = "A field of the step appears here"


class FieldView(Canvas):
    """Draws a FieldFigure; the cell under the pointer is told below it."""

    def __init__(self, palette: Palette) -> None:
        self._figure: FieldFigure | None = None
        self._absence = _WAITING
        self._area = QRectF()
        self._pointed: tuple[int, int] | None = None
        super().__init__(palette)
        self.hovered.connect(self._on_hovered)
        self.left.connect(self._on_left)

    def sizeHint(self) -> QSize:
        return QSize(340, 280)

    @property
    def figure(self) -> FieldFigure | None:
        return self._figure

    def show_figure(self, figure: FieldFigure | None, absence: str = _WAITING) -> None:
        """absence: what is said where there is no figure."""
        self._figure, self._absence = figure, absence
        self.setToolTip("" if figure is None else figure.sentence)
        self.redraw_in_time()

    def _redraw(self) -> None:
        figure = self._figure
        if figure is None:
            self.hide_heatmaps()
            middle = self.area.center()
            empty = ink.Text(middle.x(), middle.y(), self._absence, "muted", ink.BODY, align=ink.Align.CENTRE)
            self.under.show_marks(self.area, [empty], self.theme)
            self.over.show_marks(self.area, [], self.theme)
            return
        rows, columns = figure.values.shape
        wide = max(8.0, self.area.width() - _LEFT - _RIGHT)
        tall = max(8.0, self.area.height() - _TOP - _BOTTOM)
        cell_w, cell_h = (_whole(room / count) for room, count in ((wide, columns), (tall, rows)))
        if figure.row_axis.endswith("location") and figure.column_axis.endswith("location"):
            cell_w = cell_h = min(cell_w, cell_h)  # both axes count the same
        shown_w, shown_h = min(wide, cell_w * columns), min(tall, cell_h * rows)
        self._area = QRectF(_LEFT, _TOP, shown_w, shown_h)
        values = strongest(strongest(figure.values, int(shown_h)), int(shown_w), axis=1)
        self.heatmap("field").show_values(self._area, values, figure.scale, figure.limits, self.theme)
        self.hide_heatmaps(but=["field"])
        frame = ink.Box(_LEFT - 1, _TOP - 1, shown_w + 2, shown_h + 2, stroke="border")
        self.under.show_marks(self.area, [frame], self.theme)
        self._draw_over()

    def _draw_over(self) -> None:
        if self._figure is not None:
            self.over.show_marks(self.area, list(self._marks(self._figure)), self.theme)

    def _marks(self, figure: FieldFigure) -> Iterator[ink.Mark]:
        area, (rows, columns) = self._area, figure.values.shape
        each = figure.values.shape[1] if figure.is_wrapped else 1
        for row in at.index_ticks(rows, area.height() / rows, 22):
            y = area.top() + (row + 0.5) * area.height() / rows
            yield ink.Text(_LEFT - 6, y, grouped(row * each), "muted", align=ink.Align.RIGHT)
        foot = area.bottom() + 10
        for column in at.index_ticks(columns, area.width() / columns):
            x = area.left() + (column + 0.5) * area.width() / columns
            yield ink.Text(x, foot, grouped(column), "muted", align=ink.Align.CENTRE)
        axes = figure.row_axis if figure.is_wrapped else f"row: {figure.row_axis}, column: {figure.column_axis}"
        yield ink.Text(_LEFT, foot + 15, axes, "muted")
        yield ink.Text(_LEFT, foot + 31, self._told(figure), "text" if self._pointed else "muted")
        if self._pointed is not None:
            row, column = self._pointed
            cell_w, cell_h = area.width() / columns, area.height() / rows
            x, y = area.left() + column * cell_w, area.top() + row * cell_h
            yield ink.Box(x, y, max(3.0, cell_w), max(3.0, cell_h), stroke="text")

    def _told(self, figure: FieldFigure) -> str:
        """The cell under the pointer, or else the range of the colours."""
        low, high = figure.limits
        if self._pointed is None:
            return f"colours from {tick(low)} to {tick(high)}"
        row, column = self._pointed
        value = float(figure.values[row, column])
        number = short(value) if low >= 0 else signed(value)
        if figure.is_wrapped:
            return f"{figure.column_axis} {grouped(row * figure.values.shape[1] + column)}: {number}"
        return f"{figure.row_axis} {grouped(row)}, {figure.column_axis} {grouped(column)}: {number}"

    def _on_hovered(self, x: float, y: float) -> None:
        figure, area = self._figure, self._area
        cell = None
        if figure is not None and area.contains(x, y):
            rows, columns = figure.values.shape
            row = min(rows - 1, int((y - area.top()) / area.height() * rows))
            column = min(columns - 1, int((x - area.left()) / area.width() * columns))
            is_there = not figure.is_wrapped or row * columns + column < figure.entries
            cell = (row, column) if is_there else None
        if cell != self._pointed:
            self._pointed = cell
            self._draw_over()

    def _on_left(self) -> None:
        if self._pointed is not None:
            self._pointed = None
            self._draw_over()


def _whole(size: float) -> float:
    """A cell in whole pixels, but for small ones, which would leave much of the room empty."""
    return float(min(_LARGEST_CELL, int(size))) if size >= _WHOLE_FROM else size
