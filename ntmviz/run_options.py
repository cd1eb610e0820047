"""What decides a training run, as plain values that can cross to another process. Needs no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ntmviz.errors import UsageError
from sessions.policy import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_SEEDS = 2**63
"""Of a file's int64 and of torch's generators."""

DEMO_SEED = 4
"""Of the ten seeds that the README lists, the one that learns copy soonest: nobody waits long for a first picture."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Everything that decides a run. Settings left out take the default of the model, the task or the trainer.

    Raises UsageError on a seed that cannot be; whatever needs the model, the task or the trainer to tell, they check.
    """

    out: str
    task: str = "copy"
    task_settings: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    """None: ntm, or that of the session which is resumed."""
    model_settings: Mapping[str, Any] = field(default_factory=dict)
    train: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    """None: 0, or that of the session which is resumed."""
    device: str = "auto"
    iterations: int | None = None
    """Counted from the first of the training, resumed or not. None: as many as give the task's most_sequences, or as
    many as the training was to have which is resumed."""
    until_solved: bool = True
    record: str = "auto"
    max_size: int = MAX_SIZE
    """Bytes that the session never passes by automatic recording."""
    resume: str | None = None
    """A session whose training goes on from its last checkpoint; settings left out stay what they were."""
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.seed is None:
            if self.resume is None:
                object.__setattr__(self, "seed", 0)
        elif not 0 <= self.seed < _MOST_SEEDS:
            raise UsageError(f"a seed from 0 to {_MOST_SEEDS - 1} was wanted; got {self.seed}")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> RunOptions:
        """The options that `to_json` wrote. Raises UsageError on an unknown name."""
        known = {each.name for each in fields(cls)}
        if unknown := sorted(set(plain) - known):
            raise UsageError(f"options of a run are {', '.join(sorted(known))}; got {', '.join(unknown)}")
        return cls(**plain)
