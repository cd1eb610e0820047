"""What every task offers: sequences to learn from, and when they count as learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ntm_core.trace import Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor

__all__ = ["FEW_WRONG_BITS", "Criterion", "Phase", "Sample", "Task", "Trial"]

FEW_WRONG_BITS = 0.1
"""Of a sequence, on average: a network that has no more of them wrong has converged (Collier and Beel 2018)."""


class Sample(NamedTuple):
    """A batch of sequences, float32, time first. Sequences that end before the others are filled up with zeros."""

    inputs: Tensor
    """(time, batch, inputs)"""
    targets: Tensor
    """(time, batch, outputs), 0 or 1"""
    mask: Tensor
    """(time, batch), 1 where the output is scored and 0 elsewhere"""

    def only(self, items: slice) -> Sample:
        """Some sequences of the batch."""
        return Sample(*(tensor[:, items] for tensor in self))


@dataclass(frozen=True, slots=True)
class Trial:
    """Sequences of given sizes, to measure a network on."""

    name: str
    """What results call it, such as "20", or "10 x 20" where a task has two sizes."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Arguments of `Task.sample`."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """Solved: good enough on so many fresh sequences of a trial, at so many checks in a row."""

    trial: Trial
    sequences: int = 100
    checks: int = 3
    most_wrong: float = 0.0
    """Share of the scored bits."""
    most_excess: float = float("inf")
    """Bits of a sequence above the task's optimum."""


class Settings(Protocol):
    """A task's settings: a frozen dataclass that checks itself."""

    def to_json(self) -> dict[str, Any]: ...


class Task(Protocol):
    """A source of sequences. Holds no random state: a generator is an argument."""

    @property
    def name(self) -> str: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def inputs(self) -> int:
        """Channels of a step's input."""
        ...

    @property
    def outputs(self) -> int:
        """Channels of a step's output."""
        ...

    @property
    def input_limits(self) -> tuple[float, float] | None:
        """The range that inputs keep by construction."""
        ...

    @property
    def delimiter(self) -> tuple[float, ...]:
        """The input that ends what is to be remembered, a number for each channel; () where there is none."""
        ...

    @property
    def trials(self) -> tuple[Trial, ...]:
        """What to report errors on: the greatest sizes that are trained first, then greater ones."""
        ...

    @property
    def criterion(self) -> Criterion:
        """When it counts as solved."""
        ...

    def sample(self, batch: int, generator: torch.Generator, length: int | None = None, **sizes: int) -> Sample:
        """A fresh batch, on the CPU. Sizes are drawn unless given, and all sequences then have the given ones.

        length: how much there is to remember, in the task's own unit.   sizes: what else a `Trial` of the task names.
        Raises ConfigError on a batch or size that cannot be.
        """
        ...

    def steps(self, **sizes: int) -> int:
        """Of a sequence of these sizes, as a `Trial` names them; of the longest that is drawn where none is given."""
        ...

    def phases(self, sample: Sample) -> Tensor:
        """What each step is for, numbers of `Phase`: (time, batch)."""
        ...

    def optimum(self, sample: Sample) -> Tensor | None:
        """The least cross-entropy there can be on average, in bits of each sequence, (batch,); None where it is 0."""
        ...
