"""What comes to mind easily seems more frequent than it was."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.availability import Availability, availability, encounters
from ntm_core.recall.demonstrations.demonstration import Demonstration, Scene
from ntm_core.recall.operations import Operation, Recall, Store
from ntm_core.recall.words import random_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Source

CLASSES = ("COLD", "STORM")
WORD_SIZE = 32
EARLY, LATE = 30, 10
STORMS_EARLY, STORMS_LATE = 6, 7
CONSTANTS = {"for ever": math.inf, "long": 10.0, "short": 3.0}
"""Steps in which a recall counts e times less."""
REHEARSED = 6
SURE = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """The rare class in mind beside its frequency, by how long recalls count."""

    by_constant: Mapping[str, Availability]
    rehearsed: Availability
    """As `for ever`, but STORM was called to mind REHEARSED times more without an event"""

    def of(self, name: str) -> float:
        """The share of STORM in mind."""
        return float(self.by_constant[name].availability[1])


def scenes(seed: int) -> Mapping[str, Scene]:
    words = [tuple(word) for word in random_words(len(CLASSES), WORD_SIZE, seed)]
    stores = [Store(word, item=at, elapsed=0) for at, word in enumerate(words)]
    storms = [*_spread(EARLY, STORMS_EARLY), *_spread(LATE, STORMS_LATE)]
    events: list[Operation] = [Recall(words[is_storm], strength=SURE) for is_storm in storms]
    neutral = Recall(words[0], strength=0, prominence=1, elapsed=0)
    again = Recall(None, strength=SURE, elapsed=0)
    settings = {"word_size": WORD_SIZE, "locations": len(CLASSES)}
    told = {
        name: Scene(settings | {"prominence_decay": math.exp(-1 / constant)}, CLASSES, (*stores, *events, neutral))
        for name, constant in CONSTANTS.items()
    }
    # The last event is a storm: going on from it calls that to mind again.
    rehearsal = (*stores, *events, *REHEARSED * [again], neutral)
    return told | {"rehearsed": Scene(settings | {"prominence_decay": 1.0}, CLASSES, rehearsal)}


def figures(sources: Mapping[str, Source], seed: int) -> Figures:
    told = {}
    for name, source in sources.items():
        last = len(source) - 1
        met = encounters(source, dict(enumerate(CLASSES)), last)
        told[name] = availability(source.record(last)["read_weighting"][0], CLASSES, met)
    return Figures({name: told[name] for name in CONSTANTS}, told["rehearsed"])


def _spread(steps: int, times: int) -> list[int]:
    """So many ones spread evenly over so many steps, the last of them a one."""
    reached = np.floor(np.arange(1, steps + 1) * times / steps + 1e-9)
    return [int(each) for each in np.diff(reached, prepend=0)]


DEMONSTRATION = Demonstration(
    name="availability",
    title="What comes to mind seems frequent",
    idea="A rare thing happens often of late; ask with a neutral cue how frequent it seems, and look at the ledger.",
    scenes=scenes,
    figures=figures,
    sentence=lambda told: (
        f"STORM was {told.by_constant['for ever'].frequency[1]:.3f} of all events. It seems {told.of('for ever'):.3f} "
        f"where recalls count for ever, {told.of('long'):.3f} and {told.of('short'):.3f} where they fade in "
        f"{CONSTANTS['long']:.0f} and {CONSTANTS['short']:.0f} steps, and {told.rehearsed.availability[1]:.3f} after "
        f"{REHEARSED} rehearsals of which none was an event."
    ),
    note=(
        "After Tversky and Kahneman (1973). What comes to mind here is how much of a recall a class gets; people also "
        "judge by how easy the recall feels (Schwarz and others 1991), which the fluency beside it stands for."
    ),
)
