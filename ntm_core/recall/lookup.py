"""Where a cue is found: what each term says of each row, and the weighting that they come to.

`w = softmax_i(beta cos(k o m, M_i o m) + lambda log(n_i + 1) + mu s_i)` over the rows that were ever written, and with
a router that softmax within each segment, times what the router gives the segment. Content addressing is that of the
NTM paper (eq. 5, 6), the mask that of Csordas and Schmidhuber 2019; the other terms are extensions of ntmviz. Batch
first: B is the batch, N rows, W word size, S segments.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ntm_core import addressing
from ntm_core.model_config import FEWEST_RECALLS


class Cue(NamedTuple):
    """What is looked for, and how much each term counts."""

    key: Tensor
    """(B, W)"""
    mask: Tensor
    """(B, W), 0 to 1"""
    strength: Tensor
    """(B, 1): beta; so are the next three, lambda and mu of both kinds of links"""
    prominence: Tensor
    priming: Tensor
    link_priming: Tensor


class Standing(NamedTuple):
    """What rows bring with them beside their content, (B, N) each."""

    is_candidate: Tensor
    """Whether a row is looked among."""
    recall_count: Tensor
    spread: Tensor
    """Over what was recalled together."""
    link_spread: Tensor
    """Over what was written one after the other."""


class Route(NamedTuple):
    """What each segment is to get."""

    share: Tensor
    """(B, S), summing to 1"""
    is_routed: Tensor
    """(B, 1): where not, all rows are looked among as if there were no segments"""


class Looked(NamedTuple):
    """A lookup term by term, (B, N) each: `weighting` is the softmax of the four scores, summed, over the candidates.

    Where nothing is a candidate, the weighting is even over all rows.
    """

    content_score: Tensor
    prominence_score: Tensor
    priming_score: Tensor
    router_score: Tensor
    by_content: Tensor
    """The weighting that content alone would give, without a router."""
    weighting: Tensor
    router: Tensor
    """(B, S): what each segment gets"""


def look(memory: Tensor, cue: Cue, standing: Standing, route: Route, member: Tensor) -> Looked:
    """Look for a cue. memory: (B, N, W).   member: (N,), the segment of each row."""
    # A whole mask is none: the plain lookup is computed, to the bit.
    mask = None if bool((cue.mask == 1).all()) else cue.mask.unsqueeze(1)
    content = addressing.content_scores(memory, cue.key.unsqueeze(1), cue.strength, mask).squeeze(1)
    prominence = cue.prominence * (standing.recall_count + FEWEST_RECALLS).log()
    priming = cue.priming * standing.spread + cue.link_priming * standing.link_spread
    scores = content + prominence + priming
    flat = shares(scores, standing.is_candidate, member, route.share.shape[1])
    router = torch.where(route.is_routed, route.share, flat.share)
    beside = (route.share.clamp_min(addressing.WEIGHT_FLOOR).log() - flat.total)[:, member]
    return Looked(
        content_score=content,
        prominence_score=prominence,
        priming_score=priming,
        router_score=torch.where(route.is_routed, beside - beside.amax(-1, keepdim=True), 0.0),
        by_content=_softmax(content, standing.is_candidate),
        weighting=torch.where(
            route.is_routed, flat.within * route.share[:, member], _softmax(scores, standing.is_candidate)
        ),
        router=router,
    )


class Shares(NamedTuple):
    """Scores by segment."""

    total: Tensor
    """(B, S): log-sum-exp of the scores of each"""
    share: Tensor
    """(B, S): the softmax over those, which is what flat addressing gives each segment"""
    within: Tensor
    """(B, N): the softmax of each segment's scores; even over a segment without a candidate"""


def shares(scores: Tensor, is_candidate: Tensor, member: Tensor, segments: int) -> Shares:
    """Divide the scores of candidates by segment. scores, is_candidate: (B, N).   member: (N,), which of so many
    segments each row is in.
    """
    is_in = member == torch.arange(segments, device=member.device).unsqueeze(1)
    counts = is_in & is_candidate.unsqueeze(1)
    is_any = counts.any(-1)
    parts = scores.unsqueeze(1).masked_fill(~torch.where(is_any.unsqueeze(2), counts, is_in), -torch.inf)
    total = parts.logsumexp(-1)
    return Shares(total, _softmax(total, is_any), torch.softmax(parts, dim=-1).sum(1))


def _softmax(scores: Tensor, counts: Tensor) -> Tensor:
    """Over the scores that count; even where none does."""
    is_any = counts.any(-1, keepdim=True)
    return torch.softmax(torch.where(is_any, scores.masked_fill(~counts, -torch.inf), torch.zeros_like(scores)), dim=-1)
