"""A pyqtgraph scene whose unit is one pixel, with a heatmap item that paints RGB32 and an item for marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QRegion, QShowEvent

from ntmviz import damage, ink
from ntmviz.colours import Palette, Scale, lookup_table, paint
from ntmviz.painting import as_image, colour, draw, whole_pixels
from ntmviz.views.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget


class _Item(pg.GraphicsObject):
    """Something that fills an area of a canvas, and says when it looks another way."""

    changed = Signal(object)  # where, as a QRegion; None: everywhere

    def __init__(self) -> None:
        super().__init__()
        self._area = QRectF()
        self.visibleChanged.connect(lambda: self.changed.emit(None))

    def boundingRect(self) -> QRectF:
        return self._area

    def _look_anew(self, area: QRectF, where: QRegion | None = None) -> None:
        """where: what has changed, if it is known and not all."""
        if area != self._area:
            self.prepareGeometryChange()
            self._area, where = QRectF(area), None
        if where is None or not where.isEmpty():
            self.update()
            self.changed.emit(where)


class HeatmapItem(_Item):
    """Values as flat cells, painted from one kept RGB32 buffer: Qt's fast path, several times the stock item's."""

    def __init__(self) -> None:
        super().__init__()
        self._packed: NDArray[np.uint32] = np.zeros((0, 0), np.uint32)

    def show_values(
        self, area: QRectF, values: NDArray[np.floating], scale: Scale, limits: tuple[float, float], palette: Palette
    ) -> None:
        """Draw values (rows, columns) over an area of the scene, in a fixed colour range."""
        self.show_packed(area, paint(values, lookup_table(palette.name, scale), *limits))

    def show_packed(self, area: QRectF, packed: NDArray[np.uint32]) -> None:
        """Draw colours (rows, columns), packed as in `colours.paint`."""
        where = None
        if packed.shape == self._packed.shape:
            where = QRegion() if np.array_equal(packed, self._packed) else QRegion(area.toAlignedRect())
            np.copyto(self._packed, packed)
        else:
            self._packed = np.ascontiguousarray(packed)
        self._look_anew(area, where)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem | None = None, widget: QWidget | None = None
    ) -> None:
        if self._packed.size:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
            painter.drawImage(whole_pixels(self._area), as_image(self._packed))


class InkItem(_Item):
    """A list of marks."""

    def __init__(self, z: float = 1) -> None:
        super().__init__()
        self._marks: list[ink.Mark] = []
        self._palette: Palette | None = None
        self.setZValue(z)

    def show_marks(self, area: QRectF, marks: Iterable[ink.Mark], palette: Palette) -> None:
        old, self._marks = self._marks, list(marks)
        where = damage.between(old, self._marks) if palette == self._palette else None
        self._palette = palette
        self._look_anew(area, where)

    @property
    def marks(self) -> list[ink.Mark]:
        """What is shown now."""
        return self._marks

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem | None = None, widget: QWidget | None = None
    ) -> None:
        if self._palette is None:
            return
        marks = self._marks
        if painter.hasClipping():
            wanted = painter.clipRegion()
            marks = [mark for mark in marks if wanted.intersects(damage.bounds(mark))]
        draw(painter, marks, self._palette)


class Canvas(Picture):
    """A view with one scene unit a pixel. Subclasses fill `_redraw`; it is called when size, data or theme change."""

    hovered = Signal(float, float)  # x, y of the pointer
    left = Signal()  # the pointer went away
    pressed = Signal(float, float)  # left button
    dragged = Signal(float, float)  # left button held

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.theme = palette
        self._is_due = False
        """Whether there was something to draw while nobody could see it."""
        self._damage: QRegion | None = None
        """Where the kept image is not what is shown now; None: everywhere."""
        self.setMouseTracking(True)
        self.setMinimumSize(40, 40)
        self._heatmaps: dict[str, HeatmapItem] = {}
        self.under = InkItem(z=0)
        self.over = InkItem(z=2)
        for item in (self.under, self.over):
            self._add(item)
        self.set_theme(palette)

    def set_theme(self, palette: Palette) -> None:
        self.theme = palette
        self.setBackground(colour(palette, "panel"))
        self._on_changed(None)
        self.redraw()

    def heatmap(self, name: str) -> HeatmapItem:
        """The heatmap of a name, made when first asked for."""
        item = self._heatmaps.get(name)
        if item is None:
            item = self._heatmaps[name] = HeatmapItem()
            item.setZValue(1)
            self._add(item)
        item.setVisible(True)
        return item

    def _add(self, item: HeatmapItem | InkItem) -> None:
        self.addItem(item)
        item.changed.connect(self._on_changed)

    def hide_heatmaps(self, *, but: Iterable[str] = ()) -> None:
        keep = set(but)
        for name, item in self._heatmaps.items():
            if name not in keep:
                item.setVisible(False)

    def redraw(self) -> None:
        """Bring the picture up to date with what the view was last told; one out of sight as soon as it is seen."""
        self._is_due = self.parent() is not None and not self.isVisibleTo(self.window())
        if self._is_due:
            return
        if self._is_outgrown:
            self.settle()
        else:
            self._is_waiting = False
            self._redraw()

    def redraw_in_time(self) -> None:
        """`redraw`, or nothing where that is still to come because the size has changed."""
        if not (self._is_fitting or (self.is_patient and self._is_outgrown)):
            self.redraw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_due:
            self.redraw()

    def _redraw(self) -> None:
        raise NotImplementedError

    def _fit(self) -> None:
        super()._fit()
        if self._is_outgrown:
            self._redraw()

    def prepare(self) -> None:
        self.settle()
        if not self._is_current():
            self._keep()

    @property
    def is_behind(self) -> bool:
        return self.is_patient and not self._kept.isNull() and not self._is_current()

    def _is_current(self) -> bool:
        return self._damage is not None and self._damage.isEmpty() and self._fits()

    def _keep(self) -> None:
        """Paint what has changed into the kept image; the rest of it, which is most, stays."""
        if not self._fits():
            self._damage = None
        super()._keep()
        self._damage = QRegion()

    def _paint(self, painter: QPainter) -> None:
        if self._damage is not None:
            painter.setClipRegion(damage.widened(self._damage, [*self.under.marks, *self.over.marks]))
        painter.fillRect(self.area, self.backgroundBrush())
        for item in (self.under, *self._heatmaps.values(), self.over):
            if item.isVisible():
                painter.save()
                try:
                    item.paint(painter)
                finally:
                    painter.restore()

    def _on_changed(self, where: QRegion | None) -> None:
        self._damage = None if where is None or self._damage is None else self._damage + where
        # The scene itself may ask no more: it still waits to be painted whole where its kept image was painted instead.
        self.viewport().update()

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
