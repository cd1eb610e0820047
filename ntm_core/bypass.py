"""Whether a network answers without its memory: the same sequences again, with all that is read arriving as zeros."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ntm_core.trace import Role
from ntm_core.training import score

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from ntm_core.network import MemoryNetwork
    from ntm_core.tasks import Sample

TINY = 1e-12
"""Of a loss, in nats."""


class Bypass(NamedTuple):
    """How a network does with and without what it reads."""

    loss: float
    """Cross-entropy in nats, mean over the scored bits."""
    loss_without_reads: float
    ratio: float
    """The second over the first: near 1 the controller does without the memory."""
    direct_share: float
    """How much of a scored step's logits is what that step reads, the rest coming from the controller: of the lengths
    of both parts, 0 to 1. What was read in earlier steps counts to the controller's part."""


def bypass(model: MemoryNetwork[Any, Any], sample: Sample) -> Bypass:
    """Run a batch as it is, and again without reads: from the first step on, zeros reach the output and the next step.

    Memory is addressed and written all the same. A network without a memory gets a ratio of 1 and a share of 0.
    """
    with torch.no_grad():
        logits, direct = _intact(model, sample.inputs)
        alone = _without_reads(model, sample.inputs)
        scored = sample.mask > 0
        by_reads, by_controller = (float(part.norm(dim=-1)[scored].sum()) for part in (direct, logits - direct))
        loss, loss_without = _loss(logits, sample), _loss(alone, sample)
    return Bypass(loss, loss_without, (loss_without + TINY) / (loss + TINY), by_reads / (by_reads + by_controller))


def _intact(model: MemoryNetwork[Any, Any], inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Logits, and the part of them that each step's reads add: (time, batch, outputs) both."""
    state = model.initial_state(inputs.shape[1])
    logits, direct = [], []
    for x in inputs.unbind(0):
        with _cut(model):
            without, _, _ = model.step(x, state)
        y, state, _ = model.step(x, state)
        logits.append(y)
        direct.append(y - without)
    return torch.stack(logits), torch.stack(direct)


def _without_reads(model: MemoryNetwork[Any, Any], inputs: Tensor) -> Tensor:
    """Logits, (time, batch, outputs). Step by step: a faster way to run a sequence need not know of cut reads."""
    state = model.initial_state(inputs.shape[1])
    carried = [field.name for field in model.fields() if field.role is Role.READ_VECTOR and field.carried]
    state = state._replace(**{name: torch.zeros_like(getattr(state, name)) for name in carried})
    logits = []
    with _cut(model):
        for x in inputs.unbind(0):
            y, state, _ = model.step(x, state)
            logits.append(y)
    return torch.stack(logits)


@contextmanager
def _cut(model: MemoryNetwork[Any, Any]) -> Iterator[None]:
    model.reads_are_cut = True
    try:
        yield
    finally:
        model.reads_are_cut = False


def _loss(logits: Tensor, sample: Sample) -> float:
    scores = score(logits, sample)
    return float((scores.loss * scores.bits).sum() / scores.bits.sum())
