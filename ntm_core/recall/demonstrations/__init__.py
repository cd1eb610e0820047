"""Guided demonstrations of the recall lab: each is operations as a hand would give them, figures and a sentence."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ntm_core.recall.demonstrations.demonstration import Demonstration

NAMES = (
    "completion",
    "prominence",
    "priming",
    "availability",
    "binding",
    "segments",
    "references",
    "consolidation",
    "chaining",
)
"""In the order in which they are best seen."""


def named(name: str) -> Demonstration[Any]:
    """A demonstration by its name, one of NAMES."""
    found: Demonstration[Any] = import_module(f"{__name__}.{name}").DEMONSTRATION
    return found
