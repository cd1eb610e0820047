"""Recorded episodes, each a `trace.Source`."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from ntm_core.trace import EpisodeInfo, StepRecord, TraceSpec
from sessions import schema
from sessions.errors import DamageError
from sessions.packing import Packing

if TYPE_CHECKING:
    from pathlib import Path

    from sessions.container import Container
    from sessions.contents import Texts
    from sessions.steps import StepReader
    from sessions.tables import Table

Array = NDArray[Any]
_BY_HAND = np.array([number for kind, number in schema.KINDS.items() if kind.is_by_hand])
_KINDS = {number: kind for kind, number in schema.KINDS.items()}


class Episode:
    """One recorded episode. Its arrays are read-only; DamageError where a part is not what its checksum says."""

    def __init__(self, episodes: Episodes, index: int) -> None:
        self._episodes = episodes
        self.index = index
        """Which of the session, from 0."""

    @property
    def spec(self) -> TraceSpec:
        return self._episodes.spec

    @property
    def info(self) -> EpisodeInfo:
        return self._episodes.info(self.index)

    def __len__(self) -> int:
        return self._episodes.range_of(self.index)[1]

    def initial(self, name: str) -> Array:
        """A carried field before the first step, `field.shape`. KeyError where the field is not carried."""
        if not self.spec[name].carried:
            raise KeyError(f"field {name!r} is not carried from step to step, so it has no initial value")
        return self._episodes.initial(self.index)[name]

    def record(self, step: int) -> StepRecord:
        """All fields of one step. IndexError outside 0 .. len - 1."""
        start, length = self._episodes.range_of(self.index)
        if not 0 <= step < length:
            raise IndexError(f"a step from 0 to {length - 1} was wanted; got {step}")
        at = start + step
        values = {field.name: self._episodes.steps_of(field.name, at, at + 1)[0] for field in self.spec}
        return StepRecord(step, values)

    def series(self, name: str, start: int = 0, stop: int | None = None) -> Array:
        """One field over the steps start .. stop - 1, all so far by default: (steps, *field.shape)."""
        field = self.spec[name]
        origin, length = self._episodes.range_of(self.index)
        first, last, _ = slice(start, stop).indices(length)
        if first >= last:
            return np.empty((0, *field.shape), np.float32)
        return self._episodes.steps_of(name, origin + first, origin + last)

    def __repr__(self) -> str:
        return f"<Episode {self.index}: {self.info.kind.value}, {len(self)} steps>"


class Episodes(Sequence[Episode]):
    """All episodes of a session as far as it was read."""

    def __init__(self, container: Container, table: Table, texts: Texts, steps: StepReader, path: Path) -> None:
        self.spec = container.spec
        self.steps = 0
        """Steps of the session that may be looked at."""
        self._table = table
        self._texts = texts
        self._path = path
        self.steps_of = steps.values
        self._initial = {
            field.name: container.datasets[f"{schema.INITIAL}/{field.name}"] for field in self.spec.carried
        }
        self._start_packing = Packing.of_start(self.spec)
        self._last_initial: tuple[int, dict[str, Array]] = -1, {}
        self._made: dict[int, Episode] = {}

    def __len__(self) -> int:
        return len(self._table.rows)

    @overload
    def __getitem__(self, index: int) -> Episode: ...
    @overload
    def __getitem__(self, index: slice) -> list[Episode]: ...
    def __getitem__(self, index: int | slice) -> Episode | list[Episode]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"an episode from 0 to {len(self) - 1} was wanted; got {index}")
        number = index % len(self)
        return self._made.setdefault(number, Episode(self, number))

    @property
    def iterations(self) -> NDArray[np.int64]:
        """The training iteration of each episode, -1 where it has none: (episodes,)."""
        return np.ascontiguousarray(self._table.rows["iteration"])

    @property
    def checkpoints(self) -> NDArray[np.int64]:
        """The checkpoint that each episode ran on, -1 where its weights are not kept: (episodes,)."""
        return np.ascontiguousarray(self._table.rows["checkpoint"])

    @property
    def by_hand(self) -> NDArray[np.int64]:
        """Indices of the episodes that were worked by hand."""
        return np.flatnonzero((self._table.rows["kind"][:, np.newaxis] == _BY_HAND).any(axis=1))

    def row(self, index: int) -> Any:
        return self._table.rows[index]

    def range_of(self, index: int) -> tuple[int, int]:
        """First step of an episode, counted over the session, and the steps it has so far."""
        row = self.row(index)
        start, length = int(row["start"]), int(row["length"])
        there = max(self.steps - start, 0)
        return start, there if length == schema.NONE else min(length, there)

    def info(self, index: int) -> EpisodeInfo:
        row = self.row(index)
        told = {name: row[name].item() for name in schema.EPISODE_NUMBERS}
        kind = _KINDS.get(int(row["kind"]))
        if kind is None:
            raise DamageError(f"episode {index} is of no kind that this format knows: {self._path}")
        return EpisodeInfo(kind=kind, label=self._texts.text(int(row["label"])), **told)

    def initial(self, index: int) -> dict[str, Array]:
        """The carried fields of an episode before its first step; those of the last one asked for are kept."""
        if self._last_initial[0] != index:
            values = {name: dataset.read(index, index + 1) for name, dataset in self._initial.items()}
            if zlib.crc32(self._start_packing.pack(values).data) != self.row(index)["initial_crc32"]:
                raise DamageError(f"the initial values of episode {index} are damaged: {self._path}")
            for each in values.values():
                each.flags.writeable = False
            self._last_initial = index, {name: each[0] for name, each in values.items()}
        return self._last_initial[1]
