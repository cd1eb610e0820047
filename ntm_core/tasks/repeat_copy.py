"""Repeat copy: say a sequence again as often as is asked, then say that it is over (NTM paper, section 4.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

from ntm_core import checks
from ntm_core.settings import Settings, switch, whole
from ntm_core.tasks import drawing
from ntm_core.tasks.task import FEW_WRONG_BITS, Criterion, Sample, Trial

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Number = TypeVar("Number", "Tensor", float)


@dataclass(frozen=True, slots=True)
class RepeatCopyConfig(Settings):
    """Lengths and repeats are drawn evenly from least to greatest, both included."""

    what: ClassVar[str] = "repeat copy"

    min_length: int = whole(1, "Shortest sequence", "Vectors to repeat: from this many", offered=1000)
    max_length: int = whole(10, "Longest sequence", "Vectors to repeat: to this many", offered=1000)
    min_repeats: int = whole(1, "Fewest repeats", "How often the sequence is asked for: from this many", offered=1000)
    max_repeats: int = whole(10, "Most repeats", "How often the sequence is asked for: to this many", offered=1000)
    bits: int = whole(8, "Bits of a vector", offered=1024)
    mixed_lengths: bool = switch(
        False, "Mixed lengths", "A batch has sequences of several lengths and repeats, filled up"
    )

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        checks.in_order("min_length", self.min_length, "max_length", self.max_length)
        checks.in_order("min_repeats", self.min_repeats, "max_repeats", self.max_repeats)


class RepeatCopy:
    """Random vectors, a delimiter, a step that says how often, then empty steps to answer in; the last says "over".

    A sequence of L vectors, n times, has (L + 2) + (n L + 1) steps. Input channels: the bits, the delimiter, the count.
    Output channels: the bits, the end marker. All output channels are scored at all steps of the answer: the end
    marker is 0 while the vectors are said, the bits are 0 where it is 1. The paper leaves the layout open: delimiter
    and count have steps and channels of their own here, so that neither is ever mixed up with the other.
    """

    name: ClassVar[str] = "repeat_copy"

    def __init__(self, settings: RepeatCopyConfig | None = None) -> None:
        self.settings = settings = settings or RepeatCopyConfig()
        self.inputs = settings.bits + 2
        self.outputs = settings.bits + 1
        length, repeats = settings.max_length, settings.max_repeats
        self.trials = tuple(
            Trial(f"{length} x {repeats}", {"length": length, "repeats": repeats})
            for length, repeats in ((length, repeats), (length, 2 * repeats), (2 * length, repeats))
        )
        """Named length x repeats: as trained, asked for more often, longer."""
        scored = (length * repeats + 1) * self.outputs
        self.criterion = Criterion(self.trials[0], most_wrong=FEW_WRONG_BITS / scored)

    @property
    def delimiter(self) -> tuple[float, ...]:
        return (0.0,) * self.settings.bits + (1.0, 0.0)

    @property
    def input_limits(self) -> tuple[float, float]:
        """Of the sizes that are drawn and those of the trials: counts go below 0 and, the most repeats, above 1."""
        return min(0.0, self._count(self.settings.min_repeats)), max(1.0, self._count(2 * self.settings.max_repeats))

    def sample(
        self, batch: int, generator: torch.Generator, length: int | None = None, repeats: int | None = None
    ) -> Sample:
        """A fresh batch. length: vectors to repeat.   repeats: how often.

        Raises ConfigError on a batch, length or repeats below 1.
        """
        import torch

        settings, bits = self.settings, self.settings.bits
        lengths = drawing.drawn(
            "length", length, batch, settings.min_length, settings.max_length, settings.mixed_lengths, generator
        )
        times = drawing.drawn(
            "repeats", repeats, batch, settings.min_repeats, settings.max_repeats, settings.mixed_lengths, generator
        )
        longest, said = int(lengths.max()), lengths * times
        vectors = drawing.random_bits(longest, batch, bits, generator=generator)
        step = torch.arange(int((lengths + said).max()) + 3).unsqueeze(1)
        answer = step - lengths - 2  # steps of the answer that are over
        is_vector, is_end = (answer >= 0) & (answer < said), answer == said

        inputs = torch.zeros(len(step), batch, self.inputs)
        inputs[:longest, :, :bits] = vectors * (step < lengths)[:longest].unsqueeze(2)
        inputs[:, :, bits] = (step == lengths).float()
        inputs[:, :, bits + 1] = torch.where(step == lengths + 1, self._count(times), 0.0)
        targets = torch.zeros(len(step), batch, self.outputs)
        targets[:, :, :bits] = drawing.placed(vectors, answer % lengths) * is_vector.unsqueeze(2)
        targets[:, :, bits] = is_end.float()
        return Sample(inputs, targets, (is_vector | is_end).float())

    def steps(self, length: int | None = None, repeats: int | None = None) -> int:
        vectors = length or self.settings.max_length
        return vectors * (1 + (repeats or self.settings.max_repeats)) + 3

    def phases(self, sample: Sample) -> Tensor:
        """The cue is the count."""
        bits = self.settings.bits
        is_delimiter, has_count = sample.inputs[:, :, bits] > 0, sample.inputs[:, :, bits + 1] != 0
        begun = is_delimiter.cumsum(0).cumsum(0)  # 1 at the delimiter, 2 a step later
        # By its place too: a count that is the mean of those drawn is 0.
        return drawing.phases(sample.mask, begun == 0, is_delimiter, (begun == 2) | has_count)

    def optimum(self, sample: Sample) -> None:
        return None

    def _count(self, repeats: Number) -> Number:
        """What the count channel says of so many repeats: of those drawn, the mean is 0, the standard deviation 1."""
        low, high = self.settings.min_repeats, self.settings.max_repeats
        deviation = math.sqrt(((high - low + 1) ** 2 - 1) / 12)
        return (repeats - (low + high) / 2) / (deviation or 1.0)
