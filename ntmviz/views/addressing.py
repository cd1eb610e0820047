"""How one head came to its weighting, a column for each stage, on the rows of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize

from ntmviz import ink
from ntmviz.painting import text_width
from ntmviz.views import machine_layout as at
from ntmviz.views.canvas import Canvas
from ntmviz.wording import grouped, offset_label, share, tick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ntmviz.addressing_figure import AddressingFigure, Kernel, Stage
    from ntmviz.colours import Palette

_WAITING = "The stages of one head appear here"
_MARGIN, _BETWEEN = 14, 14
_FAINTEST_BAR = 0.002
_NARROWEST = 54


class AddressingView(Canvas):
    """Draws an AddressingFigure on rows that the machine chose."""

    def __init__(self, palette: Palette) -> None:
        self._figure: AddressingFigure | None = None
        self._rows = at.NO_ROWS
        self._limit = 1.0
        self._names_rows = False
        self._absence = _WAITING
        super().__init__(palette)
        self.setToolTip(
            "Each column is one stage of addressing; a bar is the share of attention a location has after that stage"
        )

    def sizeHint(self) -> QSize:
        return QSize(340, 400)

    def show_figure(
        self,
        figure: AddressingFigure | None,
        rows: at.Rows,
        *,
        weighting_limit: float = 1.0,
        names_rows: bool = False,
        absence: str = _WAITING,
    ) -> None:
        """names_rows: this view is not beside the machine and must number its rows itself.   absence: what is said
        where there is no figure.
        """
        self._absence = absence
        self._figure, self._rows = figure, rows
        self._limit, self._names_rows = weighting_limit, names_rows
        self.redraw_in_time()

    def _redraw(self) -> None:
        self.under.show_marks(self.area, list(self._marks()), self.theme)

    def _marks(self) -> Iterator[ink.Mark]:
        figure = self._figure
        if figure is None:
            middle = self.area.center()
            text = self._absence
            yield ink.Text(middle.x(), middle.y(), text, "muted", ink.BODY, align=ink.Align.CENTRE)
            return
        left = _MARGIN + (32 if self._names_rows else 0)
        room = self.area.width() - left - _MARGIN + _BETWEEN
        fitting = max(1, min(len(figure.stages), int(room // (_NARROWEST + _BETWEEN))))
        shown = _folded(len(figure.stages), fitting)
        width = int(min(room / len(shown) - _BETWEEN, 120))
        if self._names_rows:
            yield from self._row_numbers(left - 6)
        for place, index in enumerate(shown):
            stage = figure.stages[index]
            x = left + place * (width + _BETWEEN)
            yield from self._heading(figure, index, stage, x, width)
            yield from self._column(figure, stage, x, width)
            if place:
                yield from self._joint(x, stage.is_mixed)

    def _joint(self, x: int, is_mixed: bool) -> Iterator[ink.Mark]:
        """What stands between a stage and the one before it: an arrow, or a plus where both are mixed."""
        y = self._rows.top + self._rows.height / 2
        if is_mixed:
            yield ink.Line(x - 11, y, x - 4, y, token="muted")
            yield ink.Line(x - 7.5, y - 3.5, x - 7.5, y + 3.5, token="muted")
            return
        yield ink.Line(x - _BETWEEN + 4, y, x - 5, y, token="muted")
        yield ink.Line(x - 8, y - 3, x - 5, y, token="muted")
        yield ink.Line(x - 8, y + 3, x - 5, y, token="muted")

    def _row_numbers(self, right: int) -> Iterator[ink.Mark]:
        rows = self._rows
        for location in range(-(-rows.first // 5) * 5, rows.last + 1, 5):
            y = rows.y(location) + rows.pitch / 2
            yield ink.Text(right, y, grouped(location), "muted", align=ink.Align.RIGHT)

    def _heading(self, figure: AddressingFigure, index: int, stage: Stage, x: int, width: int) -> Iterator[ink.Mark]:
        top = self._rows.top - at.HEADROOM
        yield ink.Text(x, top + 11, _titles(figure, width)[index], size=ink.BODY, weight=ink.BOLD)
        yield ink.Text(x, top + 27, stage.note, size=ink.BODY, weight=ink.MEDIUM)
        token = figure.head.kind.value
        if stage.kernel is not None:
            yield from self._kernel(stage.kernel, x, top, width, token)
            return
        if stage.share is not None:
            yield ink.Box(x, top + 40, width, 5, fill="raised", radius=2)
            if stage.share > 0:
                yield ink.Box(x, top + 40, max(4.0, width * min(1.0, stage.share)), 5, fill=token, radius=2)
        below = top + (43 if stage.share is None else 57)
        if stage.beside is not None:
            yield ink.Box(x, below - 4, 8, 7, stroke="muted")
            yield ink.Text(x + 12, below, "before", "muted")
        elif stage.hint and text_width(stage.hint) <= width + _BETWEEN - 2:
            yield ink.Text(x, below, stage.hint, "muted")

    def _kernel(self, kernel: Kernel, x: int, top: int, width: int, token: str) -> Iterator[ink.Mark]:
        count = len(kernel.offsets)
        each = (width - 2 * (count - 1)) / count
        for place, (offset, mass) in enumerate(zip(kernel.offsets, kernel.masses, strict=True)):
            cell = x + place * (each + 2)
            yield ink.Box(cell, top + 36, each, 14, fill="raised")
            tall = 14 * min(1.0, max(0.0, float(mass)))
            yield ink.Box(cell, top + 36 + 14 - tall, each, tall, fill=token)
            strong = ink.BOLD if mass == kernel.masses.max() else ink.REGULAR
            if each >= 14 or offset == 0 or place in (0, count - 1):
                colour = "text" if strong == ink.BOLD else "muted"
                label = offset_label(offset)
                yield ink.Text(cell + each / 2, top + 57, label, colour, weight=strong, align=ink.Align.CENTRE)

    def _column(self, figure: AddressingFigure, stage: Stage, x: int, width: int) -> Iterator[ink.Mark]:
        rows = self._rows
        token = figure.head.kind.value
        yield ink.Box(x - 1, rows.top - 1, width + 2, rows.height + 2, fill="well", stroke="border")
        yield ink.Line(x + width // 2, rows.top, x + width // 2, rows.top + rows.height - 1)
        foot = rows.top + rows.height
        if stage.values is None:
            yield ink.Text(x + width / 2, rows.top + 12, stage.absence, "muted", align=ink.Align.CENTRE)
            return
        inset = 1 if rows.pitch >= 5 else 0
        if rows.has(stage.peak):
            yield ink.Box(x, rows.y(stage.peak), width, rows.pitch, fill="raised")
        for location in range(rows.first, rows.last + 1):
            value = float(stage.values[location])
            if value > _FAINTEST_BAR * self._limit:
                length = max(1, round(min(1.0, value / self._limit) * width))
                yield ink.Box(x, rows.y(location) + inset, length, rows.pitch - 2 * inset, fill=token)
            if stage.beside is not None and stage.beside[location] > 0.02 * self._limit:
                length = max(2, round(min(1.0, float(stage.beside[location]) / self._limit) * width))
                yield ink.Box(x, rows.y(location), length, rows.pitch, stroke="muted")
        beside = 0.0 if stage.beside is None else stage.beside[stage.peak]
        yield from self._peak_label(stage, x, width, float(beside))
        feet = (
            ink.Text(x, foot + 11, "0", "muted"),
            ink.Text(x + width, foot + 11, tick(self._limit), "muted", align=ink.Align.RIGHT),
            ink.Text(x, foot + 28, f"peak {share(stage.peak_value)}", weight=ink.MEDIUM),
            ink.Text(x, foot + 43, f"at row {grouped(stage.peak)}", "muted"),
        )
        yield from (text for text in feet if text.y + 8 < self.area.height())

    def _peak_label(self, stage: Stage, x: int, width: int, beside: float) -> Iterator[ink.Mark]:
        """`beside`: what else is drawn in the row of the peak."""
        rows = self._rows
        text = f"row {grouped(stage.peak)}"
        if not rows.has(stage.peak):
            is_above = stage.peak < rows.first
            y = rows.top + 8 if is_above else rows.top + rows.height - 8
            yield ink.Text(x + 4, y, f"{'↑' if is_above else '↓'} {text}", "muted")
            return
        bar = min(1.0, float(np.nan_to_num(max(stage.peak_value, beside))) / self._limit) * width
        y = rows.y(stage.peak) + rows.pitch / 2
        if bar + text_width(text, weight=ink.MEDIUM) + 8 < width:
            yield ink.Text(x + bar + 5, y, text, weight=ink.MEDIUM)
            return
        below = y + 13 if stage.peak < rows.last - 1 else y - 13
        yield ink.Text(x + width - 3, below, text, weight=ink.MEDIUM, align=ink.Align.RIGHT)


def _folded(stages: int, fitting: int) -> list[int]:
    """Which stages are shown where only some fit: the result first, then from the first on."""
    return [*range(fitting - 1), stages - 1]


def _titles(figure: AddressingFigure, width: int) -> list[str]:
    """Of the stages: numbered where each goes on from the one before, and where there is room for it."""
    plain = [stage.title for stage in figure.stages]
    numbered = [f"{number}  {title}" for number, title in enumerate(plain, 1)]
    is_chain = not any(stage.is_mixed for stage in figure.stages)
    has_room = all(text_width(title, ink.BODY, weight=ink.BOLD) < width + _BETWEEN for title in numbered)
    return numbered if is_chain and has_room else plain
