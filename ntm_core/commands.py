"""What an engine can be told to do. Numbers are checked when a command is made, wherever it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ntm_core import checks, messages
from ntm_core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Train:
    """Run so many updates. Ends early when the task is solved, its group ends, or too many in a row are skipped."""

    iterations: int = 1

    def __post_init__(self) -> None:
        checks.whole("iterations", self.iterations, at_least=1)


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Measure the share of wrong bits on fresh sequences: on the task's trials, on some of them, or of given lengths.

    With a length, what else has a size has the greatest that is trained.
    """

    lengths: tuple[int, ...] = ()
    sequences: int = 100
    """Of each trial or length."""
    trials: tuple[str, ...] = ()
    """Names of some of the task's trials, where no lengths are given."""

    def __post_init__(self) -> None:
        checks.whole("sequences", self.sequences, at_least=1)
        for length in self.lengths:
            checks.whole("a length", length, at_least=1)
        for trial in self.trials:
            checks.text("a trial", trial)


@dataclass(frozen=True, slots=True)
class Reset:
    """Draw one sequence of the task and stand before its first step."""

    seed: int = 0
    length: int | None = None
    """Drawn as the task does it if None."""

    def __post_init__(self) -> None:
        checks.whole("seed", self.seed, at_least=0)
        if self.length is not None:
            checks.whole("length", self.length, at_least=1)


@dataclass(frozen=True, slots=True)
class Wake:
    """Stand after a step of an episode: one that ran by hand, or one of those that the engine was given."""

    episode: int
    step: int
    """Of the episode's own; -1 is before its first."""

    def __post_init__(self) -> None:
        checks.whole("episode", self.episode, at_least=0)
        checks.whole("step", self.step, at_least=-1)


@dataclass(frozen=True, slots=True)
class Step:
    """Run one step, on the next input of the task's sequence or on the given one.

    Where the same input ran from here before, that step is gone to. Any other one starts a fork.
    """

    input: tuple[float, ...] | None = None
    """One number for each input channel."""

    def __post_init__(self) -> None:
        if self.input is not None:
            object.__setattr__(self, "input", checks.vector("an input", self.input))


@dataclass(frozen=True, slots=True)
class Run:
    """Run so many steps on the inputs of the task's sequence, or all that are left of it."""

    steps: int | None = None

    def __post_init__(self) -> None:
        if self.steps is not None:
            checks.whole("steps", self.steps, at_least=1)


@dataclass(frozen=True, slots=True)
class Edit:
    """Set one number of the state that the next step starts from: a fork begins."""

    field: str
    """One that is carried from step to step, such as "memory"."""
    index: tuple[int, ...]
    value: float

    def __post_init__(self) -> None:
        for at in self.index:
            checks.whole("an index", at, at_least=0)
        checks.number("a value", self.value, at_least=-checks.LARGEST, at_most=checks.LARGEST)


@dataclass(frozen=True, slots=True)
class EditRows:
    """Set one row of several fields of the state at once, such as what a head read and where: one fork begins."""

    fields: tuple[str, ...]
    """Each carried from step to step."""
    row: int
    values: tuple[tuple[float, ...], ...]
    """The numbers of the row, for each field; all of its numbers of a field that has no rows."""

    def __post_init__(self) -> None:
        checks.whole("a row", self.row, at_least=0)
        if not self.fields or len(self.fields) != len(self.values):
            raise ConfigError(
                f"a row of numbers was wanted for each field; got {len(self.values)} for {len(self.fields)}"
            )
        rows = tuple(checks.vector("a row of numbers", each) for each in self.values)
        object.__setattr__(self, "values", rows)


@dataclass(frozen=True, slots=True)
class Rewind:
    """Stand again where so many steps of this line had run; 0 is before the first. Computes nothing."""

    step: int

    def __post_init__(self) -> None:
        checks.whole("step", self.step, at_least=0)


@dataclass(frozen=True, slots=True)
class Save:
    """Keep a checkpoint of the weights as they are."""


Command: TypeAlias = Train | Evaluate | Reset | Wake | Step | Run | Edit | EditRows | Rewind | Save
COMMANDS: dict[str, type[Command]] = messages.by_name(
    Train, Evaluate, Reset, Wake, Step, Run, Edit, EditRows, Rewind, Save
)


def from_json(plain: object) -> Command:
    """The command that `messages.to_json` wrote. Raises MessageError or ConfigError on anything else."""
    return messages.from_json(plain, COMMANDS)
