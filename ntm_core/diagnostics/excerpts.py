"""Enough of a session to judge it by, and no more: the first steps of its last episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import Phase, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ntm_core.diagnostics.layout import Layout
    from ntm_core.trace import Array, EpisodeInfo, Source, StepRecord, TraceSpec

MOST_EPISODES = 4
MOST_STEPS = 256
"""Of each."""
MOST_BYTES = 32 * 2**20
"""Of all of them together, as far as they are looked at."""
_LOOKED_BACK = 64
"""Episodes."""
_UNREAD = (Role.LINKS, Role.LINK_LOCATION, Role.ASSOCIATION)


class Opening:
    """The first steps of an episode, a `trace.Source`."""

    def __init__(self, source: Source, steps: int) -> None:
        self._source = source
        self._steps = min(steps, len(source))

    @property
    def spec(self) -> TraceSpec:
        return self._source.spec

    @property
    def info(self) -> EpisodeInfo:
        return self._source.info

    def __len__(self) -> int:
        return self._steps

    def initial(self, name: str) -> Array:
        return self._source.initial(name)

    def record(self, step: int) -> StepRecord:
        if not 0 <= step < self._steps:
            raise IndexError(f"a step from 0 to {self._steps - 1} was wanted; got {step}")
        return self._source.record(step)

    def series(self, name: str, start: int = 0, stop: int | None = None) -> Array:
        first, last, _ = slice(start, stop).indices(self._steps)
        return self._source.series(name, first, max(first, last))


def last_of(episodes: Sequence[Source]) -> list[Source]:
    """The last few episodes, in order, each cut to its first steps where it is long.

    Those that training made come before those worked by hand, and whole ones before long ones.
    """
    recent = [each for each in episodes[-_LOOKED_BACK:] if len(each)]
    trained = [each for each in recent if not each.info.kind.is_by_hand] or recent
    chosen = ([each for each in trained if len(each) <= MOST_STEPS] or trained)[-MOST_EPISODES:]
    if not chosen:
        return []
    size = sum(field.size for field in chosen[0].spec if field.role not in _UNREAD)
    steps = max(1, MOST_BYTES // (4 * max(1, size) * len(chosen)))
    return [Opening(each, min(steps, MOST_STEPS)) for each in chosen]


def phases_of(source: Source, layout: Layout) -> NDArray[np.int64]:
    """What each step is for, numbers of `Phase`, (steps,). If it does not say: output where scored, else input."""
    if Role.PHASE in layout:
        numbers = np.nan_to_num(source.series(layout[Role.PHASE].name))
        return numbers.clip(0, max(Phase)).astype(np.int64)
    if Role.MASK not in layout:
        return np.full(len(source), int(Phase.NONE))
    is_scored = source.series(layout[Role.MASK].name) > 0
    return np.where(is_scored, int(Phase.OUTPUT), int(Phase.INPUT))
