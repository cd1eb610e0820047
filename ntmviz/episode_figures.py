"""A whole episode, or a range of its steps, as numbers to be drawn: what went in and out, where the heads were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ntm_core.lineage import Lineage
from ntm_core.trace import Phase, Role
from ntmviz.figures import WRITTEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ntm_core.trace import Source

    Floats = NDArray[np.floating]


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
    """(steps of the figure,): a NaN or infinity in a weighting or the output."""
    planned_inputs: Floats | None = None
    """(channels, steps not yet run): what the task would feed after the last step of the episode."""
    planned_targets: Floats | None = None
    phases: NDArray[np.int64] | None = None
    """(steps of the figure and planned ones,): what each step is for, numbers of `trace.Phase`."""

    @property
    def planned(self) -> int:
        """Steps not yet run that are known; none where the figure ends before the episode does."""
        if self.start + self.count < self.steps:
            return 0
        return max(
            (values.shape[1] for values in (self.planned_inputs, self.planned_targets) if values is not None), default=0
        )

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
    for values in (outputs if outputs is None else outputs.T, np.moveaxis(writes, -1, 0), np.moveaxis(reads, -1, 0)):
        if values is not None and values.size:
            not_finite |= ~np.isfinite(values.reshape(count, -1)).all(axis=1)
    phases = series(Role.PHASE)
    return SequenceFigure(
        start,
        len(source),
        inputs,
        targets,
        outputs,
        scored,
        wrong,
        writes,
        reads,
        not_finite,
        phases=None if phases is None or not phases.any() else phases.astype(np.int64),
    )


class PhaseRun(NamedTuple):
    """Steps in a row that are for the same."""

    start: int
    """Counted from the first step of the figure."""
    count: int
    phase: Phase


def phase_runs(phases: NDArray[np.int64]) -> tuple[PhaseRun, ...]:
    """A sequence's phases, run by run."""
    starts = np.flatnonzero(np.diff(phases, prepend=-1))
    counts = np.diff(starts, append=len(phases))
    known = set(Phase)
    return tuple(
        PhaseRun(int(start), int(count), Phase(int(phases[start])))
        for start, count in zip(starts, counts, strict=True)
        if int(phases[start]) in known
    )


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """Something at a step that is worth going to."""

    step: int
    kind: str
    """wrong bit, not finite, read refocus, bookmark, or fork."""


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


def planned_phases(figure: SequenceFigure, planned: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    """The phases of what was run, and those of the plan after it."""
    if planned is None:
        return figure.phases
    run = planned[figure.start : figure.steps] if figure.phases is None else figure.phases
    return np.concatenate([run, planned[figure.steps :]])


def forks(source: Source) -> list[Happening]:
    """The steps after which the line goes another way than the episode before it went."""
    parts = source.parts[1:] if isinstance(source, Lineage) else ()
    return [Happening(part.first - 1, "fork") for part in parts if part.first > 0]
