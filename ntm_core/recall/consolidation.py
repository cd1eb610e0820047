"""From the short-term rows to their long-term copies: replay in proportion to prominence (an extension).

`slow_i <- slow_i + eta (v_i - slow_i)`, a step of the slow learner of complementary learning systems (McClelland,
McNaughton and O'Reilly 1995), with v_i the short-term row as it was written: fading takes the strength of a row, not
its pattern, so that a replay plays it at full strength while there is a trace of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ntm_core.model_config import FEWEST_RECALLS

if TYPE_CHECKING:
    from ntm_core.recall.recall_config import RecallConfig
    from ntm_core.recall.state import RecallState

FAINTEST = 1e-3
"""A row of less trace strength is forgotten: there is nothing to replay."""


class Replayed(NamedTuple):
    """The write of a replay. B is the batch, N rows, W word size."""

    weighting: Tensor
    """(B, N): the consolidation rate on one long-term row; zeros where there is nothing to replay"""
    erase: Tensor
    """(B, 1)"""
    add: Tensor
    """(B, W): the short-term row at full strength"""
    ownership: Tensor | None
    """(B, I): for which items that was written"""


def chances(config: RecallConfig, state: RecallState) -> Tensor:
    """How likely each short-term row is to be replayed: (B, locations), summing to 1, or 0 where none can be."""
    short_term = slice(config.locations)
    has_trace = (state.usage[:, short_term] > 0) & (state.trace_strength[:, short_term] >= FAINTEST)
    weights = (state.recall_count[:, short_term] + FEWEST_RECALLS) * has_trace
    return weights / weights.sum(-1, keepdim=True).clamp_min(FEWEST_RECALLS)


def replay(config: RecallConfig, draw: Tensor, state: RecallState) -> Replayed:
    """draw: (B,), 0 to 1, which row along the chances of all."""
    short_term = slice(config.locations)
    if not config.long_term:
        nothing = (
            torch.zeros_like(state.usage),
            torch.zeros_like(state.usage[:, :1]),
            torch.zeros_like(state.memory[:, 0]),
        )
        return Replayed(*nothing, None if state.ownership is None else torch.zeros_like(state.ownership[:, 0]))
    chance = chances(config, state)
    reached = chance.cumsum(-1)
    # Of the rows that can be replayed, the first whose share of the line reaches the draw.
    row = (reached <= draw.unsqueeze(1) * reached[:, -1:] * (1 - 1e-6)).sum(-1).clamp_max(config.locations - 1)
    is_any = chance.sum(-1, keepdim=True) > 0
    drawn = functional.one_hot(row, config.locations).to(chance.dtype) * is_any
    strength = (drawn * state.trace_strength[:, short_term]).sum(-1, keepdim=True).clamp_min(FAINTEST)
    weighting = torch.cat((torch.zeros_like(drawn), config.consolidation * drawn), dim=1)
    played = torch.einsum("bn,bnw->bw", drawn, state.memory[:, short_term]) / strength
    owned = None
    if state.ownership is not None:
        owned = torch.einsum("bn,bni->bi", drawn, state.ownership[:, short_term]) / strength
    return Replayed(weighting, torch.ones_like(strength), played, owned)
