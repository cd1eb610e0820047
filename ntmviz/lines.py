"""The episodes of a session, each with all that it goes on from: what the window shows of a fork."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from ntm_core.lineage import Lineage

if TYPE_CHECKING:
    from ntm_core.trace import Source


class Lines(Sequence[Lineage]):
    """Line i ends with episode i, and is made when it is first asked for."""

    def __init__(self, episodes: Sequence[Source]) -> None:
        self._episodes = episodes
        self._made: dict[int, Lineage] = {}

    def __len__(self) -> int:
        return len(self._episodes)

    @overload
    def __getitem__(self, index: int) -> Lineage: ...
    @overload
    def __getitem__(self, index: slice) -> list[Lineage]: ...
    def __getitem__(self, index: int | slice) -> Lineage | list[Lineage]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        if number not in self._made:
            self._made[number] = Lineage(self._episodes, number)
        return self._made[number]
