"""A hand on the real window: keys, mouse and wheel as events of Qt.

Each method returns an event, which happens when it is called: an act can so hand its events on one by one, and each
has a turn of the event loop of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QKeySequence, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from pathlib import Path

    from ntmviz.window import MainWindow

Event = Callable[[], object]
_LEFT, _NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def wait() -> None:
    """The event in which the hand rests for a turn."""


def open_dialog() -> QWidget | None:
    """The popup or dialog that has the keys now."""
    return QApplication.activePopupWidget() or QApplication.activeModalWidget()


class Hand:
    """Acts on one window and on the dialogs over it."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def key(self, keys: str) -> Event:
        """Press and let go, such as "Ctrl+K", wherever the focus is."""
        stroke = QKeySequence(keys)[0]

        def press() -> None:
            QTest.keyClick(self._focus(), stroke.key(), stroke.keyboardModifiers())

        return press

    def type(self, text: str) -> Event:
        return lambda: QTest.keyClicks(self._focus(), text)

    def click(self, widget: QWidget, at: QPoint | None = None) -> Event:
        return lambda: self._mouse(QTest.mouseClick, widget, at, _LEFT, _NO_KEY)

    def press(self, widget: QWidget, at: QPoint) -> Event:
        return lambda: self._mouse(QTest.mousePress, widget, at, _LEFT, _NO_KEY)

    def release(self, widget: QWidget, at: QPoint) -> Event:
        return lambda: self._mouse(QTest.mouseRelease, widget, at, _LEFT, _NO_KEY)

    def move(self, widget: QWidget, at: QPoint) -> Event:
        """Move the pointer; with the button held this drags."""
        return lambda: self._mouse(QTest.mouseMove, widget, at)

    def wheel(self, widget: QWidget, notches: int, modifiers: Qt.KeyboardModifier = _NO_KEY) -> Event:
        def turn() -> None:
            if widget.isVisible():
                window, at = _place(widget, None)
                none = QPoint(0, 0)
                QTest.wheelEvent(window, QPointF(at), QPoint(0, 120 * notches), none, modifiers)

        return turn

    def drop(self, path: Path) -> Event:
        """Let a file fall on the window."""

        def let_go() -> None:
            data = QMimeData()
            data.setUrls([QUrl.fromLocalFile(str(path))])
            event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, _LEFT, _NO_KEY)
            QApplication.sendEvent(self.window, event)

        return let_go

    def has_keys(self) -> bool:
        """Whether keys go to the window or a dialog over it. They come back to the window some turns after it asked.

        It has to ask here, since no window manager gives them back when a dialog has gone; till then keys are lost.
        """
        if open_dialog() is not None or self.window.isActiveWindow():
            return True
        self.window.activateWindow()
        return False

    def _focus(self) -> QWidget:
        """Who gets the keys."""
        top = open_dialog() or self.window
        return top.focusWidget() or top

    def _mouse(self, act: Callable[..., object], widget: QWidget, at: QPoint | None, *how: object) -> None:
        if widget.isVisible():
            window, place = _place(widget, at)
            if how:
                act(window, *how, place)
            else:
                act(window, place)


def _place(widget: QWidget, at: QPoint | None) -> tuple[QWindow, QPoint]:
    """A point of a widget, its middle by default, in the window that the system knows."""
    at = widget.rect().center() if at is None else at
    return widget.window().windowHandle(), widget.mapTo(widget.window(), at)
