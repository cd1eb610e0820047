"""Looking for the rows that resemble a key, of one sequence at one step: `ntm_core.addressing.content_weighting`.

The memory lies with its words in front, (word, locations), so that a loop over the locations is a loop over neighbours.
Weightings are (heads, locations). All are called from compiled code alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.addressing import NORM_FLOOR
from ntm_core.kernels.compiling import loose, without_nan, woven
from ntm_core.kernels.elementary import exp
from ntm_core.kernels.products import add_outer, add_product, dot

LEAST_EXPONENT = -50.0
"""Of a softmax: what lies further below the greatest is 0; so is less than counts, `WEIGHT_FLOOR`."""


@without_nan
def _greatest(row: Any) -> Any:
    """The greatest number of a row; where one is NaN, any number: so are then all that a softmax makes of it."""
    most = row[0]
    for at in range(1, row.shape[0]):
        most = row[at] if row[at] > most else most
    return most


@loose
def softmax(row: Any) -> None:
    """In place."""
    real = row.dtype.type
    most, least, nothing, total = _greatest(row), real(LEAST_EXPONENT), real(0), real(0)
    for at in range(row.shape[0]):
        below = row[at] - most
        share = exp(below)
        share = nothing if below < least else share
        row[at] = share
        total += share
    scale = real(1) / total
    for at in range(row.shape[0]):
        row[at] *= scale


@loose
def row_scales(memory: Any, scales: Any) -> None:
    """One over the length of each row, which has a floor."""
    real = memory.dtype.type
    words, rows = memory.shape
    one, floor = real(1), real(NORM_FLOOR)
    for at in range(rows):
        scales[at] = floor
    for word in range(words):
        for at in range(rows):
            scales[at] += memory[word, at] * memory[word, at]
    for at in range(rows):
        scales[at] = one / np.sqrt(scales[at])


@loose
def key_scale(key: Any) -> Any:
    """One over the length of a key, which has a floor."""
    real = key.dtype.type
    total = real(NORM_FLOOR)
    for word in range(key.shape[0]):
        total += key[word] * key[word]
    return real(1) / np.sqrt(total)


@woven
def find(memory: Any, key: Any, strength: Any, content: Any, first: int, last: int, scales: Any) -> None:
    """Fill the content weightings of the heads from first to last.

    key: (heads, word).   strength: (heads,).   content: (heads, locations).   scales: (locations,), room.
    """
    rows = memory.shape[1]
    nothing = memory.dtype.type(0)
    row_scales(memory, scales)
    for head in range(first, last):
        for at in range(rows):
            content[head, at] = nothing
    add_product(content[first:last], key[first:last], memory)
    for head in range(first, last):
        row = content[head]
        factor = strength[head] * key_scale(key[head])
        for at in range(rows):
            row[at] *= factor * scales[at]
        softmax(row)


@woven
def find_backward(
    memory: Any,
    key: Any,
    strength: Any,
    content: Any,
    d_content: Any,
    first: int,
    last: int,
    d_memory: Any,
    d_key: Any,
    d_strength: Any,
    scales: Any,
    pull: Any,
    dots: Any,
) -> None:
    """Of `find`, by hand.

    d_content: (heads, locations), used up.   d_memory: added to.   d_key, d_strength: filled for these heads.   scales,
    pull: (locations,), room.   dots: (heads, locations), room.
    """
    words, rows = memory.shape
    nothing = memory.dtype.type(0)
    row_scales(memory, scales)
    for at in range(rows):
        pull[at] = nothing
    for head in range(first, last):
        for at in range(rows):
            dots[head, at] = nothing
    add_product(dots[first:last], key[first:last], memory)
    for head in range(first, last):
        share, slope, product = content[head], d_content[head], dots[head]
        mean, length, steep = dot(share, slope), key_scale(key[head]), strength[head]
        total = nothing
        for at in range(rows):
            cosine = product[at] * scales[at] * length
            each = share[at] * (slope[at] - mean)
            total += each * cosine
            pull[at] += each * cosine * steep
            slope[at] = each * scales[at] * (steep * length)
        d_strength[head] = total
        along = total * steep * length * length
        for word in range(words):
            d_key[head, word] = dot(slope, memory[word]) - key[head, word] * along
    for at in range(rows):
        pull[at] *= scales[at] * scales[at]
    for word in range(words):
        for at in range(rows):
            d_memory[word, at] -= memory[word, at] * pull[at]
    add_outer(d_memory, key[first:last], d_content[first:last])
