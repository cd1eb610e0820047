"""From the controller to the memory of a DNC: the interface vector, squashed (Graves et al. 2016, Methods)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from ntm_core.dnc_addressing import oneplus
from ntm_core.heads import MASK_FLOOR

if TYPE_CHECKING:
    from ntm_core.dnc_config import DNCConfig


class InterfaceParameters(NamedTuple):
    """What the controller tells the memory in one step. B is the batch, R read heads, W word size."""

    key: Tensor
    """(B, R + 1, W), the write head's last, as of all that read heads and the write head share"""
    key_strength: Tensor
    """(B, R + 1), at least 1"""
    lookup_mask: Tensor | None
    """(B, R + 1, W), `heads.MASK_FLOOR` to 1"""
    erase: Tensor
    """(B, 1, W), 0 to 1"""
    add: Tensor
    """(B, 1, W), the paper's write vector"""
    free_gate: Tensor
    """(B, R), 0 to 1"""
    allocation_gate: Tensor
    """(B, 1), 0 to 1, as is the next"""
    write_gate: Tensor
    backward_mode: Tensor
    """(B, R), 0 to 1, as are the next two; the three sum to 1"""
    content_mode: Tensor
    forward_mode: Tensor
    backward_sharpness: Tensor | None
    """(B, R), at least 1, as is the next"""
    forward_sharpness: Tensor | None


class Interface(nn.Linear):
    """One projection for all, ordered so that each squashing is one call over neighbours.

    Keys and the write vector are not squashed. Without variants it has W R + 3 W + 5 R + 3 numbers, as in the paper.
    """

    def __init__(self, config: DNCConfig) -> None:
        reads, word, keys = config.read_heads, config.word_size, config.heads * config.word_size
        self._signed = (keys, word)
        self._shares = (keys if config.mask else 0, word, reads, 1, 1)
        self._above_one = (config.heads, *((reads, reads) if config.link_sharpness else (0, 0)))
        self._sizes = (sum(self._signed), sum(self._shares), sum(self._above_one), 3 * reads)
        super().__init__(config.controller_size, sum(self._sizes))
        self._config = config

    def forward(self, hidden: Tensor) -> InterfaceParameters:  # type: ignore[override]
        """hidden: (batch, the controller's output)."""
        config = self._config
        by_head = (len(hidden), config.heads, config.word_size)
        signed, shares, above_one, modes = super().forward(hidden).split_with_sizes(self._sizes, dim=1)
        key, add = signed.split_with_sizes(self._signed, dim=1)
        mask, erase, free_gate, allocation_gate, write_gate = torch.sigmoid(shares).split_with_sizes(
            self._shares, dim=1
        )
        strength, backward_sharpness, forward_sharpness = oneplus(above_one).split_with_sizes(self._above_one, dim=1)
        backward_mode, content_mode, forward_mode = torch.softmax(modes.view(len(hidden), 3, -1), dim=1).unbind(1)
        return InterfaceParameters(
            key=key.reshape(by_head),
            key_strength=strength,
            lookup_mask=MASK_FLOOR + (1 - MASK_FLOOR) * mask.reshape(by_head) if config.mask else None,
            erase=erase.unsqueeze(1),
            add=add.unsqueeze(1),
            free_gate=free_gate,
            allocation_gate=allocation_gate,
            write_gate=write_gate,
            backward_mode=backward_mode,
            content_mode=content_mode,
            forward_mode=forward_mode,
            backward_sharpness=backward_sharpness if config.link_sharpness else None,
            forward_sharpness=forward_sharpness if config.link_sharpness else None,
        )
