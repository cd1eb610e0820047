"""Addressing as loops over numbers, straight from the NTM paper and what extends it: what the tensors must equal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

NORM_FLOOR = 1e-6
COUNT_FLOOR = 1.0
SUM_FLOOR = 1e-9


def softmax(scores: Iterable[float]) -> list[float]:
    scores = list(scores)
    powers = [math.exp(score - max(scores)) for score in scores]
    return [power / sum(powers) for power in powers]


def content_scores(
    memory: Doubles, key: Doubles, strength: Doubles, mask: Doubles | None = None, prior: Doubles | None = None
) -> Doubles:
    batch, heads, _ = key.shape
    result = np.zeros((batch, heads, memory.shape[1]))
    for item, head, location in np.ndindex(result.shape):
        row, wanted = list(memory[item, location]), list(key[item, head])
        if mask is not None:
            row = [float(a) * float(m) for a, m in zip(row, mask[item, head], strict=True)]
            wanted = [float(b) * float(m) for b, m in zip(wanted, mask[item, head], strict=True)]
        dot = sum(float(a) * float(b) for a, b in zip(row, wanted, strict=True))
        row_length = math.sqrt(sum(float(a) ** 2 for a in row) + NORM_FLOOR)
        key_length = math.sqrt(sum(float(b) ** 2 for b in wanted) + NORM_FLOOR)
        result[item, head, location] = strength[item, head] * dot / (row_length * key_length)
        if prior is not None:
            result[item, head, location] += prior[item, head if prior.shape[1] > 1 else 0, location]
    return result


def content_weighting(
    memory: Doubles, key: Doubles, strength: Doubles, mask: Doubles | None = None, prior: Doubles | None = None
) -> Doubles:
    result = content_scores(memory, key, strength, mask, prior)
    for index in np.ndindex(result.shape[:2]):
        result[index] = softmax(result[index])
    return result


def routed(scores: Doubles, router: Doubles) -> Doubles:
    result = np.zeros_like(scores)
    size = scores.shape[2] // router.shape[2]
    for item, head, segment in np.ndindex(router.shape):
        rows = range(segment * size, (segment + 1) * size)
        inside = softmax(scores[item, head, row] for row in rows)
        for row, share in zip(rows, inside, strict=True):
            result[item, head, row] = router[item, head, segment] * share
    return result


def interpolate(content: Doubles, previous: Doubles, gate: Doubles) -> Doubles:
    result = np.zeros_like(content)
    for index in np.ndindex(content.shape):
        share = gate[index[:2]]
        result[index] = share * content[index] + (1 - share) * previous[index]
    return result


def shift(weighting: Doubles, kernel: Doubles, segments: int = 1) -> Doubles:
    batch, heads, locations = weighting.shape
    reach, size = kernel.shape[-1] // 2, locations // segments
    result = np.zeros_like(weighting)
    for item, head, source in np.ndindex(batch, heads, locations):
        first = source // size * size
        for offset in range(-reach, reach + 1):
            target = first + (source - first + offset) % size
            result[item, head, target] += weighting[item, head, source] * kernel[item, head, offset + reach]
    return result


def sharpen(weighting: Doubles, gamma: Doubles) -> Doubles:
    result = np.zeros_like(weighting)
    for item, head in np.ndindex(gamma.shape):
        powers = [float(w) ** float(gamma[item, head]) for w in weighting[item, head]]
        result[item, head] = [power / sum(powers) for power in powers]
    return result


def read(memory: Doubles, weighting: Doubles) -> Doubles:
    batch, heads, locations = weighting.shape
    result = np.zeros((batch, heads, memory.shape[2]))
    for item, head, location in np.ndindex(batch, heads, locations):
        result[item, head] += weighting[item, head, location] * memory[item, location]
    return result


def write(memory: Doubles, weighting: Doubles, erase: Doubles, add: Doubles) -> Doubles:
    result = memory.copy()
    heads = weighting.shape[1]
    for item, location, bit in np.ndindex(memory.shape):
        for head in range(heads):
            result[item, location, bit] *= 1 - weighting[item, head, location] * erase[item, head, bit]
        for head in range(heads):
            result[item, location, bit] += weighting[item, head, location] * add[item, head, bit]
    return result


def write_head_after_head(memory: Doubles, weighting: Doubles, erase: Doubles, add: Doubles) -> Doubles:
    result = memory.copy()
    for head in range(weighting.shape[1]):
        for item, location, bit in np.ndindex(memory.shape):
            share = weighting[item, head, location]
            kept = result[item, location, bit] * (1 - share * erase[item, head, bit])
            result[item, location, bit] = kept + share * add[item, head, bit]
    return result


def recalled(
    counts: Doubles, trace: Doubles, association: Doubles, reads: Doubles, count_decay: float, trace_decay: float
) -> tuple[Doubles, Doubles, Doubles]:
    """What one sequence's terms are after a step. reads: (read heads, locations)."""
    rows = len(counts)
    after = np.zeros(rows), np.zeros(rows), association.copy()
    for i in range(rows):
        read = sum(float(head[i]) for head in reads)
        after[0][i] = count_decay * counts[i] + read
        after[1][i] = trace_decay * trace[i] + read
        for j in range(rows):
            after[2][i, j] += read * trace[j]
    return after


def spread(association: Doubles, activation: Doubles, passed_on: float, hops: int) -> Doubles:
    """What reaches each row of one sequence's memory on all walks of up to so many steps."""
    rows = len(activation)
    links = np.zeros((rows, rows))
    for j in range(rows):
        associates = [float(association[i, j] + association[j, i]) if i != j else 0.0 for i in range(rows)]
        for i in range(rows):
            links[i, j] = passed_on * associates[i] / (sum(associates) + SUM_FLOOR)
    total, reached = np.zeros(rows), activation
    for _ in range(hops):
        reached = np.array([sum(links[i, j] * reached[j] for j in range(rows)) for i in range(rows)])
        total = total + reached
    return total


def prior(counts: Doubles, prominence: float, spread: Doubles, priming: float) -> Doubles:
    """What is added to the scores of each row of one sequence's memory."""
    each = zip(counts, spread, strict=True)
    return np.array([prominence * math.log(n + COUNT_FLOOR) + priming * s for n, s in each])
