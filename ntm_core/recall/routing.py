"""Which segment an operation goes to: the one that it names, or what the router makes of its word (an extension).

The router is a softmax over segments of U h / tau, with h the word at unit length. It learns from each store that names
a segment: a step of logistic regression, `U += rate (named - share) h`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ntm_core.addressing import NORM_FLOOR
from ntm_core.recall.lookup import Route
from ntm_core.recall.operations import Kind
from ntm_core.recall.recall_config import RecallRouting

if TYPE_CHECKING:
    from ntm_core.recall.asked import Asked
    from ntm_core.recall.lookup import Cue
    from ntm_core.recall.recall_config import RecallConfig


class Routed(NamedTuple):
    """Where an operation goes."""

    route: Route
    chosen: Tensor
    """(B,): the segment that gets most"""
    learned: Tensor | None
    """(B, S, W): the router's weights after it"""


def route(config: RecallConfig, told: Asked, cue: Cue, weights: Tensor | None) -> Routed:
    """weights: (B, S, W), or None with one segment, which gets all."""
    segments, named = len(config.parts.names), told.place("segment")
    given = functional.one_hot(named.clamp_min(0), segments).to(cue.key.dtype)
    is_given = (named >= 0).unsqueeze(1)
    if weights is None:
        return Routed(Route(torch.ones_like(given), torch.zeros_like(is_given)), torch.zeros_like(named), None)
    soft = shares(weights, cue.key * cue.mask, config.router_temperature)
    taken = soft
    if config.routing is RecallRouting.TOP1:
        taken = functional.one_hot(soft.argmax(-1), segments).to(soft.dtype)
    share = torch.where(is_given, given, taken)
    is_together = (told.setting("segment") < 0).view_as(is_given)
    is_routed = is_given if config.routing is RecallRouting.FLAT else ~is_together
    teaches = told.is_a(Kind.STORE) * is_given * config.router_rate
    learned = weights + (teaches * (given - soft)).unsqueeze(2) * _unit(cue.key).unsqueeze(1)
    return Routed(Route(share, is_routed), share.argmax(-1), learned)


def shares(weights: Tensor, word: Tensor, temperature: float) -> Tensor:
    """What the router gives each segment for a word. weights: (B, S, W).   word: (B, W).   Returns (B, S)."""
    return torch.softmax(torch.bmm(weights, _unit(word).unsqueeze(2)).squeeze(2) / temperature, dim=-1)


def _unit(word: Tensor) -> Tensor:
    return word * (word.square().sum(-1, keepdim=True) + NORM_FLOOR).rsqrt()
