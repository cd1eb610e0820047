"""One step as one row of float32: every field of the spec, in its order, C order, no gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ntm_core.trace import Field, TraceSpec

Rows = NDArray[np.float32]


class Packing:
    """Where each of some fields lies in a packed row.

    The steps of a session pack all fields, the start of an episode the carried ones.
    """

    def __init__(self, fields: Iterable[Field]) -> None:
        self._slices: dict[str, tuple[Field, slice]] = {}
        start = 0
        for field in fields:
            self._slices[field.name] = field, slice(start, start + field.size)
            start += field.size
        self.size = start
        """Numbers in a row."""

    @classmethod
    def of_steps(cls, spec: TraceSpec) -> Packing:
        return cls(spec.fields)

    @classmethod
    def of_start(cls, spec: TraceSpec) -> Packing:
        return cls(spec.carried)

    def shape(self, name: str) -> tuple[int, ...]:
        """Of one step of a field."""
        return self._slices[name][0].shape

    def pack(self, columns: Mapping[str, Any]) -> Rows:
        """A fresh copy of columns, time first, as rows (steps, size).

        Raises SessionError naming the field that is missing, unknown or of another shape.
        """
        if columns.keys() != self._slices.keys():
            self._complain_of_names(columns)
        steps = len(next(iter(columns.values()))) if self._slices else 0
        rows = np.empty((steps, self.size), np.float32)
        for name, (field, part) in self._slices.items():
            values = np.asarray(columns[name])
            if values.shape != (steps, *field.shape):
                raise SessionError(
                    f"field {name!r}: an array of shape {(steps, *field.shape)} was wanted; got {values.shape}"
                )
            rows[:, part] = values.reshape(steps, field.size)
        return rows

    def column(self, rows: Rows, name: str) -> Rows:
        """The values of one field in packed rows (steps, size): a view, (steps, *field.shape)."""
        field, part = self._slices[name]
        return rows[:, part].reshape(len(rows), *field.shape)

    def _complain_of_names(self, columns: Mapping[str, Any]) -> None:
        missing = [name for name in self._slices if name not in columns]
        unknown = [name for name in columns if name not in self._slices]
        told = [f"missing {', '.join(missing)}" if missing else "", f"unknown {', '.join(unknown)}" if unknown else ""]
        raise SessionError(f"the fields of the session's spec were wanted; {'; '.join(filter(None, told))}")
