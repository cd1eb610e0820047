"""A step in words: where each head is and what it goes by, when that location was written, what came out. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import Order, Phase, Role
from ntmviz.figures import (
    WRITTEN,
    Head,
    HeadKind,
    Weighting,
    effective_rows,
    heads,
    last_write,
    peak,
    shared_axis_index,
    weighting_of,
)
from ntmviz.wording import grouped, share, short, tick

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ntm_core.trace import Array, Source, TraceSpec


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a name, what is so, and the colour of what is so."""

    name: str
    value: str
    tone: str | None = None
    tip: str = ""


@dataclass(frozen=True, slots=True)
class StepWords:
    """What is said of a step."""

    statement: str
    rows: tuple[Row, ...]
    written_at: int | None
    """The step that last wrote the location read now."""


def describe(source: Source, step: int, head: Head) -> StepWords:
    """Put a step into words; `head` is the one the statement is about. Step -1 is before the first."""
    if step < 0:
        return StepWords("Before the first step: the memory as the network starts", (), None)
    spec = source.spec
    record = source.record(step)
    rows = []
    statement, written_at = _without_heads(spec), None
    for each in heads(spec):
        field = spec.with_role(each.kind.weighting)
        assert field is not None
        weighting = weighting_of(record[field.name][each.index], each, spec)
        shown = f"row {grouped(weighting.peak)}, {share(weighting.peak_value)}"
        rows.append(Row(weighting.label, shown, each.kind.value, "Its largest weighting"))
        rows.append(
            Row("its spread", spread(weighting.values), None, "Effective rows: e to the entropy of the weighting")
        )
        rows += _goes_by(spec, record, each)
        if each == head:
            statement, written_at = _statement(source, step, weighting)
    phase = spec.with_role(Role.PHASE)
    if phase is not None and int(record[phase.name]) in set(Phase) - {Phase.NONE}:
        rows.append(Row("phase", Phase(int(record[phase.name])).name.lower(), None, "What this step is for"))
    rows.append(_output(source, step))
    return StepWords(statement, tuple(rows), written_at)


_MODES = {
    Role.BACKWARD_MODE: "what was written before",
    Role.CONTENT_MODE: "content",
    Role.FORWARD_MODE: "what was written after",
}


def _goes_by(spec: TraceSpec, record: Mapping[str, Array], head: Head) -> Iterator[Row]:
    """What a head goes by, as far as it has more than content and shift."""

    def own(role: Role) -> float | None:
        field = spec.with_role(role)
        return None if field is None else float(record[field.name][head.index])

    modes = {role: value for role in _MODES if (value := own(role)) is not None}
    if head.kind is HeadKind.READ and modes:
        best = max(modes, key=lambda role: modes[role])
        told = ", ".join(f"{_MODES[role]} {short(value)}" for role, value in modes.items())
        yield Row("it goes by", f"{_MODES[best]}, {share(modes[best])}", None, told)
    freed = own(Role.FREE_GATE) if head.kind is HeadKind.READ else None
    if freed is not None:
        yield Row("it frees", share(freed), None, "Free gate: the share of what it read last that may be overwritten")
    to_free = own(Role.ALLOCATION_GATE) if head.kind is HeadKind.WRITE else None
    if to_free is not None:
        yield Row("to free rows", share(to_free), None, "Of its weighting, the share that goes to unused locations")
    opened = own(Role.WRITE_GATE) if head.kind is HeadKind.WRITE else None
    if opened is not None:
        yield Row("write gate", share(opened), None, "The share of the write that takes place")
    router, place = spec.with_role(Role.ROUTER), shared_axis_index(head, spec)
    if router is not None and place < router.shape[0]:  # one that divides reads alone has no place for writes
        shares = record[router.name][place]
        best_segment = peak(shares)
        yield Row(
            "its segment",
            f"{best_segment}, {share(float(shares[best_segment]))}",
            None,
            "Where its content lookup goes",
        )


def _without_heads(spec: TraceSpec) -> str:
    """What is said first where no head can be told of."""
    return "" if heads(spec) else "This network has no memory and no heads"


def _statement(source: Source, step: int, weighting: Weighting) -> tuple[str, int | None]:
    """Where a head is, and for a read head the step that last wrote there."""
    name, at = weighting.label.capitalize(), grouped(weighting.peak)
    name = name if name[-1].isdecimal() else f"The {weighting.label}"
    if weighting.is_diffuse:
        over = spread(weighting.values)
        return f"{name} is spread over {over}; its largest share is {share(weighting.peak_value)}, at row {at}", None
    if weighting.head.kind is HeadKind.WRITE:
        return f"{name} is at row {at}", None
    # A step that reads first saw what earlier steps wrote.
    written_at = last_write(source, step - 1 if source.spec.order is Order.READ_FIRST else step, weighting.peak)
    if written_at is None:
        return f"{name} looks at row {at}, where no write was above {tick(WRITTEN)} yet", None
    return f"{name} looks at row {at}, last written at step {written_at}", written_at


def spread(weighting: np.ndarray) -> str:
    """How many rows a weighting is effectively spread over, in words."""
    rows = effective_rows(weighting)
    if np.isnan(rows):
        return "no row: it has no mass"
    return f"{short(rows)} row" if rows < 1.005 else f"{short(rows)} rows"


def _output(source: Source, step: int) -> Row:
    spec = source.spec
    output, target, mask = (spec.with_role(role) for role in (Role.OUTPUT, Role.TARGET, Role.MASK))
    if output is None or target is None:
        return Row("output", "none")
    record = source.record(step)
    if mask is not None and not np.any(record[mask.name]):
        return Row("output", "not scored here", "muted", "The task asks for nothing at this step")
    wrong = int(((record[output.name] > 0.5) != (record[target.name] > 0.5)).sum())
    count = output.size
    if wrong:
        return Row("output", f"▲ {wrong} of {count} bits wrong", "warning")
    sure = float(np.abs(record[output.name] - 0.5).min() + 0.5)
    return Row("output", f"all {count} bits right", None, f"The least certain bit is {short(100 * sure)} % sure")
