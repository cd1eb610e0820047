"""Recall labs that come ready: what a memory is made from, what its items are called, and what is done to it first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ntm_core.recall.operations import Recall, Store, Wait
from ntmviz.recall import glyphs
from ntmviz.recall.items import MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ntm_core.recall.operations import Operation

ROOM = 8
"""Rows that a segment has free at first."""
MOST_ITEMS = 64
LETTERS = ("B", "P", "R", "D", "K", "A", "S", "T")
DIGITS = ("2", "3", "5", "8")
SIGNS = ("plus", "arrow", "box", "heart")
FOOD = ("DINNER", "DESSERT", "WINE", "BREAD")
TRAVEL = ("CAR", "ROAD", "TRAIN", "TICKET")
_LINKING_STRENGTH = 40.0
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class NewItem:
    """Something to store."""

    name: str
    segment: str
    word: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LabPlan:
    """A lab to be made."""

    title: str
    word_size: int
    segments: Mapping[str, int]
    """Rows of each."""
    names: tuple[str, ...]
    """Of the items, in their order."""
    operations: tuple[Operation, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of the memory, beside its sizes."""

    @property
    def options(self) -> dict[str, Any]:
        """What an engine makes the memory from, see `hand_orders`."""
        return {
            "model": MODEL,
            "model_settings": {
                "locations": sum(self.segments.values()),
                "segments": ", ".join(f"{name} {rows}" for name, rows in self.segments.items()),
                "items": max(MOST_ITEMS, len(self.names)),
                **self.settings,
            },
            "task": MODEL,
            "task_settings": {"bits": self.word_size, "min_length": 1, "max_length": 1},
            "seed": 0,
            "length": 1,
            "title": self.title,
        }


def letters(title: str = "recall lab", **settings: Any) -> LabPlan:
    """Letters, digits and signs, as pictures; B, P and R are alike in their upper half. settings: of the memory."""
    groups = {"Letters": LETTERS, "Digits": DIGITS, "Signs": SIGNS}
    items = [_picture(name, group) for group, names in groups.items() for name in names]
    return of_items(title, items, room=4, **settings)


def routed() -> LabPlan:
    """Letters, whose router learns as they are stored; then it decides where a recall looks."""
    return letters("recall lab: router", routing="soft")


def two_stores() -> LabPlan:
    """Letters in a short-term store that loses three hundredths a step, beside a long-term one that is empty yet."""
    return letters("recall lab: two stores", fading=0.97, long_term=True)


def words() -> LabPlan:
    """Words of two fields, those of a field recalled one after another: so they have come to prime each other."""
    groups = {"Food": FOOD, "Travel": TRAVEL}
    made = [
        NewItem(name, group, tuple(glyphs.drawn_from(name, glyphs.SIDE**2).tolist()))
        for group, names in groups.items()
        for name in names
    ]
    cues = {item.name: item.word for item in made}
    linking: list[Operation] = []
    for names in groups.values():
        linking += [Recall(cues[name], strength=_LINKING_STRENGTH) for name in names * _ROUNDS]
        linking.append(Wait(60.0))  # so that the fields are not linked with each other
    return of_items("recall lab: words", made, then=linking)


def of_items(
    title: str, items: Sequence[NewItem], *, room: int = ROOM, then: Iterable[Operation] = (), **settings: Any
) -> LabPlan:
    """A lab that holds items, each in its segment, with some rows free. Raises ConfigError on words of many sizes."""
    rows: dict[str, int] = {}
    for item in items:
        rows[item.segment] = rows.get(item.segment, 0) + 1
    places = list(rows)
    stores = [Store(item.word, item=number, segment=places.index(item.segment)) for number, item in enumerate(items)]
    return LabPlan(
        title,
        len(items[0].word),
        {name: count + room for name, count in rows.items()},
        tuple(item.name for item in items),
        (*stores, *then),
        settings,
    )


def noisy(word: NDArray[np.floating], share: float, chance: np.random.Generator) -> NDArray[np.floating]:
    """A word with a share of its cells turned over."""
    turned = chance.permutation(word.size)[: round(share * word.size)]
    changed = word.copy()
    changed[turned] *= -1
    return changed


def _picture(name: str, segment: str) -> NewItem:
    return NewItem(name, segment, tuple(glyphs.ready(name).tolist()))
