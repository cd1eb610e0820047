"""Any field of a step as one matrix to be drawn, with its axes named. NumPy alone.

A field with one axis is cut into rows that follow each other; links of which only some are kept are put back where
they belong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import Role
from ntmviz.colours import Scale
from ntmviz.figures import signed_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Array, Field, Source, TraceSpec
    from ntmviz.figures import Floats

ROW_OF_UNITS = 32
"""Entries of a field with one axis that stand in one row."""

FIRST_SHOWN = (Role.LINKS, Role.ASSOCIATION, Role.CONTROLLER)
"""What is shown unless something else is chosen: the first of these that there is."""

_NAMES = {
    Role.LINKS: "temporal links",
    Role.ASSOCIATION: "associations",
    Role.CONTROLLER: "controller",
}


@dataclass(frozen=True, slots=True)
class FieldFigure:
    """One field at one step."""

    title: str
    values: Floats
    """(rows, columns)"""
    row_axis: str
    column_axis: str
    scale: Scale
    limits: tuple[float, float]
    is_wrapped: bool
    """Whether rows follow each other, so that an entry's number is row times columns plus column."""
    entries: int
    """Of a wrapped field; the rest of its last row is empty."""
    sentence: str
    """What a cell means."""


def shown_fields(spec: TraceSpec) -> tuple[Field, ...]:
    """The fields that can be chosen: those with an axis, less the places that sparse links lead to."""
    return tuple(each for each in spec if each.shape and each.role is not Role.LINK_LOCATION)


def first_field(spec: TraceSpec) -> Field | None:
    """What is shown where nothing was chosen."""
    found = (spec.with_role(role) for role in FIRST_SHOWN)
    return next((each for each in found if each is not None), None) or next(iter(shown_fields(spec)), None)


def title_of(field: Field) -> str:
    """What people call a field."""
    known = _NAMES.get(field.role)
    return known if known and field.name in (field.role.value, "links") else field.name.replace("_", " ")


def field_figure(source: Source, step: int, field: Field) -> FieldFigure | None:
    """A field after `step`; after -1 what the first step starts from, None where it is not carried."""
    record: Mapping[str, Array]
    if step >= 0:
        record = source.record(step)
    elif field.carried:
        record = {each.name: source.initial(each.name) for each in source.spec.carried}
    else:
        return None
    values = np.asarray(record[field.name])
    dims = field.dims
    if field.role is Role.LINKS and (places := source.spec.with_role(Role.LINK_LOCATION)) is not None:
        values, dims = dense_links(values, np.asarray(record[places.name])), ("location", "earlier location")
    limits, scale = _colours(field, values)
    if values.ndim == 1:
        return FieldFigure(
            title_of(field),
            _wrapped(values),
            f"{dims[0]}, {ROW_OF_UNITS} a row",
            dims[0],
            scale,
            limits,
            True,
            len(values),
            f"Each cell is one {dims[0]}",
        )
    flat = values.reshape(-1, values.shape[-1])
    rows = " and ".join(dims[:-1])
    return FieldFigure(
        title_of(field), flat, rows, dims[-1], scale, limits, False, flat.size, _sentence(field, rows, dims[-1])
    )


def dense_links(values: Floats, places: Floats) -> Floats:
    """Links of which each row keeps only some, as a matrix: (locations, links) twice to (locations, locations)."""
    locations = len(values)
    matrix = np.zeros((locations, locations), np.float32)
    rows = np.repeat(np.arange(locations), values.shape[1])
    columns = np.clip(places.reshape(-1), 0, locations - 1).astype(np.intp)
    np.add.at(matrix, (rows, columns), values.reshape(-1))
    return matrix


def _colours(field: Field, values: Floats) -> tuple[tuple[float, float], Scale]:
    low, high = field.limits or (-np.inf, np.inf)
    if low >= 0 and np.isfinite(high):
        scale = {Role.READ_WEIGHTING: Scale.READ, Role.WRITE_WEIGHTING: Scale.WRITE}.get(field.role, Scale.BITS)
        return (0.0, high), scale
    limit = high if np.isfinite(high) and low == -high else signed_limit(values)
    finite = values[np.isfinite(values)]
    if low >= 0 or (field.role in (Role.ASSOCIATION, Role.RECALL_COUNT) and not (finite < 0).any()):
        return (0.0, limit), Scale.BITS
    return (-limit, limit), Scale.SIGNED


def _wrapped(values: Floats) -> Floats:
    rows = -(-len(values) // ROW_OF_UNITS)
    columns = min(ROW_OF_UNITS, len(values))
    padded = np.zeros(rows * columns, values.dtype)
    padded[: len(values)] = values
    return padded.reshape(rows, columns)


def _sentence(field: Field, rows: str, columns: str) -> str:
    if field.role is Role.LINKS:
        return "Bright at row i, column j: location i was written right after location j"
    if field.role is Role.ASSOCIATION:
        return "Bright at row i, column j: location i was read soon after location j"
    return f"Each row is one {rows}, each column one {columns}"
