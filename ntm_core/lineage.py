"""An episode and all that it goes on from, as one. NumPy only: the window reads forks by it, an engine wakes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from ntm_core.trace import StepRecord

if TYPE_CHECKING:
    from ntm_core.trace import Array, EpisodeInfo, Source, TraceSpec


class Episodes(Protocol):
    """Episodes by index: a sequence or a mapping."""

    def __getitem__(self, index: int, /) -> Source: ...


class Place(NamedTuple):
    """After a step of an episode; step -1 is before its first."""

    episode: int
    step: int


class Part(NamedTuple):
    """One episode of a line."""

    episode: int
    source: Source
    first: int
    """The step of the line that its own first step is."""


class Lineage:
    """A `trace.Source` over a line of episodes: the root, then each fork from the step after which it goes on.

    Steps are counted from the root's first. Where a fork starts, the carried fields are those that it started from, so
    that an edit is seen in the step at which it was made. It grows as its last episode does.
    """

    def __init__(self, episodes: Episodes, episode: int) -> None:
        line = [episode]
        while 0 <= (parent := episodes[line[-1]].info.parent) < line[-1]:
            line.append(parent)
        parts: list[Part] = []
        for index in reversed(line):
            source, first = episodes[index], 0
            if parts:
                step = min(max(source.info.parent_step, -1), len(parts[-1].source) - 1)
                first = parts[-1].first + step + 1
            parts.append(Part(index, source, first))
        self.parts = tuple(parts)

    @property
    def spec(self) -> TraceSpec:
        return self.parts[-1].source.spec

    @property
    def info(self) -> EpisodeInfo:
        """Of the last episode."""
        return self.parts[-1].source.info

    @property
    def root(self) -> Part:
        """The episode that the line starts with."""
        return self.parts[0]

    def __len__(self) -> int:
        return self.parts[-1].first + len(self.parts[-1].source)

    def place(self, step: int) -> Place:
        """Which step of which episode a step of the line is; where a fork starts from an edited state, that state.

        IndexError outside -1 .. len - 1; -1 is before the first.
        """
        if not -1 <= step < len(self):
            raise IndexError(f"a step from -1 to {len(self) - 1} was wanted; got {step}")
        here = [part for part in self.parts if part.first - 1 <= step]
        while len(here) > 1 and here[-1].first - 1 == step and not self._is_edited(*here[-2:]):
            here.pop()
        return Place(here[-1].episode, step - here[-1].first)

    def initial(self, name: str) -> Array:
        """A carried field before the first step. KeyError where the field is not carried."""
        return self._part_after(-1).source.initial(name)

    def record(self, step: int) -> StepRecord:
        """All fields of one step. IndexError outside 0 .. len - 1."""
        if not 0 <= step < len(self):
            raise IndexError(f"a step from 0 to {len(self) - 1} was wanted; got {step}")
        part = self._part_of(step)
        record = part.source.record(step - part.first)
        after = self._part_after(step)
        if after is part:
            return StepRecord(step, record.arrays)
        edited = {field.name: after.source.initial(field.name) for field in self.spec.carried}
        return StepRecord(step, {**record, **edited})

    def series(self, name: str, start: int = 0, stop: int | None = None) -> Array:
        """One field over the steps start .. stop - 1: (steps, *field.shape)."""
        first, last, _ = slice(start, stop).indices(len(self))
        pieces = [np.empty((0, *self.spec[name].shape), np.float32)]
        ends = [part.first for part in self.parts[1:]] + [len(self)]
        for part, end in zip(self.parts, ends, strict=True):
            low, high = max(first, part.first), min(last, end)
            if low < high:
                pieces.append(part.source.series(name, low - part.first, high - part.first))
        values = np.concatenate(pieces)
        if self.spec[name].carried:
            for part in self.parts[1:]:
                if first <= part.first - 1 < last:
                    values[part.first - 1 - first] = part.source.initial(name)
        return values

    def _is_edited(self, before: Part, part: Part) -> bool:
        """Whether a fork starts from another state than the episode that it leaves came to."""
        own = part.first - 1 - before.first
        ran = None if own < 0 else before.source.record(own)
        return any(
            not np.array_equal(
                before.source.initial(field.name) if ran is None else ran[field.name],
                part.source.initial(field.name),
                equal_nan=True,
            )
            for field in self.spec.carried
        )

    def _part_of(self, step: int) -> Part:
        """The episode whose own step it is."""
        return next(part for part in reversed(self.parts) if part.first <= step)

    def _part_after(self, step: int) -> Part:
        """The latest episode that goes on after a step, or has it."""
        return next(part for part in reversed(self.parts) if part.first - 1 <= step)
