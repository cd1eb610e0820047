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
    def is_shared(self) -> bool:
        """Whether the row is of more than one item, or of less than one."""
        shares = self.pointed.shares
        return bool(shares) and (len(shares) > 1 or self.pointed.rest >= LEAST)

    @property
    def sentence(self) -> str:
        """The status in a sentence."""
        opened, pointed = self.opened, self.pointed
        if opened is None:
            return "The record is being looked for."
        if pointed.reference is None:
            return opened.message or "This row's item points to no record."
        share = f"{pointed.share:.0%} of this row"
        match opened.status:
            case Status.FOUND if self.is_blended:
                return f"Only {share} is of this record: it was written over, and points to several things at once."
            case Status.FOUND if pointed.reference.digest:
                return f"It is what was stored, to the byte; {share} is of it."
            case Status.FOUND:
                return f"It is there, and its hash was never kept; {share} is of it."
            case Status.STALE:
                return f"It has changed since it was stored, and this is what is there now; {share} is of it."
            case _:
                return opened.message[:1].upper() + opened.message[1:]


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
