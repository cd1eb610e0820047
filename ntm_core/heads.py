"""From the controller to the heads of an NTM: what it tells them, and how each comes to its weighting."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ntm_core import addressing
from ntm_core.ntm_config import Routing

if TYPE_CHECKING:
    from ntm_core.ntm_config import NTMConfig

MASK_FLOOR = 0.1
"""A lookup never forgets a column whole: masks are learned faster so (Csordas and Schmidhuber 2019)."""


class HeadParameters(NamedTuple):
    """What the controller tells its heads in one step, squashed to its domain; read heads come first."""

    key: Tensor
    """(B, R + H, W)"""
    key_strength: Tensor
    """(B, R + H)"""
    gate: Tensor
    """(B, R + H)"""
    shift: Tensor
    """(B, R + H, 2 S + 1)"""
    sharpening: Tensor
    """(B, R + H)"""
    erase: Tensor
    """(B, H, W)"""
    add: Tensor
    """(B, H, W)"""
    lookup_mask: Tensor | None
    """(B, R + H, W)"""
    router: Tensor | None
    """(B, R + H, segments)"""

    def of(self, heads: slice) -> HeadParameters:
        """Those of some heads, as far as all heads have them."""
        shared = (*self[:5], self.lookup_mask, self.router)
        key, strength, gate, shift, sharpening, mask, router = (
            None if each is None else each[:, heads] for each in shared
        )
        assert key is not None and strength is not None and gate is not None
        assert shift is not None and sharpening is not None
        return HeadParameters(key, strength, gate, shift, sharpening, self.erase, self.add, mask, router)


class Addressed(NamedTuple):
    """A weighting (batch, heads, locations) and the stages it came through."""

    content: Tensor
    gated: Tensor
    shifted: Tensor
    weighting: Tensor


class Heads(nn.Linear):
    """One projection for all heads, ordered so that each squashing is one call over neighbours."""

    def __init__(self, config: NTMConfig) -> None:
        keys, words = config.heads * config.word_size, config.write_heads * config.word_size
        sizes = (
            keys + words,
            words + config.heads + (keys if config.mask else 0),
            2 * config.heads,
            config.heads * config.offsets,
            config.heads * config.segments if config.segments > 1 else 0,
        )
        super().__init__(config.controller_size, sum(sizes))
        self._config, self._sizes = config, sizes

    def forward(self, hidden: Tensor) -> HeadParameters:  # type: ignore[override]
        """hidden: (batch, the controller's output)."""
        config, batch = self._config, hidden.shape[0]
        words = config.write_heads * config.word_size
        signed, opened, positive, kernel, routes = super().forward(hidden).split_with_sizes(self._sizes, dim=1)
        key, add = (
            torch.tanh(signed)
            .view(batch, -1, config.word_size)
            .split_with_sizes((config.heads, config.write_heads), dim=1)
        )
        opened = torch.sigmoid(opened)
        erase, gate, mask = opened.tensor_split((words, words + config.heads), dim=1)
        key_strength, above_one = functional.softplus(positive).chunk(2, dim=1)
        return HeadParameters(
            key=key,
            key_strength=key_strength,
            gate=gate,
            shift=torch.softmax(kernel.view(batch, config.heads, config.offsets), dim=-1),
            sharpening=1 + above_one,
            erase=erase.view(batch, config.write_heads, config.word_size),
            add=add,
            lookup_mask=MASK_FLOOR + (1 - MASK_FLOOR) * mask.view_as(key) if config.mask else None,
            router=self._router(routes) if config.segments > 1 else None,
        )

    def _router(self, routes: Tensor) -> Tensor:
        config = self._config
        logits = routes.view(-1, config.heads, config.segments) / config.router_temperature
        soft = torch.softmax(logits, dim=-1)
        if config.routing is Routing.SOFT:
            return soft
        hard = torch.zeros_like(soft).scatter(-1, soft.argmax(-1, keepdim=True), 1.0)
        return hard + (soft - soft.detach())  # the value of the first, the gradient of the second


def address(
    memory: Tensor, previous: Tensor, parameters: HeadParameters, prior: Tensor | None = None, segments: int = 1
) -> Addressed:
    """The four stages of addressing (NTM paper, fig. 2), for all heads that look at the same memory.

    previous: their last weightings, (batch, heads, locations).   prior: see `addressing.content_scores`.
    """
    scores = addressing.content_scores(memory, parameters.key, parameters.key_strength, parameters.lookup_mask, prior)
    if parameters.router is None:
        content = torch.softmax(scores, dim=-1)
    else:
        content = addressing.routed(scores, parameters.router)
    gated = addressing.interpolate(content, previous, parameters.gate)
    shifted = addressing.shift(gated, parameters.shift, segments)
    return Addressed(content, gated, shifted, addressing.sharpen(shifted, parameters.sharpening))
