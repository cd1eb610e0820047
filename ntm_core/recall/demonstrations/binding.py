"""An event comes back whole from any of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.binding import found, mass_led, rebuild
from ntm_core.recall.demonstrations.demonstration import Demonstration, Scene
from ntm_core.recall.operations import Follow, Operation, Recall, Store
from ntm_core.recall.recalled import names_of_rows, row_of
from ntm_core.recall.words import random_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Source

EVENTS = (
    ("ANNA", "CAKE", "GARDEN"),
    ("BEN", "BOOK", "LIBRARY"),
    ("CLARA", "BOAT", "LAKE"),
    ("DAVID", "SONG", "CHURCH"),
    ("EMMA", "DOG", "STREET"),
)
"""Who, what and where."""
FRAGMENTS = len(EVENTS[0])
SEGMENTS = "who 8, what 8, where 8"
WORD_SIZE = 32
BLUR = 0.2
SHARPNESS = 20.0
CUED = "BOAT"


@dataclass(frozen=True, slots=True)
class Figures:
    """Fragments that were found from one of them, on average over all as the cue."""

    precision: float
    recall: float
    precision_without_ends: float
    """Where no store ends its event, as in a DNC"""
    recall_blurred: float
    """With a fifth of each write on the rows beside it"""
    recall_sharpened: float
    """The same, links sharpened"""
    led_blurred: float
    """How much of a chain of two links arrives then"""
    followed: tuple[str, ...]
    """What came to mind after CUED, step by step"""


def scenes(seed: int) -> Mapping[str, Scene]:
    names = tuple(name for event in EVENTS for name in event)
    words = dict(zip(names, map(tuple, random_words(len(names), WORD_SIZE, seed)), strict=True))
    rows = np.random.default_rng(seed).permuted(np.tile(np.arange(8), (FRAGMENTS, 1)), axis=1)
    settings = {"word_size": WORD_SIZE, "locations": 24, "segments": SEGMENTS}
    told = {}
    for scene, ends, blur in (("whole", True, 0.0), ("without ends", False, 0.0), ("blurred", True, BLUR)):
        done: list[Operation] = []
        for number, event in enumerate(EVENTS):
            for part, name in enumerate(event):
                row = 8 * part + int(rows[part, number])
                is_last = ends and part == FRAGMENTS - 1
                done.append(Store(words[name], names.index(name), row, part, blur=blur, ends_event=is_last))
        done += [Recall(words[CUED], strength=100), Follow(), Recall(words[CUED], strength=100), Follow(-1)]
        told[scene] = Scene(settings, names, tuple(done))
    return told


def figures(sources: Mapping[str, Source], seed: int) -> Figures:
    links, rows = {}, {}
    for scene, source in sources.items():
        record = source.record(len(source) - 1)
        links[scene] = record["links"]
        rows[scene] = np.array([row_of(record, item) for item in range(len(EVENTS) * FRAGMENTS)]).reshape(-1, FRAGMENTS)

    def both(scene: str, sharpness: float = 1.0) -> tuple[float, float]:
        """Precision and recall on average."""
        each = [
            found(rebuild(links[scene], cue, hops=FRAGMENTS - 1, sharpness=sharpness), event, cue)
            for event in rows[scene]
            for cue in event
        ]
        return float(np.mean([one.precision for one in each])), float(np.mean([one.recall for one in each]))

    source = sources["whole"]
    names = names_of_rows(source.record(len(source) - 1), [name for event in EVENTS for name in event])
    recalls = [len(source) - at for at in (4, 3, 1)]
    precision, recall = both("whole")
    return Figures(
        precision=precision,
        recall=recall,
        precision_without_ends=both("without ends")[0],
        recall_blurred=both("blurred")[1],
        recall_sharpened=both("blurred", SHARPNESS)[1],
        led_blurred=float(np.mean([mass_led(links["blurred"], event[0], 2) for event in rows["blurred"]])),
        followed=tuple(names[int(source.record(at)["read_weighting"][0].argmax())] for at in recalls),
    )


DEMONSTRATION = Demonstration(
    name="binding",
    title="An event from one of its parts",
    idea="Who, what and where lie in three segments; links in time put an event together again from any one of them.",
    scenes=scenes,
    figures=figures,
    sentence=lambda told: (
        f"From one fragment {told.recall:.0%} of the others came back, and {told.precision:.0%} of what came belonged "
        f"there; without ends of events only {told.precision_without_ends:.0%} did. With {BLUR:.0%} blur "
        f"{told.recall_blurred:.0%} came back, with links sharpened {told.recall_sharpened:.0%}."
    ),
    note=(
        "Extension: a DNC's precedence never ends, so its events chain. That a brain binds by synchronous firing (von "
        "der Malsburg 1981), what the essay calls electromagnetic vibrations, is one contested theory; here it is "
        "links in time."
    ),
)
