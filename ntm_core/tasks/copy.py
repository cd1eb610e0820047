"""Copy: see a sequence of random vectors, then say it again (NTM paper, section 4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ntm_core import checks
from ntm_core.settings import Settings, switch, whole
from ntm_core.tasks import drawing
from ntm_core.tasks.task import Criterion, Sample, Trial

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class CopyConfig(Settings):
    """Lengths are drawn evenly from min_length to max_length, both included."""

    what: ClassVar[str] = "copy"

    min_length: int = whole(1, "Shortest sequence", "Vectors to copy: from this many", offered=10_000)
    max_length: int = whole(20, "Longest sequence", "Vectors to copy: to this many", offered=10_000)
    bits: int = whole(8, "Bits of a vector", offered=1024)
    mixed_lengths: bool = switch(False, "Mixed lengths", "A batch has sequences of several lengths, filled up")

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        checks.in_order("min_length", self.min_length, "max_length", self.max_length)


class Copy:
    """Random vectors on the first channels, a delimiter on the last, then as many empty steps to answer in.

    A sequence of length L has 2 L + 1 steps. Unless lengths are mixed, all sequences of a batch have one length:
    nothing is filled up, so no computed step is wasted. Only the answer is scored.
    """

    name: ClassVar[str] = "copy"
    input_limits: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def __init__(self, settings: CopyConfig | None = None) -> None:
        self.settings = settings or CopyConfig()
        self.inputs = self.settings.bits + 1
        self.outputs = self.settings.bits
        lengths = [factor * self.settings.max_length for factor in (1, 3, 6)]
        self.trials = tuple(Trial(str(length), {"length": length}) for length in lengths)
        self.criterion = Criterion(self.trials[0])

    @property
    def delimiter(self) -> tuple[float, ...]:
        return (0.0,) * self.settings.bits + (1.0,)

    def sample(self, batch: int, generator: torch.Generator, length: int | None = None) -> Sample:
        """A fresh batch. length: vectors to copy. Raises ConfigError on a batch or length below 1."""
        import torch

        settings = self.settings
        lengths = drawing.drawn(
            "length", length, batch, settings.min_length, settings.max_length, settings.mixed_lengths, generator
        )
        longest = int(lengths.max())
        vectors = drawing.random_bits(longest, batch, settings.bits, generator=generator)
        inputs = torch.zeros(2 * longest + 1, batch, self.inputs)
        if length is not None or not settings.mixed_lengths:
            inputs[:longest, :, : settings.bits] = vectors
            inputs[longest, :, settings.bits] = 1
            targets, mask = torch.zeros(2 * longest + 1, batch, settings.bits), torch.zeros(2 * longest + 1, batch)
            targets[longest + 1 :] = vectors
            mask[longest + 1 :] = 1
            return Sample(inputs, targets, mask)
        step = torch.arange(2 * longest + 1).unsqueeze(1)
        is_input, is_answer = step < lengths, (step > lengths) & (step <= 2 * lengths)
        inputs[:longest, :, : settings.bits] = vectors * is_input[:longest].unsqueeze(2)
        inputs[:, :, settings.bits] = (step == lengths).float()
        targets = drawing.placed(vectors, step - lengths - 1) * is_answer.unsqueeze(2)
        return Sample(inputs, targets, is_answer.float())

    def steps(self, length: int | None = None) -> int:
        return 2 * (length or self.settings.max_length) + 1

    def phases(self, sample: Sample) -> Tensor:
        is_delimiter = sample.inputs[:, :, -1] > 0
        return drawing.phases(sample.mask, is_delimiter.cumsum(0) == 0, is_delimiter)

    def optimum(self, sample: Sample) -> None:
        return None
