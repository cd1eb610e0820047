"""One step of the associative memory as a person reads it: what came to mind, from where, and why. NumPy only.

Read from a step's record, so that it is the same of a memory that is worked now and of one that was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ntm_core.trace import Array

TERMS = ("content", "prominence", "priming", "router")
UNKNOWN = "?"
"""The name of what was stored without one."""


@dataclass(frozen=True, slots=True, eq=False)
class Recalled:
    """What a step recalled. N rows, W word size."""

    word: Array
    """(W,): what was read"""
    weighting: Array
    """(N,): from where; all zeros where the step recalled nothing"""
    by_content: Array
    """(N,): from where it would have been by content alone"""
    scores: Mapping[str, Array]
    """What each of TERMS adds to the score of each row, (N,)."""
    shares: Mapping[str, float]
    """How much of the weighting lies on each item, by name, the most first."""
    forward_mass: float
    """How much of a link to what was written next there is from what the step before recalled; 0 at an end."""
    backward_mass: float

    @property
    def row(self) -> int:
        """The row that it came from most."""
        return int(self.weighting.argmax())

    @property
    def name(self) -> str:
        """The item that it came from most; "" where nothing was recalled."""
        return next(iter(self.shares), "")

    def ranked(self, by_content: bool = False) -> tuple[int, ...]:
        """Rows from the most weight to the least; of equal ones the first comes first."""
        weights = self.by_content if by_content else self.weighting
        return tuple(np.argsort(-weights, kind="stable").tolist())


def recalled(record: Mapping[str, Array], names: Sequence[str]) -> Recalled:
    """Read a step's record. names: of the items, in their order."""
    weighting = record["read_weighting"][0]
    return Recalled(
        word=record["read_vector"][0],
        weighting=weighting,
        by_content=record["content_weighting"][0],
        scores={term: record[f"{term}_score"] for term in TERMS},
        shares=_shares(weighting, record.get("ownership"), names),
        forward_mass=float(record["forward_weighting"].sum()),
        backward_mass=float(record["backward_weighting"].sum()),
    )


def names_of_rows(record: Mapping[str, Array], names: Sequence[str]) -> tuple[str, ...]:
    """What each row is of: the item that most of it was written for; "" for one that was never written."""
    owned, usage = record.get("ownership"), record["usage"]
    if owned is None:
        return tuple(UNKNOWN if used > 0 else "" for used in usage)
    tops = owned.argmax(1)
    return tuple(
        "" if used == 0 else _name(names, int(top)) if row[top] > 0 else UNKNOWN
        for used, row, top in zip(usage, owned, tops, strict=True)
    )


def row_of(record: Mapping[str, Array], item: int) -> int:
    """The row that most of was written for an item; -1 where none was."""
    owned = record["ownership"][:, item]
    return int(owned.argmax()) if owned.any() else -1


def _shares(weighting: Array, owned: Array | None, names: Sequence[str]) -> dict[str, float]:
    if owned is None or not weighting.any():
        return {}
    whole = owned.sum(1, keepdims=True)
    mass = weighting @ np.divide(owned, whole, out=np.zeros_like(owned), where=whole > 0)
    order = [int(item) for item in np.argsort(-mass, kind="stable") if mass[item] > 0]
    return {_name(names, item): float(mass[item]) for item in order}


def _name(names: Sequence[str], item: int) -> str:
    return names[item] if item < len(names) else f"item {item}"
