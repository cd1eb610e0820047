"""A lookup of the associative memory in NumPy, for what the window asks itself: what would be recalled, and without a
term. A test holds it to the memory itself.

`w = softmax_i(beta cos(k o m, M_i o m) + lambda log(n_i + 1) + mu s_i)`, within each segment where a router divides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.operations import Among, Prime, Recall
from ntm_core.recall.recall_config import RecallRouting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ntm_core.recall.recall_config import RecallConfig

    Floats = NDArray[np.floating]

NORM_FLOOR = 1e-6
"""Under the root of a norm, as in `addressing`."""
_WEIGHT_FLOOR = 1e-20
_TINY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One lookup, term by term: N rows, W word size, S segments."""

    key: Floats
    """(W,)"""
    mask: Floats
    """(W,)"""
    strength: float
    candidates: NDArray[np.bool_]
    """(N,): whether a row is looked among"""
    content: Floats
    """(N,): what each row's likeness adds to its score; so do the next three"""
    prominence: Floats
    priming: Floats
    router: Floats
    weighting: Floats
    """(N,)"""
    shares: Floats
    """(S,): what each segment gets"""
    word: Floats
    """(W,): what is read"""

    @property
    def cosine(self) -> Floats:
        """(N,): the likeness of each row to the key; zeros where a strength of 0 compares nothing."""
        return self.content / self.strength if self.strength else np.zeros_like(self.content)

    @property
    def change(self) -> float:
        """How far what is read is from what was asked with: root mean square, unknown cells counting as 0."""
        return float(np.sqrt(np.mean((self.word - self.key * self.mask) ** 2)))


def look(standing: Mapping[str, Floats], asked: Recall | Prime, config: RecallConfig) -> Look:
    """What a lookup finds. standing: carried fields of the memory before it, as a record or a start has them."""
    size = config.word_size
    key = standing["read_vector"].reshape(-1) if asked.cue is None else np.asarray(asked.cue, np.float32)
    mask = np.ones(size, np.float32) if asked.mask is None else np.asarray(asked.mask, np.float32)
    kept = config.fading**asked.elapsed
    fades = np.where(np.arange(config.rows) < config.locations, kept, 1.0)[:, None]
    memory = (standing["memory"] * fades).astype(np.float64)
    trace = standing["recall_trace"] * config.priming_decay**asked.elapsed
    terms = (asked.prominence, asked.priming, asked.link_priming) if isinstance(asked, Recall) else (0.0, 0.0, 0.0)
    among = asked.among if isinstance(asked, Recall) else Among.ALL
    candidates = (standing["usage"] > 0) & _among(among, config)
    if asked.segments is not None:
        candidates &= np.isin(members(config), asked.segments)
    content = asked.strength * cosines(memory, key, mask)
    prominence = terms[0] * np.log(standing["recall_count"] + 1.0)
    priming = np.zeros(len(memory))
    for weight, graph in ((terms[1], "association"), (terms[2], "links")):
        if weight:
            priming = priming + weight * spread(standing[graph], trace, config.priming_spread, config.priming_hops)
    scores = content + prominence + priming
    router, weighting, shares = _routed(standing, asked, config, scores, candidates, key * mask)
    word = (weighting @ memory).astype(np.float32)
    found = (candidates, content, prominence, priming, router, weighting, shares)
    return Look(key, mask, asked.strength, *found, word)


def settle(
    standing: Mapping[str, Floats], asked: Recall, config: RecallConfig, *, below: float, most: int
) -> tuple[Look, ...]:
    """Recall, then recall with what was recalled, until it changes by less than `below` or `most` were done."""
    found = [look(standing, asked, config)]
    while len(found) < most and found[-1].change >= below:
        again = replace(follow_up(asked), cue=tuple(found[-1].word.tolist()))
        found.append(look(standing, again, config))
    return tuple(found)


def follow_up(asked: Recall) -> Recall:
    """The recall that goes on with what one recalled: of the whole word, by content alone, in no time."""
    return Recall(
        strength=asked.strength, segment=asked.segment, among=asked.among, elapsed=0.0, segments=asked.segments
    )


def without_terms(asked: Recall) -> Recall:
    """The same recall by content alone."""
    return replace(asked, prominence=0.0, priming=0.0, link_priming=0.0)


def cosines(memory: Floats, key: Floats, mask: Floats) -> Floats:
    """The likeness of every row to a key over the cells that are known: (N,)."""
    known = key.astype(np.float64) * mask
    rows = memory * mask
    norms = np.sqrt((rows**2).sum(1) + NORM_FLOOR) * np.sqrt((known**2).sum() + NORM_FLOOR)
    result: Floats = rows @ known / norms
    return result


def spread(graph: Floats, activation: Floats, passed_on: float, hops: int) -> Floats:
    """What reaches each row along a graph, (N,); as `content_terms.spread_of`, which has the equation."""
    both = (graph + graph.T).astype(np.float64)
    np.fill_diagonal(both, 0)
    links = passed_on * both / (both.sum(0, keepdims=True) + _TINY)
    reached, total = activation.astype(np.float64), np.zeros(len(both))
    for _ in range(hops):
        reached = links @ reached
        total = total + reached
    return total


def members(config: RecallConfig) -> NDArray[np.intp]:
    """The segment of each row: (N,)."""
    once = np.repeat(np.arange(len(config.parts.names)), config.parts.sizes)
    return np.tile(once, config.rows // config.locations)


def _among(among: Among, config: RecallConfig) -> NDArray[np.bool_]:
    is_short = np.arange(config.rows) < config.locations
    return {Among.ALL: np.ones_like(is_short), Among.SHORT_TERM: is_short, Among.LONG_TERM: ~is_short}[among]


def _routed(
    standing: Mapping[str, Floats],
    asked: Recall | Prime,
    config: RecallConfig,
    scores: Floats,
    candidates: NDArray[np.bool_],
    known: Floats,
) -> tuple[Floats, Floats, Floats]:
    """What the router adds to the scores, the weighting, and the share of each segment."""
    member, segments = members(config), len(config.parts.names)
    flat = _softmax(scores, candidates)
    totals, within = np.full(segments, -np.inf), np.zeros_like(scores)
    for segment in range(segments):
        inside = member == segment
        counted = inside & candidates
        counted = counted if counted.any() else inside
        totals[segment] = np.logaddexp.reduce(scores[counted])
        within[counted] = np.exp(scores[counted] - totals[segment])
    if asked.segments is not None or (asked.segment is None and config.routing is RecallRouting.FLAT):
        return np.zeros_like(scores), flat, np.bincount(member, flat, segments)
    if asked.segment is not None:
        share = np.eye(segments)[asked.segment]
    else:
        share = _soft(standing["router_weights"], known, config.router_temperature)
        if config.routing is RecallRouting.TOP1:
            share = np.eye(segments)[int(share.argmax())]
    beside = (np.log(np.maximum(share, _WEIGHT_FLOOR)) - totals)[member]
    return beside - beside.max(), within * share[member], share


def _soft(weights: Floats, known: Floats, temperature: float) -> Floats:
    unit = known / np.sqrt((known.astype(np.float64) ** 2).sum() + NORM_FLOOR)
    return _softmax(weights @ unit / temperature, np.ones(len(weights), bool))


def _softmax(scores: Floats, counted: NDArray[np.bool_]) -> Floats:
    """Over the entries that count; even over all where none does."""
    if not counted.any():
        return np.full(len(scores), 1 / len(scores))
    powers = np.where(counted, np.exp(scores - scores[counted].max()), 0.0)
    result: Floats = powers / powers.sum()
    return result
