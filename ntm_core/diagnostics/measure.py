"""Diagnostics of an episode, live or recorded: one, all, or the alarms they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.catalogue import chosen, named
from ntm_core.diagnostics.diagnostic import Alarm
from ntm_core.diagnostics.frames import frames_of
from ntm_core.diagnostics.layout import Layout
from ntm_core.diagnostics.pieces import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ntm_core.diagnostics.diagnostic import Diagnostic
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.diagnostics.layout import Head
    from ntm_core.diagnostics.pieces import Pieces
    from ntm_core.trace import Array, Source, TraceSpec


def heads(spec: TraceSpec, name: str) -> tuple[Head, ...]:
    """Whose the columns of a diagnostic are; () where it has one value a step."""
    layout = Layout(spec)
    role = named(layout, name).heads
    return () if role is None else layout.heads(role)


def series(source: Source, name: str, start: int = 0, stop: int | None = None) -> Array:
    """One diagnostic over the steps start .. stop - 1, float64: (steps,), or (steps, heads).

    Memory stays bounded however long the episode is; where the values depend on what was written before, the write
    weightings are read from step 0 on. KeyError where the trace does not have the diagnostic.
    """
    layout = Layout(source.spec)
    wanted = named(layout, name)
    parts = [
        frames.once(wanted.compute)
        for frames in frames_of(
            source, layout, start, stop, with_history=wanted.needs_history, with_parts=wanted.needs_parts
        )
    ]
    return np.concatenate([_empty(layout, wanted), *parts])


def all_of(source: Source, names: Iterable[str] | None = None) -> dict[str, Array]:
    """Every diagnostic of an episode, or those of some names that its trace has, as `series` gives them.

    What several need is computed once.
    """
    return whole(all_in_pieces(source, names))


def all_in_pieces(source: Source, names: Iterable[str] | None = None) -> Pieces[dict[str, Array]]:
    """What `all_of` gives, a piece at a time."""
    layout = Layout(source.spec)
    wanted = chosen(layout, names)
    parts = {each.name: [_empty(layout, each)] for each in wanted}
    needs_history = any(each.needs_history for each in wanted)
    needs_parts = any(each.needs_parts for each in wanted)
    for frames in frames_of(source, layout, with_history=needs_history, with_parts=needs_parts):
        for each in wanted:
            parts[each.name].append(frames.once(each.compute))
            yield
    return {name: np.concatenate(each) for name, each in parts.items()}


def alarms(source: Source, names: Iterable[str] | None = None) -> tuple[Alarm, ...]:
    """What looks wrong in an episode, in the order it begins: of all diagnostics, or of those of some names."""
    return whole(alarms_in_pieces(source, names))


def alarms_in_pieces(source: Source, names: Iterable[str] | None = None) -> Pieces[tuple[Alarm, ...]]:
    """What `alarms` gives, a piece at a time."""
    layout = Layout(source.spec)
    wanted = [each for each in chosen(layout, names) if each.rule is not None]
    needs_history = any(each.needs_history or (each.rule is not None and each.rule.needs_history) for each in wanted)
    values = {each.name: [_empty(layout, each)] for each in wanted}
    is_wrong = {each.name: [_empty(layout, each).astype(bool)] for each in wanted}
    for frames in frames_of(source, layout, with_history=needs_history):
        for each in wanted:
            value = frames.once(each.compute)
            values[each.name].append(value)
            is_wrong[each.name].append(_judged(frames, each, value))
            yield
    found = [
        alarm
        for each in wanted
        for alarm in _runs(layout, each, np.concatenate(values[each.name]), np.concatenate(is_wrong[each.name]))
    ]
    return tuple(sorted(found, key=lambda alarm: alarm.step))


def _judged(frames: Frames, diagnostic: Diagnostic, value: Array) -> Array:
    assert diagnostic.rule is not None
    with np.errstate(all="ignore"):
        return diagnostic.rule.holds(frames, value)


def _runs(layout: Layout, diagnostic: Diagnostic, values: Array, is_wrong: Array) -> Iterator[Alarm]:
    """An alarm for each run of steps in a row, of each head by itself."""
    assert diagnostic.rule is not None
    steps = len(values)
    whose: Sequence[Head | None] = (None,) if diagnostic.heads is None else layout.heads(diagnostic.heads)
    for number, head in enumerate(whose):
        wrong, value = is_wrong.reshape(steps, -1)[:, number], values.reshape(steps, -1)[:, number]
        edges = np.flatnonzero(np.diff(wrong, prepend=False, append=False))
        for start, stop in edges.reshape(-1, 2).tolist():
            text = diagnostic.rule.text.format(head=head, value=_plain(float(value[start])))
            yield Alarm(start, diagnostic.name, -1 if head is None else number, text, stop - start)


def _plain(value: float) -> str:
    return f"{value:.3g}"


def _empty(layout: Layout, diagnostic: Diagnostic) -> Array:
    """No steps of a diagnostic."""
    return np.empty(0 if diagnostic.heads is None else (0, len(layout.heads(diagnostic.heads))))
