"""Copy: see a sequence of random vectors, then say it again (NTM paper, section 4.1)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import torch

from ntm_core import checks
from ntm_core.errors import ConfigError
from ntm_core.tasks.task import Criterion, Phase, Sample


@dataclass(frozen=True, slots=True)
class CopyConfig:
    """Lengths are drawn evenly from min_length to max_length, both included. Raises ConfigError on what can't be."""

    min_length: int = 1
    max_length: int = 20
    bits: int = 8
    """Of each vector."""

    def __post_init__(self) -> None:
        checks.whole("bits", self.bits, at_least=1)
        checks.whole("min_length", self.min_length, at_least=1)
        checks.whole("max_length", self.max_length, at_least=1)
        if self.max_length < self.min_length:
            raise ConfigError(f"max_length is at least min_length, {self.min_length}; got {self.max_length}")

    def to_json(self) -> dict[str, Any]:
        """Plain numbers."""
        return asdict(self)


class Copy:
    """Random vectors on the first channels, a delimiter on the last, then as many empty steps to answer in.

    A sequence of length L has 2 L + 1 steps, and all sequences of a batch have one length: nothing is padded, so no
    computed step is wasted. Only the answer is scored.
    """

    name: ClassVar[str] = "copy"
    input_limits: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def __init__(self, settings: CopyConfig | None = None) -> None:
        self.settings = settings or CopyConfig()
        self.inputs = self.settings.bits + 1
        self.outputs = self.settings.bits
        self.delimiter = (0.0,) * self.settings.bits + (1.0,)
        self.criterion = Criterion(self.settings.max_length)
        self.test_lengths = tuple(factor * self.settings.max_length for factor in (1, 3, 6))

    def phases(self, length: int) -> tuple[Phase, ...]:
        return (Phase.INPUT,) * length + (Phase.DELIMITER,) + (Phase.OUTPUT,) * length

    def sample(self, batch: int, generator: torch.Generator, length: int | None = None) -> Sample:
        """A fresh batch. Raises ConfigError on a batch or length below 1."""
        checks.whole("batch", batch, at_least=1)
        if length is None:
            low, high = self.settings.min_length, self.settings.max_length
            length = int(torch.randint(low, high + 1, (), generator=generator))
        checks.whole("length", length, at_least=1)
        vectors = torch.randint(0, 2, (length, batch, self.settings.bits), generator=generator).float()
        inputs = torch.zeros(2 * length + 1, batch, self.inputs)
        targets = torch.zeros(2 * length + 1, batch, self.outputs)
        mask = torch.zeros(2 * length + 1, batch)
        inputs[:length, :, : self.settings.bits] = vectors
        inputs[length, :, self.settings.bits] = 1
        targets[length + 1 :] = vectors
        mask[length + 1 :] = 1
        return Sample(inputs, targets, mask)
