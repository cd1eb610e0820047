"""What every task offers: sequences to learn from, and when they count as learned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Phase(StrEnum):
    """What a step of a sequence is for."""

    INPUT = "input"
    DELIMITER = "delimiter"
    OUTPUT = "output"


class Sample(NamedTuple):
    """A batch of sequences, float32, time first."""

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
class Criterion:
    """Solved: so many fresh sequences of this length without a wrong bit, at so many checks in a row."""

    length: int
    sequences: int = 100
    checks: int = 3


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
    def test_lengths(self) -> tuple[int, ...]:
        """Lengths to report errors at: the greatest that is trained first, then longer ones."""
        ...

    @property
    def criterion(self) -> Criterion:
        """When it counts as solved."""
        ...

    def phases(self, length: int) -> tuple[Phase, ...]:
        """What each step of a sequence of that length is for."""
        ...

    def sample(self, batch: int, generator: torch.Generator, length: int | None = None) -> Sample:
        """A fresh batch, on the CPU; the length is drawn unless given."""
        ...
