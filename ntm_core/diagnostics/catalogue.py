"""All diagnostics there are. A new one is an entry of its module; a new module is a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntm_core.diagnostics import (
    addressing,
    answers,
    gates,
    gradients,
    links,
    memory,
    origins,
    usage,
    weightings,
    writing,
)
from ntm_core.diagnostics.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ntm_core.diagnostics.diagnostic import Diagnostic
    from ntm_core.trace import TraceSpec

ALL: tuple[Diagnostic, ...] = (
    *weightings.DIAGNOSTICS,
    *addressing.DIAGNOSTICS,
    *writing.DIAGNOSTICS,
    *memory.DIAGNOSTICS,
    *origins.DIAGNOSTICS,
    *usage.DIAGNOSTICS,
    *links.DIAGNOSTICS,
    *gates.DIAGNOSTICS,
    *answers.DIAGNOSTICS,
    *gradients.DIAGNOSTICS,
)
BY_NAME = {each.name: each for each in ALL}


def available(spec: TraceSpec) -> tuple[Diagnostic, ...]:
    """Those that a trace has the arrays for."""
    layout = Layout(spec)
    return tuple(each for each in ALL if each.is_in(layout))


def chosen(layout: Layout, names: Iterable[str] | None) -> tuple[Diagnostic, ...]:
    """Those of some names that a trace has the arrays for; of all where no names are given."""
    wanted = ALL if names is None else [BY_NAME[name] for name in names]
    return tuple(each for each in wanted if each.is_in(layout))


def named(layout: Layout, name: str) -> Diagnostic:
    """One of them. KeyError, listing those there are, where a trace does not have it."""
    there = {each.name: each for each in chosen(layout, None)}
    if name not in there:
        raise KeyError(f"no diagnostic {name!r} of this trace; it has {', '.join(there) or 'none'}")
    return there[name]
