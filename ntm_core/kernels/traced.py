"""The trace of a sequence from what its backward pass needs: what all kinds of networks share.

In NumPy, where an array is cut in a tenth of the time.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import torch

from ntm_core.kernels.tensors import tensors
from ntm_core.network import Packed, Trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Array


Fields = tuple[tuple[str, tuple[int, ...]], ...]
"""Name and shape of what stands in a row, one after another."""


def cut(of_steps: Array, items: slice) -> Array:
    """Some sequences of (time, batch, ...): a copy."""
    copied: Array = of_steps[:, items].copy()
    return copied


def parts_of(told: Array, sizes: Mapping[str, tuple[int, ...]]) -> dict[str, Array]:
    """What stands in rows, (time, count, numbers), by name: each part's shape, one after another."""
    ends = list(accumulate(math.prod(part) for part in sizes.values()))
    cuts = zip(sizes.items(), [0, *ends[:-1]], ends, strict=True)
    return {name: told[..., begin:end].reshape(*told.shape[:2], *part) for (name, part), begin, end in cuts}


def shown_of_controller(shape: Any, steps: Any, items: slice) -> dict[str, Array]:
    """What a view has of the controller and of the reads."""
    out = cut(steps.out, items)
    time, count, controller = len(out), out.shape[1], shape.layers * shape.units
    shown = {
        "read_vector": out[..., controller:].reshape(time, count, shape.read_heads, shape.word),
        "controller": out[..., :controller],
    }
    if shape.is_recurrent:
        shown["controller_cell"] = steps.cell[:, :, items].swapaxes(1, 2).reshape(time, count, controller).copy()
    return shown


def first_of(start: Any, items: slice) -> Any:
    """Some sequences of a Start: a copy, of tensors."""
    cell = start.cell[:, items].copy()
    parts = {name: part[items].copy() for name, part in start._asdict().items() if name != "cell"}
    return tensors(type(start)(**parts, cell=cell))


def make_trace(view: Any, shown: Mapping[str, Array], state: Any, began: Any) -> Trace[Any, Any]:
    """A trace from what was shown.

    view: the kind of it.   shown: by name, (time, count, ...).   state: where the batch started.   began: its plain
    part, of the sequences shown.
    """
    return Trace(state._replace(**began._asdict()), _view(view, shown))


def _view(view: Any, shown: Mapping[str, Array]) -> Any:
    seen = dict.fromkeys(view._fields) | {name: torch.from_numpy(array) for name, array in shown.items()}
    return view(**seen)


def make_packed_trace(view: Any, fields: Fields, rows: Array, state: Any, began: Any) -> Trace[Any, Any]:
    """A trace of rows, (time, count, numbers). The rest as in `make_trace`."""

    def steps() -> Any:
        shown = parts_of(rows, dict(fields))
        return _view(view, shown)

    return Trace(state._replace(**began._asdict()), steps, Packed(tuple(name for name, _ in fields), rows))
