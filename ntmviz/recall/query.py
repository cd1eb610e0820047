"""Asking a trained network's memory by hand: where a head would be with another key. NumPy only.

Heads that shift go by the NTM paper (eq. 5 to 9), heads that follow links by the DNC paper (Methods), heads of content
alone by the MANN paper (eq. 2, 3); masks, a router and what was read before count as they did. All is computed from
what was recorded: nothing is run. Asked as the head itself was told, it reads what the head read; a test holds that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.model_config import FEWEST_RECALLS
from ntm_core.trace import Role
from ntmviz.recall.askable import Terms, Way, way_of
from ntmviz.recall.head_record import HeadRecord
from ntmviz.recall.lookup import Look, cosines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ntm_core.trace import Source

    Floats = NDArray[np.floating]

_WEIGHT_FLOOR = 1e-20
"""As in `addressing.sharpen`."""
_PLAIN = Terms()


@dataclass(frozen=True, slots=True)
class Query:
    """What a head is told. Of what comes after the strength, a head goes by what its way has."""

    head: int
    """Among all heads, read heads first"""
    key: tuple[float, ...]
    strength: float = 1.0
    gate: float = 1.0
    """How much of the content lookup goes in; the rest is the weighting of the step before"""
    shift: tuple[float, ...] = (0.0, 1.0, 0.0)
    """Shares of the offsets -S to S"""
    sharpening: float = 1.0
    modes: tuple[float, float, float] = (0.0, 1.0, 0.0)
    """Shares of what was written before the last read, of the content lookup, and of what was written after"""


def emitted(source: Source, step: int, head: int) -> Query:
    """What a head was told at a step."""
    record = HeadRecord(source, step, head)

    def number(role: Role) -> float:
        value = record.own(role)
        return 1.0 if value is None else float(value)

    key, shift = record.own(Role.KEY), record.own(Role.SHIFT)
    assert key is not None
    query = Query(head, tuple(key.tolist()), number(Role.KEY_STRENGTH))
    match way_of(source.spec):
        case Way.SHIFTING:
            assert shift is not None
            gate, sharpening = number(Role.GATE), number(Role.SHARPENING)
            return Query(head, query.key, query.strength, gate, tuple(shift.tolist()), sharpening)
        case Way.FOLLOWING:
            modes = number(Role.BACKWARD_MODE), number(Role.CONTENT_MODE), number(Role.FORWARD_MODE)
            return Query(head, query.key, query.strength, modes=modes)
        case Way.CONTENT:
            return query


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A lookup, and the weightings on the way to it."""

    stages: tuple[tuple[str, Floats], ...]
    """By name, (N,) each; none where the lookup is all"""
    look: Look


def ask(source: Source, step: int, query: Query, terms: Terms = _PLAIN) -> Asked:
    """Where the head would have been at a step, and what it would have read there. terms: of the network's lookups."""
    record = HeadRecord(source, step, query.head)
    memory, key = record.memory, np.asarray(query.key, np.float64)
    recorded_mask = record.own(Role.LOOKUP_MASK)
    mask = np.ones_like(key) if recorded_mask is None else recorded_mask
    scores = query.strength * cosines(memory, key, mask)
    prominence, priming = _prior(record, terms, len(memory))
    router = record.own(Role.ROUTER)
    content = _shared(scores + prominence + priming, router)
    stages: tuple[tuple[str, Floats], ...] = ()
    weighting = content
    match way_of(source.spec):
        case Way.SHIFTING:
            gated = query.gate * content + (1 - query.gate) * record.last_weighting
            shifted = _shifted(gated, query.shift, 1 if router is None else len(router))
            stages = (("content", content), ("gated", gated), ("shifted", shifted))
            weighting = _sharpened(shifted, query.sharpening)
        case Way.FOLLOWING:
            # Where links lead is told by the last read alone, whatever the head is asked.
            backward, forward = record.own(Role.BACKWARD_WEIGHTING), record.own(Role.FORWARD_WEIGHTING)
            assert backward is not None and forward is not None
            stages = (("backward", backward), ("content", content), ("forward", forward))
            weighting = sum((share * at for share, (_, at) in zip(query.modes, stages, strict=True)), np.zeros(1))
    everywhere, nothing = np.ones(len(memory), bool), np.zeros(len(memory))
    shares = np.ones(1) if router is None else router
    word = (weighting @ memory).astype(np.float32)
    found = (everywhere, scores, prominence, priming, nothing, weighting, shares)
    return Asked(stages, Look(key, mask, query.strength, *found, word))


def _prior(record: HeadRecord, terms: Terms, rows: int) -> tuple[Floats, Floats]:
    """What was read before adds to the scores; as `content_terms.prior`, which has the equation."""
    counts, spread = record.before(Role.RECALL_COUNT), record.whole(Role.SPREAD)
    nothing = np.zeros(rows)
    prominence = nothing if counts is None else terms.prominence * np.log(counts + FEWEST_RECALLS)
    return prominence, nothing if spread is None else terms.priming * spread


def _shared(scores: Floats, router: Floats | None) -> Floats:
    """A softmax, or one within each segment times the segment's share; as `addressing.routed`."""
    parts = scores.reshape(1 if router is None else len(router), -1)
    powers = np.exp(parts - parts.max(1, keepdims=True))
    within = powers / powers.sum(1, keepdims=True)
    result: Floats = (within if router is None else within * router[:, None]).reshape(-1)
    return result


def _shifted(weighting: Floats, kernel: tuple[float, ...], segments: int) -> Floats:
    """Turned within each segment by shares of offsets (NTM paper, eq. 8)."""
    rings, reach = weighting.reshape(segments, -1), len(kernel) // 2
    turned = [share * np.roll(rings, place - reach, axis=1) for place, share in enumerate(kernel)]
    result: Floats = np.sum(turned, axis=0).reshape(-1)
    return result


def _sharpened(weighting: Floats, exponent: float) -> Floats:
    """NTM paper, eq. 9."""
    logs = exponent * np.log(np.maximum(weighting, _WEIGHT_FLOOR))
    powers = np.exp(logs - logs.max())
    result: Floats = powers / powers.sum()
    return result
