"""How a head finds its rows and what it does there: the NTM paper's section 3 as free functions.

Batch first everywhere: memory (batch, locations, word), weighting (batch, heads, locations). All heads of a call are
computed at once. Equation numbers are those of Graves, Wayne and Danihelka 2014 (arXiv 1410.5401). Values and gradients
stay finite for a memory of zeros, for weightings that are 0 or 1 and for any key strength or sharpening.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ntm_core.trace import WriteOrder

NORM_FLOOR = 1e-6
"""Added to squared lengths: bounds the gradient of the cosine by 1e3 where a row or a key is 0."""

WEIGHT_FLOOR = 1e-20
"""Weights below it sharpen as if they were this large: the logarithm of 0 has no gradient."""


def content_scores(
    memory: Tensor, key: Tensor, strength: Tensor, mask: Tensor | None = None, prior: Tensor | None = None
) -> Tensor:
    """How well each row fits a key: strength times cosine (the exponent of eq. 5, with eq. 6).

    memory: (batch, locations, word).   key: (batch, heads, word).   strength: (batch, heads), at least 0.
    mask: (batch, heads, word), 0 to 1, by which key and rows are multiplied first (Csordas and Schmidhuber 2019,
    eq. 5).   prior: (batch, heads or 1, locations), added to the scores.   Returns (batch, heads, locations).
    """
    if mask is None:
        row_scale = (memory.square().sum(-1) + NORM_FLOOR).rsqrt().unsqueeze(1)
    else:
        row_scale = (torch.bmm(mask.square(), memory.square().mT) + NORM_FLOOR).rsqrt()
        key = key * mask
    key_scale = strength * (key.square().sum(-1) + NORM_FLOOR).rsqrt()
    if mask is not None:
        key = key * mask
    scores = torch.bmm(key * key_scale.unsqueeze(-1), memory.mT) * row_scale
    return scores if prior is None else scores + prior


def content_weighting(
    memory: Tensor, key: Tensor, strength: Tensor, mask: Tensor | None = None, prior: Tensor | None = None
) -> Tensor:
    """Look for the rows that resemble a key: softmax of `content_scores`, with the same arguments (eq. 5, 6).

    Returns (batch, heads, locations), each summing to 1; strength 0 gives the uniform weighting.
    """
    return torch.softmax(content_scores(memory, key, strength, mask, prior), dim=-1)


def routed(scores: Tensor, router: Tensor) -> Tensor:
    """Look within segments: a softmax inside each, times what the router gives the segment (an extension).

    scores: (batch, heads, locations), the segments one after another, of one size.   router: (batch, heads, segments),
    each summing to 1.   Returns the shape of scores, each summing to 1. Where the router is the softmax over segments
    of the log-sum-exp of their scores, this is the softmax of all scores.
    """
    segments = scores.view(*router.shape, -1)
    return (torch.softmax(segments, dim=-1) * router.unsqueeze(-1)).flatten(-2)


def interpolate(content: Tensor, previous: Tensor, gate: Tensor) -> Tensor:
    """Mix what the content says with where the head was: gate 1 is all content, gate 0 all previous (eq. 7).

    content, previous: (batch, heads, locations).   gate: (batch, heads), 0 to 1.   Returns the shape of content.
    """
    return torch.lerp(previous, content, gate.unsqueeze(-1))


def shift(weighting: Tensor, kernel: Tensor, segments: int = 1) -> Tensor:
    """Turn a weighting round the ring of locations by a distribution over offsets (eq. 8).

    weighting: (batch, heads, locations).   kernel: (batch, heads, 2 S + 1), each summing to 1, offsets -S to S;
    all its mass on +1 moves the focus from row j to row j + 1, and from the last row to row 0.
    segments: so many rings of equal size, one after another; the focus never leaves its own.
    Returns the shape of weighting. Never below 0: a sum of turned copies, where a Fourier transform would round below.
    """
    if segments > 1:
        rings = weighting.view(len(weighting), weighting.shape[1] * segments, -1)
        return shift(rings, kernel.repeat_interleave(segments, dim=1)).view_as(weighting)
    weights = kernel.unsqueeze(-1).unbind(2)
    reach = len(weights) // 2
    shifted = weighting * weights[reach]
    for offset in range(1, reach + 1):
        shifted = shifted + weighting.roll(offset, -1) * weights[reach + offset]
        shifted = shifted + weighting.roll(-offset, -1) * weights[reach - offset]
    return shifted


def sharpen(weighting: Tensor, gamma: Tensor) -> Tensor:
    """Concentrate a weighting; gamma 1 leaves it as it is (eq. 9).

    weighting: (batch, heads, locations), each summing to 1.   gamma: (batch, heads), at least 1.
    Returns the shape of weighting, each summing to 1. Computed with logarithms: the power itself underflows on a
    diffuse weighting, and its sum then divides by 0.
    """
    return torch.softmax(weighting.clamp_min(WEIGHT_FLOOR).log() * gamma.unsqueeze(-1), dim=-1)


def read(memory: Tensor, weighting: Tensor) -> Tensor:
    """Sum the rows as weighted (eq. 2).

    memory: (batch, locations, word).   weighting: (batch, heads, locations).   Returns (batch, heads, word).
    A matrix product adds row after row, which in float32 is off by 4e-6; this sum goes in pairs: below 1e-6.
    """
    return (weighting.unsqueeze(-1) * memory.unsqueeze(1)).sum(-2)


def write(
    memory: Tensor,
    weighting: Tensor,
    erase: Tensor,
    add: Tensor,
    write_order: WriteOrder = WriteOrder.PARALLEL,
) -> Tensor:
    """Erase, then add: all heads' erases multiply, then all heads' adds sum (eq. 3, 4).

    memory: (batch, locations, word).   weighting: (batch, heads, locations).   erase, add: (batch, heads, word),
    erase 0 to 1.   write_order: in sequence, the second head's erase also takes from what the first one added.
    Returns the shape of memory. With one head `memory * (1 - w e) + w a` repeats it to the bit in
    NumPy, with more heads in parallel to rounding: the sum over heads is one matrix product. Sum and product stay
    apart, since fused they would round once instead of twice.
    """
    kept, heads = memory, weighting.shape[1]
    # Head by head: the backward pass of a product over an axis asks the device for its zeros, and waits for them.
    each = zip(weighting.chunk(heads, 1), erase.chunk(heads, 1), add.chunk(heads, 1), strict=True)
    for head_weighting, head_erase, head_add in each:
        kept = kept * (1 - torch.bmm(head_weighting.mT, head_erase))
        if write_order is WriteOrder.SEQUENTIAL:
            kept = kept + torch.bmm(head_weighting.mT, head_add)
    return kept if write_order is WriteOrder.SEQUENTIAL else kept + torch.bmm(weighting.mT, add)
