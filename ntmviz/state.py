"""What the window is looking at: one frozen value, changed through one store, clamped to the data by one function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ntmviz.figures import Head, HeadKind, heads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntm_core.trace import Source

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Multiples of the ordinary speed of playing."""

FIRST_READ_HEAD = Head(HeadKind.READ)

BEFORE_FIRST = -2
"""A wish for a step: the state before the first one."""

STEPS_PER_SECOND = 6.0
"""The ordinary speed."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """Wishes, not facts: `resolve` holds them against the data that is there.

    An episode or step of -1 means the last one there is, a step of BEFORE_FIRST the start.
    """

    episode: int = -1
    step: int = -1
    is_following: bool = False
    """Show the newest episode as it arrives, or, while playing, one new episode after another from its first step."""
    direction: int = 0
    """0 paused, 1 plays forwards, -1 backwards."""
    speed: float = 1.0
    loop: tuple[int | None, int | None] = (None, None)
    """First and last step of the range that playing repeats; None where not set."""
    first_row: int | None = None
    """The topmost location in view; None lets the window choose for each episode."""
    row_pitch: int = 10
    head: Head = FIRST_READ_HEAD
    field: str = ""
    """Name of the field that the State panel shows; "" lets it choose."""
    pinned: tuple[int, int] | None = None
    """(location, word) of the cell that stays explained."""
    shows_change: bool = False
    weighting_to_largest: bool = False
    """Draw weightings up to their largest value instead of up to 1."""


class Store(QObject):
    """Holds the one ViewState."""

    changed = Signal(object, object)  # old ViewState, new ViewState

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = ViewState()

    @property
    def state(self) -> ViewState:
        return self._state

    def update(self, **changes: object) -> None:
        old, self._state = self._state, replace(self._state, **changes)  # type: ignore[arg-type]
        if self._state != old:
            self.changed.emit(old, self._state)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A ViewState held against the data: an episode and a step that exist."""

    state: ViewState
    episode: int
    source: Source
    step: int
    """-1: before the first."""
    head: Head


def resolve(state: ViewState, episodes: Sequence[Source]) -> Resolved | None:
    """What can be shown of what is wished for; None where no episode has a step yet.

    An episode without a step (it has only just begun) gives way to the one before it, but for one worked by hand.
    """
    follows = state.is_following and not state.direction
    wished = len(episodes) - 1 if state.episode < 0 or follows else min(state.episode, len(episodes) - 1)
    for index in range(wished, -1, -1):
        source = episodes[index]
        steps = len(source)
        if steps or source.info.kind.is_by_hand:
            step = _step(state, steps, follows)
            known = heads(source.spec)
            head = state.head if state.head in known or not known else known[0]
            return Resolved(state, index, source, step, head)
    return None


def _step(state: ViewState, steps: int, follows: bool) -> int:
    if state.step == BEFORE_FIRST and not follows:
        return -1
    return steps - 1 if state.step < 0 or follows else min(state.step, steps - 1)
