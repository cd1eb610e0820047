"""Dynamic N-grams: guess each next bit from how bits went on before in this sequence (NTM paper, section 4.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ntm_core.errors import ConfigError
from ntm_core.settings import Settings, whole
from ntm_core.tasks import drawing
from ntm_core.tasks.task import Criterion, Sample, Trial

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_LONGEST_CONTEXT = 16
"""Its table has 65,536 entries for each sequence of a batch."""
_ALMOST_BITS = 3.0
"""Above the optimum of 200 bits: the paper's NTMs end up at about 0.5 to 1, its LSTM at about 3 (its figure 13)."""


@dataclass(frozen=True, slots=True)
class NGramsConfig(Settings):
    """By default those of the paper: 6-grams, whose last bit depends on the five before it."""

    what: ClassVar[str] = "dynamic N-grams"

    length: int = whole(200, "Bits of a sequence", offered=10_000)
    context: int = whole(
        5, "Bits of a context", "How many bits before it decide how likely a bit is", offered=_LONGEST_CONTEXT
    )

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if self.context > _LONGEST_CONTEXT:
            raise ConfigError(f"context is a whole number, at most {_LONGEST_CONTEXT}; got {self.context}")


class NGrams:
    """A sequence of bits, each fed a step after it was to be guessed.

    Every sequence has a table of its own: for each context, the chance of a 1, drawn from Beta(1/2, 1/2). The first
    bits, before there is a context, are fair. One input channel, the bit before, 0 at the first step; one output
    channel, whose target is the next bit. Every step is scored.
    """

    name: ClassVar[str] = "ngrams"
    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1
    input_limits: ClassVar[tuple[float, float]] = (0.0, 1.0)
    delimiter: ClassVar[tuple[float, ...]] = ()

    def __init__(self, settings: NGramsConfig | None = None) -> None:
        self.settings = settings or NGramsConfig()
        lengths = (self.settings.length, 2 * self.settings.length)
        self.trials = tuple(Trial(str(length), {"length": length}) for length in lengths)
        # The bits are random: nobody guesses them all, so what counts is how near the optimum it comes.
        excess = _ALMOST_BITS * self.settings.length / NGramsConfig().length
        self.criterion = Criterion(self.trials[0], most_wrong=1.0, most_excess=excess)

    def sample(self, batch: int, generator: torch.Generator, length: int | None = None) -> Sample:
        """A fresh batch. length: bits of a sequence. Raises ConfigError on a batch or length below 1."""
        import torch

        steps = drawing.chosen("length", length, self.settings.length, batch)
        context = self.settings.context
        # The sine of an angle drawn evenly, squared, is Beta(1/2, 1/2).
        tables = torch.sin(torch.rand(batch, 2**context, generator=generator) * (math.pi / 2)).square()
        chances = torch.rand(steps, batch, generator=generator)
        bits = torch.empty(steps, batch, dtype=torch.long)
        before = torch.zeros(batch, 1, dtype=torch.long)
        for step, chance in enumerate(chances):
            likely = tables.gather(1, before).squeeze(1) if step >= context else torch.full_like(chance, 0.5)
            bits[step] = chance < likely
            before = self._moved(before, bits[step])
        targets = bits.float().unsqueeze(2)
        inputs = torch.cat((torch.zeros(1, batch, 1), targets[:-1]))
        return Sample(inputs, targets, torch.ones(steps, batch))

    def steps(self, length: int | None = None) -> int:
        return length or self.settings.length

    def phases(self, sample: Sample) -> Tensor:
        """Output wherever a guess is scored, though the step also tells the bit before: no step of a task only tells.

        An input of one's own, which has no target, is input.
        """
        return drawing.phases(sample.mask, sample.mask == 0)

    def optimum(self, sample: Sample) -> Tensor:
        """What a predictor that knows all but the tables pays, in bits of each sequence, (batch,) (NTM paper, eq. 10).

        After n0 zeros and n1 ones in this context, it gives a 1 the chance (n1 + 1/2) / (n0 + n1 + 1). Before there is
        a context a bit costs 1.
        """
        import torch

        context = self.settings.context
        bits = sample.targets[:, :, 0].long()
        batch = bits.shape[1]
        items = torch.arange(batch, device=bits.device)
        seen = torch.full((batch, 2**context, 2), 0.5, device=bits.device)  # each count begins at 1/2
        before = bits.new_zeros(batch, 1)
        paid = torch.full((batch,), float(min(context, len(bits))), device=bits.device)
        for step, bit in enumerate(bits):
            if step >= context:
                here = seen[items, before[:, 0]]
                paid -= (here[items, bit] / here.sum(1)).log2()
                seen[items, before[:, 0], bit] += 1
            before = self._moved(before, bit)
        return paid

    def _moved(self, before: Tensor, bit: Tensor) -> Tensor:
        """The context of the next bit, a number, earliest bit first: (batch, 1).   bit: (batch,)."""
        return (2 * before + bit.unsqueeze(1)) % (1 << self.settings.context)
