"""Another theme for a window, a piece in each turn of the event loop.

Qt restyles all widgets of an application in one go, seen or not. Here those that are not in sight are taken out of it:
they lose the old style before, and get the new one after, some at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from ntmviz import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ntmviz.colours import Palette
    from ntmviz.views.settling import Settling

_AT_ONCE = 80
"""Widgets out of sight that are restyled in one turn."""
_POLISHED = Qt.WidgetAttribute.WA_WState_Polished


class ThemeChange(QObject):
    """Gives the application another theme; one that comes before the last is through takes its place."""

    def __init__(self, window: QWidget, settling: Settling, dressers: Iterable[Callable[[Palette], None]]) -> None:
        """dressers: each gives the theme to what draws itself, in a turn of its own."""
        super().__init__(window)
        self._settling, self._dressers = settling, tuple(dressers)
        self._pieces: Iterator[None] = iter(())
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._go_on)

    def start(self, palette: Palette) -> None:
        """The window is painted in it when all that is in sight has it."""
        self._settling.hold()
        self._pieces = self._change(palette)
        self._turn.start()

    def _go_on(self) -> None:
        for _ in self._pieces:
            self._turn.start()
            break

    def _change(self, palette: Palette) -> Iterator[None]:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        unseen = [each for each in app.allWidgets() if not (each.isVisible() and each.testAttribute(_POLISHED))]
        yield from _some_at_a_time(unseen, _unpolish)
        theme.undress(app)
        yield
        theme.apply(app, palette)
        yield
        for dress in self._dressers:
            dress(palette)
            yield
        self._settling.release()
        yield from _some_at_a_time(unseen, _polish)


def _some_at_a_time(widgets: list[QWidget], act: Callable[[QWidget], None]) -> Iterator[None]:
    """Act on all of them that are still there."""
    for start in range(0, len(widgets), _AT_ONCE):
        for widget in widgets[start : start + _AT_ONCE]:
            if shiboken6.isValid(widget):
                act(widget)
        yield


def _unpolish(widget: QWidget) -> None:
    """Take its style away, so that what restyles all that have one passes it over."""
    if widget.testAttribute(_POLISHED):
        widget.style().unpolish(widget)
        widget.setAttribute(_POLISHED, False)


def _polish(widget: QWidget) -> None:
    """Give it the style of the application, as Qt does when a widget is first shown."""
    for kind in (QEvent.Type.Polish, QEvent.Type.StyleChange):
        QCoreApplication.sendEvent(widget, QEvent(kind))
