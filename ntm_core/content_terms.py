"""What a content lookup takes into account beside the key: how prominent a row is, and what primes it.

Extensions of ntmviz, off by default. Both add to the scores of a lookup before its softmax, the same for all heads:
`lambda log(n + 1) + mu s`, with n how often a row was read of late and s what spreads to it from the rows read of late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
from torch import Tensor

from ntm_core.model_config import FEWEST_RECALLS
from ntm_core.trace import Field, Role

if TYPE_CHECKING:
    from ntm_core.model_config import MemoryConfig

HOPS = 2
"""How far activation spreads along associations."""
TINY = 1e-9
"""Below what is divided by: a row without associates passes nothing on."""


class Decays(Protocol):
    """What a step keeps: a number, or one of each sequence of a batch, (batch, 1)."""

    @property
    def prominence_decay(self) -> float | Tensor: ...
    @property
    def priming_decay(self) -> float | Tensor: ...


class RecallTerms(NamedTuple):
    """What the terms carry from step to step; None where a term is off."""

    recall_count: Tensor | None
    """(batch, locations): n"""
    recall_trace: Tensor | None
    """(batch, locations): z"""
    association: Tensor | None
    """(batch, locations, locations): A, how often row i was read soon after row j."""


class Prior(NamedTuple):
    """What the terms add to the scores."""

    scores: Tensor | None
    """(batch, 1, locations); None where all terms are off."""
    spread: Tensor | None
    """(batch, locations): s"""


def first(config: MemoryConfig, batch: int, like: Tensor) -> RecallTerms:
    """Before the first step nothing was read. like: a tensor of the device and type."""
    rows = config.locations
    counts = like.new_zeros(batch, rows) if config.prominence else None
    if not config.priming:
        return RecallTerms(counts, None, None)
    return RecallTerms(counts, like.new_zeros(batch, rows), like.new_zeros(batch, rows, rows))


def prior(config: MemoryConfig, terms: RecallTerms) -> Prior:
    """What is added to the scores of every lookup of a step."""
    scores = spread = None
    if terms.recall_count is not None:
        scores = config.prominence * (terms.recall_count + FEWEST_RECALLS).log()
    if terms.recall_trace is not None and terms.association is not None:
        spread = spread_of(terms.association, terms.recall_trace, config.priming_spread)
        primed = config.priming * spread
        scores = primed if scores is None else scores + primed
    return Prior(None if scores is None else scores.unsqueeze(1), spread)


def after(decays: Decays, terms: RecallTerms, read_weighting: Tensor) -> RecallTerms:
    """The terms after a step that read so: (batch, read heads, locations)."""
    recalled = read_weighting.sum(1)
    count, trace, association = terms
    if count is not None:
        count = decays.prominence_decay * count + recalled
    if trace is not None and association is not None:
        association = association + recalled.unsqueeze(2) * trace.unsqueeze(1)
        trace = decays.priming_decay * trace + recalled
    return RecallTerms(count, trace, association)


def spread_of(association: Tensor, activation: Tensor, passed_on: float, hops: int | None = None) -> Tensor:
    """What reaches each row from active ones along associations: the sum of (passed_on P)^k activation.

    association: (batch, locations, locations), which way round does not matter.   activation: (batch, locations).
    P is the sum of both ways with an empty diagonal and columns that sum to 1, so that a row shares what it passes on
    among its associates (the fan effect).   hops: how far; HOPS if None.   Returns (batch, locations).
    """
    both = association + association.mT
    both = both - torch.diag_embed(both.diagonal(dim1=1, dim2=2))
    links = passed_on * both / (both.sum(1, keepdim=True) + TINY)
    total = torch.zeros_like(activation)
    reached = activation.unsqueeze(2)
    for _ in range(HOPS if hops is None else hops):
        reached = torch.bmm(links, reached)
        total = total + reached.squeeze(2)
    return total


def fields(config: MemoryConfig) -> tuple[Field, ...]:
    """Of the terms that are on."""
    rows = config.locations
    counts = (Field("recall_count", Role.RECALL_COUNT, (rows,), ("location",), "reads", carried=True),)
    primed = (
        Field("recall_trace", Role.RECALL_TRACE, (rows,), ("location",), "reads", carried=True),
        Field("association", Role.ASSOCIATION, (rows, rows), ("location", "earlier location"), "reads", carried=True),
        Field("spread", Role.SPREAD, (rows,), ("location",)),
    )
    return (*(counts if config.prominence else ()), *(primed if config.priming else ()))
