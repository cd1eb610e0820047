"""Addressing written as loops over numbers, straight from the NTM paper: what the tensor functions must equal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

NORM_FLOOR = 1e-6


def content_weighting(memory: Doubles, key: Doubles, strength: Doubles) -> Doubles:
    batch, heads, _ = key.shape
    result = np.zeros((batch, heads, memory.shape[1]))
    for item in range(batch):
        for head in range(heads):
            scores = []
            for row in memory[item]:
                dot = sum(float(a) * float(b) for a, b in zip(row, key[item, head], strict=True))
                row_length = math.sqrt(sum(float(a) ** 2 for a in row) + NORM_FLOOR)
                key_length = math.sqrt(sum(float(a) ** 2 for a in key[item, head]) + NORM_FLOOR)
                scores.append(float(strength[item, head]) * dot / (row_length * key_length))
            powers = [math.exp(score - max(scores)) for score in scores]
            result[item, head] = [power / sum(powers) for power in powers]
    return result


def interpolate(content: Doubles, previous: Doubles, gate: Doubles) -> Doubles:
    result = np.zeros_like(content)
    for index in np.ndindex(content.shape):
        share = gate[index[:2]]
        result[index] = share * content[index] + (1 - share) * previous[index]
    return result


def shift(weighting: Doubles, kernel: Doubles) -> Doubles:
    batch, heads, locations = weighting.shape
    reach = kernel.shape[-1] // 2
    result = np.zeros_like(weighting)
    for item, head, source in np.ndindex(batch, heads, locations):
        for offset in range(-reach, reach + 1):
            target = (source + offset) % locations
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
