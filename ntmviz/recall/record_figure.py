"""What the Record panel shows of a row: which record it points to, how much of it is of that, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ntm_core.recall.references import PURE, Status, owners
from ntmviz.recall.records import place_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ntm_core.recall.references import Reference

LEAST = 0.005
"""A share of a row that is no longer told."""
_WORDS = {
    Status.FOUND: ("●", "Found", "accent"),
    Status.STALE: ("◆", "Stale", "warning"),
    Status.DANGLING: ("■", "Dangling", "warning"),
    Status.REFUSED: ("✕", "Refused", "warning"),
    Status.NONE: ("○", "No record", "muted"),
}
"""A sign, a word and a tone: no status is told by colour alone."""
_BLENDED = "▲", "Blended", "warning"
_LOOKING = "…", "Looking", "muted"


@dataclass(frozen=True, slots=True)
class Pointed:
    """A row and what it points to, before anything was opened."""

    row: int
    item: int
    """-1 where it was stored as no item"""
    name: str
    shares: tuple[tuple[str, float], ...]
    """How much of the row each item has, by name, the most first"""
    reference: Reference | None

    @property
    def share(self) -> float:
        """How much of the row is of the record."""
        return self.shares[0][1] if self.shares else 0.0

    @property
    def rest(self) -> float:
        """How much of it is of nothing: faded, or never written for an item."""
        return max(0.0, 1 - sum(share for _, share in self.shares))


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of opening a record."""

    status: Status
    message: str = ""
    preview: str = ""
    image: bytes = b""


@dataclass(frozen=True, slots=True)
class RecordFigure:
    """A row with its record. opened: None while it is looked for."""

    pointed: Pointed
    opened: Opened | None

    @property
    def place(self) -> str:
        """Where the record is; "" where there is none."""
        reference = self.pointed.reference
        return "" if reference is None else place_of(reference)

    @property
    def is_blended(self) -> bool:
        """Whether the row points to several records at once."""
        return self.pointed.reference is not None and self.pointed.share < PURE

    @property
    def status(self) -> tuple[str, str]:
        """What became of the record, in words with a sign before them, and the tone."""
        if self.opened is None:
            mark, word, tone = _LOOKING
        elif self.is_blended and self.opened.status is Status.FOUND:
            mark, word, tone = _BLENDED
        else:
            mark, word, tone = _WORDS[self.opened.status]
        more = ", blended" if self.is_blended and word not in (_BLENDED[1], _LOOKING[1]) else ""
        return f"{mark} {word}{more}", tone

    @property
    def sentence(self) -> str:
        """The status in one line."""
        if self.opened is None:
            return "The record is being looked for."
        told = self.opened.message
        if not told and self.opened.status is Status.FOUND:
            signed = self.pointed.reference is not None and self.pointed.reference.digest
            return "It is what was stored, to the byte." if signed else "It is there; its hash was never kept."
        return told[:1].upper() + told[1:]


def pointed_at(
    record: Mapping[str, NDArray], row: int, names: Sequence[str], table: Mapping[int, Reference]
) -> Pointed:
    """What a row points to. record: of a step, or of what it starts from; names: of items."""
    found = owners(record, row) if "ownership" in record and record["ownership"].shape[-1] else {}
    item = next(iter(found), -1)

    def name(number: int) -> str:
        return names[number] if number < len(names) and names[number] else f"item {number}"

    shares = tuple((name(each), share) for each, share in found.items() if share >= LEAST)
    return Pointed(row, item, name(item) if item >= 0 else "", shares, table.get(item))
