"""How heads find their rows and what they do there, at one step: `ntm_core.addressing`, into room that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ntm_core.addressing import NORM_FLOOR, WEIGHT_FLOOR

if TYPE_CHECKING:
    from ntm_core.kernels.in_torch.layout import Access, Addressing


def floor_of(like: Tensor) -> Tensor:
    """For `lengths_of`: (). like: a tensor of the device and type."""
    return like.new_full((), NORM_FLOOR**0.5)


def lengths_of(vectors: Tensor, floor: Tensor) -> Tensor:
    """Of the last axis, floored as a cosine wants it: (..., W) to (...)."""
    return torch.hypot(torch.linalg.vector_norm(vectors, dim=-1), floor)


def windows(weighting: Tensor, offsets: int) -> Tensor:
    """A weighting turned round the ring of locations by each offset, the greatest against the focus first.

    weighting: (B, heads, N).   Returns (B heads, offsets, N): at offset S + o, row j holds the weight of row j + o.
    """
    rows, reach = weighting.shape[-1], offsets // 2
    ring = torch.cat((weighting[..., rows - reach :], weighting, weighting[..., :reach]), dim=-1)
    return ring.flatten(0, 1).unfold(-1, rows, 1).contiguous()


def address(memory: Tensor, lengths: Tensor, floor: Tensor, at: Addressing) -> None:
    """The four stages of addressing of a turn's heads, filled in.

    memory: (B, N, W), with the `lengths_of` its rows, and the floor of those.
    """
    scaled = at.key * (at.key_strength / lengths_of(at.key, floor)).unsqueeze(-1)
    scores = torch.bmm(scaled, memory.mT).div_(lengths.unsqueeze(1))
    torch.softmax(scores, -1, out=at.content)
    torch.lerp(at.before, at.content, at.gate.unsqueeze(-1), out=at.gated)
    offsets, rows = at.shift.shape[-1], at.gated.shape[-1]
    turned = windows(at.gated, offsets)
    # Mass at offset o comes from the row that lies o before.
    torch.bmm(at.shift.flip(-1).reshape(-1, 1, offsets), turned, out=at.shifted.view(-1, 1, rows))
    powers = at.shifted.clamp_min(WEIGHT_FLOOR).log_().mul_(at.sharpening.unsqueeze(-1))
    torch.softmax(powers, -1, out=at.weighting)


def read(memory: Tensor, access: Access) -> None:
    """Fills in what the heads read of a memory, the one that a step found or the one it left."""
    access.read_vector.copy_(torch.bmm(access.reading, memory))


def write(access: Access, is_sequential: bool) -> None:
    """Fills in the memory that a step leaves."""
    kept = access.found
    for weighting, erase, add in by_head(access):
        kept = torch.mul(kept, kept_share(weighting, erase), out=access.left)
        if is_sequential:
            kept.baddbmm_(weighting.mT, add)
    if not is_sequential:
        kept.baddbmm_(access.writing.mT, access.add)


def by_head(access: Access) -> list[tuple[Tensor, Tensor, Tensor]]:
    """What each write head goes by: its weighting, (B, 1, N), and what it erases and adds, (B, 1, W)."""
    heads = access.writing.shape[1]
    return list(zip(*(part.chunk(heads, 1) for part in (access.writing, access.erase, access.add)), strict=True))


def kept_share(weighting: Tensor, erase: Tensor) -> Tensor:
    """What a write head leaves of each number, before it adds: (B, N, W)."""
    return 1 - torch.bmm(weighting.mT, erase)
