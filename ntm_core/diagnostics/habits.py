"""What each head does in each part of a sequence, in words: "steps on by one row at each input"."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ntm_core.diagnostics.excerpts import phases_of
from ntm_core.diagnostics.layout import Layout
from ntm_core.diagnostics.measure import all_in_pieces
from ntm_core.diagnostics.pieces import whole
from ntm_core.diagnostics.weightings import SHARP
from ntm_core.trace import Phase, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ntm_core.diagnostics.layout import Head
    from ntm_core.diagnostics.pieces import Pieces
    from ntm_core.trace import Array, Source

NAMES = (
    *(f"{kind}_{what}" for kind in ("read", "write") for what in ("mass", "breadth", "centroid", "step")),
    *("gate", "backward_mode", "content_mode", "forward_mode", "allocation_gate"),
)
"""The diagnostics that habits are told by."""
MOST_HEADS = 4
"""Of each kind that are told of."""
_MOSTLY = 0.7
"""Share of steps that makes a habit."""
_NEARLY_ALL = 0.9
"""Share of steps that need not be told of by parts of a sequence."""
_FAINT = 0.1
"""Of a write, weight that hardly counts."""
_EACH = {
    Phase.INPUT: "at each input",
    Phase.DELIMITER: "at each delimiter",
    Phase.CUE: "at each step of the cue",
    Phase.OUTPUT: "at each answer",
}
_DURING = {
    Phase.INPUT: "during the input",
    Phase.DELIMITER: "at the delimiter",
    Phase.CUE: "during the cue",
    Phase.OUTPUT: "while it answers",
}
_ONCE = {
    Phase.INPUT: "as input begins",
    Phase.DELIMITER: "at the delimiter",
    Phase.CUE: "as the cue begins",
    Phase.OUTPUT: "as the answer begins",
}


class _Steps(NamedTuple):
    """One head over the steps of one episode: (steps,) each."""

    phase: NDArray[np.int64]
    mass: Array
    breadth: Array
    row: Array
    moved: Array
    """Since the step before, in rows."""
    ways: Mapping[str, Array]
    """How much of where it is comes about in which way."""
    first_row: float
    """Where the first write head first was."""

    @property
    def is_sharp(self) -> NDArray[np.bool_]:
        sharp: NDArray[np.bool_] = (self.breadth <= SHARP) & np.isfinite(self.row)
        return sharp


def habits(episodes: Sequence[Source]) -> tuple[str, ...]:
    """A sentence for each head, read heads first, of what it does over some episodes of one trace."""
    return whole(habits_in_pieces(episodes))


def habits_in_pieces(episodes: Sequence[Source]) -> Pieces[tuple[str, ...]]:
    """What `habits` gives, a piece at a time."""
    if not episodes:
        return ()
    layout = Layout(episodes[0].spec)
    measured = []
    for each in episodes:
        values = yield from all_in_pieces(each, NAMES)
        measured.append((phases_of(each, layout), values))
    sentences = []
    for role in (Role.READ_WEIGHTING, Role.WRITE_WEIGHTING):
        heads = layout.heads(role)
        for head in heads[:MOST_HEADS]:
            told = _told([_steps_of(head, phase, values, layout) for phase, values in measured])
            if told:
                sentences.append(f"{str(head)[0].upper()}{str(head)[1:]} {'; '.join(told)}.")
        if len(heads) > MOST_HEADS:
            sentences.append(f"{len(heads) - MOST_HEADS} more {heads[0].kind} heads are not told of.")
    return tuple(sentences)


def _steps_of(head: Head, phase: NDArray[np.int64], values: Mapping[str, Array], layout: Layout) -> _Steps:
    mass, breadth, row, moved = (
        values[f"{head.kind}_{what}"][:, head.number] for what in ("mass", "breadth", "centroid", "step")
    )
    written = values.get("write_centroid", np.empty((0, 1)))[:, 0]
    first_row = float(written[0]) if len(written) else np.nan
    return _Steps(phase, mass, breadth, row, moved, _ways(head, values, layout), first_row)


def _ways(head: Head, values: Mapping[str, Array], layout: Layout) -> dict[str, Array]:
    """In which ways a head of this model may come to a row, and how much each counts at each step."""
    if "gate" in values and head in layout.heads(Role.GATE):
        gate = values["gate"][:, layout.heads(Role.GATE).index(head)]
        return {"by content": gate, "by shift": 1 - gate}
    if head.kind == "read" and "content_mode" in values:
        modes = {
            "by content": "content_mode",
            "along the links": "forward_mode",
            "back along the links": "backward_mode",
        }
        return {way: values[name][:, head.number] for way, name in modes.items() if name in values}
    if head.kind == "write" and "allocation_gate" in values:
        allocated = values["allocation_gate"][:, head.number]
        is_least_used = Role.LEAST_USED in layout
        ways = ("to the least used row", "to what was read before") if is_least_used else ("to free rows", "by content")
        return dict(zip(ways, (allocated, 1 - allocated), strict=True))
    return {"by content": np.ones(len(values[f"{head.kind}_mass"]))} if Role.KEY in layout else {}


def _told(episodes: Sequence[_Steps]) -> list[str]:
    """What one head does in each part of a sequence, in the order of the parts."""
    told = []
    spreads = [each.breadth[~each.is_sharp] for each in episodes]
    steps = sum(len(each.breadth) for each in episodes)
    if sum(map(len, spreads)) > _NEARLY_ALL * steps:
        return [f"spreads over about {np.median(np.concatenate(spreads)):.0f} rows throughout"]
    for phase in _EACH:
        entries, inner = _places(episodes, phase)
        arrival = _arrival(episodes, entries, phase)
        if arrival:
            told.append(arrival)
        if inner.any():
            told.append(_course(episodes, inner, phase, _EACH[phase]))
        elif entries.any() and not arrival:
            told.append(_course(episodes, entries, phase, _ONCE[phase]))
    return told


class _Chosen(NamedTuple):
    """Some steps of each episode: (steps,) of truth values for each."""

    by_episode: tuple[NDArray[np.bool_], ...]

    def any(self) -> bool:
        return any(each.any() for each in self.by_episode)


def _places(episodes: Sequence[_Steps], phase: Phase) -> tuple[_Chosen, _Chosen]:
    """The steps that begin a phase, and those that go on with it."""
    entries, inner = [], []
    for steps in episodes:
        is_in = steps.phase == phase
        goes_on = is_in & np.concatenate(([False], is_in[:-1]))
        entries.append(is_in & ~goes_on)
        inner.append(goes_on)
    return _Chosen(tuple(entries)), _Chosen(tuple(inner))


def _joined(episodes: Sequence[_Steps], chosen: _Chosen, what: str) -> Array:
    return np.concatenate([getattr(each, what)[at] for each, at in zip(episodes, chosen.by_episode, strict=True)])


def _arrival(episodes: Sequence[_Steps], entries: _Chosen, phase: Phase) -> str:
    """Where a head jumps as a phase begins; nothing where it goes on from where it was."""
    jumps = []
    for steps, at in zip(episodes, entries.by_episode, strict=True):
        was_sharp = np.concatenate(([False], steps.is_sharp[:-1]))
        is_far = ~was_sharp | (np.abs(steps.moved) > 1.5)
        jumps.append(at & steps.is_sharp & is_far & (np.arange(len(at)) > 0))
    chosen = _Chosen(tuple(jumps))
    count = sum(int(each.sum()) for each in chosen.by_episode)
    later = sum(int(each[1:].sum()) for each in entries.by_episode)
    if count == 0 or count < _MOSTLY * later:
        return ""
    rows = np.round(_joined(episodes, chosen, "row")).astype(np.int64)
    first = np.concatenate([np.full(int(at.sum()), each.first_row) for each, at in zip(episodes, jumps, strict=True)])
    is_first = np.abs(rows - first) < 0.5
    where = f"row {rows[0]}" if (rows == rows[0]).all() else ""
    if is_first.all():
        where = f"{where}, where writing began," if where else "where writing began"
    way = _way(episodes, chosen).replace("by shift", "from where it was")
    return f"goes to {where or 'a row'} {_ONCE[phase]}{', ' if way else ''}{way}"


def _course(episodes: Sequence[_Steps], chosen: _Chosen, phase: Phase, each: str) -> str:
    """How a head moves from step to step."""
    mass, breadth, moved = (_joined(episodes, chosen, what) for what in ("mass", "breadth", "moved"))
    is_sharp = _joined(episodes, chosen, "is_sharp")
    if np.mean(mass) < _FAINT:
        return f"does next to nothing {_DURING[phase]}"
    if np.mean(is_sharp) < 0.5:
        return f"spreads over about {np.median(breadth):.0f} rows {_DURING[phase]}"
    known = moved[is_sharp & np.isfinite(moved)]
    whole = np.round(known)
    strides, counts = np.unique(whole[np.abs(known - whole) < 0.25], return_counts=True)
    if not len(strides) or counts.max() < _MOSTLY * len(known):
        way = _way(episodes, chosen).replace("by shift", "from where it was")
        return f"goes from row to row {_DURING[phase]}{', ' if way else ''}{way}"
    stride = int(strides[counts.argmax()])
    if stride == 0:
        return f"stays on its row {_DURING[phase]}"
    rows = "one row" if abs(stride) == 1 else f"{abs(stride)} rows"
    way = _way(episodes, chosen)
    return f"steps {'on' if stride > 0 else 'back'} by {rows} {each}{', ' if way else ''}{way}"


def _way(episodes: Sequence[_Steps], chosen: _Chosen) -> str:
    """The way that counts most over some steps."""
    names = list(episodes[0].ways)
    if not names:
        return ""
    shares = [
        np.mean(np.concatenate([each.ways[name][at] for each, at in zip(episodes, chosen.by_episode, strict=True)]))
        for name in names
    ]
    return names[int(np.argmax(shares))]
