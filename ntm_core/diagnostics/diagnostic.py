"""What a diagnostic is: a named series over the steps of an episode, and when it means that something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from ntm_core.diagnostics.frames import Frames
    from ntm_core.diagnostics.layout import Layout
    from ntm_core.trace import Array, Role

Compute: TypeAlias = "Callable[[Frames], Array]"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something looked wrong, for one step or several in a row."""

    step: int
    """The first of them."""
    name: str
    """Of the diagnostic."""
    head: int
    """Which of the diagnostic's heads; -1 where it has none."""
    text: str
    """What it means, in a plain sentence without a full stop."""
    steps: int = 1
    """How many in a row."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a diagnostic is an alarm."""

    text: str
    """May name {head} and {value}."""
    holds: Callable[[Frames, Array], Array]
    """From the frames and the diagnostic's values to truth values of their shape."""
    needs_history: bool = False
    """Whether it depends on what was written since the first step."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A series over steps: (steps,), or (steps, heads)."""

    name: str
    """A word to use in expressions."""
    unit: str
    text: str
    """What it says, in one plain sentence without a full stop."""
    roles: tuple[Role, ...]
    """A trace without one of them does not have this diagnostic."""
    compute: Compute
    heads: Role | None = None
    """The role whose heads it has a value for each of; None: one value a step."""
    rule: Rule | None = None
    needs_history: bool = False
    """Whether its values depend on what was written since the first step."""
    needs_parts: bool = False
    """Whether its values depend on the memory as a sum of all writes since the first step."""
    one_of: tuple[Role, ...] = ()
    """Roles of which a trace must have one, if there are any."""

    def is_in(self, layout: Layout) -> bool:
        """Whether a trace has all that it needs."""
        has_one = not self.one_of or any(role in layout for role in self.one_of)
        return has_one and all(role in layout for role in self.roles)
