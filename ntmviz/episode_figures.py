"""A whole episode, or a range of its steps, as numbers to be drawn: what went in and out, where the heads were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import Role
from ntmviz.figures import WRITTEN, signed_limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ntm_core.trace import Source

    Floats = NDArray[np.floating]


LONGEST_SURVEY = 20_000
"""Steps that are looked through for events and colour range; no task of the papers has a sequence as long."""
_PIECE = 256
_SIGNED = (Role.MEMORY, Role.ADD, Role.READ_VECTOR)
"""Fields that share the signed colour range."""


@dataclass(frozen=True, slots=True)
class SequenceFigure:
    """What went in and came out over a range of steps, and where the heads were."""

    start: int
    steps: int
    """Steps of the whole episode; the figure holds those from `start` on."""
    inputs: Floats | None
    """(channels, steps of the figure)."""
    targets: Floats | None
    outputs: Floats | None
    scored: NDArray[np.bool_]
    """(steps of the figure,): where the output counts."""
    wrong_bits: NDArray[np.int64]
    """(steps of the figure,): outputs on the wrong side of one half; -1 where unscored."""
    writes: Floats
    """(write heads, locations, steps of the figure)."""
    reads: Floats
    not_finite: NDArray[np.bool_]
    """(steps of the figure,): a NaN or infinity in the memory, a weighting or the output."""

    @property
    def count(self) -> int:
        return len(self.scored)


def sequence(source: Source, start: int = 0, stop: int | None = None) -> SequenceFigure:
    """The steps start .. stop - 1 of an episode."""
    spec = source.spec
    stop = len(source) if stop is None else min(stop, len(source))
    count = max(0, stop - start)

    def series(role: Role) -> Floats | None:
        field = spec.with_role(role)
        return None if field is None or not count else source.series(field.name, start, stop)

    def rows(values: Floats | None) -> Floats | None:
        return None if values is None else values.reshape(count, -1).T

    def weightings(role: Role) -> Floats:
        values = series(role)
        return np.zeros((0, 0, count), np.float32) if values is None else np.moveaxis(values, 0, -1)

    inputs, targets, outputs = rows(series(Role.INPUT)), rows(series(Role.TARGET)), rows(series(Role.OUTPUT))
    mask = series(Role.MASK)
    scored = np.ones(count, bool) if mask is None else mask.reshape(count, -1).any(axis=1)
    wrong = np.full(count, -1, np.int64)
    if targets is not None and outputs is not None:
        wrong[scored] = ((outputs > 0.5) != (targets > 0.5)).sum(axis=0)[scored]
    else:
        scored = np.zeros(count, bool)
    writes, reads = weightings(Role.WRITE_WEIGHTING), weightings(Role.READ_WEIGHTING)
    not_finite = np.zeros(count, bool)
    for values in (
        series(Role.MEMORY),
        outputs if outputs is None else outputs.T,
        np.moveaxis(writes, -1, 0),
        np.moveaxis(reads, -1, 0),
    ):
        if values is not None and values.size:
            not_finite |= ~np.isfinite(values.reshape(count, -1)).all(axis=1)
    return SequenceFigure(start, len(source), inputs, targets, outputs, scored, wrong, writes, reads, not_finite)


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """Something at a step that is worth going to."""

    step: int
    kind: str
    """wrong bit, not finite, read refocus, or bookmark."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of an episode as a whole."""

    happenings: tuple[Happening, ...]
    limit: float
    """The signed colour range that holds its memory, adds and read vectors is -limit..+limit."""
    is_scored: bool
    """Whether the task asks for anything at any step."""
    largest_weighting: float


def survey(source: Source, most: int = LONGEST_SURVEY) -> Survey:
    """Look through an episode, a piece at a time; of a longer one than `most` steps only through the first ones."""
    found: list[Happening] = []
    limit, largest, is_scored = 1.0, 0.0, False
    steps = min(len(source), most)
    for start in range(0, steps, _PIECE):
        # One step earlier, so that a jump between two pieces is seen.
        figure = sequence(source, max(0, start - 1), min(start + _PIECE, steps))
        found += [each for each in happenings(figure) if each.step >= start]
        is_scored |= bool(figure.scored.any())
        weightings = [values.max() for values in (figure.writes, figure.reads) if values.size]
        largest = max([largest, *(float(value) for value in weightings if np.isfinite(value))])
        for role in _SIGNED:
            field = source.spec.with_role(role)
            if field is not None:
                limit = max(limit, signed_limit(source.series(field.name, start, min(start + _PIECE, steps))))
    return Survey(tuple(found), limit, is_scored, max(largest, 1e-6))


def happenings(figure: SequenceFigure) -> tuple[Happening, ...]:
    """Steps worth a look: wrong bits, values that are no numbers, and reads that jump.

    A read refocuses where its peak moves by more than one location (around the end) and both peaks are sharp.
    """
    found = [Happening(figure.start + int(at), "wrong bit") for at in np.flatnonzero(figure.wrong_bits > 0)]
    found += [Happening(figure.start + int(at), "not finite") for at in np.flatnonzero(figure.not_finite)]
    for weighting in figure.reads:
        where, height = weighting.argmax(axis=0), weighting.max(axis=0)
        locations = weighting.shape[0]
        moved = np.abs(np.diff(where))
        jump = np.minimum(moved, locations - moved) > 1
        sharp = (height[1:] > 0.5) & (height[:-1] > 0.5)
        found += [Happening(figure.start + int(at) + 1, "read refocus") for at in np.flatnonzero(jump & sharp)]
    return tuple(sorted(set(found)))


def rows_to_show(figure: SequenceFigure, visible: int, locations: int) -> int:
    """The first row of the frame of `visible` rows that holds most of where the heads were over the figure.

    Only sharp attention counts. Of equally good frames it is the one that begins two rows above the heads, if it can.
    """
    touched = np.zeros(locations)
    for values in (figure.writes, figure.reads):
        if values.size:
            touched += np.where(values > WRITTEN, values, 0).sum(axis=(0, 2))
    if visible >= locations or not touched.any():
        return 0
    sums = np.concatenate([[0.0], np.cumsum(touched)])
    held = sums[visible:] - sums[:-visible]
    best = np.flatnonzero(held > held.max() - 1e-6)
    lowest = int(best[0]) + int(np.flatnonzero(touched[best[0] :])[0])
    return min(int(best[-1]), max(int(best[0]), lowest - 2))
