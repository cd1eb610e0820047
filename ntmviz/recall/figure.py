"""What the Recall workspace shows of a step, or of a recall that was not done yet, as arrays and names. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.operations import Prime, Recall, Store
from ntmviz.figures import HeadKind
from ntmviz.recall import glyphs
from ntmviz.recall.items import row_names
from ntmviz.recall.ledger import done_at
from ntmviz.recall.lookup import Look, look, members, settle, without_terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ntm_core.recall.operations import Operation
    from ntm_core.recall.recall_config import RecallConfig
    from ntm_core.trace import Source
    from ntmviz.recall.ledger import Ledger

    Floats = NDArray[np.floating]

MOST_ROUNDS = 8
"""Recalls of one chain."""
TIE = 1e-3
"""Weights that are no further apart are equal to the eye, and are shown so."""


@dataclass(frozen=True, slots=True, eq=False)
class LabFigure:
    """The memory at a step, and a recall of it. N rows, W word size."""

    step: int
    """-1: before the first"""
    done: Operation | None
    """What the step did"""
    is_preview: bool
    """Whether the recall is what the cue would come to, and not the step's"""
    shape: tuple[int, int]
    """Rows and columns of the picture of a word"""
    limit: float
    """Of the numbers of words"""
    names: tuple[str, ...]
    """(N,): "" where a row was never written"""
    memory: Floats
    """(N, W)"""
    rows: NDArray[np.intp]
    """Those that were written"""
    segments: tuple[str, ...]
    members: NDArray[np.intp]
    """(N,): the segment of each row"""
    free: tuple[int, ...]
    """Rows of each segment that were never written"""
    counts: Floats
    """(N,): how often each was recalled of late"""
    trace: Floats
    """(N,): what primes the lookup: the rows that were recalled shortly before it"""
    association: Floats
    """(N, N): how often two were recalled one soon after the other, either way round"""
    links: Floats
    """(N, N): how much row i was stored right after row j"""
    look: Look | None
    """The lookup that the memory is shown with"""
    plain: Look | None
    """The same by content alone"""
    chain: tuple[Look, ...]
    """What was read became the next key; the lookup that is shown is one of these"""
    plain_chain: tuple[Look, ...]
    """The same by content alone"""
    shown: int
    """The place in the chain of the lookup that is shown"""
    current: int | None
    """The place in the chain of the step; None where the chain was not done"""
    below: float
    """A chain is over where it changes by less"""
    stored_row: int | None
    """The row that the step wrote"""
    stages: tuple[tuple[str, Floats], ...] = ()
    """Weightings on the way to the one that is read with, (N,) each, instead of the terms of a score"""
    titles: tuple[tuple[str, str], tuple[str, str]] = (("With", "every term"), ("Content", "alone"))
    """Of both chains, in two lines"""
    rankings: tuple[str, str] = ("by content alone", "with every term")
    """Of both rankings"""
    asked: HeadKind | None = None
    """Which kind of head is asked by hand; None where the memory is a lab's own"""
    long_term: int | None = None
    """The first row of the long-term store; None where there is none"""

    @property
    def token(self) -> str:
        """The colour of where a head is: reads and writes have one each everywhere."""
        return (self.asked or HeadKind.READ).value

    def part_of(self, row: int) -> str:
        """What a row belongs to: its segment, or the long-term store."""
        is_long = self.long_term is not None and row >= self.long_term
        return "long-term" if is_long else self.segments[self.members[row]]

    @property
    def read_row(self) -> int | None:
        """The row that has most of the weighting; None where no row has most."""
        if self.look is None or not self.look.weighting.any():
            return None
        order = np.sort(self.look.weighting)
        is_tie = len(order) > 1 and order[-1] - order[-2] < TIE
        return None if is_tie else int(self.look.weighting.argmax())


@dataclass(frozen=True, slots=True)
class Asked:
    """A recall that is prepared, and when a chain of it is over."""

    operation: Recall
    below: float


def lab_figure(
    source: Source,
    step: int,
    config: RecallConfig,
    names: Sequence[str],
    known: Ledger,
    asked: Asked | None = None,
    below: float = 0.02,
    shown: int | None = None,
) -> LabFigure:
    """The figure of a step. asked: shows what this would recall from there, instead of what the step recalled.

    shown: which lookup of the chain; of one that is over the first by default, which all terms have a part in.
    """
    after = standing(source, step)
    done = done_at(source, step)
    place = known.chain_of(step)
    memory = after["memory"]
    usage = after["usage"]
    titles = row_names(after, names)
    member = members(config)
    chain: tuple[Look, ...] = ()
    plain_chain: tuple[Look, ...] = ()
    current: int | None = None
    plain_look: Look | None = None
    trace = after["recall_trace"]
    is_preview = asked is not None
    if asked is not None:
        chain = settle(after, asked.operation, config, below=asked.below, most=MOST_ROUNDS)
        plain = without_terms(asked.operation)
        plain_chain = settle(after, plain, config, below=asked.below, most=MOST_ROUNDS)
        below = asked.below
        at = min(shown or 0, len(chain) - 1)
        plain_look = plain_chain[0] if not at else chain[at]
    elif place is not None:
        first, last = known.chains[place].first, known.chains[place].last
        chain = tuple(recorded(source, at, config) for at in range(first, last + 1))
        current = step - first
        at = (0 if step == last else current) if shown is None else min(shown, last - first)
        begun, asked_with = done_at(source, first), done_at(source, first + at)
        trace = standing(source, first + at - 1)["recall_trace"]
        if isinstance(begun, Recall) and begun.cue is not None:
            before = standing(source, first - 1)
            plain_chain = settle(before, without_terms(begun), config, below=below, most=len(chain))
        if isinstance(asked_with, Recall):
            plain_look = look(standing(source, first + at - 1), without_terms(asked_with), config)
    else:
        at = 0
    return LabFigure(
        step=step,
        done=done,
        is_preview=is_preview,
        shape=glyphs.shape_of(config.word_size),
        limit=max(1.0, float(np.abs(memory[np.isfinite(memory)]).max(initial=0))),
        names=titles,
        memory=memory,
        rows=np.flatnonzero(usage > 0),
        segments=config.parts.names,
        members=member,
        free=tuple(
            int(((usage <= 0) & (member == at))[: config.locations].sum()) for at in range(len(config.parts.names))
        ),
        counts=after["recall_count"],
        trace=trace,
        association=_both_ways(after["association"]),
        links=after["links"],
        look=chain[at] if chain else None,
        plain=plain_look,
        chain=chain,
        plain_chain=plain_chain,
        shown=at,
        current=current,
        below=below,
        stored_row=int(source.record(step)["write_weighting"][0].argmax()) if isinstance(done, Store) else None,
        long_term=config.locations if config.long_term else None,
    )


def standing(source: Source, step: int) -> Mapping[str, Floats]:
    """All that the next step starts from, as it is after a step; -1 is before the first."""
    if step >= 0:
        return source.record(step)
    return {field.name: source.initial(field.name) for field in source.spec.carried}


def recorded(source: Source, step: int, config: RecallConfig) -> Look:
    """The lookup that a step did, with the numbers that it recorded."""
    record, before, done = source.record(step), standing(source, step - 1), done_at(source, step)
    weighting, word = record["read_weighting"][0], record["read_vector"][0]
    if isinstance(done, Recall | Prime):
        twin = look(before, done, config)
        scores = {name: record[f"{name}_score"] for name in ("content", "prominence", "priming", "router")}
        is_read = isinstance(done, Recall)
        found = replace(twin, **scores, weighting=weighting if is_read else twin.weighting)
        return replace(found, word=word) if is_read else found
    zeros = np.zeros(len(weighting))
    shares = np.bincount(members(config), weighting, len(config.parts.names))
    key = before["read_vector"].reshape(-1)
    found = (before["usage"] > 0, zeros, zeros, zeros, zeros, weighting, shares, word)
    return Look(key, np.ones_like(key), 0.0, *found)


def _both_ways(graph: Floats) -> Floats:
    both = graph + graph.T
    np.fill_diagonal(both, 0)
    return both


def named(weighting: Floats, names: Sequence[str]) -> str:
    """What a weighting comes to: its item and share, several where they are equal to the eye, none where it is flat."""
    if not len(weighting) or not weighting.any():
        return "nothing"
    top = float(weighting.max())
    tied = [names[row] or f"row {row}" for row in np.flatnonzero(weighting > top - TIE)]
    if len(tied) > 3:
        return f"{len(tied)} alike {top:.2f}"
    return f"{' = '.join(tied)} {top:.2f}"
