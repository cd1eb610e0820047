"""An engine process that is started before it is needed: it loads torch and kernels while nobody waits for it."""

from __future__ import annotations

import signal

from PySide6.QtCore import QObject

from ntmviz.child import Child
from ntmviz.errors import NtmvizError

ENGINE = "ntmviz.worker"
_END_S = 1.0


class Spare(QObject):
    """At most one engine process of which nothing was asked yet; none beside one that was taken and still runs."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child: Child | None = None
        self._is_kept = False
        self._taken = 0

    @property
    def pid(self) -> int | None:
        """Of the process that waits to be taken."""
        return None if self._child is None else self._child.pid

    def keep(self) -> None:
        """Have one from now on, whenever no other runs."""
        self._is_kept = True
        self._refill()

    def take(self, owner: QObject) -> Child:
        """The one that waits, or else a new one, for its owner. Raises NtmvizError where none can be started."""
        child, self._child = self._child, None
        if child is None:
            child = Child(ENGINE, owner)
        else:
            child.disconnect(self)
            child.setParent(owner)
        self._taken += 1
        child.ended.connect(self._on_taken_ended)
        return child

    def shut_down(self) -> None:
        """End the one that nobody took."""
        self._is_kept = False
        if self._child is not None:
            child, self._child = self._child, None
            child.disconnect(self)
            child.send_signal(signal.SIGKILL)
            child.wait(_END_S)

    def _refill(self) -> None:
        if not self._is_kept or self._child is not None or self._taken:
            return
        try:
            child = Child(ENGINE, self)
        except NtmvizError:
            return  # whoever needs one is told why
        child.ended.connect(self._on_ended)
        child.send(order="prepare")
        self._child = child

    def _on_ended(self, code: int) -> None:
        if self._child is not None:
            self._child.deleteLater()
            self._child = None

    def _on_taken_ended(self, code: int) -> None:
        self._taken -= 1
        self._refill()
