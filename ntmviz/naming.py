"""What people call what the registry names. No Qt."""

from __future__ import annotations

from ntm_core import registry


def task_name(name: str) -> str:
    """What people call a task, within a sentence."""
    entry = registry.tasks().get(name)
    return name if entry is None else entry.title[0].lower() + entry.title[1:]
