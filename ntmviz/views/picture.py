"""A scene painted from a kept image of itself: another size of the window need not draw every picture in one turn."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent, QShowEvent


class Picture(pg.GraphicsView):
    """A view that is drawn at its size before it is painted.

    A patient one waits for `settle` once its size has changed, or when it is told to: till then it is painted as it
    was, from its upper left corner. Whoever makes it patient sees to it that its turn comes soon.
    """

    outgrown = Signal()  # a patient one waits
    fitted = Signal()  # it has taken another size, and is drawn next

    def __init__(self) -> None:
        self._kept = QPixmap()
        """What was painted last."""
        self._is_outgrown = self._is_fitting = False
        self._is_waiting = False
        self.is_patient = False
        super().__init__(background=None)
        self.setCacheMode(self.CacheModeFlag.CacheNone)  # a plain ground is filled as fast as it is copied
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    @property
    def area(self) -> QRectF:
        return QRectF(0, 0, self.viewport().width(), self.viewport().height())

    @property
    def is_waiting(self) -> bool:
        """Whether it is painted as it was till its turn comes."""
        return self._is_waiting

    @property
    def is_behind(self) -> bool:
        """Whether it could be painted as it was till it is drawn as it is now: never, where that is not known."""
        return False

    def wait(self) -> None:
        """Be painted as it was till `settle`, unless there is nothing to paint yet."""
        self._is_waiting = not self._kept.isNull()

    def settle(self) -> None:
        """Take the size that the view has now."""
        self._is_waiting = False
        if self._is_outgrown and not self._is_fitting:
            self._is_fitting = True
            try:
                self._fit()
            finally:
                self._is_fitting = False
            self._is_outgrown = False
            self.viewport().update()

    def prepare(self) -> None:
        """Do now what else would be done when it is painted."""
        self.settle()

    def _fit(self) -> None:
        """Bring the scene to the size of the view."""
        super().resizeEvent(None)
        if self._is_outgrown:
            self.fitted.emit()

    def _is_current(self) -> bool:
        """Whether the kept image is known to show the scene as it is now: never, where a scene tells of no changes."""
        return False

    def _fits(self) -> bool:
        """Whether the kept image has the size of the view."""
        ratio = self.devicePixelRatioF()
        return self._kept.size() == self.viewport().size() * ratio and self._kept.devicePixelRatio() == ratio

    def _keep(self) -> None:
        """Paint the scene into the kept image."""
        if not self._fits():
            self._kept = QPixmap(self.viewport().size() * self.devicePixelRatioF())
            self._kept.setDevicePixelRatio(self.devicePixelRatioF())
        if not self._kept.isNull():
            painter = QPainter(self._kept)
            try:
                self._paint(painter)
            finally:
                painter.end()  # Qt dies of an image that goes while it is painted on

    def _paint(self, painter: QPainter) -> None:
        self.render(painter, self.area, self.viewport().rect())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        if event is None:  # pyqtgraph has put something into the scene
            self._fit()
            return
        self._is_outgrown = True
        if self.is_patient and self.isVisible():
            self.wait()
            self.outgrown.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._is_waiting = False  # its turn may have come while it was out of sight

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._is_waiting:
            self.settle()
            if not self._is_current():
                self._keep()
        painter = QPainter(self.viewport())
        if self._is_waiting:
            painter.fillRect(event.rect(), self.backgroundBrush())
        painter.drawPixmap(0, 0, self._kept)
        painter.end()
