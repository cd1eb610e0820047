"""Drives a window at random but the same way for the same seed: every act once, then acts by their weight.

An act is a generator of events. Each event has a turn of the event loop of its own, so that what it costs is one block
and a dialog that it opens runs as it does for a person: the events that follow come while it is open.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from tests.soak.hand import Event, Hand, open_dialog, wait

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from tests.soak.blocks import Pulse

BETWEEN_EVENTS_MS, BETWEEN_ACTS_MS = 16, 60
BETWEEN = "between acts"
"""What the blocks between two acts are told as: the training's news, the clock of playing."""

Events = Iterator[Event]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a person does, and how often beside the others."""

    name: str
    weight: float
    events: Callable[[Hand, random.Random], Events]


class Driver(QObject):
    """Acts on a window until the time is over. It rests after the first round of all acts, and at the end."""

    rested = Signal()
    done = Signal()

    def __init__(
        self, hand: Hand, pulse: Pulse, acts: tuple[Act, ...], rest: Act, *, seconds: float, seed: int
    ) -> None:
        super().__init__()
        self.counts = Counter({act.name: 0 for act in acts})
        self._hand, self._pulse, self._seconds = hand, pulse, seconds
        self._acts, self._rest = acts, rest
        self._chance = random.Random(seed)
        self._first_round = [*acts, rest]
        self._is_over = False
        self._act: Act | None = None
        self._events: Iterator[Event] = iter(())
        self._dialogs: list[QWidget | None] = []

    def start(self) -> None:
        self._turn()

    def _turn(self) -> None:
        dialog = open_dialog()
        is_inside_event = bool(self._dialogs) and self._dialogs[-1] is dialog  # which has opened no dialog of its own
        if is_inside_event or not self._hand.has_keys():
            QTimer.singleShot(BETWEEN_EVENTS_MS, self._turn)
            return
        event = self._next_event()
        if event is None:
            return
        pause = BETWEEN_EVENTS_MS if self._act is not None else self._chance.randrange(BETWEEN_ACTS_MS)
        QTimer.singleShot(pause, self._turn)
        self._dialogs.append(dialog)
        try:
            event()
        finally:
            self._dialogs.pop()

    def _next_event(self) -> Event | None:
        """Of the act under way, or of the next one; None when all is done."""
        if self._act is None:
            self._act = self._next_act()
            if self._act is None:
                self.done.emit()
                return None
            self.counts[self._act.name] += 1
            self._pulse.doing = self._act.name
            self._events = self._act.events(self._hand, self._chance)
        event = next(self._events, None)
        if event is None:
            if self._act is self._rest:
                self.rested.emit()
            self._act = None
            self._pulse.doing = BETWEEN
        return event or wait

    def _next_act(self) -> Act | None:
        if open_dialog() is not None:
            return Act("put a dialog away", 0, _escape)
        if self._first_round:
            return self._first_round.pop(0)
        if self._pulse.seconds < self._seconds:
            return self._chance.choices(self._acts, [act.weight for act in self._acts])[0]
        if not self._is_over:
            self._is_over = True
            return self._rest
        return None


def _escape(hand: Hand, chance: random.Random) -> Events:
    yield hand.key("Escape")
