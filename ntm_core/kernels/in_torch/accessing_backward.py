"""The gradients of `accessing`, by hand. A gradient of something is written d_something.

What one step's gradients are multiplied by is computed for all steps at once beforehand: the cosines, the lengths of
rows and the logarithms of weights again, since that costs less than to keep them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ntm_core.addressing import WEIGHT_FLOOR
from ntm_core.kernels.in_torch.accessing import by_head, floor_of, kept_share, lengths_of, windows

if TYPE_CHECKING:
    from ntm_core.kernels.in_torch.layout import Access, Addressing


class Known(NamedTuple):
    """What the gradients of a turn need, (B, heads, ...) at one step or (T, B, heads, ...) at all."""

    memory: Tensor
    """(B, N, W): that the heads look at"""
    content: Tensor
    """(N,), as are the next five"""
    gated: Tensor
    weighting: Tensor
    moved: Tensor
    """From the weighting before to the content's."""
    logarithm: Tensor
    """Of the shifted weighting, floored."""
    slope: Tensor
    """From what is sharpened to the shifted weighting."""
    pull: Tensor
    """(N,): cosines over lengths of rows, times `stretch`"""
    per_length: Tensor
    """(B, 1, N): one over the lengths of rows"""
    shift: Tensor
    """(K,)"""
    kept: Tensor
    """(1,): what the gate leaves of the weighting before"""
    direction: Tensor
    """(W,): the key, of length 1"""
    along: Tensor
    """(W,): the same times the key strength and what the gate lets through of it, the `stretch`"""


def known_of(at: Addressing, memory: Tensor) -> Known:
    """At all steps. memory: (T, B, N, W), that the heads looked at."""
    floor = floor_of(memory)
    per_length = lengths_of(memory, floor).reciprocal_().unsqueeze(2)
    direction = at.key / lengths_of(at.key, floor).unsqueeze(-1)
    along = direction * stretch_of(at.gate, at.key_strength)
    floored = at.shifted.clamp_min(WEIGHT_FLOOR)
    return Known(
        memory=memory,
        content=at.content,
        gated=at.gated,
        weighting=at.weighting,
        moved=at.content - at.before,
        logarithm=floored.log(),
        slope=(at.sharpening.unsqueeze(-1) / floored).masked_fill_(at.shifted < WEIGHT_FLOOR, 0.0),
        pull=torch.matmul(along, memory.mT).mul_(per_length.square()),
        per_length=per_length,
        shift=at.shift,
        kept=(1 - at.gate).unsqueeze(-1),
        direction=direction,
        along=along,
    )


def stretch_of(gate: Tensor, key_strength: Tensor) -> Tensor:
    """What the gradients of cosines are multiplied by: (..., heads) to (..., heads, 1)."""
    return (gate * key_strength).unsqueeze(-1)


class Addressed(NamedTuple):
    """Gradients of what the heads of a turn were told, up to what `backward.slopes_of_told` multiplies them by."""

    key: Tensor
    """(B, heads, W): of its direction, as if nothing were stretched"""
    gate: Tensor
    """(B, heads), as are the next two"""
    key_strength: Tensor
    """As if the gate were open."""
    sharpening: Tensor
    shift: Tensor
    """(B, heads, K): before it is squashed"""


def address_backward(known: Known, d_weighting: Tensor, d_memory: Tensor) -> tuple[Tensor, Addressed]:
    """Of one turn at one step. d_memory: added to.   Returns also the gradient of the weighting before."""
    batch, heads, rows = d_weighting.shape
    offsets = known.shift.shape[-1]
    d_power = _before_softmax(d_weighting, known.weighting)
    turned = windows(d_power * known.slope, offsets)
    d_gated = torch.bmm(known.shift.reshape(-1, 1, offsets), turned).view(batch, heads, rows)
    d_shift = torch.bmm(turned, known.gated.view(-1, rows, 1)).view(batch, heads, offsets)
    d_product = _before_softmax(d_gated, known.content) * known.per_length
    # From the gradient of a direction, what is along it is taken: the rest may be far smaller, and must be exact.
    d_direction = torch.bmm(d_product, known.memory)
    d_strength = _dots(d_direction, known.direction)
    d_direction.addcmul_(known.direction, d_strength.unsqueeze(-1), value=-1)
    d_memory.baddbmm_(d_product.mT, known.along)
    pull = (d_product * known.pull).sum(1)
    d_memory.addcmul_(known.memory, pull.unsqueeze(-1), value=-1)
    told = Addressed(
        key=d_direction,
        gate=_dots(d_gated, known.moved),
        key_strength=d_strength,
        sharpening=_dots(d_power, known.logarithm),
        shift=_before_softmax(d_shift, known.shift),
    )
    return d_gated * known.kept, told


def _before_softmax(gradient: Tensor, softmax: Tensor) -> Tensor:
    """From the gradient of a softmax over the last axis to that of what it is of."""
    return torch._softmax_backward_data(gradient, softmax, -1, gradient.dtype)


def _dots(left: Tensor, right: Tensor) -> Tensor:
    """Products summed over the last axis."""
    rows = left.shape[-1]
    return torch.bmm(left.view(-1, 1, rows), right.view(-1, rows, 1)).view(left.shape[:-1])


def read_backward(access: Access, memory: Tensor, d_read: Tensor, d_memory: Tensor) -> Tensor:
    """Of the read weightings. d_read: (B, R, W).   d_memory: of the memory that was read; added to."""
    d_memory.baddbmm_(access.reading.mT, d_read)
    return torch.bmm(d_read, memory.mT)


class Written(NamedTuple):
    """Gradients of what the write heads did."""

    weighting: Tensor
    """(B, H, N)"""
    erase: Tensor
    """(B, H, W), as is the next; with the other sign"""
    add: Tensor


def write_backward(access: Access, is_sequential: bool, d_memory: Tensor) -> Written:
    """d_memory: of the memory that was left; becomes that of the memory that was found."""
    each = by_head(access)
    shares, before = [kept_share(weighting, erase) for weighting, erase, _ in each], [access.found]
    for share, (weighting, _, add) in zip(shares[:-1], each[:-1], strict=True):
        kept = before[-1] * share
        before.append(kept.baddbmm_(weighting.mT, add) if is_sequential else kept)
    d_weightings, d_erases, d_adds = [], [], []
    if not is_sequential:
        d_adds.append(torch.bmm(access.writing, d_memory))
        added = torch.bmm(access.add, d_memory.mT).chunk(len(each), 1)
    for head in range(len(each) - 1, -1, -1):
        weighting, erase, add = each[head]
        if is_sequential:
            d_adds.append(torch.bmm(weighting, d_memory))
        d_added = torch.bmm(add, d_memory.mT) if is_sequential else added[head]
        d_share = d_memory * before[head]
        d_erases.append(torch.bmm(weighting, d_share))
        d_weightings.append(torch.baddbmm(d_added, erase, d_share.mT, alpha=-1))
        d_memory.mul_(shares[head])
    return Written(*(_beside(parts[::-1]) for parts in (d_weightings, d_erases, d_adds)))


def _beside(heads: list[Tensor]) -> Tensor:
    """What is of several heads as one tensor; no copy where it is one."""
    return heads[0] if len(heads) == 1 else torch.cat(heads, dim=1)
