"""Sees to it that the pictures of a window are drawn: some in each turn of the event loop, and none twice."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from PySide6.QtWidgets import QWidget

    from ntmviz.views.picture import Picture


_AT_ONCE_S = 0.01
"""How long pictures are drawn in one turn, before the rest of them is put off to the next."""


class Settling(QObject):
    """Watches a window, and those of its docks that float, for other sizes and for the request to paint them.

    A scene tells its view what has changed in an event that is posted, which can come after the view was painted
    because its size changed: it would then be painted again.
    """

    def __init__(self, window: QWidget, docks: Iterable[QWidget], pictures: Sequence[Picture]) -> None:
        super().__init__(window)
        self._window, self._pictures = window, pictures
        self._waiting: dict[Picture, tuple[int, int]] = {}
        """Since which turn, and its place among the pictures: the least is next, so that none waits for ever while
        sizes change again and again."""
        self._turns = 0
        self._is_releasing = False
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._go_on)
        for each in (window, *docks):
            each.installEventFilter(self)
        for picture in pictures:
            picture.is_patient = True
            picture.outgrown.connect(self._waiter(picture))

    def hold(self) -> None:
        """Keep what is painted as it is till `release`: the window changes in several turns of the event loop."""
        self._is_releasing = False
        self._window.setUpdatesEnabled(False)

    def release(self) -> None:
        """Paint the window as soon as all its pictures are drawn."""
        self._is_releasing = True
        for picture in self._pictures:
            self._put(picture)
        self._turn.start()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Inside of this every picture is drawn as soon as it is asked for, and nothing is held."""
        is_held = not self._window.updatesEnabled()
        if is_held:
            self._window.setUpdatesEnabled(True)  # what may not be painted is missing in a picture of the window too
        for picture in self._pictures:
            picture.is_patient = False
            picture.settle()
        try:
            yield
        finally:
            for picture in self._pictures:
                picture.is_patient = True
            if is_held:
                self._window.setUpdatesEnabled(False)

    def _waiter(self, picture: Picture) -> Callable[[], None]:
        def wait() -> None:
            self._put(picture)
            self._turn.start()

        return wait

    def _put(self, picture: Picture) -> None:
        self._waiting.setdefault(picture, (self._turns, self._pictures.index(picture)))

    def _next(self) -> Picture:
        picture = min(self._waiting, key=self._waiting.__getitem__)
        del self._waiting[picture]
        return picture

    def _go_on(self) -> None:
        """Draw the next pictures that are in sight; then paint what was held."""
        if not (self._is_releasing or self._window.updatesEnabled()):
            return  # what is shown may yet change
        self._turns += 1
        end = time.perf_counter() + _AT_ONCE_S
        while self._waiting:
            picture = self._next()
            if not picture.isVisible():
                continue
            picture.prepare()
            picture.viewport().update()
            if time.perf_counter() >= end:
                break
        if self._waiting:
            self._turn.start()
        elif self._is_releasing:
            self._is_releasing = False
            self._window.setUpdatesEnabled(True)
            # One request for all that changed has come to nothing meanwhile, and Qt does not send a second one.
            QCoreApplication.postEvent(self._window, QEvent(QEvent.Type.UpdateRequest))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest and self._window.updatesEnabled():
            shown = [each for each in self._pictures if each.isVisible() and each.window() is watched]
            shown = [each for each in shown if not each.is_waiting]
            for picture in shown:
                picture.settle()
            for picture in shown:
                QCoreApplication.sendPostedEvents(picture.scene(), QEvent.Type.MetaCall)
            self._draw_in_time([each for each in shown if each.is_behind])
        return False

    def _draw_in_time(self, pictures: list[Picture]) -> None:
        """Draw those that there is time for before the window is painted; the others are painted as they were."""
        end = time.perf_counter() + _AT_ONCE_S
        for picture in pictures:
            if time.perf_counter() < end:
                picture.prepare()
            else:
                picture.wait()
                self._put(picture)
                self._turn.start()
