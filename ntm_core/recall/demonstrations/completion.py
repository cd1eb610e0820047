"""A half-erased letter completes itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.completion import Correction, correction, partial
from ntm_core.recall.demonstrations.demonstration import Demonstration, Scene
from ntm_core.recall.letters import SIDE, letter
from ntm_core.recall.operations import Recall, Store
from ntm_core.recall.words import random_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Source

STORED = ("A", "C", "K", "M", "S", "T", "X", "Z")
ASKED = "S"
STRENGTH = 30.0
NOISE = 0.2
NOISES = (0.0, 0.1, 0.2, 0.3, 0.4)


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """What became of a letter, and the same for random words."""

    half_wrong: int
    """Points of the half-erased letter that came back wrong"""
    noisy_before: int
    """Wrong points of the noisy letter"""
    noisy_after: int
    """and of what was recalled"""
    noisy_again: int
    """and of what that recalled"""
    curve: Correction
    """128 random words of 64 numbers, strength 20"""
    weak: Correction
    """The same at strength 5"""
    quarter_masked: float
    """Weight on the right row where a quarter of the cue is known and the lookup is told which"""
    quarter_unmasked: float
    """The same where it is not told"""


def scenes(seed: int) -> Mapping[str, Scene]:
    word = letter(ASKED)
    lower_half = np.repeat([0.0, 1.0], SIDE * SIDE // 2)
    turned = np.random.default_rng(seed).permutation(len(word))[: round(NOISE * len(word))]
    noisy = word.copy()
    noisy[turned] *= -1
    stores = [Store(tuple(letter(name)), item=at) for at, name in enumerate(STORED)]
    recalls = [
        Recall(tuple(word * lower_half), tuple(lower_half), STRENGTH),
        Recall(tuple(noisy), strength=STRENGTH),
        Recall(strength=STRENGTH),
    ]
    return {"letters": Scene({"word_size": len(word), "locations": 16}, STORED, (*stores, *recalls))}


def figures(sources: Mapping[str, Source], seed: int) -> Figures:
    source, word = sources["letters"], letter(ASKED)
    cued, half, again = (source.record(len(STORED) + at) for at in (1, 0, 2))
    words = random_words(128, 64, seed)
    return Figures(
        half_wrong=_wrong(half["read_vector"][0], word),
        noisy_before=_wrong(cued["key"][0], word),
        noisy_after=_wrong(cued["read_vector"][0], word),
        noisy_again=_wrong(again["read_vector"][0], word),
        curve=correction(words, NOISES, strength=20, seed=seed),
        weak=correction(words, NOISES, strength=5, seed=seed),
        quarter_masked=partial(words, 0.25, strength=20, is_masked=True, seed=seed),
        quarter_unmasked=partial(words, 0.25, strength=20, is_masked=False, seed=seed),
    )


def _wrong(found: np.ndarray, word: np.ndarray) -> int:
    return int(((found > 0) != (word > 0)).sum())


DEMONSTRATION = Demonstration(
    name="completion",
    title="A part brings back the whole",
    idea="Erase half of a letter, or turn some of its points over, and see what is recalled.",
    scenes=scenes,
    figures=figures,
    sentence=lambda told: (
        f"The lower half of {ASKED} came back with {told.half_wrong} wrong points of 64; a cue with "
        f"{told.noisy_before} wrong points with {told.noisy_after}. Among 128 random words recall is exact in 95 % of "
        f"cases up to {told.curve.basin:.0%} noise at strength 20, and no longer at 10 % at strength 5."
    ),
    note=(
        "This is lookup by likeness, no reconstruction as people do it: what comes back is a blend of what is stored, "
        "and letters that look alike mix. To tell the lookup which part is known helps as much as to know more."
    ),
)
