"""A handful of numbers that tell how a network uses its memory, of one sequence of an iteration of training."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.catalogue import chosen
from ntm_core.diagnostics.frames import Frames
from ntm_core.diagnostics.layout import Layout

if TYPE_CHECKING:
    from ntm_core.trace import Array, Columns, TraceSpec

_MEANS = ("read_breadth", "write_breadth", "gate", "saturation")
_LAST = ("utilisation", "occupancy")
_GREATEST = ("row_spread",)
_SCORED = ("reads_written",)
NAMES = (*_MEANS, *_SCORED, *_GREATEST, *_LAST)


def of_iteration(spec: TraceSpec, initial: Columns, columns: Columns) -> dict[str, float]:
    """The diagnostics NAMES that a trace has, one number each, heads averaged.

    Averages over the steps where they are known, of `reads_written` over the scored ones; the greatest `row_spread`, so
    that it is 0 only where all rows stayed equal; what the last step left of `utilisation` and `occupancy`.
    initial: the carried fields before the first step.   columns: all fields, time first.   Empty without a step.
    """
    layout = _layout(spec)
    steps = len(next(iter(columns.values())))
    if not steps:
        return {}
    frames = Frames(layout, steps, columns.__getitem__, initial.get)
    return {each.name: _one(each.name, frames.once(each.compute), frames) for each in chosen(layout, NAMES)}


@lru_cache(8)
def _layout(spec: TraceSpec) -> Layout:
    return Layout(spec)


def _one(name: str, values: Array, frames: Frames) -> float:
    if name in _GREATEST:
        return float(values.max())
    if name in _LAST:
        return float(values[-1])
    if name in _SCORED and frames.scored.any():
        values = values[frames.scored]
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
