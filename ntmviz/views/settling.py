"""Before a window is painted, its pictures settle: each is drawn at its last size, and none is painted twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject

from ntmviz.views.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyqtgraph import GraphicsView
    from PySide6.QtWidgets import QWidget


class Settling(QObject):
    """Watches a window, and those of its docks that float, for the request to paint them.

    A scene tells its view what has changed in an event that is posted, which can come after the view was painted
    because its size changed: it would then be painted again.
    """

    def __init__(self, window: QWidget, docks: Iterable[QWidget], pictures: Sequence[GraphicsView]) -> None:
        super().__init__(window)
        self._window, self._pictures = window, pictures
        for each in (window, *docks):
            each.installEventFilter(self)

    def hold(self) -> None:
        """Keep what is painted as it is till `release`: the window changes in several turns of the event loop."""
        self._window.setUpdatesEnabled(False)

    def release(self) -> None:
        """Paint the window."""
        self._window.setUpdatesEnabled(True)
        # One request for all that changed has come to nothing meanwhile, and Qt does not send a second one.
        QCoreApplication.postEvent(self._window, QEvent(QEvent.Type.UpdateRequest))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest and self._window.updatesEnabled():
            shown = [each for each in self._pictures if each.isVisible() and each.window() is watched]
            for picture in shown:
                if isinstance(picture, Canvas):
                    picture.settle()
            for picture in shown:
                QCoreApplication.sendPostedEvents(picture.scene(), QEvent.Type.MetaCall)
        return False
