"""The sentences in the headers of panels, and the entries of the legend: what is looked at, in a few words. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntm_core.trace import EpisodeKind
from ntmviz.colours import Scale
from ntmviz.wording import grouped, short

if TYPE_CHECKING:
    from ntmviz.figures import MachineFigure
    from ntmviz.state import Resolved
    from ntmviz.views.machine_layout import Rows

Entry = tuple[str, str, Scale, float, float]
"""Name, colour token of the name, map, lower and upper limit."""


def machine(now: Resolved, rows: Rows | None, weighting_limit: float, *, is_change_shown: bool) -> str:
    """Of the machine: the step, the rows in view, and what is not as usual."""
    info = now.source.info
    parts = [
        f"after step {grouped(now.step)}" if now.step >= 0 else "before the first step",
        *([f"rows {grouped(rows.first)} to {grouped(rows.last)} of {grouped(rows.total)}"] if rows else []),
        *([f"fork: {info.label}"] if info.kind is EpisodeKind.FORK else []),
        *(["changes framed"] if is_change_shown else []),
        *([f"weightings up to {short(weighting_limit)}"] if weighting_limit != 1 else []),
    ]
    return ", ".join(parts)


def episode(now: Resolved) -> str:
    """Of the sequence: which episode it is."""
    info = now.source.info
    if info.iteration >= 0:
        place = f"iteration {grouped(info.iteration)}, {info.kind}"
    else:
        place = f"episode {grouped(now.episode)}, {info.kind}"
    return f"{place}, {info.label}" if info.label else place


def legend(figure: MachineFigure, weighting_limit: float) -> list[Entry]:
    """The colour bars of the machine."""
    return [
        ("memory, key, vector", "muted", Scale.SIGNED, -figure.limit, figure.limit),
        *([("erase", "muted", Scale.WRITE, 0.0, 1.0)] if figure.writes and weighting_limit != 1 else []),
        *([("write", "write", Scale.WRITE, 0.0, weighting_limit)] if figure.writes else []),
        *([("read", "read", Scale.READ, 0.0, weighting_limit)] if figure.reads else []),
    ]
