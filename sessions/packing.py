"""One step as one row of float32: every field of the spec, in its order, C order, no gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ntm_core.trace import PackedColumns
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ntm_core.trace import Field, TraceSpec

Rows = NDArray[np.float32]


def _new(steps: int, size: int) -> Rows:
    return np.empty((steps, size), np.float32)


class Packing:
    """Where each of some fields lies in a packed row.

    The steps of a session pack all fields, the start of an episode the carried ones.
    """

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields = tuple(fields)
        self._slices: dict[str, tuple[Field, slice]] = {}
        start = 0
        for field in self._fields:
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

    def pack(self, columns: Mapping[str, Any], new: Callable[[int, int], Rows] = _new) -> Rows:
        """A copy of columns, time first, as rows (steps, size).

        new: called with these two, makes the rows that are filled. Raises SessionError naming the field that is
        missing, unknown or of another shape, and then calls nothing.
        """
        if isinstance(columns, PackedColumns) and (columns.fields is self._fields or columns.fields == self._fields):
            self._fields = columns.fields  # the next of this kind are known without a look at them
            return self._joined(columns.blocks, new)
        if columns.keys() != self._slices.keys():
            self._complain_of_names(columns)
        arrays = [np.asarray(columns[name]) for name in self._slices]
        steps = len(arrays[0]) if arrays else 0
        for values, (name, (field, _)) in zip(arrays, self._slices.items(), strict=True):
            if values.shape != (steps, *field.shape):
                raise SessionError(
                    f"field {name!r}: an array of shape {(steps, *field.shape)} was wanted; got {values.shape}"
                )
        rows = new(steps, self.size)
        for values, (field, part) in zip(arrays, self._slices.values(), strict=True):
            if values.flags.c_contiguous:
                rows[:, part] = values.reshape(steps, field.size)
            else:
                rows[:, part].reshape(values.shape)[...] = values
        return rows

    def _joined(self, blocks: Sequence[Rows], new: Callable[[int, int], Rows]) -> Rows:
        rows = new(len(blocks[0]), self.size)
        start = 0
        for block in blocks:
            rows[:, start : start + block.shape[1]] = block
            start += block.shape[1]
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
