"""Recalling one thing makes its associates come more easily."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from ntm_core.recall import priming
from ntm_core.recall.demonstrations.demonstration import Demonstration, Scene
from ntm_core.recall.operations import Operation, Recall, Store, Wait
from ntm_core.recall.priming import Graphs, graphs
from ntm_core.recall.words import random_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Source

WORDS = ("DINNER", "DESSERT", "WINE", "CAR", "ROAD", "WHEEL")
GROUPS = ((0, 1, 2), (3, 4, 5))
WORD_SIZE = 32
STRENGTH = 3.0
"""mu"""
LATER = 5
LONG = 1000
SURE = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """DESSERT's share of a recall by a cue that fits all words alike."""

    after_dinner: float
    after_car: float
    later: float
    """After DINNER and LATER steps more"""
    effect: float
    """In logits: after DINNER over after CAR"""
    effect_later: float
    effect_without: float
    """The same recalls with priming off"""
    graphs: Graphs
    """Before the first of these recalls"""


def scenes(seed: int) -> Mapping[str, Scene]:
    words = [tuple(word) for word in random_words(len(WORDS), WORD_SIZE, seed)]
    stores = [Store(word, item=at) for at, word in enumerate(words)]
    together: list[Operation] = []
    for group in GROUPS:
        for one, other in combinations(group, 2):
            # Long waits: each pair is associated by itself, as much as any other.
            together += [Recall(words[one], strength=SURE), Recall(words[other], strength=SURE), Wait(LONG)]
    settings = {"word_size": WORD_SIZE, "locations": len(WORDS), "priming_decay": 0.8}
    told = {}
    for name, cue, elapsed in (("dinner", 0, 0.0), ("car", 3, 0.0), ("later", 0, float(LATER))):
        recalls = Recall(words[cue], strength=SURE), Recall(words[0], strength=0, priming=STRENGTH, elapsed=elapsed)
        told[name] = Scene(settings, WORDS, (*stores, *together, *recalls))
    return told


def figures(sources: Mapping[str, Source], seed: int) -> Figures:
    last = {name: source.record(len(source) - 1) for name, source in sources.items()}
    share = {name: float(record["read_weighting"][0, 1]) for name, record in last.items()}
    content = {name: float(record["content_weighting"][0, 1]) for name, record in last.items()}
    return Figures(
        share["dinner"],
        share["car"],
        share["later"],
        effect=priming.effect(share["dinner"], share["car"]),
        effect_later=priming.effect(share["later"], share["car"]),
        effect_without=priming.effect(content["dinner"], content["car"]),
        graphs=graphs(sources["dinner"].record(len(sources["dinner"]) - 3)),
    )


DEMONSTRATION = Demonstration(
    name="priming",
    title="One recall prepares the next",
    idea="Words that were recalled together prime each other, though nothing in what they hold is alike.",
    scenes=scenes,
    figures=figures,
    sentence=lambda told: (
        f"After DINNER, DESSERT has {told.after_dinner:.3f} of a neutral recall, after CAR {told.after_car:.3f}: "
        f"{told.effect:+.2f} logits. {LATER} steps later it is {told.effect_later:+.2f}, with priming off "
        f"{told.effect_without:+.2f}."
    ),
    note=(
        "Extension, after ACT-R's spreading activation. Three things that are easily taken for one are kept apart: "
        "what was recalled together, what was written one after the other, and what is alike."
    ),
)
