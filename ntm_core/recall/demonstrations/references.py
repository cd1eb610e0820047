"""A row can point to a record outside, and tells when that is blended, gone or changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ntm_core.recall.demonstrations.demonstration import Demonstration, Scene
from ntm_core.recall.operations import Recall, Store
from ntm_core.recall.references import Dereferenced, Reference, ReferenceKind, dereference, digest
from ntm_core.recall.words import random_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Array, Source

NOTES = {
    "garden.txt": "Planted the apple tree by the north wall.",
    "letter.txt": "Dear Emma, the boat leaves on Sunday.",
    "recipe.txt": "Two eggs, a pound of flour, and patience.",
    "poem.txt": "The lake was still, and so were we.",
}
BLENDED, GONE, CHANGED = 1, 2, 3
"""Items whose row was written again, whose record was removed, whose record is another now."""
WORD_SIZE = 48
NOISE_OF_ROW = 0.6
"""How much of the other item was written over the blended one."""


@dataclass(frozen=True, slots=True)
class Page:
    """A record of `Shelf`."""

    data: bytes
    values: Array | None = None


class Shelf:
    """A reader of records that are kept in memory, in place of a folder."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self._pages = dict(pages)

    def read(self, path: str, dataset: str = "", row: int | None = None) -> Page:
        """Raises LookupError where there is no such page."""
        if path not in self._pages:
            raise LookupError(f"a page was wanted; there is none: {path}")
        return Page(self._pages[path].encode())


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """What the row of each note points to, in the order of NOTES."""

    found: tuple[Dereferenced, ...]

    @property
    def told(self) -> tuple[str, ...]:
        """In a word each."""
        return tuple("blended" if each.is_blended else each.status.value for each in self.found)


def scenes(seed: int) -> Mapping[str, Scene]:
    words = [tuple(word) for word in random_words(len(NOTES) + 1, WORD_SIZE, seed)]
    stores = [Store(word, item=at, location=at) for at, word in enumerate(words[: len(NOTES)])]
    blend = Store(words[-1], item=0, location=BLENDED, gate=NOISE_OF_ROW)
    recalls = [Recall(word) for word in words[: len(NOTES)]]
    settings = {"word_size": WORD_SIZE, "locations": len(NOTES), "items": len(NOTES)}
    return {"notes": Scene(settings, tuple(NOTES), (*stores, blend, *recalls))}


def figures(sources: Mapping[str, Source], seed: int) -> Figures:
    paths = tuple(NOTES)
    table = {
        at: Reference(ReferenceKind.TEXT, path, digest=digest(NOTES[path].encode())) for at, path in enumerate(paths)
    }
    shelf = Shelf(
        {path: text for path, text in NOTES.items() if path != paths[GONE]} | {paths[CHANGED]: "The lake was loud."}
    )
    source = sources["notes"]
    recalls = [source.record(len(source) - len(NOTES) + at) for at in range(len(NOTES))]
    rows = [int(record["read_weighting"][0].argmax()) for record in recalls]
    return Figures(tuple(dereference(record, row, table, shelf) for record, row in zip(recalls, rows, strict=True)))


DEMONSTRATION = Demonstration(
    name="references",
    title="Rows that point to records",
    idea="A row holds a key and points to a note; then a row is written over, a note is removed, and one is changed.",
    scenes=scenes,
    figures=figures,
    sentence=lambda told: (
        f"Of four rows the first still brings its note ({told.found[0].preview[:28]}…); the others are told to be "
        f"{told.told[1]}, at {told.found[1].share:.0%} of {tuple(NOTES)[told.found[1].item]}, {told.told[2]} and "
        f"{told.told[3]}."
    ),
    note=(
        "Extension. A reference cannot be learned by gradients, and a written-over row belongs to several records at "
        "once: which one it is of is a share and not a fact."
    ),
)
