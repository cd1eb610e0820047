"""What was done on a line of the associative memory, read off its inputs: which recalls go on with which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.errors import ConfigError
from ntm_core.recall import operations
from ntm_core.recall.operations import SETTINGS, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ntm_core.recall.operations import Operation
    from ntm_core.trace import Source

_GOES_ON = len(Kind) + SETTINGS.index("goes_on")


@dataclass(frozen=True, slots=True)
class Chain:
    """A recall and those that go on with what it recalled: steps of a line, both included."""

    first: int
    last: int

    def __contains__(self, step: int) -> bool:
        return self.first <= step <= self.last


@dataclass(frozen=True, slots=True, eq=False)
class Ledger:
    """All steps of a line."""

    kinds: NDArray[np.intp]
    """(steps,): of `operations.Kind`; -1 where nothing was done"""
    chains: tuple[Chain, ...]
    """Recalls, links that were followed, and what was primed, in their order."""
    counts: NDArray[np.floating]
    """(chains, rows): how often each row was recalled of late, after each chain"""
    weightings: NDArray[np.floating]
    """(chains, rows): where each came to"""

    def chain_of(self, step: int) -> int | None:
        """The place of the chain that a step belongs to."""
        return next((place for place, chain in enumerate(self.chains) if step in chain), None)


def ledger(source: Source) -> Ledger:
    """Of a whole line."""
    inputs = source.series("input")
    kinds = np.where((inputs != 0).any(1), inputs[:, : len(Kind)].argmax(1), -1)
    goes_on = (inputs[:, _GOES_ON] > 0) & np.isin(kinds, (Kind.RECALL, Kind.PRIME))
    chains: list[Chain] = []
    for step, kind in enumerate(kinds.tolist()):
        if kind not in (Kind.RECALL, Kind.FOLLOW, Kind.PRIME):
            continue
        if goes_on[step] and chains and chains[-1].last == step - 1 and kinds[step - 1] == Kind.RECALL:
            chains[-1] = Chain(chains[-1].first, step)
        else:
            chains.append(Chain(step, step))
    ends = [chain.last for chain in chains]
    counts, weightings = source.series("recall_count"), source.series("read_weighting")[:, 0]
    return Ledger(kinds, tuple(chains), counts[ends], weightings[ends])


def done_at(source: Source, step: int) -> Operation | None:
    """What a step did; None where it did nothing, or nothing that is known."""
    if step < 0:
        return None
    try:
        return operations.of_vector(source.record(step)["input"].tolist(), source.spec["memory"].shape[1])
    except ConfigError:
        return None


def in_words(done: Operation | None, names: Sequence[str], segments: Sequence[str]) -> str:
    """An operation in a few words, for a label. names: of items."""
    match done:
        case operations.Store():
            name = names[done.item] if done.item is not None and done.item < len(names) else "a pattern"
            where = f" in {segments[done.segment]}" if done.segment is not None and len(segments) > 1 else ""
            return f"store {name}{where}"
        case operations.Recall(cue=None):
            return "recall on"
        case operations.Recall():
            return "recall from a part" if done.mask is not None else "recall"
        case operations.Follow():
            return "what was stored next" if done.direction > 0 else "what was stored before"
        case operations.Prime():
            return "prime"
        case operations.Replay():
            return "replay"
        case operations.Lesion():
            return "lesion"
        case operations.Wait():
            return f"wait {done.elapsed:g} steps"
        case _:
            return "nothing"
