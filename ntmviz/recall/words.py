"""What a recall comes to, in one sentence: what won, and which term made it win."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.operations import Follow, Lesion, Prime, Replay, Store, Wait
from ntmviz.recall.figure import TIE, named

if TYPE_CHECKING:
    from ntmviz.recall.figure import LabFigure

_SURE = 0.9


def story(figure: LabFigure) -> str:
    """One sentence on the step or the recall that is shown."""
    look, plain = figure.look, figure.plain
    if figure.is_preview and not len(figure.rows):
        return "Nothing is stored yet."
    if not figure.is_preview:
        match figure.done:
            case Store() if figure.stored_row is not None:
                return f"{figure.names[figure.stored_row]} is stored in row {figure.stored_row}."
            case Prime():
                return "What resembles the cue is active now, and was not recalled."
            case Wait() | Replay() | Lesion():
                return "No recall at this step."
    if look is None or not look.weighting.any():
        return "Nothing was recalled: no row is led to."
    top = float(look.weighting.max())
    tied = np.flatnonzero(look.weighting > top - TIE)
    if len(tied) > 1:
        if len(tied) > 3:
            return f"{len(tied)} rows fit equally well."
        return f"{' and '.join(figure.names[row] for row in tied)} fit equally well, {top:.2f} each."
    row = int(tied[0])
    name = figure.names[row]
    if isinstance(figure.done, Follow) and not figure.is_preview:
        way = "after" if figure.done.direction > 0 else "before"
        return f"{name} was stored right {way} what was recalled."
    if plain is not None and (int(plain.weighting.argmax()) != row or _was_tied(figure)):
        return f"{name} wins by {_cause(figure, row)}; by content alone {named(plain.weighting, figure.names)}."
    sure = "alone fits" if top >= _SURE else "fits best"
    return f"{name} {sure}, {top:.2f} of the recall."


def _was_tied(figure: LabFigure) -> bool:
    if figure.plain is None:
        return False
    weights = np.sort(figure.plain.weighting)
    return len(weights) > 1 and bool(weights[-1] - weights[-2] < TIE)


def _cause(figure: LabFigure, row: int) -> str:
    """The term that gives a row most ahead of the others."""
    look = figure.look
    assert look is not None
    plain = look.content if figure.plain is None else figure.plain.weighting
    rivals = [each for each in figure.rows if each != row and plain[each] > float(plain.max()) - TIE]
    ahead = {
        name: float(term[row] - max((term[each] for each in rivals), default=0.0))
        for name, term in (("prominence", look.prominence), ("priming", look.priming), ("its segment", look.router))
    }
    return max(ahead, key=lambda name: ahead[name])
