"""What a hand did to start a fork, in a few words for a label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from ntm_core.trace import Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntm_core.trace import Array, Field

_MOST_NAMED = 3
"""Flipped bits that are listed one by one."""


@runtime_checkable
class Telling(Protocol):
    """A task whose inputs have names of their own."""

    def deed(self, fed: Array) -> str:
        """What an input is, (channels,), in a few words."""
        ...


def of_input(fed: Array, planned: Array | None, delimiter: tuple[float, ...]) -> str:
    """An input beside the one that the task would have fed, (channels,) each; None where its sequence is over."""
    if planned is not None and np.array_equal(fed, planned):
        return "goes on"
    if delimiter and tuple(fed.tolist()) == delimiter:
        return "delimiter"
    if planned is None:
        return "input past the end"
    flipped = np.flatnonzero(fed != planned)
    if len(flipped) > _MOST_NAMED or not {*fed[flipped].tolist(), *planned[flipped].tolist()} <= {0.0, 1.0}:
        return "another input"
    return f"bit{'s' if len(flipped) > 1 else ''} {', '.join(map(str, flipped))} flipped"


def of_edit(field: Field, index: tuple[int, ...]) -> str:
    """One number of a field that was set by hand."""
    words = {"location": "row"}
    where = ", ".join(f"{words.get(dim, dim)} {at}" for dim, at in zip(field.dims, index, strict=True))
    return f"edit {where}" if field.role is Role.MEMORY else f"edit {field.name.replace('_', ' ')}, {where}"


def of_rows(fields: Sequence[Field], row: int) -> str:
    """One row of several fields that were set by hand."""
    *names, last = (field.name.replace("_", " ") for field in fields)
    told = f"{', '.join(names)} and {last}" if names else last
    return f"edit {told}" if not row else f"edit {told} {row + 1}"
