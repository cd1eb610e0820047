"""The gradients of `ntm_core.kernels.addressing`, by hand. Arrays lie as there.

All are called from compiled code alone. A gradient of something is written d_something. What the backward pass can
compute again for less than it costs to keep, it does: the cosines, the lengths of rows, the logarithms of weights.
"""

from __future__ import annotations

from typing import Any

from ntm_core.addressing import WEIGHT_FLOOR
from ntm_core.kernels.addressing import add_turned
from ntm_core.kernels.compiling import loose, woven
from ntm_core.kernels.content import find_backward
from ntm_core.kernels.elementary import log, softplus_slope
from ntm_core.kernels.products import dot


@loose
def _dot_turned(left: Any, right: Any, offset: int) -> Any:
    """The sum of products of a vector and another that is turned by an offset round the ring."""
    rows = right.shape[0]
    turn = offset % rows
    total = left.dtype.type(0)
    for at in range(turn):
        total += left[at] * right[rows - turn + at]
    for at in range(turn, rows):
        total += left[at] * right[at - turn]
    return total


@woven
def _through_sharpening(weighting: Any, shifted: Any, sharpening: Any, d_weighting: Any, d_shifted: Any) -> Any:
    """Fills d_shifted, returns the gradient of the sharpening."""
    real = weighting.dtype.type
    nothing, floor, total = real(0), real(WEIGHT_FLOOR), real(0)
    mean = dot(weighting, d_weighting)
    for at in range(weighting.shape[0]):
        weight = shifted[at]
        floored = floor if weight < floor else weight
        pull = weighting[at] * (d_weighting[at] - mean)
        total += pull * log(floored)
        pull = pull * sharpening / floored
        d_shifted[at] = nothing if weight < floor else pull
    return total


@woven
def address_backward(
    memory: Any,
    previous: Any,
    told: Any,
    stages: Any,
    first: int,
    last: int,
    d_memory: Any,
    d_weighting: Any,
    d_told: Any,
    room: Any,
) -> None:
    """Of `address`, of the heads from first to last.

    d_memory: added to.   d_weighting: (heads, locations), of the weightings; becomes that of `previous`.   d_told:
    filled for these heads, of what they are told before it is squashed.   room: layout.Room.
    """
    real = memory.dtype.type
    one, nothing = real(1), real(0)
    words, rows = memory.shape
    reach = told.shift.shape[1] // 2
    for head in range(first, last):
        content, gated, before = stages.content[head], stages.gated[head], previous[head]
        d_shifted, d_gated = room.d_shifted, room.d_content[head]
        sharpening, gate = told.sharpening[head], told.gate[head]
        d_sharpening = _through_sharpening(
            stages.weighting[head], stages.shifted[head], sharpening, d_weighting[head], d_shifted
        )
        d_told.sharpening[head] = d_sharpening * real(softplus_slope(sharpening - one))
        # The shift: each offset's share, and what it moved.
        share = told.shift[head, reach]
        for at in range(rows):
            d_gated[at] = share * d_shifted[at]
        d_shift, shift = d_told.shift[head], told.shift[head]
        mean = nothing
        for place in range(2 * reach + 1):
            if place != reach:
                add_turned(d_gated, d_shifted, reach - place, shift[place])
            d_shift[place] = _dot_turned(d_shifted, gated, place - reach)
            mean += shift[place] * d_shift[place]
        for place in range(2 * reach + 1):
            d_shift[place] = shift[place] * (d_shift[place] - mean)
        d_gate, kept = nothing, one - gate
        for at in range(rows):
            d_gate += d_gated[at] * (content[at] - before[at])
        d_told.gate[head] = d_gate * gate * kept
        for at in range(rows):
            d_weighting[head, at] = kept * d_gated[at]
        for at in range(rows):
            d_gated[at] *= gate
    find_backward(
        memory,
        told.key,
        told.key_strength,
        stages.content,
        room.d_content,
        first,
        last,
        d_memory,
        d_told.key,
        d_told.key_strength,
        room.scales,
        room.pull,
        room.dots,
    )
    for head in range(first, last):
        d_told.key_strength[head] *= real(softplus_slope(told.key_strength[head]))
        for word in range(words):
            d_told.key[head, word] *= one - told.key[head, word] * told.key[head, word]


@loose
def add_backward(d_memory: Any, weighting: Any, add: Any, d_weighting: Any, d_add: Any) -> None:
    """Of what one head adds; the gradient of the memory passes as it is."""
    for word in range(d_memory.shape[0]):
        amount, total = add[word], d_memory.dtype.type(0)
        for at in range(d_memory.shape[1]):
            total += d_memory[word, at] * weighting[at]
            d_weighting[at] += d_memory[word, at] * amount
        d_add[word] = total


@woven
def erase_backward(d_memory: Any, memory: Any, weighting: Any, erase: Any, d_weighting: Any, d_erase: Any) -> None:
    """Of what one head erases from a memory; d_memory becomes the gradient of that."""
    one = d_memory.dtype.type(1)
    for word in range(d_memory.shape[0]):
        share, total = erase[word], d_memory.dtype.type(0)
        for at in range(d_memory.shape[1]):
            lost = d_memory[word, at] * memory[word, at]
            total -= lost * weighting[at]
            d_weighting[at] -= lost * share
            d_memory[word, at] *= one - weighting[at] * share
        d_erase[word] = total


@woven
def write_backward(
    memory: Any,
    weighting: Any,
    told: Any,
    is_sequential: bool,
    d_memory: Any,
    d_weighting: Any,
    d_told: Any,
    chain: Any,
) -> None:
    """Of `write`; d_memory becomes the gradient of the memory that it found.

    weighting, d_weighting: (write heads, locations); d_weighting is added to.   d_told: erase and add are filled, of
    what the heads are told before it is squashed.   chain: (write heads, word, locations), room.
    """
    heads, one = weighting.shape[0], memory.dtype.type(1)
    words, rows = memory.shape
    for head in range(1, heads):
        before = memory if head == 1 else chain[head - 1]
        for word in range(words):
            share = told.erase[head - 1, word]
            amount = told.add[head - 1, word]
            for at in range(rows):
                chain[head, word, at] = before[word, at] * (one - weighting[head - 1, at] * share)
            if is_sequential:
                for at in range(rows):
                    chain[head, word, at] += weighting[head - 1, at] * amount
    if not is_sequential:
        for head in range(heads):
            add_backward(d_memory, weighting[head], told.add[head], d_weighting[head], d_told.add[head])
    for head in range(heads - 1, -1, -1):
        if is_sequential:
            add_backward(d_memory, weighting[head], told.add[head], d_weighting[head], d_told.add[head])
        before = chain[head] if head else memory
        erase_backward(d_memory, before, weighting[head], told.erase[head], d_weighting[head], d_told.erase[head])
    for head in range(heads):
        for word in range(words):
            erase, add = told.erase[head, word], told.add[head, word]
            d_told.erase[head, word] *= erase * (one - erase)
            d_told.add[head, word] *= one - add * add
