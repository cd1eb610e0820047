"""What is known of an episode as a whole, found a piece at a time, so that a long one does not hold the window up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import Role
from ntmviz.episode_figures import Happening, happenings, sequence
from ntmviz.figures import column_fields, signed_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ntm_core.trace import Source

LONGEST_SURVEY = 20_000
"""Steps that are looked through for events and colour range; no task of the papers has a sequence as long."""
_PIECE_STEPS, _PIECE_BYTES = 1024, 2**20
"""The most of a piece: some 10 ms of reading. A sequence of the copy task is a piece."""
_SIGNED = (Role.MEMORY, Role.ADD, Role.READ_VECTOR)
"""Fields that share the signed colour range."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of an episode as a whole."""

    happenings: tuple[Happening, ...] = ()
    limit: float = 1.0
    """The signed colour range that holds its memory, adds and read vectors is -limit..+limit."""
    is_scored: bool = False
    """Whether the task asks for anything at any step."""
    largest_weighting: float = 1e-6
    column_limits: Mapping[str, float] = field(default_factory=dict)
    """Of each field with one number for each location, the end of its colour range, which starts at 0."""


class Surveyor:
    """Makes the survey of an episode; of a longer one than `most` steps only its first ones are looked through."""

    def __init__(self, source: Source, most: int = LONGEST_SURVEY) -> None:
        self.found = Survey()
        """What was found so far."""
        self._source = source
        self._steps = min(len(source), most)
        self._piece = max(1, min(_PIECE_STEPS, _PIECE_BYTES // (4 * source.spec.step_size)))
        self._next = 0

    @property
    def is_done(self) -> bool:
        return self._next >= self._steps

    def look_on(self) -> None:
        """Look through the next piece."""
        start, stop = self._next, min(self._next + self._piece, self._steps)
        # One step earlier, so that a jump between two pieces is seen.
        figure = sequence(self._source, max(0, start - 1), stop)
        before = self.found
        happened = {each for each in happenings(figure) if each.step >= start}
        largest = before.limit
        for role in _SIGNED:
            field = self._source.spec.with_role(role)
            if field is not None:
                values = self._source.series(field.name, start, stop)
                if _is_finite(values):
                    largest = max(largest, _largest(values))
                else:
                    largest = max(largest, _largest(values[np.isfinite(values)]))
                    if role is Role.MEMORY:
                        spoilt = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
                        happened |= {Happening(start + int(at), "not finite") for at in np.flatnonzero(spoilt)}
        columns = {
            each.name: signed_limit(
                np.array([before.column_limits.get(each.name, 0.0)]), self._source.series(each.name, start, stop)
            )
            for each in column_fields(self._source.spec)
            if each.limits is None
        }
        weightings = [values[np.isfinite(values)] for values in (figure.writes, figure.reads)]
        self.found = Survey(
            happenings=(*before.happenings, *sorted(happened)),
            limit=signed_limit(np.array([largest])),
            is_scored=before.is_scored or bool(figure.scored.any()),
            largest_weighting=max(before.largest_weighting, *(_largest(values) for values in weightings)),
            column_limits=columns,
        )
        self._next = stop


def _is_finite(values: NDArray[np.floating]) -> bool:
    """Whether all are numbers; a NaN or infinity shows in the smallest or the largest."""
    return not values.size or bool(np.isfinite(values.min()) and np.isfinite(values.max()))


def _largest(values: NDArray[np.floating]) -> float:
    """The largest magnitude of finite values."""
    return max(float(-values.min()), float(values.max())) if values.size else 0.0
