"""Availability: what comes to mind easily beside what was frequent (Tversky and Kahneman 1973). NumPy only.

The ledger of a recording tells how often each class was met; a neutral cue tells how much of a recall falls to each.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall import operations
from ntm_core.recall.operations import Recall

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from ntm_core.recall.operations import Operation
    from ntm_core.trace import Array, Source

_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Availability:
    """Classes in mind beside classes as they were, (classes,) each."""

    classes: tuple[Hashable, ...]
    frequency: Array
    """Events of each class over all events"""
    availability: Array
    """Share of a neutral recall on each class"""
    fluency: float
    """How easily something comes to mind at all: 1 - H(w) / log N, 0 where all rows are alike, 1 where one has all"""

    @property
    def bias(self) -> Array:
        """By how much a class seems more frequent than it was."""
        bias: Array = self.availability - self.frequency
        return bias

    @property
    def divergence(self) -> float:
        """How far what seems so is from what was so: KL(availability || frequency), in bits."""
        seems, was = np.maximum(self.availability, _TINY), np.maximum(self.frequency, _TINY)
        return float((self.availability * np.log2(seems / was)).sum())


def availability(weighting: Array, class_of_row: Sequence[Hashable | None], events: Sequence[Hashable]) -> Availability:
    """Compare a neutral recall with what happened.

    weighting: (rows,), of a recall by a cue that fits all rows alike.   class_of_row: None for a row of no class.
    events: the class of each event there was.
    """
    counts = Counter(events)
    classes = tuple(sorted({*counts, *(each for each in class_of_row if each is not None)}, key=str))
    mass = np.array([sum(w for w, of in zip(weighting, class_of_row, strict=True) if of == each) for each in classes])
    total = max(len(events), 1)
    held = np.array([of is not None for of in class_of_row])
    return Availability(
        classes,
        np.array([counts[each] / total for each in classes]),
        mass / max(float(mass.sum()), _TINY),
        _fluency(weighting[held]),
    )


def ledger(source: Source, steps: int | None = None) -> tuple[Operation | None, ...]:
    """What was done at each step of an episode of the associative memory, the first so many, or all."""
    word_size = source.spec["memory"].shape[1]
    return tuple(operations.of_vector(each, word_size) for each in source.series("input", 0, steps))


def encounters(source: Source, class_of_item: Mapping[int, Hashable], steps: int | None = None) -> list[Hashable]:
    """The class of each event of the ledger: of every recall by a cue, that of the item it came from most.

    What is called to mind without a cue is a rehearsal and no event; what is stored is known, and met when it is cued.
    """
    met: list[Hashable] = []
    for step, done in enumerate(ledger(source, steps)):
        if isinstance(done, Recall) and done.cue is not None:
            record = source.record(step)
            item = int((record["read_weighting"][0] @ record["ownership"]).argmax())
            if item in class_of_item:
                met.append(class_of_item[item])
    return met


def _fluency(weighting: Array) -> float:
    if len(weighting) < 2:
        return 1.0
    shares = weighting / max(float(weighting.sum()), _TINY)
    entropy = -(shares[shares > 0] * np.log(shares[shares > 0])).sum()
    return float(1 - entropy / np.log(len(weighting)))
