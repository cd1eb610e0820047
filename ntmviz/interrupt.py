"""Ctrl+C in the terminal, its end, or a kill closes the windows in order, so that a training they drive is sealed."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from types import FrameType


class Interrupt(QObject):
    """While it lives, SIGINT, SIGTERM and SIGHUP close all windows, and so end the event loop. Main thread only."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        # Python handles a signal between two of its own instructions, and Qt's loop waits in C: a byte wakes it.
        self._awake, self._wake = socket.socketpair()
        for end in (self._awake, self._wake):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._awake.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_awake)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _on_interrupt)

    def _on_awake(self) -> None:
        self._awake.recv(4096)


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    # It comes in the middle of anything, so the windows close from the event loop.
    QTimer.singleShot(0, QApplication.closeAllWindows)
