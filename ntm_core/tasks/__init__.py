"""The tasks there are, by name. A new one is a file of its own and one line here."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

from ntm_core import checks
from ntm_core.tasks.copy import Copy, CopyConfig
from ntm_core.tasks.task import Criterion, Phase, Sample, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["TASKS", "Copy", "CopyConfig", "Criterion", "Phase", "Sample", "Task", "build", "settings"]


class Exercise(NamedTuple):
    """A task and the settings it takes."""

    task: type[Any]
    config: type[Any]
    """A frozen dataclass with a default for each setting."""


TASKS: Mapping[str, Exercise] = {
    Copy.name: Exercise(Copy, CopyConfig),
}


def settings(name: str) -> tuple[str, ...]:
    """The settings that `build` takes for a task. Raises ConfigError if there is no such task."""
    checks.known("a task", (name,), TASKS)
    return tuple(each.name for each in fields(TASKS[name].config))


def build(name: str, **chosen: Any) -> Task:
    """The task of that name. Raises ConfigError on a name, setting or value that can't be."""
    checks.known(f"a setting of task {name!r}", chosen, settings(name))
    made: Task = TASKS[name].task(TASKS[name].config(**chosen))
    return made
