"""The pictures of the Recall workspace: each draws the marks of a layout at the size that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from ntmviz import ink
from ntmviz.recall.arcs import Graph
from ntmviz.recall.chain_layout import chain_layout, chain_marks
from ntmviz.recall.memory_layout import columns_of, memory_layout, memory_marks
from ntmviz.recall.noise_layout import NoiseFigure, noise_marks
from ntmviz.recall.ranking_layout import ranking_marks
from ntmviz.recall.strip_layout import strip_layout, strip_marks
from ntmviz.views.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PySide6.QtGui import QWheelEvent

    from ntmviz.colours import Palette
    from ntmviz.recall.figure import LabFigure
    from ntmviz.recall.ledger import Ledger
    from ntmviz.recall.memory_layout import MemoryLayout


class LabCanvas(Canvas):
    """Shows a LabFigure; without one, what would be there and how to get it."""

    absence: tuple[str, ...] = ()
    """Lines"""

    def __init__(self, palette: Palette) -> None:
        self.figure: LabFigure | None = None
        super().__init__(palette)

    def show_figure(self, figure: LabFigure | None) -> None:
        self.figure = figure
        self.redraw()

    def _redraw(self) -> None:
        figure, area = self.figure, self.area
        if figure is None:
            marks: Iterable[ink.Mark] = _in_the_middle(self.absence, area.width(), area.height())
        else:
            marks = self.marks_of(figure, area.width(), area.height())
        self.over.show_marks(area, marks, self.theme)

    def marks_of(self, figure: LabFigure, width: float, height: float) -> Iterable[ink.Mark]:
        raise NotImplementedError


class ChainView(LabCanvas):
    """The pattern completing itself, with and without what is added to content. A click chooses a recall of it."""

    recall_pressed = Signal(int)  # its place in the chain
    absence = ("A pattern completes itself here.", "Ctrl+L opens a lab with letters.")

    def __init__(self, palette: Palette) -> None:
        super().__init__(palette)
        self.pressed.connect(self._on_pressed)

    def _on_pressed(self, x: float, y: float) -> None:
        if self.figure is not None and self.figure.chain:
            at = chain_layout(self.figure, self.area.width(), self.area.height())
            place = at.place_at(self.figure.chain, x, y)
            if place is not None:
                self.recall_pressed.emit(place)

    def marks_of(self, figure: LabFigure, width: float, height: float) -> Iterable[ink.Mark]:
        return chain_marks(figure, width, height)


class RankingView(LabCanvas):
    """The rows in their order, with and without."""

    absence = ("What a recall finds is ranked here.",)

    def marks_of(self, figure: LabFigure, width: float, height: float) -> Iterable[ink.Mark]:
        return ranking_marks(figure, width, height)


class LabMemoryView(LabCanvas):
    """The rows of the memory and what each term says of them. A wheel scrolls, a click chooses a row."""

    absence = ("Rows with what is stored, and why each is recalled or not.",)
    row_pressed = Signal(int)

    def __init__(self, palette: Palette) -> None:
        self._first = 0
        self._graph = Graph.TOGETHER
        super().__init__(palette)
        self.pressed.connect(self._on_pressed)

    @property
    def layout_now(self) -> MemoryLayout | None:
        """Where rows and columns stand."""
        if self.figure is None or not len(self.figure.rows):
            return None
        area = self.area
        return memory_layout(self.figure, len(columns_of(self.figure)), area.width(), area.height(), self._first)

    def show_figure(self, figure: LabFigure | None) -> None:
        """A row that was read or stored is scrolled into view."""
        self.figure = figure
        at = self.layout_now
        for row in () if figure is None or at is None else (figure.stored_row, figure.read_row):
            if row is not None and row in figure.rows and row not in at.shown:
                self._first = int((figure.rows == row).argmax()) - len(at.shown) // 2
                at = self.layout_now
                self._first = 0 if at is None else at.first
        self.redraw()

    def marks_of(self, figure: LabFigure, width: float, height: float) -> Iterable[ink.Mark]:
        return memory_marks(figure, width, height, self._first, self._graph)

    def show_graph(self, graph: Graph) -> None:
        """Join rows by another graph."""
        self._graph = graph
        self.redraw()

    def wheelEvent(self, event: QWheelEvent) -> None:
        at = self.layout_now
        if at is not None:
            self._first = at.first - round(event.angleDelta().y() / 40)
            at = self.layout_now
            self._first = 0 if at is None else at.first
            self.redraw()
        event.accept()

    def _on_pressed(self, x: float, y: float) -> None:
        at = self.layout_now
        row = None if at is None else at.row_at(y)
        if row is not None:
            self.row_pressed.emit(row)


class RecallsView(LabCanvas):
    """All recalls of the line; a click goes to one."""

    absence = ("Every recall is kept here, and can be gone back to.",)

    chain_wished = Signal(int)

    def __init__(self, palette: Palette) -> None:
        self._known: Ledger | None = None
        self._current: int | None = None
        super().__init__(palette)
        self.setMinimumHeight(92)
        self.pressed.connect(self._on_pressed)

    def show_recalls(self, figure: LabFigure | None, known: Ledger | None, current: int | None) -> None:
        self._known, self._current = known, current
        self.show_figure(figure)

    def marks_of(self, figure: LabFigure, width: float, height: float) -> Iterable[ink.Mark]:
        return () if self._known is None else strip_marks(figure, self._known, self._current, width, height)

    def _on_pressed(self, x: float, y: float) -> None:
        if self._known is not None and self.figure is not None:
            place = strip_layout(self._known, self._current, self.area.width()).chain_at(x)
            if place is not None:
                self.chain_wished.emit(place)


def _in_the_middle(lines: tuple[str, ...], width: float, height: float) -> Iterator[ink.Mark]:
    for place, line in enumerate(lines):
        y = height / 2 + 20 * (place - (len(lines) - 1) / 2)
        yield ink.Text(width / 2, y, line, "muted", ink.BODY, align=ink.Align.CENTRE)


class NoiseView(Canvas):
    """The curve of error correction."""

    def __init__(self, palette: Palette) -> None:
        self.figure: NoiseFigure | None = None
        super().__init__(palette)

    def show_figure(self, figure: NoiseFigure | None) -> None:
        self.figure = figure
        self.redraw()

    def _redraw(self) -> None:
        area = self.area
        self.over.show_marks(area, noise_marks(self.figure, area.width(), area.height()), self.theme)
