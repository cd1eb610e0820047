"""What is drawn, as numbers: records of a Source turned into arrays, limits and labels. NumPy alone.

Every figure asks for roles and never for a model, so a new model gets its pictures without a change here. A role that
a model lacks leaves its part of the figure empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import Role
from ntmviz.colours import Scale
from ntmviz.wording import short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ntm_core.trace import Field, Source, TraceSpec

    Floats = NDArray[np.floating]

WRITTEN = 0.1
"""A weighting above this counts as touching its location."""


class HeadKind(StrEnum):
    READ = "read"
    WRITE = "write"

    @property
    def scale(self) -> Scale:
        return Scale(self.value)

    @property
    def weighting(self) -> Role:
        return Role.READ_WEIGHTING if self is HeadKind.READ else Role.WRITE_WEIGHTING


@dataclass(frozen=True, slots=True, order=True)
class Head:
    """One head: its kind and its place among those of its kind."""

    kind: HeadKind
    index: int = 0


@dataclass(frozen=True, slots=True)
class Strip:
    """One vector of a word's width, drawn in line with the columns of the memory."""

    label: str
    head: HeadKind
    values: Floats
    scale: Scale
    note: str
    """The one number that sums the strip up, with its name."""


@dataclass(frozen=True, slots=True)
class Weighting:
    """Where one head is, over all locations."""

    label: str
    head: Head
    values: Floats
    peak: int
    """The location it attends to most."""

    @property
    def peak_value(self) -> float:
        return float(self.values[self.peak])

    @property
    def is_diffuse(self) -> bool:
        """Whether the head attends to no location in particular."""
        return not self.peak_value > WRITTEN


@dataclass(frozen=True, slots=True)
class Column:
    """One number for each location, such as how much it is used."""

    label: str
    values: Floats
    """(locations,)"""
    limit: float
    """The colour range is 0..limit, fixed over the episode."""


@dataclass(frozen=True, slots=True)
class MachineFigure:
    """The whole machine at one step."""

    step: int
    steps: int
    memory: Floats
    """(locations, word), after the step."""
    before: Floats
    """(locations, word), as the previous step left it."""
    limit: float
    """The signed colour range is -limit..+limit, fixed over the episode."""
    writes: tuple[Weighting, ...]
    reads: tuple[Weighting, ...]
    above: tuple[Strip, ...]
    below: tuple[Strip, ...]
    columns: tuple[Column, ...] = ()
    """What else is known of each location."""
    segments: int = 1
    """Equal parts that the memory is divided into."""

    @property
    def locations(self) -> int:
        return self.memory.shape[0]

    @property
    def word_size(self) -> int:
        return self.memory.shape[1]


def heads(spec: TraceSpec) -> tuple[Head, ...]:
    """Every head of a model, read heads first."""
    found = []
    for kind in HeadKind:
        field = spec.with_role(kind.weighting)
        found += [Head(kind, index) for index in range(field.shape[0] if field else 0)]
    return tuple(found)


def head_label(head: Head, spec: TraceSpec) -> str:
    """What people call a head: read head, or read head 2 where there are several, counted from one."""
    several = sum(1 for each in heads(spec) if each.kind == head.kind) > 1
    return f"{head.kind} head {head.index + 1}" if several else f"{head.kind} head"


def _numbered(label: str, head: Head, spec: TraceSpec) -> str:
    several = sum(1 for each in heads(spec) if each.kind == head.kind) > 1
    return f"{label} {head.index + 1}" if several else label


def shared_axis_index(head: Head, spec: TraceSpec) -> int:
    """Place of a head on an axis that read and write heads share; read heads come first."""
    return heads(spec).index(head)


def signed_limit(*arrays: Floats | None) -> float:
    """The smallest of 1, 1.5, 2, 3, 5, 7, 10, 15, ... that holds every finite value: a range people can read."""
    largest = max(
        (float(np.nanmax(np.where(np.isfinite(a), np.abs(a), 0))) for a in arrays if a is not None and a.size),
        default=0.0,
    )
    limit = 1.0
    while limit < largest * (1 - 1e-6):
        decade = 10 ** np.floor(np.log10(limit) + 1e-9)
        steps = [round(limit / decade, 6) < next_ for next_ in (1.5, 2, 3, 5, 7, 10)]
        limit = float((1.5, 2, 3, 5, 7, 10)[steps.index(True)] * decade)
    return limit


def peak(values: Floats) -> int:
    """Index of the largest value; where none is a number, 0."""
    return int(np.argmax(np.where(np.isnan(values), -np.inf, values))) if values.size else 0


def weighting_of(values: Floats, head: Head, spec: TraceSpec) -> Weighting:
    """The weighting of a head, with its label and peak; values: (locations,)."""
    return Weighting(head_label(head, spec), head, values, peak(values))


def machine(
    source: Source, step: int, limit: float = 1.0, column_limits: Mapping[str, float] | None = None
) -> MachineFigure | None:
    """The machine after `step`; after -1 stands what the first step starts from, with its vectors empty.

    limit: of the signed colour range.   column_limits: those of the columns, by field; each its own greatest number
    where none is given. Returns None where the trace has no memory. Raises IndexError outside the episode.
    """
    spec = source.spec
    memory = spec.with_role(Role.MEMORY)
    if memory is None:
        return None
    record: Mapping[str, Floats] = _start(source) if step == -1 else source.record(step)
    before = source.record(step - 1)[memory.name] if step > 0 else source.initial(memory.name)
    by_kind: dict[HeadKind, list[Weighting]] = {kind: [] for kind in HeadKind}
    above: list[Strip] = []
    below: list[Strip] = []

    def value(role: Role, at: int) -> Floats | None:
        field = spec.with_role(role)
        return None if field is None else record[field.name][at]

    def note(role: Role, name: str, number: np.floating) -> str:
        field = spec.with_role(role)
        is_empty = step == -1 and (field is None or not field.carried)
        return "" if is_empty else f"{name} {short(float(number))}"

    def norm(role: Role, values: Floats) -> str:
        return note(role, "norm", np.linalg.norm(values))

    for head in sorted(heads(spec), key=lambda each: (each.kind != HeadKind.WRITE, each.index)):
        weighting = value(head.kind.weighting, head.index)
        assert weighting is not None
        by_kind[head.kind].append(weighting_of(weighting, head, spec))
        key = value(Role.KEY, shared_axis_index(head, spec))
        if key is not None:
            words = norm(Role.KEY, key)
            above.append(Strip(_numbered(f"{head.kind} key", head, spec), head.kind, key, Scale.SIGNED, words))
        mask = value(Role.LOOKUP_MASK, shared_axis_index(head, spec))
        if mask is not None:
            words = note(Role.LOOKUP_MASK, "mean", mask.mean())
            above.append(Strip(_numbered(f"{head.kind} mask", head, spec), head.kind, mask, Scale(head.kind), words))
        if head.kind is HeadKind.WRITE:
            erase, add = value(Role.ERASE, head.index), value(Role.ADD, head.index)
            if erase is not None:
                words = note(Role.ERASE, "mean", erase.mean())
                above.append(Strip(_numbered("erase", head, spec), head.kind, erase, Scale.WRITE, words))
            if add is not None:
                words = norm(Role.ADD, add)
                above.append(Strip(_numbered("add", head, spec), head.kind, add, Scale.SIGNED, words))
        else:
            vector = value(Role.READ_VECTOR, head.index)
            if vector is not None:
                words = norm(Role.READ_VECTOR, vector)
                below.append(Strip(_numbered("read vector", head, spec), head.kind, vector, Scale.SIGNED, words))
    return MachineFigure(
        step=step,
        steps=len(source),
        memory=record[memory.name],
        before=before,
        limit=limit,
        writes=tuple(by_kind[HeadKind.WRITE]),
        reads=tuple(by_kind[HeadKind.READ]),
        above=tuple(above),
        below=tuple(below),
        columns=_columns(spec, record, column_limits or {}),
        segments=segments(spec),
    )


COLUMNS = {
    Role.USAGE: "usage",
    Role.LEAST_USED: "least used",
    Role.ALLOCATION: "allocation",
    Role.RETENTION: "retention",
    Role.KEEP: "kept",
    Role.PRECEDENCE: "precedence",
    Role.RECALL_COUNT: "recalled",
    Role.RECALL_TRACE: "recalled of late",
    Role.SPREAD: "primed",
}
"""What there may be of each location, with what people call it."""


def segments(spec: TraceSpec) -> int:
    """Equal parts that a router divides the memory into."""
    router = spec.with_role(Role.ROUTER)
    return 1 if router is None else router.shape[-1]


def column_fields(spec: TraceSpec) -> tuple[Field, ...]:
    """The fields that have one number for each location, or one for each head there, in the order they are drawn."""
    fields = (spec.with_role(role) for role in COLUMNS)
    return tuple(each for each in fields if each is not None and each.dims[-1] == "location" and len(each.dims) < 3)


def _columns(spec: TraceSpec, record: Mapping[str, Floats], limits: Mapping[str, float]) -> tuple[Column, ...]:
    found = []
    for each in column_fields(spec):
        values = record[each.name]
        values = values if values.ndim == 1 else values.max(axis=0)
        largest = limits.get(each.name) or signed_limit(values)
        found.append(Column(COLUMNS[each.role], values, each.limits[1] if each.limits else largest))
    return tuple(found)


def _start(source: Source) -> dict[str, Floats]:
    """What an episode starts from, as a record: zeros in the fields that a step does not take over from the last."""
    return {
        field.name: source.initial(field.name) if field.carried else np.zeros(field.shape, np.float32)
        for field in source.spec
    }


def strongest(values: Floats, cells: int, axis: int = 0) -> Floats:
    """Shrink one axis to at most `cells` entries, each the entry of largest magnitude that falls into it.

    NaN wins over any number, so that it stays visible; a shorter axis is returned as it is.
    """
    values = np.moveaxis(values, axis, 0)
    length = values.shape[0]
    if length > cells > 0:
        edges = np.arange(cells) * length // cells
        magnitude = np.where(np.isnan(values), np.inf, np.abs(values))
        best = np.maximum.reduceat(magnitude, edges, axis=0)
        owner = np.searchsorted(edges, np.arange(length), side="right") - 1
        hit = magnitude == best[owner]
        places = np.where(hit, np.arange(length).reshape(-1, *[1] * (values.ndim - 1)), length)
        first = np.minimum.reduceat(places, edges, axis=0)
        values = np.take_along_axis(values, first, axis=0)
    return np.moveaxis(values, 0, axis)


def effective_rows(weighting: Floats) -> float:
    """Over how many rows a weighting is spread: e to its entropy, 1 for all on one row. NaN where it has no mass."""
    total = float(weighting.sum())
    if not np.isfinite(total) or total <= 0:
        return float("nan")
    mass = weighting[weighting > 0] / total
    return float(np.exp(-(mass * np.log(mass)).sum()))


def cosine(row: Floats, key: Floats) -> float:
    """Cosine of a memory row and a key, with the small constant under the roots that addressing uses."""
    small = 1e-6
    return float(row @ key / (np.sqrt(row @ row + small) * np.sqrt(key @ key + small)))


def last_write(source: Source, step: int, location: int, look_back: int = 4096) -> int | None:
    """The latest step up to `step` at which a write head attended to a location; None where none did."""
    field = source.spec.with_role(Role.WRITE_WEIGHTING)
    if field is None:
        return None
    start = max(0, step + 1 - look_back)
    weighting = source.series(field.name, start, step + 1)[:, :, location].max(axis=1)
    when = np.flatnonzero(weighting > WRITTEN)
    return start + int(when[-1]) if when.size else None
