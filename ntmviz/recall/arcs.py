"""What joins rows of a memory, three graphs that are kept apart, as arcs beside them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from ntmviz import ink

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ntmviz.recall.figure import LabFigure
    from ntmviz.recall.memory_layout import MemoryLayout

    Floats = NDArray[np.floating]

_MOST = 14
_FAINTEST = 0.3
"""Of the strongest there can be: fainter ones are not drawn."""


class Graph(StrEnum):
    """By what rows are joined; its value is what it is called beside them."""

    TOGETHER = "together"
    IN_TURN = "in turn"
    ALIKE = "alike"

    @property
    def told(self) -> str:
        """In a menu."""
        return {
            Graph.TOGETHER: "Recalled together",
            Graph.IN_TURN: "Stored in turn: an arrow goes to the later one",
            Graph.ALIKE: "Alike: the cosine of their patterns",
        }[self]


@dataclass(frozen=True, slots=True)
class Arc:
    """From one row to another."""

    start: int
    end: int
    share: float
    """Of the strongest there can be"""
    is_live: bool
    """Whether it starts or ends where something just happened"""


def arcs_of(figure: LabFigure, graph: Graph, rows: Sequence[int]) -> tuple[Arc, ...]:
    """The strongest arcs among some rows, the faintest first."""
    weights = _weights(figure, graph)
    strongest = float(weights.max(initial=0)) if graph is Graph.TOGETHER else 1.0
    if strongest <= 0:
        return ()
    among = weights[np.ix_(rows, rows)]
    either = np.triu(np.maximum(among, among.T), 1)
    pairs = np.argwhere(either > _FAINTEST * strongest)
    pairs = pairs[np.argsort(either[tuple(pairs.T)], kind="stable")]
    if graph is not Graph.IN_TURN:  # of those no row has many
        pairs = pairs[-_MOST:]
    live = _live(figure, graph)
    made = []
    for i, j in pairs.tolist():
        start, end = (int(rows[place]) for place in ((j, i) if among[i, j] > among[j, i] else (i, j)))
        made.append(Arc(start, end, min(1.0, float(either[i, j]) / strongest), not live.isdisjoint((start, end))))
    return tuple(made)


def arc_marks(arcs: tuple[Arc, ...], at: MemoryLayout, graph: Graph) -> Iterator[ink.Mark]:
    """Both rows of each are in view."""
    place_of = {row: place for place, row in enumerate(at.shown)}
    reach = at.arcs_width - 10
    x = at.arcs + 2
    for arc in arcs:
        start, end = (at.y_of(place_of[row]) + at.pitch / 2 for row in (arc.start, arc.end))
        inwards = 1 if end > start else -1
        out = x + min(reach, 10 + 9 * abs(place_of[arc.end] - place_of[arc.start]))
        points = ((x, start + inwards), (out, start + inwards), (out, end - inwards), (x, end - inwards))
        yield ink.Path(
            points,
            "accent" if arc.is_live else "muted",
            1 + 1.5 * arc.share,
            is_curved=True,
            has_arrow=graph is Graph.IN_TURN,
        )


def _weights(figure: LabFigure, graph: Graph) -> Floats:
    """(N, N), to and from; without direction but for links."""
    match graph:
        case Graph.TOGETHER:
            return figure.association
        case Graph.IN_TURN:
            return figure.links
        case Graph.ALIKE:
            lengths = np.linalg.norm(figure.memory, axis=1, keepdims=True)
            with np.errstate(invalid="ignore"):  # a memory that holds what is no number is like nothing
                words = np.divide(figure.memory, lengths, out=np.zeros_like(figure.memory), where=lengths > 0)
                return np.nan_to_num(words @ words.T)


def _live(figure: LabFigure, graph: Graph) -> set[int]:
    """The rows whose arcs are lit: where priming goes out from, or what was read or stored."""
    if graph is Graph.TOGETHER:
        is_primed = figure.look is not None and bool(figure.look.priming.any())
        return {int(figure.trace.argmax())} if is_primed and figure.trace.any() else set()
    return {row for row in (figure.read_row, figure.stored_row) if row is not None}
