"""What diagnostics are computed from: consecutive steps of an episode, and what came before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from ntm_core.diagnostics.history import Writes, written
from ntm_core.diagnostics.origins import origins
from ntm_core.trace import Order, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from ntm_core.diagnostics.layout import Layout
    from ntm_core.diagnostics.sums import Floats
    from ntm_core.trace import Array, Field, Source

Result = TypeVar("Result")

WINDOW_BYTES = 2**20
"""About how much of an episode, all fields, is looked at at once, so that memory stays bounded and a piece of the work
takes some milliseconds."""

_LARGE = (Role.MEMORY, Role.LINKS, Role.LINK_LOCATION)
"""Kept in the type they come in; all else is counted in float64."""


class Frames:
    """Consecutive steps; arrays are found by role and have time first. What is asked of them is computed once.

    steps: how many.   columns: the values of a field over them.   previous: its value before the first of them; None
    where nobody knows.   writes: what the write heads did up to then; None for nothing.   parts: the memory before the
    first of them as a sum, see `origins.Origins`; None where nobody knows.   start: number of the first.
    iteration: of the training; -1 where there is none.
    """

    def __init__(
        self,
        layout: Layout,
        steps: int,
        columns: Callable[[str], Array],
        previous: Callable[[str], Array | None],
        writes: Writes | None = None,
        parts: Floats | None = None,
        start: int = 0,
        iteration: int = -1,
    ) -> None:
        self.layout = layout
        self.steps = steps
        self.start = start
        self.iteration = iteration
        self._columns = columns
        self._previous = previous
        self._writes = writes
        self.first_parts = parts
        self._arrays: dict[str, Array] = {}
        self._results: dict[Callable[[Frames], Any], Any] = {}

    def __contains__(self, role: Role) -> bool:
        return role in self.layout

    def __getitem__(self, role: Role) -> Array:
        """The field of a role: (steps, *field.shape). KeyError where the trace has none."""
        values = self.column(self.layout[role])
        with np.errstate(invalid="ignore"):  # a NaN may be of the kind that warns of itself
            return values if role in _LARGE else values.astype(np.float64, copy=False)

    def column(self, field: Field) -> Array:
        """Any field as it was recorded: (steps, *field.shape)."""
        if field.name not in self._arrays:
            self._arrays[field.name] = self._columns(field.name)
        return self._arrays[field.name]

    def before(self, role: Role) -> Array:
        """The field of a role as each step found it; NaN where nobody knows what was before the first."""
        now, first = self[role], self._previous(self.layout[role].name)
        if first is None:
            first = np.full(now.shape[1:], np.nan)
        return np.concatenate((np.asarray(first, now.dtype)[None], now[:-1]))

    def once(self, compute: Callable[[Frames], Result]) -> Result:
        """What a function makes of these frames; computed at the first call, without warnings about NaN."""
        if compute not in self._results:
            with np.errstate(all="ignore"):
                self._results[compute] = compute(self)
        return cast("Result", self._results[compute])

    @property
    def reads_first(self) -> bool:
        """Whether a step reads the memory as it found it."""
        return self.layout.spec.order is Order.READ_FIRST

    def when_read(self, history: Array) -> Array:
        """What a read meets of something, given as it was before the first step and after each: (steps + 1, ...)."""
        return history[:-1] if self.reads_first else history[1:]

    @property
    def writes(self) -> Writes:
        """What the write heads had done before the first step, and after each: (steps + 1, locations) each."""
        return self.once(_writes)

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Whether the output of a step counts: (steps,). All do where the trace does not say."""
        return self[Role.MASK] > 0 if Role.MASK in self else np.ones(self.steps, bool)

    @property
    def first_writes(self) -> Writes:
        """What was written before the first step: (locations,) each."""
        return Writes.none(self.layout.locations) if self._writes is None else self._writes


def frames_of(
    source: Source,
    layout: Layout,
    start: int = 0,
    stop: int | None = None,
    *,
    with_history: bool = False,
    with_parts: bool = False,
) -> Iterator[Frames]:
    """An episode in windows of about `WINDOW_BYTES`.

    with_history: also what was written from step 0 on.   with_parts: also the memory as the sum of that.
    """
    first, stop, _ = slice(start, stop).indices(len(source))
    size = max(1, WINDOW_BYTES // (4 * max(1, layout.spec.step_size)))
    with_history = with_history and Role.WRITE_WEIGHTING in layout
    writes = Writes.none(layout.locations) if with_history else None
    parts = _first_part(source, layout) if with_parts else None
    earlier = range(0, first, size) if with_history or with_parts else range(0)
    for begin in (*earlier, *range(first, stop, size)):
        end = min(begin + size, first if begin < first else stop)
        frames = _window(source, layout, begin, end, writes, parts)
        if begin >= first:
            yield frames
        if writes is not None:
            writes = frames.writes.at(-1)
        if parts is not None:
            parts = frames.once(origins).parts


def _first_part(source: Source, layout: Layout) -> Floats | None:
    """The memory before the first step as the only part of itself: (1, locations, word)."""
    if Role.MEMORY not in layout or not layout[Role.MEMORY].carried:
        return None
    return np.asarray(source.initial(layout[Role.MEMORY].name), np.float64)[None]


def _window(
    source: Source, layout: Layout, start: int, stop: int, writes: Writes | None, parts: Floats | None
) -> Frames:
    def columns(name: str) -> Array:
        return source.series(name, start, stop)

    def previous(name: str) -> Array | None:
        if start > 0:
            return cast("Array", source.series(name, start - 1, start)[0])
        return source.initial(name) if source.spec[name].carried else None

    return Frames(layout, stop - start, columns, previous, writes, parts, start, source.info.iteration)


def _writes(frames: Frames) -> Writes:
    kept = next((frames[role] for role in (Role.KEEP, Role.RETENTION) if role in frames), None)
    return written(frames.first_writes, frames[Role.WRITE_WEIGHTING], kept, frames.start)
