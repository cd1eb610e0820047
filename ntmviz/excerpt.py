"""A part of an episode that is a Source itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ntm_core.trace import Array, EpisodeInfo, Source, StepRecord, TraceSpec


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """The first `count` steps of another Source."""

    source: Source
    count: int

    @property
    def spec(self) -> TraceSpec:
        return self.source.spec

    @property
    def info(self) -> EpisodeInfo:
        return self.source.info

    def __len__(self) -> int:
        return min(self.count, len(self.source))

    def initial(self, name: str) -> Array:
        return self.source.initial(name)

    def record(self, step: int) -> StepRecord:
        if not 0 <= step < len(self):
            raise IndexError(f"a step from 0 to {len(self) - 1} was wanted; got {step}")
        return self.source.record(step)

    def series(self, name: str, start: int = 0, stop: int | None = None) -> Array:
        return self.source.series(name, start, len(self) if stop is None else min(stop, len(self)))
