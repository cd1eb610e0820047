"""An episode that is kept in memory while it grows. NumPy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import StepRecord

if TYPE_CHECKING:
    from ntm_core.trace import Array, Columns, EpisodeInfo, TraceSpec


class KeptEpisode:
    """A `trace.Source` that steps are appended to.

    initial: each carried field before the first step, `field.shape`.
    """

    def __init__(self, spec: TraceSpec, info: EpisodeInfo, initial: Columns) -> None:
        self.spec = spec
        self.info = info
        self._initial = dict(initial)
        self._records: list[StepRecord] = []

    def __len__(self) -> int:
        return len(self._records)

    def append_steps(self, columns: Columns) -> None:
        """Consecutive steps, time first; the arrays are kept as they are and must not change."""
        count = len(next(iter(columns.values())))
        for at in range(count):
            values = {name: column[at] for name, column in columns.items()}
            self._records.append(StepRecord(len(self._records), values))

    def initial(self, name: str) -> Array:
        """A carried field before the first step. KeyError where the field is not carried."""
        if not self.spec[name].carried:
            raise KeyError(f"field {name!r} is not carried from step to step, so it has no initial value")
        return self._initial[name]

    def record(self, step: int) -> StepRecord:
        """All fields of one step. IndexError outside 0 .. len - 1."""
        if not 0 <= step < len(self):
            raise IndexError(f"a step from 0 to {len(self) - 1} was wanted; got {step}")
        return self._records[step]

    def series(self, name: str, start: int = 0, stop: int | None = None) -> Array:
        """One field over the steps start .. stop - 1: (steps, *field.shape)."""
        field = self.spec[name]
        records = self._records[slice(*slice(start, stop).indices(len(self)))]
        if not records:
            return np.empty((0, *field.shape), np.float32)
        return np.stack([record[name] for record in records])
