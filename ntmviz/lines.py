"""The episodes of a session, each with all that it goes on from: what the window shows of a fork."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from ntm_core.lineage import Lineage

if TYPE_CHECKING:
    from ntm_core.trace import Source, StepRecord

_KEPT = 2
"""Records: those of the step in view and of the step before."""


class Line(Lineage):
    """One line of a session, which keeps the records that were asked for last, as each view asks anew."""

    def __init__(self, episodes: Sequence[Source], episode: int) -> None:
        super().__init__(episodes, episode)
        self._records: dict[int, StepRecord] = {}

    def record(self, step: int) -> StepRecord:
        known = self._records.pop(step, None)
        record = self._records[step] = known if known is not None else super().record(step)
        if len(self._records) > _KEPT:
            del self._records[next(iter(self._records))]
        return record


class Lines(Sequence[Line]):
    """Line i ends with episode i, and is made when it is first asked for."""

    def __init__(self, episodes: Sequence[Source]) -> None:
        self._episodes = episodes
        self._made: dict[int, Line] = {}

    def __len__(self) -> int:
        return len(self._episodes)

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        if number not in self._made:
            self._made[number] = Line(self._episodes, number)
        return self._made[number]
