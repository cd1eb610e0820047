"""Priority sort: see vectors with priorities, then say the first of them in order (NTM paper, section 4.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ntm_core import checks
from ntm_core.settings import Settings, whole
from ntm_core.tasks import drawing
from ntm_core.tasks.task import Criterion, Sample, Trial

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_ALMOST_SHARE = 20 / 128
"""Bits paid for a scored bit: the paper's NTMs end at 18 to 20 of 128, its LSTM at 58 (its figure 18)."""


@dataclass(frozen=True, slots=True)
class PrioritySortConfig(Settings):
    """All sequences have the same number of vectors; the paper leaves the bits open."""

    what: ClassVar[str] = "priority sort"

    items: int = whole(20, "Vectors to sort", offered=1000)
    answers: int = whole(16, "Vectors to say", "How many of the highest priorities are asked for", offered=1000)
    bits: int = whole(8, "Bits of a vector", offered=1024)

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        checks.in_order("answers", self.answers, "items", self.items)


class PrioritySort:
    """Random vectors, each with a priority, then empty steps to say those of the highest ones, the highest first.

    Input channels: the bits, the priority, even from -1 to 1. There is no delimiter: an empty step, priority 0, is
    told from a vector's by itself. Only the answer is scored. Where two priorities are equal, in one sequence in
    90,000, the vector that came first goes first.
    """

    name: ClassVar[str] = "priority_sort"
    input_limits: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    delimiter: ClassVar[tuple[float, ...]] = ()

    def __init__(self, settings: PrioritySortConfig | None = None) -> None:
        self.settings = settings = settings or PrioritySortConfig()
        self.inputs = settings.bits + 1
        self.outputs = settings.bits
        sizes = (settings.items, settings.items * 3 // 2, 2 * settings.items)
        self.trials = tuple(Trial(str(items), {"length": items}) for items in sizes)
        scored = settings.answers * settings.bits
        self.criterion = Criterion(self.trials[0], most_wrong=1.0, most_excess=_ALMOST_SHARE * scored)

    def sample(self, batch: int, generator: torch.Generator, length: int | None = None) -> Sample:
        """A fresh batch. length: vectors to sort; as many answers as ever, or all where that is fewer.

        Raises ConfigError on a batch or length below 1.
        """
        import torch

        bits = self.settings.bits
        items = drawing.chosen("length", length, self.settings.items, batch)
        answers = min(self.settings.answers, items)
        vectors = drawing.random_bits(items, batch, bits, generator=generator)
        priorities = torch.rand(items, batch, generator=generator) * 2 - 1
        inputs = torch.zeros(items + answers, batch, self.inputs)
        inputs[:items, :, :bits] = vectors
        inputs[:items, :, bits] = priorities
        targets = torch.zeros(items + answers, batch, bits)
        order = priorities.argsort(dim=0, descending=True, stable=True)
        targets[items:] = drawing.placed(vectors, order[:answers])
        mask = torch.zeros(items + answers, batch)
        mask[items:] = 1
        return Sample(inputs, targets, mask)

    def steps(self, length: int | None = None) -> int:
        items = length or self.settings.items
        return items + min(self.settings.answers, items)

    def phases(self, sample: Sample) -> Tensor:
        """Nothing is filled up, so what is not scored is input."""
        return drawing.phases(sample.mask, sample.mask == 0)

    def optimum(self, sample: Sample) -> None:
        return None
