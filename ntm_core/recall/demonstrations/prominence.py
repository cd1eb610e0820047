"""What is recalled often comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall import prominence
from ntm_core.recall.demonstrations.demonstration import Demonstration, Scene
from ntm_core.recall.letters import letter
from ntm_core.recall.operations import Operation, Recall, Store, Wait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Array, Source

STORED = ("A", "K", "S", "X")
REHEARSALS, SILENCE = 15, 29
DECAY = 0.95
SURE = 1000.0
"""Strength at which the letter that is asked for gets all of a recall."""
RECALLS = 60
HEAD_START = 4


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """The rehearsed letter's share of a recall by a cue that fits all four alike."""

    shares: Array
    """After each step of rehearsing and forgetting"""
    before: float
    rehearsed: float
    later: float
    without: float
    """At its height, with prominence off"""
    safe: float
    """The greatest share of any letter after RECALLS neutral recalls at a strength of 0.5"""
    runaway: float
    """The same at a strength of 2"""


def scenes(seed: int) -> Mapping[str, Scene]:
    """Nothing is drawn."""
    settings = {"word_size": 64, "locations": len(STORED), "prominence_decay": DECAY}
    words = [tuple(letter(name)) for name in STORED]
    stores = [Store(word, item=at, elapsed=0) for at, word in enumerate(words)]
    rehearse: list[Operation] = [Recall(words[0], strength=SURE), Wait()]
    probe = Recall(words[0], strength=0, prominence=1, elapsed=0)
    head_start = Recall(words[0], strength=SURE)
    told: dict[str, Scene] = {
        "rehearsal": Scene(settings, STORED, (*stores, *REHEARSALS * rehearse, *SILENCE * [Wait()], probe))
    }
    for name, strength in (("safe", 0.5), ("runaway", 2.0)):
        neutral = Recall(words[0], strength=0, prominence=strength)
        told[name] = Scene(settings, STORED, (*stores, *HEAD_START * [head_start], *RECALLS * [neutral]))
    return told


def figures(sources: Mapping[str, Source], seed: int) -> Figures:
    counts = sources["rehearsal"].series("recall_count")[len(STORED) - 1 : -1]
    shares = prominence.shares(counts, 1.0)[:, 0]
    last = sources["rehearsal"].record(len(sources["rehearsal"]) - 1)
    assert np.isclose(last["read_weighting"][0, 0], shares[-1], atol=1e-5)
    ends = {name: sources[name].record(len(sources[name]) - 1)["read_weighting"] for name in ("safe", "runaway")}
    return Figures(
        shares=shares,
        before=float(shares[0]),
        rehearsed=float(shares[2 * REHEARSALS]),
        later=float(shares[-1]),
        without=float(prominence.shares(counts, 0.0)[2 * REHEARSALS, 0]),
        safe=float(ends["safe"].max()),
        runaway=float(ends["runaway"].max()),
    )


DEMONSTRATION = Demonstration(
    name="prominence",
    title="What is recalled often comes first",
    idea="Recall one of four letters again and again, then ask with a cue that fits all of them alike.",
    scenes=scenes,
    figures=figures,
    sentence=lambda told: (
        f"A letter's share went from {told.before:.3f} to {told.rehearsed:.3f} by {REHEARSALS} rehearsals, and back to "
        f"{told.later:.3f} in {SILENCE} silent steps; with prominence off it stays at {told.without:.3f}. "
        f"At a strength of 2 one letter ends with {told.runaway:.0%} of every recall, at 0.5 with {told.safe:.0%}."
    ),
    note=(
        "Extension: the NTM of 2014 has no prominence. Its key strength is chosen anew at each lookup, and usage in a "
        "DNC or MANN only decides which rows are written over."
    ),
)
