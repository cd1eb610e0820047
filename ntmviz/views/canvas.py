"""A pyqtgraph scene whose unit is one pixel, with a heatmap item that paints RGB32 and an item for marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent

from ntmviz.colours import Palette, Scale, lookup_table, paint
from ntmviz.painting import as_image, colour, draw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

    from ntmviz import ink


class HeatmapItem(pg.GraphicsObject):
    """Values as flat cells, painted from one kept RGB32 buffer: Qt's fast path, several times the stock item's."""

    def __init__(self) -> None:
        super().__init__()
        self._area = QRectF()
        self._packed: NDArray[np.uint32] = np.zeros((0, 0), np.uint32)

    def show_values(
        self, area: QRectF, values: NDArray[np.floating], scale: Scale, limits: tuple[float, float], palette: Palette
    ) -> None:
        """Draw values (rows, columns) over an area of the scene, in a fixed colour range."""
        self.show_packed(area, paint(values, lookup_table(palette.name, scale), *limits))

    def show_packed(self, area: QRectF, packed: NDArray[np.uint32]) -> None:
        """Draw colours (rows, columns), packed as in `colours.paint`."""
        if area != self._area:
            self.prepareGeometryChange()
            self._area = QRectF(area)
        if packed.shape == self._packed.shape:
            np.copyto(self._packed, packed)
        else:
            self._packed = np.ascontiguousarray(packed)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._area

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._packed.size:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(self._area, as_image(self._packed))


class InkItem(pg.GraphicsObject):
    """A list of marks."""

    def __init__(self, z: float = 1) -> None:
        super().__init__()
        self._area = QRectF()
        self._marks: list[ink.Mark] = []
        self._palette: Palette | None = None
        self.setZValue(z)

    def show_marks(self, area: QRectF, marks: Iterable[ink.Mark], palette: Palette) -> None:
        if area != self._area:
            self.prepareGeometryChange()
            self._area = QRectF(area)
        self._marks = list(marks)
        self._palette = palette
        self.update()

    @property
    def marks(self) -> list[ink.Mark]:
        """What is shown now."""
        return self._marks

    def boundingRect(self) -> QRectF:
        return self._area

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        if self._palette is not None:
            draw(painter, self._marks, self._palette)


class Canvas(pg.GraphicsView):
    """A view with one scene unit a pixel. Subclasses fill `_redraw`; it is called when size, data or theme change."""

    hovered = Signal(float, float)  # x, y of the pointer
    left = Signal()  # the pointer went away
    pressed = Signal(float, float)  # left button
    dragged = Signal(float, float)  # left button held

    def __init__(self, palette: Palette) -> None:
        super().__init__(background=None)
        self.theme = palette
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(40, 40)
        self._heatmaps: dict[str, HeatmapItem] = {}
        self._is_stale = False
        """Whether the picture is for another size than the view has."""
        self.under = InkItem(z=0)
        self.over = InkItem(z=2)
        self.addItem(self.under)
        self.addItem(self.over)
        self.set_theme(palette)

    def set_theme(self, palette: Palette) -> None:
        self.theme = palette
        self.setBackground(colour(palette, "panel"))
        self.redraw()

    @property
    def area(self) -> QRectF:
        return QRectF(0, 0, self.viewport().width(), self.viewport().height())

    def heatmap(self, name: str) -> HeatmapItem:
        """The heatmap of a name, made when first asked for."""
        item = self._heatmaps.get(name)
        if item is None:
            item = self._heatmaps[name] = HeatmapItem()
            item.setZValue(1)
            self.addItem(item)
        item.setVisible(True)
        return item

    def hide_heatmaps(self, *, but: Iterable[str] = ()) -> None:
        keep = set(but)
        for name, item in self._heatmaps.items():
            if name not in keep:
                item.setVisible(False)

    def redraw(self) -> None:
        """Bring the picture up to date with what the view was last told."""
        self._is_stale = False
        self._redraw()

    def _redraw(self) -> None:
        raise NotImplementedError

    def settle(self) -> None:
        """Draw at the size that the view has now. Docks that move resize it many times before anything is painted."""
        if self._is_stale:
            self.redraw()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._is_stale = event is not None

    def paintEvent(self, event: QPaintEvent) -> None:
        self.settle()
        super().paintEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(at.x(), at.y())
        else:
            self.hovered.emit(at.x(), at.y())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.pressed.emit(event.position().x(), event.position().y())
            event.accept()
        else:
            event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()
