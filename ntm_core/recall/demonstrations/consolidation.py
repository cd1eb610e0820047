"""What is replayed lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall import consolidation_curve
from ntm_core.recall.demonstrations.demonstration import Demonstration, Scene
from ntm_core.recall.operations import Operation, Replay, Store, Wait
from ntm_core.recall.words import random_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.recall.consolidation_curve import Kept
    from ntm_core.trace import Source

ITEMS, STEPS = 10, 40
WORD_SIZE = 32
SETTINGS = {"word_size": WORD_SIZE, "locations": ITEMS, "long_term": True, "fading": 0.85, "consolidation": 0.3}
REPLAYS = (0, 1, 3)
"""In each step"""


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Share of the items that each store gives back, step after step, by replays a step."""

    curves: Mapping[int, Kept]

    def ends(self, replays: int) -> tuple[float, float]:
        """Of the short-term and the long-term store after the last step."""
        kept = self.curves[replays]
        return float(kept.short_term[-1]), float(kept.long_term[-1])


def scenes(seed: int) -> Mapping[str, Scene]:
    words = [tuple(word) for word in random_words(ITEMS, WORD_SIZE, seed)]
    random = np.random.default_rng(seed)
    stores = [Store(word, item=at, elapsed=0) for at, word in enumerate(words)]
    told = {}
    for replays in REPLAYS:
        steps: list[Operation] = []
        for _ in range(STEPS):
            # The first of a step's replays lets the time of that step pass.
            steps += [Replay(random.random(), elapsed=float(not at)) for at in range(replays)] or [Wait()]
        told[f"{replays}"] = Scene(SETTINGS, tuple(f"word {at + 1}" for at in range(ITEMS)), (*stores, *steps))
    return told


def figures(sources: Mapping[str, Source], seed: int) -> Figures:
    words = random_words(ITEMS, WORD_SIZE, seed)
    curves = {}
    for replays in REPLAYS:
        a_step = max(replays, 1)
        memories = sources[f"{replays}"].series("memory", ITEMS + a_step - 1)[::a_step]
        curves[replays] = consolidation_curve.kept(memories, words)
    return Figures(curves)


DEMONSTRATION = Demonstration(
    name="consolidation",
    title="What is replayed lasts",
    idea="The short-term store fades; replays copy it, a little each time, to a store that does not.",
    scenes=scenes,
    figures=figures,
    sentence=lambda told: (
        f"After {STEPS} steps the short-term store gives back {told.ends(3)[0]:.0%} of {ITEMS} words; the long-term "
        f"store {told.ends(0)[1]:.0%}, {told.ends(1)[1]:.0%} and {told.ends(3)[1]:.0%} with 0, 1 and 3 replays a step."
    ),
    note=(
        "After complementary learning systems (McClelland, McNaughton and O'Reilly 1995). Here a replay copies what is "
        "there; whether memories move from hippocampus to cortex, or stay and are only transformed, is contested."
    ),
)
