"""A router sends what is asked to the part of the memory that knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.demonstrations.demonstration import Demonstration, Scene
from ntm_core.recall.operations import Operation, Recall, Store
from ntm_core.recall.routes import Routes, routes
from ntm_core.recall.words import random_words, turned_over

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Source

TOPICS = ("faces", "places", "tunes")
EACH = 4
"""Words of a topic"""
TOPIC_SIZE, OWN_SIZE = 24, 24
"""Numbers that tell the topic, the same for all its words but for NOISE, and those of the word alone"""
NOISE, CUE_NOISE = 0.1, 0.15
STRENGTH = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Noisy cues, with a router that learned from the stores, and without one."""

    routed: Routes
    flat: Routes
    largest_error: float
    """Between what the router gives a segment and the weight there"""
    right_routed: float
    """Weight on the row that was asked for, on average"""
    right_flat: float
    right_named: float
    """The same, asked within the right segment"""


def scenes(seed: int) -> Mapping[str, Scene]:
    random = np.random.default_rng(seed)
    topics = random_words(len(TOPICS), TOPIC_SIZE, seed)
    own = random_words(len(TOPICS) * EACH, OWN_SIZE, seed + 1)
    of = np.repeat(np.arange(len(TOPICS)), EACH)
    words = np.concatenate((turned_over(topics[of], NOISE, random), own), 1)
    cues = turned_over(words, CUE_NOISE, random)
    names = tuple(f"{TOPICS[topic][:-1]} {at % EACH + 1}" for at, topic in enumerate(of))
    # One of each topic in turn: the router sees all topics from the start.
    order = np.arange(len(words)).reshape(len(TOPICS), EACH).T.ravel()
    stores: list[Operation] = [Store(tuple(words[at]), item=int(at), segment=int(of[at])) for at in order]
    asked = [Recall(tuple(cue), strength=STRENGTH) for cue in cues]
    within = [Recall(tuple(cue), strength=STRENGTH, segment=int(topic)) for cue, topic in zip(cues, of, strict=True)]
    settings = {
        "word_size": TOPIC_SIZE + OWN_SIZE,
        "locations": EACH * len(TOPICS),
        "segments": ", ".join(f"{topic} {EACH}" for topic in TOPICS),
    }
    return {
        "routed": Scene(settings | {"routing": "soft"}, names, (*stores, *asked)),
        "flat": Scene(settings | {"routing": "flat"}, names, (*stores, *asked, *within)),
    }


def figures(sources: Mapping[str, Source], seed: int) -> Figures:
    count = EACH * len(TOPICS)
    member = np.repeat(np.arange(len(TOPICS)), EACH).tolist()
    own = {name: source.series("read_weighting", count)[:, 0] for name, source in sources.items()}
    rows = {name: source.record(len(source) - 1)["ownership"].argmax(0)[:count] for name, source in sources.items()}
    routed = routes(own["routed"], member, member)
    router = sources["routed"].series("router", count)[:, 0]

    def right(name: str, first: int = 0) -> float:
        return float(np.mean(own[name][np.arange(first, first + count), rows[name]]))

    return Figures(
        routed=routed,
        flat=routes(own["flat"][:count], member, member),
        largest_error=float(np.abs(router - routed.mass).max()),
        right_routed=right("routed"),
        right_flat=right("flat"),
        right_named=right("flat", count),
    )


DEMONSTRATION = Demonstration(
    name="segments",
    title="Parts of memory, and a router",
    idea="Faces, places and tunes lie in segments of their own; a router learns from what is stored where to look.",
    scenes=scenes,
    figures=figures,
    sentence=lambda told: (
        f"With the router {told.routed.leakage.mean():.1%} of a recall leaks out of its segment, without "
        f"{told.flat.leakage.mean():.1%}; the right row gets {told.right_routed:.2f} of it instead of "
        f"{told.right_flat:.2f}, and the segment tells {told.routed.information:.2f} of "
        f"{np.log2(len(TOPICS)):.2f} bits of the topic."
    ),
    note=(
        "Extension: the NTM's memory is one. Calling the router a thalamus is an image and no model of one; a router "
        "that errs shuts the right part out, which flat lookup never does."
    ),
)
