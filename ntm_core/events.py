"""What an engine has done. Iterations are counted as the batches that training has drawn."""

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
    """How well the network does on so many fresh sequences of a trial."""

    trial: str
    """Its name: "20" for sequences of that length, unless the task calls it something else."""
    bit_error_rate: float
    """Share of wrong bits among the scored ones."""
    bits_per_sequence: float
    """Cross-entropy, mean over the sequences."""
    excess_bits: float
    """Of those, what is above the task's optimum."""
    sequences: int
    iteration: int


@dataclass(frozen=True, slots=True)
class Solved:
    """The task's criterion is met. Comes once."""

    iteration: int
    sequences: int


@dataclass(frozen=True, slots=True)
class WasReset:
    """A sequence was drawn and its episode began; the next step is its first."""

    seed: int
    steps: int
    """Of the sequence."""
    episode: int
    """Its index in the session; counted from 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Woken:
    """The network stands where it stood after a step of an episode."""

    episode: int
    step: int
    """Counted from the start of the line: the episode and all that it goes on from. -1 is before the first."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The task's sequence on the line that the network stands on, step by step."""

    root: int
    """The episode that the line begins with: all that go on from it have this sequence."""
    inputs: tuple[tuple[float, ...], ...]
    targets: tuple[tuple[float, ...], ...]
    scored: tuple[float, ...]
    """1 where the output counts, 0 elsewhere."""
    phases: tuple[float, ...]
    """What each step is for, numbers of `trace.Phase`."""
    delimiter: tuple[float, ...]
    """The input that ends what is to be remembered; () where the task has none."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step ran, or several in a row, and this is the last of them."""

    episode: int
    step: int
    """Which, from the start of the line."""
    steps: int = 1
    """How many."""
    is_new: bool = True
    """False where it had run before, from here and on the same input: it is only gone to."""


@dataclass(frozen=True, slots=True)
class Forked:
    """An episode began, since what was done left what ran before."""

    episode: int
    parent: int
    parent_step: int
    """The parent's own step after which it goes on; -1 is before its first."""
    label: str
    """What was done, in a few words."""


@dataclass(frozen=True, slots=True)
class Edited:
    """One number of the state was set by hand."""

    field: str
    index: tuple[int, ...]
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Rewound:
    """So many steps of the line have run now."""

    step: int


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint is kept, under this index."""

    checkpoint: int
    iteration: int


@dataclass(frozen=True, slots=True)
class NonFinite:
    """A loss or gradient was infinite or not a number: the update of this iteration was skipped."""

    iteration: int
    what: str
    """loss or gradient"""
    skipped: int
    """Updates skipped so far, this one included."""
    is_kept: bool
    """Whether it is one of the few that a session keeps the batch of."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """Too many updates in a row were skipped: training is over."""

    iteration: int
    message: str
    """What happened and what to do, in one line."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The command could not be carried out; nothing has changed."""

    message: str


Event: TypeAlias = (
    Trained
    | Evaluated
    | Solved
    | WasReset
    | Woken
    | Planned
    | Stepped
    | Forked
    | Edited
    | Rewound
    | Saved
    | NonFinite
    | GaveUp
    | Failed
)
EVENTS: dict[str, type[Event]] = messages.by_name(
    *(Trained, Evaluated, Solved, WasReset, Woken, Planned, Stepped, Forked, Edited, Rewound, Saved),
    *(NonFinite, GaveUp, Failed),
)


def from_json(plain: object) -> Event:
    """The event that `messages.to_json` wrote. Raises MessageError on anything else."""
    return messages.from_json(plain, EVENTS)
