"""The signature picture: memory, weightings and vectors of one step, aligned to the pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt, Signal

from ntmviz import ink
from ntmviz.colours import Scale
from ntmviz.figures import strongest
from ntmviz.views import machine_layout as at
from ntmviz.views import machine_marks as marks
from ntmviz.views.canvas import Canvas

if TYPE_CHECKING:
    from PySide6.QtGui import QWheelEvent

    from ntmviz.colours import Palette
    from ntmviz.figures import MachineFigure, Weighting
    from ntmviz.views.machine_marks import CellNote


WAITING = "The memory appears here with the first recorded step"


class MachineView(Canvas):
    """Draws a MachineFigure; scrolling and clicking are reported, not acted on."""

    cell_hovered = Signal(object)  # (location, word) or None
    cell_pressed = Signal(object)  # (location, word) or None: outside the memory
    rows_wished = Signal(int)  # first row
    zoomed = Signal(int)  # pixels a row, more or fewer
    rows_changed = Signal(object)  # at.Rows that are in view

    def __init__(self, palette: Palette) -> None:
        self._figure: MachineFigure | None = None
        self._first_row = 0
        self._row_pitch = 10
        self._weighting_limit = 1.0
        self._shows_change = False
        self._note: CellNote | None = None
        self._absence = WAITING
        self._layout: at.MachineLayout | None = None
        self._under_pointer: tuple[int, int] | None = None
        super().__init__(palette)
        self.setToolTip("Each row is a location of the memory, each column one element of its word")
        self.hovered.connect(self._on_hovered)
        self.left.connect(self._on_left)
        self.pressed.connect(self._on_pressed)
        self.dragged.connect(self._on_dragged)

    @property
    def machine_layout(self) -> at.MachineLayout | None:
        """Where things stand now; None while nothing is shown."""
        return self._layout

    @property
    def figure(self) -> MachineFigure | None:
        return self._figure

    def show_figure(
        self,
        figure: MachineFigure | None,
        *,
        first_row: int,
        row_pitch: int,
        weighting_limit: float = 1.0,
        shows_change: bool = False,
        note: CellNote | None = None,
        absence: str = WAITING,
    ) -> None:
        """absence: what is said where there is no figure."""
        self._figure = figure
        self._absence = absence
        self._first_row, self._row_pitch = first_row, row_pitch
        self._weighting_limit, self._shows_change = weighting_limit, shows_change
        self._note = note
        self.redraw()

    def visible_rows(self, figure: MachineFigure, row_pitch: int) -> int:
        """How many rows of a figure would be in view."""
        return self._arranged(figure, 0, row_pitch).rows.count

    def show_note(self, note: CellNote | None) -> None:
        """Only the explanation of a cell changes: the images stay."""
        self._note = note
        if not self._is_due:
            self._draw_over()

    def _arranged(self, figure: MachineFigure, first_row: int, row_pitch: int) -> at.MachineLayout:
        return at.arrange(
            int(self.area.width()),
            int(self.area.height()),
            locations=figure.locations,
            columns=figure.word_size,
            write_heads=len(figure.writes),
            read_heads=len(figure.reads),
            above=len(figure.above),
            below=len(figure.below),
            row_pitch=row_pitch,
            first_row=first_row,
            location_columns=len(figure.columns),
        )

    def _redraw(self) -> None:
        figure = self._figure
        if figure is None:
            self._layout = None
            self.hide_heatmaps()
            middle = self.area.center()
            waiting = ink.Text(
                middle.x(),
                middle.y(),
                self._absence,
                "muted",
                ink.STATEMENT,
                align=ink.Align.CENTRE,
            )
            self.under.show_marks(self.area, [waiting], self.theme)
            self.over.show_marks(self.area, [], self.theme)
            return
        old = self._layout
        layout = self._layout = self._arranged(figure, self._first_row, self._row_pitch)
        self._draw_images(figure, layout)
        self.under.show_marks(self.area, list(marks.grounds(layout)), self.theme)
        self._draw_over()
        if old is None or old.rows != layout.rows:
            self.rows_changed.emit(layout.rows)

    def _draw_images(self, figure: MachineFigure, layout: at.MachineLayout) -> None:
        rows = layout.rows
        shown = slice(rows.first, rows.last + 1)
        used = ["memory"]
        signed = (-figure.limit, figure.limit)
        words = QRectF(layout.memory_left, 0, layout.memory_width, at.STRIP_HEIGHT)
        memory_area = QRectF(layout.memory_left, rows.top, layout.memory_width, rows.height)
        self.heatmap("memory").show_values(memory_area, figure.memory[shown], Scale.SIGNED, signed, self.theme)
        for place, strips, top in (
            ("above", figure.above, layout.strips_top),
            ("below", figure.below, layout.below_top),
        ):
            for index, strip in enumerate(strips):
                area = words.translated(0, top + index * at.STRIP_PITCH)
                limits = signed if strip.scale is Scale.SIGNED else (0.0, 1.0)
                used.append(f"{place} {index}")
                self.heatmap(used[-1]).show_values(area, strip.values[np.newaxis], strip.scale, limits, self.theme)
        for weightings, left in ((figure.writes, layout.write_strips_left), (figure.reads, layout.read_strips_left)):
            used += self._draw_weightings(weightings, left, rows)
        for index, column in enumerate(figure.columns):
            area = QRectF(layout.column_left(index), rows.top, at.COLUMN, rows.height)
            used.append(f"column {index}")
            values = column.values[shown, np.newaxis]
            self.heatmap(used[-1]).show_values(area, values, Scale.BITS, (0.0, column.limit), self.theme)
        if rows.count < rows.total:
            area = QRectF(at.OVERVIEW_X, rows.top, at.OVERVIEW_WIDTH, rows.height)
            tall = strongest(np.abs(figure.memory).max(axis=1), rows.height)[:, np.newaxis]
            self.heatmap("overview").show_values(area, tall, Scale.BITS, (0.0, figure.limit), self.theme)
            used.append("overview")
        self.hide_heatmaps(but=used)

    def _draw_weightings(self, weightings: tuple[Weighting, ...], left: int, rows: at.Rows) -> list[str]:
        names = []
        for index, weighting in enumerate(weightings):
            area = QRectF(left + index * at.WEIGHTING_STRIP, rows.top, at.WEIGHTING_STRIP, rows.height)
            values = weighting.values[rows.first : rows.last + 1, np.newaxis]
            names.append(f"{weighting.head.kind} {index}")
            limits = (0.0, self._weighting_limit)
            self.heatmap(names[-1]).show_values(area, values, weighting.head.kind.scale, limits, self.theme)
        return names

    def _draw_over(self) -> None:
        figure, layout = self._figure, self._layout
        if figure is None or layout is None:
            return
        limit = self._weighting_limit
        labels = list(marks.peaks(figure, layout, limit))
        drawn: list[ink.Mark] = [
            *marks.without_hidden_ticks(marks.axes(figure, layout, limit), labels),
            *marks.strip_labels(figure, layout),
            *marks.bars(figure.writes, layout, limit),
            *marks.bars(figure.reads, layout, limit),
            *marks.hatches(figure, layout),
            *(marks.changes(figure, layout) if self._shows_change else ()),
            *labels,
            *marks.overview_frame(layout),
            *marks.columns(figure, layout),
            *marks.segment_bounds(figure, layout),
        ]
        for index in range(len(figure.above)):
            drawn.append(self._frame(layout, layout.strips_top + index * at.STRIP_PITCH))
        for index in range(len(figure.below)):
            drawn.append(self._frame(layout, layout.below_top + index * at.STRIP_PITCH))
        if self._note is not None:
            drawn += marks.cell_note(self._note, layout, self.area.height())
        self.over.show_marks(self.area, drawn, self.theme)

    def _frame(self, layout: at.MachineLayout, top: int) -> ink.Box:
        return ink.Box(layout.memory_left - 1, top - 1, layout.memory_width + 2, at.STRIP_HEIGHT + 2, stroke="border")

    def _on_hovered(self, x: float, y: float) -> None:
        cell = None if self._layout is None else self._layout.cell_at(x, y)
        if cell != self._under_pointer:
            self._under_pointer = cell
            self.cell_hovered.emit(cell)

    def _on_left(self) -> None:
        if self._under_pointer is not None:
            self._under_pointer = None
            self.cell_hovered.emit(None)

    def _on_pressed(self, x: float, y: float) -> None:
        if self._layout is None or self._scroll_to(x, y):
            return
        cell = self._layout.cell_at(x, y)
        out_of_view = None if cell is not None else self._head_out_of_view(x, y)
        if out_of_view is None:
            self.cell_pressed.emit(cell)
        else:
            self.rows_wished.emit(max(0, out_of_view - self._layout.rows.count // 2))

    def _head_out_of_view(self, x: float, y: float) -> int | None:
        """The location of a head that lies beyond the rows, where its arrow was pressed."""
        figure, layout = self._figure, self._layout
        if figure is None or layout is None:
            return None
        rows = layout.rows
        weightings = figure.writes if x < layout.memory_left else figure.reads
        is_upper = y < rows.top + rows.height / 2
        for weighting in weightings:
            if not weighting.is_diffuse and (weighting.peak < rows.first if is_upper else weighting.peak > rows.last):
                return weighting.peak
        return None

    def _on_dragged(self, x: float, y: float) -> None:
        self._scroll_to(x, y)

    def _scroll_to(self, x: float, y: float) -> bool:
        """Centre the rows on a point of the overview; False outside it."""
        layout = self._layout
        if (
            layout is None
            or layout.rows.count == layout.rows.total
            or not 0 <= x <= at.OVERVIEW_X + at.OVERVIEW_WIDTH + 6
        ):
            return False
        rows = layout.rows
        share = (y - rows.top) / rows.height
        self.rows_wished.emit(min(max(0, round(share * rows.total - rows.count / 2)), rows.total - rows.count))
        return True

    def wheelEvent(self, event: QWheelEvent) -> None:
        layout = self._layout
        event.accept()
        if layout is None:
            return
        notches = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoomed.emit(round(notches) or (1 if notches > 0 else -1))
            return
        rows = layout.rows
        first = min(max(0, rows.first - round(3 * notches)), rows.total - rows.count)
        if first != rows.first:
            self.rows_wished.emit(first)
