"""Which heads of a network can be asked by hand, and by what; if none, why not. NumPy only.

What there is to ask by is told by the roles that a trace has, never by a model.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from ntm_core.trace import Role
from ntmviz.figures import HeadKind, heads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import TraceSpec
    from ntmviz.figures import Head

_STAGED = (Role.GATE, Role.SHIFT, Role.SHARPENING)
_MODES = (Role.BACKWARD_MODE, Role.CONTENT_MODE, Role.FORWARD_MODE)
_LED = (Role.BACKWARD_WEIGHTING, Role.FORWARD_WEIGHTING)
_STAYING = {
    Role.LOOKUP_MASK: "lookup mask",
    Role.ROUTER: "router",
    Role.LINKS: "links",
    Role.RECALL_COUNT: "prominence",
    Role.SPREAD: "priming",
}
"""What a lookup takes into account and a person does not set, with what people call it."""


class Way(StrEnum):
    """How a head comes from its content lookup to its weighting."""

    CONTENT = "content"
    """The lookup is all (MANN paper, eq. 2, 3)."""
    SHIFTING = "shifting"
    """Gate, shift and sharpening (NTM paper, eq. 7 to 9)."""
    FOLLOWING = "following"
    """Shares of the lookup and of where links lead (DNC paper, Methods)."""


class Terms(NamedTuple):
    """How much what was read before counts in a lookup; no trace has these."""

    prominence: float = 0.0
    priming: float = 0.0


def way_of(spec: TraceSpec) -> Way:
    """How the heads that can be asked go on from content."""
    if spec.with_role(Role.GATE):
        return Way.SHIFTING
    return Way.FOLLOWING if spec.with_role(Role.CONTENT_MODE) else Way.CONTENT


def askable_heads(spec: TraceSpec) -> tuple[Head, ...]:
    """Read heads, and write heads that go the same way to their weighting as read heads do: those that shift."""
    both_alike = way_of(spec) is Way.SHIFTING
    return tuple(head for head in heads(spec) if both_alike or head.kind is HeadKind.READ)


def terms_of(settings: Mapping[str, object]) -> Terms:
    """From a network's settings; 0 where they say nothing."""
    values = (settings.get(name) for name in Terms._fields)
    return Terms(*(float(value) if isinstance(value, int | float) else 0.0 for value in values))


def refusal(spec: TraceSpec, settings: Mapping[str, object]) -> str:
    """Why a network's memory cannot be asked, in one sentence; "" where it can. settings: the network's."""
    if spec.with_role(Role.MEMORY) is None:
        return "This network has no memory to ask."
    if spec.with_role(Role.READ_WEIGHTING) is None:
        return "This network's read heads are not recorded, so there is none to ask."
    if spec.with_role(Role.KEY) is None:
        return "What this network's heads look for is not recorded, so there is no key to change."
    if spec.with_role(Role.SCORE) or spec.with_role(Role.UNEVEN_ROUTER):
        return "This memory is worked by hand: what its lookups take into account is not told to a head."
    staged = [spec.with_role(role) is not None for role in _STAGED]
    if any(staged) and not all(staged):
        return "Gate, shift and sharpening are not all recorded, so what a head would read cannot be computed."
    led = [spec.with_role(role) is not None for role in (*_MODES, *_LED)]
    if (any(led) or spec.with_role(Role.LINKS)) and not all(led):
        return "Where links lead is not recorded, so what a head would read cannot be computed."
    terms = terms_of(settings)
    weighed = ((Role.RECALL_COUNT, terms.prominence), (Role.SPREAD, terms.priming))
    if any(spec.with_role(role) and not weight for role, weight in weighed):
        return "How much earlier reads count is not among this network's settings, so a lookup cannot be computed."
    return ""


def staying(spec: TraceSpec) -> str:
    """What stays as the head had it, whatever it is asked, in one sentence; "" where nothing does."""
    names = [name for role, name in _STAYING.items() if spec.with_role(role)]
    if not names:
        return ""
    told = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    is_one = len(names) == 1 and names[0] != "links"
    return f"{told.capitalize()} {'stays' if is_one else 'stay'} as recorded."
