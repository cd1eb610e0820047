"""Where a word is stored: in the row that is named, or the first free one of a segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ntm_core import addressing
from ntm_core.errors import CoreError
from ntm_core.recall.operations import Kind

if TYPE_CHECKING:
    from ntm_core.recall.asked import Asked
    from ntm_core.recall.recall_config import RecallConfig

FREE = 0.5
"""A row in use by less than this is free."""


class Placed(NamedTuple):
    """A write. B is the batch, N rows, W word size."""

    weighting: Tensor
    """(B, N)"""
    erase: Tensor
    """(B, 1)"""
    add: Tensor
    """(B, W)"""


def place(config: RecallConfig, told: Asked, usage: Tensor, chosen: Tensor, member: Tensor) -> Placed:
    """Where a store writes. usage: (B, N).   chosen: (B,), the segment where no row is named.   member: (N,).

    Raises CoreError where the segment is full.
    """
    named, rows = told.place("location"), torch.arange(config.rows, device=usage.device)
    is_offered = (usage < FREE) & (rows < config.locations)
    if len(config.parts.names) > 1:
        is_offered &= member == chosen.unsqueeze(1)
    is_lost = (told.is_a(Kind.STORE).squeeze(1) > 0) & (named < 0) & ~is_offered.any(-1)
    if bool(is_lost.any()):
        full = int(chosen[is_lost][0])
        raise CoreError(
            f"all {config.parts.sizes[full]} rows of the segment {config.parts.names[full]!r} are in use: name a row "
            "to be written over, or make a larger memory"
        )
    first_free = is_offered.to(torch.uint8).argmax(-1)
    weighting = functional.one_hot(torch.where(named < 0, first_free, named), config.rows).to(usage.dtype)
    blur = told.setting("blur")
    kernel = torch.cat((blur / 2, 1 - blur, blur / 2), dim=1).unsqueeze(1)
    return Placed(told.setting("gate") * _turned(weighting, kernel, config), told.setting("erase"), told.word)


def check(told: Asked, config: RecallConfig) -> None:
    """Raises CoreError where an operation names a row, segment or item that is not there."""
    known = {"location": config.locations, "segment": len(config.parts.names), "item": config.items}
    for name, count in known.items():
        named = int(told.place(name).max())
        if named >= count:
            there = f"a number from 0 to {count - 1}" if count else "none"
            raise CoreError(f"the {name} of an operation is {there} in this memory; got {named}")
    several = int((-told.setting("segment")).max())
    if several >= 2 ** known["segment"]:
        there = f"of {known['segment']}"
        raise CoreError(f"the segments of an operation are some {there} in this memory; got {several.bit_length() - 1}")


def _turned(weighting: Tensor, kernel: Tensor, config: RecallConfig) -> Tensor:
    """A shift (NTM paper, eq. 8) round each segment, whatever their sizes."""
    short_term, long_term = weighting.split_with_sizes((config.locations, config.rows - config.locations), dim=1)
    rings = short_term.split_with_sizes(config.parts.sizes, dim=1)
    turned = [addressing.shift(ring.unsqueeze(1), kernel).squeeze(1) for ring in rings]
    return torch.cat((*turned, long_term), dim=1)
