"""Tasks made by name from their settings. Needs no torch until a batch is drawn."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ntm_core import checks, registry
from ntm_core.tasks.task import Criterion, Phase, Sample, Task, Trial

__all__ = ["Criterion", "Phase", "Sample", "Task", "Trial", "build", "settings"]


def settings(name: str) -> tuple[str, ...]:
    """The settings that `build` takes for a task. Raises ConfigError if there is no such task."""
    return tuple(each.name for each in fields(registry.task(name).config))


def build(name: str, **chosen: Any) -> Task:
    """The task of that name. Raises ConfigError on a name, setting or value that can't be."""
    checks.known(f"a setting of task {name!r}", chosen, settings(name))
    entry = registry.task(name)
    made: Task = entry.task(entry.config(**chosen))
    return made
