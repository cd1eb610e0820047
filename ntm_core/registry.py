"""The networks and tasks there are, by name. A new one is a file of its own and one line here.

Another package adds its own by entry points in the groups `ntmviz.models` and `ntmviz.tasks`: the name is what people
type, the value a `Model` or a `Task` of this module. Needs no torch, and loads a network or task when it is asked for.
A window reads the settings of all of them: it stays free of torch as far as the files they are in do.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, TypeVar

from ntm_core import checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ntm_core.network import MemoryNetwork
    from ntm_core.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Model:
    """A network; both places are written "module:class"."""

    title: str
    """What people call it."""
    config_at: str
    """A frozen dataclass that has inputs, outputs, to_json and from_json, `settings.Settings` best."""
    network_at: str
    """A `network.MemoryNetwork` that is made from a config and a generator."""

    @property
    def config(self) -> type[Any]:
        found: type[Any] = _found(self.config_at)
        return found

    @property
    def network(self) -> type[MemoryNetwork[Any, Any]]:
        found: type[MemoryNetwork[Any, Any]] = _found(self.network_at)
        return found


@dataclass(frozen=True, slots=True)
class Task:
    """A task; both places are written "module:class"."""

    title: str
    config_at: str
    """A frozen dataclass with a default for each setting, `settings.Settings` best."""
    task_at: str
    """A `tasks.Task` that is made from a config."""
    train: Mapping[str, Any] = field(default_factory=dict)
    """Settings of training that suit it better than the defaults."""
    most_sequences: int = 20_000
    """Where training gives up if nobody says otherwise."""

    @property
    def config(self) -> type[Settings]:
        found: type[Settings] = _found(self.config_at)
        return found

    @property
    def task(self) -> type[Any]:
        found: type[Any] = _found(self.task_at)
        return found


_MODELS = {
    "ntm": Model("Neural Turing Machine", "ntm_core.ntm_config:NTMConfig", "ntm_core.ntm:NTM"),
    "mann": Model("MANN with least recently used access", "ntm_core.mann_config:MANNConfig", "ntm_core.mann:MANN"),
    "lstm": Model("LSTM without a memory", "ntm_core.lstm_config:LSTMConfig", "ntm_core.lstm:LSTMBaseline"),
    "dnc": Model("Differentiable Neural Computer", "ntm_core.dnc_config:DNCConfig", "ntm_core.dnc:DNC"),
}
_SLOW = {"decay_sequences": 60_000}
"""Of the learning rate: these tasks take several times as many sequences as copy does."""

_TASKS = {
    "copy": Task("Copy", "ntm_core.tasks.copy:CopyConfig", "ntm_core.tasks.copy:Copy"),
    "repeat_copy": Task(
        "Repeat copy",
        "ntm_core.tasks.repeat_copy:RepeatCopyConfig",
        "ntm_core.tasks.repeat_copy:RepeatCopy",
        train=_SLOW,
        most_sequences=100_000,
    ),
    "associative_recall": Task(
        "Associative recall",
        "ntm_core.tasks.associative_recall:AssociativeRecallConfig",
        "ntm_core.tasks.associative_recall:AssociativeRecall",
        train=_SLOW,
        most_sequences=100_000,
    ),
    "ngrams": Task(
        "Dynamic N-grams",
        "ntm_core.tasks.ngrams:NGramsConfig",
        "ntm_core.tasks.ngrams:NGrams",
        train=_SLOW,
        most_sequences=100_000,
    ),
    "priority_sort": Task(
        "Priority sort",
        "ntm_core.tasks.priority_sort:PrioritySortConfig",
        "ntm_core.tasks.priority_sort:PrioritySort",
        train=_SLOW,
        most_sequences=100_000,
    ),
}

_BY_HAND = {
    "recall": Model(
        "Associative memory", "ntm_core.recall.recall_config:RecallConfig", "ntm_core.recall.memory:RecallMemory"
    )
}
"""Networks that learn nothing: their inputs are operations."""

_OPERATIONS = {"recall": Task("Recall", "ntm_core.tasks.recall:RecallTaskConfig", "ntm_core.tasks.recall:RecallTask")}
"""The tasks whose inputs are operations of those."""

Entry = TypeVar("Entry", Model, Task)


def models() -> dict[str, Model]:
    """Every network that learns, by name, those of other packages last."""
    return _MODELS | _added("ntmviz.models", Model)


def tasks() -> dict[str, Task]:
    """Every task to learn, by name, those of other packages last."""
    return _TASKS | _added("ntmviz.tasks", Task)


def model(name: str) -> Model:
    """One that learns, or is worked by hand. Raises ConfigError, listing those that learn, where there is none."""
    if name in _BY_HAND:
        return _BY_HAND[name]
    checks.known("a model", (name,), models())
    return models()[name]


def task(name: str) -> Task:
    """One to learn, or to do by hand. Raises ConfigError, listing those to learn, where there is none."""
    if name in _OPERATIONS:
        return _OPERATIONS[name]
    checks.known("a task", (name,), tasks())
    return tasks()[name]


@cache
def _added(group: str, kind: type[Entry]) -> dict[str, Entry]:
    """What other packages add; one that fails to load is named and skipped."""
    return dict(_loaded(entry_points(group=group), kind))


def _loaded(points: Iterable[Any], kind: type[Entry]) -> Iterable[tuple[str, Entry]]:
    for point in points:
        try:
            entry = point.load()
        except Exception as error:  # whatever another package's code raises
            log.warning("%s %r of %s is skipped: %s", kind.__name__.lower(), point.name, point.value, error)
            continue
        if isinstance(entry, kind):
            yield point.name, entry
        else:
            wanted = f"{kind.__module__}.{kind.__name__}"
            log.warning("%s is skipped: a %s was wanted; it is %r", point.value, wanted, entry)


def _found(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
