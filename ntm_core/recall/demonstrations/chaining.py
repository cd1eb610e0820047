"""A context brings back a day, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.chaining import Stop, rule, told
from ntm_core.recall.demonstrations.demonstration import Demonstration, Scene
from ntm_core.recall.operations import Follow, Operation, Recall, Store
from ntm_core.recall.recalled import recalled
from ntm_core.recall.words import random_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Source

DAYS = {"HARBOUR": ("GULLS", "ROPE", "BOAT", "STORM"), "SCHOOL": ("BELL", "CHALK", "MAPS", "SONG")}
"""What happened at each place, in order."""
CONTEXT_SIZE, ITEM_SIZE = 16, 32
STRENGTH = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """What a context alone brings back."""

    in_context: float
    """Weight on the day of the context, where only that part of the key is compared"""
    unmasked: float
    """The same, where the missing part is compared too, as zeros"""
    in_context_off: float
    """The same, with nothing of the key given"""
    names: tuple[str, ...]
    """What came to mind from the day's first thing on"""
    stop: Stop


def scenes(seed: int) -> Mapping[str, Scene]:
    names = tuple(name for day in DAYS.values() for name in day)
    contexts = random_words(len(DAYS), CONTEXT_SIZE, seed)
    items = random_words(len(names), ITEM_SIZE, seed + 1)
    length = len(names) // len(DAYS)
    words = [np.concatenate((contexts[at // length], item)) for at, item in enumerate(items)]
    stores: list[Operation] = [
        Store(tuple(word), item=at, ends_event=at % length == length - 1) for at, word in enumerate(words)
    ]
    key = tuple(contexts[0]) + (0.0,) * ITEM_SIZE
    mask = (1.0,) * CONTEXT_SIZE + (0.0,) * ITEM_SIZE
    nothing = (0.0,) * len(key)
    asked: list[Operation] = [
        Recall(key, mask, strength=STRENGTH),
        Recall(key, strength=STRENGTH),
        Recall(nothing, strength=STRENGTH),
        Recall(tuple(words[0]), strength=STRENGTH),
    ]
    settings = {"word_size": len(key), "locations": len(names)}
    return {"days": Scene(settings, names, (*stores, *asked, *length * [Follow()]))}


def figures(sources: Mapping[str, Source], seed: int) -> Figures:
    names = [name for day in DAYS.values() for name in day]
    source, length = sources["days"], len(DAYS["HARBOUR"])
    masked, unmasked, nothing = (
        float(source.record(len(names) + at)["read_weighting"][0, :length].sum()) for at in range(3)
    )
    found = [recalled(source.record(len(names) + 3), names)]
    while (stop := rule(found)) is None:
        found.append(recalled(source.record(len(names) + 3 + len(found)), names))
    chain = told(found, stop)
    return Figures(masked, unmasked, nothing, chain.names, chain.stop)


DEMONSTRATION = Demonstration(
    name="chaining",
    title="A place brings back a day",
    idea="Give only the place, see what belongs to it come up; then follow the day from its first thing to its end.",
    scenes=scenes,
    figures=figures,
    sentence=lambda told: (
        f"The place alone puts {told.in_context:.0%} of a recall on what happened there, with nothing given it is "
        f"{told.in_context_off:.0%}. From {told.names[0]} on came {', '.join(told.names[1:])}, and then the day was "
        f"over: {told.stop.value}."
    ),
    note=(
        "A context cue is a key of which a part is compared; nothing is inferred. The chain follows what was written "
        "next, as a DNC's links do, so it tells the order of storing and no reasons."
    ),
)
