"""What an engine has done. An iteration is counted as the updates that the weights have seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ntm_core import messages


@dataclass(frozen=True, slots=True)
class Trained:
    """The updates of one `Train` are over; the figures are those of the last (see `training.Update`)."""

    iteration: int
    sequences: int
    loss: float
    """Nats, mean over the scored bits."""
    wrong_bits: float
    """Mean over the sequences of the batch."""
    bit_error_rate: float
    """Share of wrong bits among all scored bits of the batch."""
    bits_per_sequence: float
    gradient_norm: float
    learning_rate: float


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The share of wrong bits on so many fresh sequences of a length."""

    length: int
    bit_error_rate: float
    sequences: int
    iteration: int


@dataclass(frozen=True, slots=True)
class Solved:
    """The task's criterion is met. Comes once."""

    iteration: int
    sequences: int


@dataclass(frozen=True, slots=True)
class WasReset:
    """A sequence was drawn; the next step is its first."""

    seed: int
    steps: int
    """Of the sequence."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step ran."""

    step: int
    """Which, from 0."""


@dataclass(frozen=True, slots=True)
class Rewound:
    """So many steps have run now."""

    step: int


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint is kept, under this index."""

    checkpoint: int
    iteration: int


@dataclass(frozen=True, slots=True)
class NonFinite:
    """A loss or gradient was infinite or not a number: its update was not applied, and training is over."""

    iteration: int
    what: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The command could not be carried out; nothing has changed."""

    message: str


Event: TypeAlias = Trained | Evaluated | Solved | WasReset | Stepped | Rewound | Saved | NonFinite | Failed
EVENTS: dict[str, type[Event]] = messages.by_name(
    Trained, Evaluated, Solved, WasReset, Stepped, Rewound, Saved, NonFinite, Failed
)


def from_json(plain: object) -> Event:
    """The event that `messages.to_json` wrote. Raises MessageError on anything else."""
    return messages.from_json(plain, EVENTS)
