"""A DNC's links in time: whether they keep their bounds, and how sharply they lead on and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.diagnostic import Diagnostic, Rule
from ntm_core.diagnostics.sums import breadth, total
from ntm_core.diagnostics.weightings import MASS_ERROR
from ntm_core.trace import Role

if TYPE_CHECKING:
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.trace import Array


def link_row_sum(frames: Frames) -> Array:
    return _greatest(total(frames[Role.LINKS]))


def link_column_sum(frames: Frames) -> Array:
    links = frames[Role.LINKS]
    if Role.LINK_LOCATION not in frames:
        return _greatest(total(np.swapaxes(links, 1, 2)))
    steps, rows = links.shape[:2]
    places = np.nan_to_num(frames[Role.LINK_LOCATION]).clip(0, rows - 1).astype(np.int64)
    places += rows * np.arange(steps)[:, None, None]
    sums = np.bincount(places.ravel(), links.ravel().astype(np.float64), steps * rows)
    return _greatest(sums.reshape(steps, rows))


def _greatest(sums: Array) -> Array:
    greatest: Array = sums.max(-1)
    return greatest


_TOO_MUCH = Rule(
    "links of one row sum to {value}, above 1: they are computed or recorded wrongly",
    lambda frames, value: value > 1 + MASS_ERROR,
)

DIAGNOSTICS = (
    Diagnostic(
        "link_row_sum",
        "",
        "The greatest sum of the links that lead from one row to those written before it; at most 1",
        (Role.LINKS,),
        link_row_sum,
        rule=_TOO_MUCH,
    ),
    Diagnostic(
        "link_column_sum",
        "",
        "The greatest sum of the links that lead from one row to those written after it; at most 1",
        (Role.LINKS,),
        link_column_sum,
        rule=_TOO_MUCH,
    ),
    Diagnostic(
        "forward_breadth",
        "rows",
        "How many rows following the links forward leads a read head to",
        (Role.FORWARD_WEIGHTING,),
        lambda frames: breadth(frames[Role.FORWARD_WEIGHTING]),
        Role.FORWARD_WEIGHTING,
    ),
    Diagnostic(
        "backward_breadth",
        "rows",
        "How many rows following the links backward leads a read head to",
        (Role.BACKWARD_WEIGHTING,),
        lambda frames: breadth(frames[Role.BACKWARD_WEIGHTING]),
        Role.BACKWARD_WEIGHTING,
    ),
)
