"""Temporal links of a DNC with only the strongest of each location kept: N K numbers instead of N x N.

Links are a pair of tensors: values (batch, locations, K), and where each leads back to, locations (batch, locations,
K), whole numbers that differ within a row. The paper keeps the K largest of the write weighting and of the precedence,
and drops links below 1/K (Methods, "Sparse link matrix"). Here every row ages its links and is linked to the K rows
written last, and drops what is weaker than K others of it: with K = N this is the full matrix. Gradients pass through
the values, none through the choice of what is kept.
On a CUDA device the sums of `backward`, and of all gradients, go in no fixed order: their last bits vary.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def linked(links: Tensor, locations: Tensor, write_weighting: Tensor, precedence: Tensor) -> tuple[Tensor, Tensor]:
    """The links after a write, as `dnc_addressing.linked` of the same name has it, cut to the strongest K of each row.

    links, locations: (batch, locations, K).   write_weighting, precedence: (batch, locations).
    Returns links and locations, the strongest first. Every link stays at most what it is in the full matrix.
    """
    kept, rows = links.shape[2], torch.arange(links.shape[1], device=links.device).unsqueeze(1)
    later, earlier = write_weighting.unsqueeze(2), _at(write_weighting, locations)
    aged = (1 - later - earlier) * links + later * _at(precedence, locations)
    # All rows are linked to the same few rows that were written last.
    last = precedence.detach().sort(dim=-1, descending=True, stable=True).indices[:, :kept]
    fresh = later * precedence.gather(1, last).unsqueeze(1)
    # Side by side in the order of their locations, a fresh link stands right after an aged one to the same place, which
    # has got its share already.
    targets, order = torch.cat((locations, last.unsqueeze(1).expand_as(locations)), dim=2).sort(dim=2, stable=True)
    is_again = functional.pad(targets[..., 1:] == targets[..., :-1], (1, 0))
    values = torch.cat((aged, fresh), dim=2).gather(2, order).masked_fill(targets == rows, 0.0)
    ranked = values.detach().masked_fill(is_again, -1.0).sort(dim=2, descending=True, stable=True).indices
    strongest = ranked[..., :kept]
    return values.gather(2, strongest), targets.gather(2, strongest)


def forward(links: Tensor, locations: Tensor, read_weighting: Tensor) -> Tensor:
    """On to what was written next: L w.

    links, locations: (batch, locations, K).   read_weighting: of the step before, (batch, reads, locations).
    Returns the shape of read_weighting, each summing to at most 1.
    """
    index = locations.flatten(1).unsqueeze(1).expand(-1, read_weighting.shape[1], -1)
    found = read_weighting.gather(2, index).view(*read_weighting.shape[:2], *links.shape[1:])
    return (links.unsqueeze(1) * found).sum(-1)


def backward(links: Tensor, locations: Tensor, read_weighting: Tensor) -> Tensor:
    """Back to what was written before: L^T w; arguments and result as of `forward`."""
    index = locations.flatten(1).unsqueeze(1).expand(-1, read_weighting.shape[1], -1)
    sent = links.unsqueeze(1) * read_weighting.unsqueeze(-1)
    return torch.zeros_like(read_weighting).scatter_add(2, index, sent.flatten(2))


def _at(weighting: Tensor, locations: Tensor) -> Tensor:
    """The entries of (batch, locations) that (batch, locations, K) point to."""
    return weighting.gather(1, locations.flatten(1)).view_as(locations)
