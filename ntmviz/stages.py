"""Work for more than one turn of the event loop: as much at once as there is time for, the rest in the turns after."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Stage = Callable[[], None]

TURN_S = 0.01
"""After so long no further stage is begun in the same turn; none is cut short."""
ALONE_MS = 5
"""Before what comes after the rest: what was changed till then is painted in a turn of its own."""


class Stages(QObject):
    """Does the stages of one thing, of which a newer one replaces what is left."""

    done = Signal()  # nothing is left to do

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._left: dict[int, Stage] = {}
        self._begun = 0
        """Things that were begun or dropped: another number, and the stages of the one before are void."""
        self._turn = QTimer(self, singleShot=True, interval=ALONE_MS)
        self._turn.timeout.connect(self._go_on)

    @property
    def is_active(self) -> bool:
        """Whether stages are left for turns to come."""
        return bool(self._left)

    def start(self, first: Stage, others: Sequence[Stage]) -> None:
        """Do the first, and as many of the others as there is time for.

        Things that come faster than they can be done take turns with their other stages: those that were left of the
        one before come earlier, and one of them at once. So no stage is put off for ever.
        """
        late, end = set(self._left), time.perf_counter() + TURN_S
        self.drop()
        begun = self._begun
        first()
        if begun == self._begun:  # it has neither failed nor started another thing
            order = sorted(range(len(others)), key=lambda number: number not in late)
            self._left = {number: others[number] for number in order}
            self._do(end, at_least=1 if late else 0)

    def drop(self) -> None:
        """Leave undone what is left."""
        self._turn.stop()
        self._left = {}
        self._begun += 1

    def finish(self) -> None:
        """Do now what is left."""
        if self._left:
            self._do(float("inf"))

    def _go_on(self) -> None:
        self._do(time.perf_counter() + TURN_S, at_least=1)

    def _do(self, end: float, at_least: int = 0) -> None:
        begun, count = self._begun, 0
        while self._left and (count < at_least or time.perf_counter() < end):
            self._left.pop(next(iter(self._left)))()
            count += 1
            if begun != self._begun:
                return
        if self._left:
            self._turn.start()
        else:
            self._turn.stop()
            self.done.emit()
