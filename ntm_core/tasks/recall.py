"""Recall: store random words, then complete them from noisy cues. Inputs are operations of the associative memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ntm_core import checks
from ntm_core.errors import ConfigError
from ntm_core.recall import operations
from ntm_core.recall.operations import SETTINGS, Kind, Recall, Store
from ntm_core.settings import Settings, number, whole
from ntm_core.tasks import drawing
from ntm_core.tasks.task import Criterion, Sample, Trial

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ntm_core.trace import Array


@dataclass(frozen=True, slots=True)
class RecallTaskConfig(Settings):
    """Numbers of words are drawn evenly from min_length to max_length, both included."""

    what: ClassVar[str] = "recall"

    min_length: int = whole(1, "Fewest words", "Words to store: from this many", offered=1024)
    max_length: int = whole(8, "Most words", "Words to store: to this many", offered=1024)
    bits: int = whole(64, "Bits of a word", offered=1024)
    noise: float = number(0.1, "Noise", "Share of a cue's bits that are turned over", low=0, high=1)

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        checks.in_order("min_length", self.min_length, "max_length", self.max_length)


class RecallTask:
    """Words of 1 and -1 are stored one a step, and then each is asked for by a cue of which some bits are wrong.

    A sequence of L words has 2 L steps; the answers are scored. Whoever works the memory by hand may go on with any
    other operation, of which nothing is scored.
    """

    name: ClassVar[str] = "recall"
    input_limits: ClassVar[None] = None
    delimiter: ClassVar[tuple[float, ...]] = ()

    def __init__(self, settings: RecallTaskConfig | None = None) -> None:
        self.settings = settings or RecallTaskConfig()
        self.inputs = operations.size(self.settings.bits)
        self.outputs = self.settings.bits
        self.trials = tuple(Trial(str(n), {"length": n}) for n in (self.settings.max_length,))
        self.criterion = Criterion(self.trials[0])

    def sample(self, batch: int, generator: torch.Generator, length: int | None = None) -> Sample:
        """A fresh batch. length: words to store. Raises ConfigError on a batch or length below 1."""
        import torch

        settings, bits = self.settings, self.settings.bits
        lengths = drawing.drawn("length", length, batch, settings.min_length, settings.max_length, False, generator)
        words = int(lengths.max())
        stored = 2 * drawing.random_bits(words, batch, bits, generator=generator) - 1
        is_wrong = torch.rand(words, batch, bits, generator=generator) < settings.noise
        plain = (0.0,) * bits
        asked = torch.tensor([operations.vector(each, bits) for each in (Store(plain), Recall(plain))])
        inputs = asked.repeat_interleave(words, 0).unsqueeze(1).repeat(1, batch, 1)
        word = slice(len(Kind) + len(SETTINGS), -bits)
        inputs[:words, :, word] = stored
        inputs[words:, :, word] = torch.where(is_wrong, -stored, stored)
        targets = torch.cat((torch.zeros_like(stored), (stored + 1) / 2))
        is_answer = (torch.arange(2 * words) >= words).float()
        return Sample(inputs, targets, is_answer.unsqueeze(1).repeat(1, batch))

    def steps(self, length: int | None = None) -> int:
        return 2 * (length or self.settings.max_length)

    def phases(self, sample: Sample) -> Tensor:
        does_anything = (sample.inputs != 0).any(-1)
        recalls = sample.inputs[..., Kind.RECALL] + sample.inputs[..., Kind.FOLLOW] > 0
        return drawing.phases(sample.mask, does_anything, is_cue=recalls)

    def deed(self, fed: Array) -> str:
        """The operation that an input is, in a few words."""
        try:
            done = operations.of_vector(fed, self.settings.bits)
        except ConfigError:
            return "another input"
        return "nothing" if done is None else operations.words(done)

    def optimum(self, sample: Sample) -> None:
        return None
