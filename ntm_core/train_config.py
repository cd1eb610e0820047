"""The settings of a training. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ntm_core.settings import Settings, number, switch, whole


@dataclass(frozen=True, slots=True)
class TrainConfig(Settings):
    """RMSProp with momentum; the defaults learn copy fastest."""

    what: ClassVar[str] = "training"

    batch: int = whole(
        16, "Batch", "Fewer learn copy from fewer sequences, but in more updates, and an update costs almost the same"
    )
    learning_rate: float = number(1e-3, "Learning rate", above=0)
    final_share: float = number(0.1, "Left of it", "Of the learning rate, what is left at the end of its fall", above=0)
    decay_sequences: int = whole(
        12_000, "Falls over", "Sequences over which the learning rate falls, along a straight line"
    )
    alpha: float = number(
        0.95, "Smoothing", "How much of the running mean of squared gradients an update keeps", low=0, below=1
    )
    momentum: float = number(0.9, "Momentum", low=0, below=1)
    clip_norm: float = number(
        10.0, "Clip at", "The greatest length of the gradient of all parameters together", above=0
    )
    check_sequences: int = whole(500, "Check every", "Sequences between two checks whether the task is solved")
    step_gradients: bool = switch(
        False,
        "Gradient of each step",
        "Record with every step of a training how strongly the loss depends on what it left in memory, reads, "
        "weightings and controller",
    )

    def learning_rate_at(self, sequences: int) -> float:
        """The learning rate once so many sequences were seen."""
        share = min(sequences / self.decay_sequences, 1.0)
        return self.learning_rate * (1 - share * (1 - self.final_share))
