"""Binding: an event put together again from one of its fragments, along links in time (an extension of ntmviz).

Links are those of the DNC (Graves et al. 2016, Methods). A DNC links every write to the one before, so that events
chain; here a store may end its event, which resets the precedence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ntm_core import dnc_addressing

if TYPE_CHECKING:
    from collections.abc import Collection

    from ntm_core.trace import Array

PASSED_ON = 0.85
"""alpha: what of its activation a row passes on along a link: four links away is still above THRESHOLD."""
THRESHOLD = 0.5
"""From this activation on a row counts to the event."""
LEAST_LED = 0.3
"""Links of less mass in all lead nowhere: sharpening would make a whole one of what blur left."""


@dataclass(frozen=True, slots=True, eq=False)
class Rebuilt:
    """An event as it was put together from a cue."""

    activation: Array
    """(N,): how much each row takes part; above 1 where it is reached both ways"""
    rows: tuple[int, ...]
    """Those above THRESHOLD, the cue among them"""


@dataclass(frozen=True, slots=True)
class Found:
    """What was rebuilt beside what belongs together, the cue not counted."""

    precision: float
    """Share of what was found that belongs there; 1 where nothing was found"""
    recall: float
    """Share of what belongs there that was found"""


def rebuild(links: Array, row: int, *, hops: int, sharpness: float = 1.0, passed_on: float = PASSED_ON) -> Rebuilt:
    """Follow links from a row both ways: `sum_k alpha^k (S(L^k x) + S(L^T^k x))`, and x itself.

    links: (N, N).   hops: how far; one less than the fragments of the longest event does.   sharpness: 1 follows links
    as they are; more undoes their blur at each hop (Csordas and Schmidhuber 2019), 20 does.
    """
    table = torch.as_tensor(links, dtype=torch.float64).unsqueeze(0)
    cue = torch.zeros(1, 1, len(links), dtype=torch.float64)
    cue[..., row] = 1
    activation = cue.clone()
    for follow in (dnc_addressing.forward, dnc_addressing.backward):
        reached = cue
        for hop in range(1, hops + 1):
            reached = follow(table, reached)
            if float(reached.sum()) < LEAST_LED:
                break
            if sharpness > 1:
                reached = dnc_addressing.sharpen(reached, reached.new_full((1, 1), sharpness))
            activation = activation + passed_on**hop * reached
    total = activation[0, 0]
    return Rebuilt(total.numpy(), tuple((total > THRESHOLD).nonzero().flatten().tolist()))


def mass_led(links: Array, row: int, hops: int, sharpness: float = 1.0) -> float:
    """How much of a chain of links arrives at the row that it leads to, so many hops on: 1 without blur."""
    table = torch.as_tensor(links, dtype=torch.float64).unsqueeze(0)
    reached = torch.zeros(1, 1, len(links), dtype=torch.float64)
    reached[..., row] = 1
    for _ in range(hops):
        reached = dnc_addressing.forward(table, reached)
        if sharpness > 1:
            reached = dnc_addressing.sharpen(reached, reached.new_full((1, 1), sharpness))
    return float(reached.max())


def found(rebuilt: Rebuilt, belongs: Collection[int], cue: int) -> Found:
    """Compare an event that was put together with the rows of the true one."""
    wanted, got = set(belongs) - {cue}, set(rebuilt.rows) - {cue}
    hits = len(wanted & got)
    return Found(hits / len(got) if got else 1.0, hits / len(wanted) if wanted else 1.0)
