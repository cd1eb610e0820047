"""The trace of a sequence from what its backward pass needs."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ntm_core.kernels.layout import Start
from ntm_core.kernels.ntm_forward import memories
from ntm_core.kernels.tensors import from_start, tensors
from ntm_core.network import Trace
from ntm_core.ntm import NTMState, NTMView

if TYPE_CHECKING:
    from ntm_core.kernels.layout import Shape, Steps
    from ntm_core.trace import Array


def trace_of(shape: Shape, state: NTMState, start: Start, steps: Steps, items: slice) -> Trace[NTMState, NTMView]:
    """What the steps showed of some sequences of a batch: copies.

    state: where it started, of which `start` has the arrays. In NumPy, where an array is cut in a tenth of the time.
    """
    out, told, weighting = steps.out[:, items].copy(), steps.told[:, items].copy(), steps.weighting[:, items].copy()
    time, count = out.shape[:2]
    memory = np.empty((count, time, *steps.memory.shape[2:]), out.dtype)
    for to, item in zip(memory, range(steps.out.shape[1])[items], strict=True):
        memories(shape, steps, item, to)
    controller = shape.layers * shape.units
    shown = {
        "memory": memory.transpose(1, 0, 3, 2),
        "read_weighting": weighting[:, :, : shape.read_heads],
        "write_weighting": weighting[:, :, shape.read_heads :],
        "read_vector": out[..., controller:].reshape(time, count, shape.read_heads, shape.word),
        "controller": out[..., :controller],
        **_told(shape, told),
        "content_weighting": steps.content[:, items].copy(),
        "gated_weighting": steps.gated[:, items].copy(),
        "shifted_weighting": steps.shifted[:, items].copy(),
    }
    if shape.is_recurrent:
        shown["controller_cell"] = steps.cell[:, :, items].swapaxes(1, 2).reshape(time, count, controller).copy()
    first = Start(start.memory[items], start.weighting[items], start.out[items], start.cell[:, items])
    began = from_start(shape, tensors(Start(*(part.copy() for part in first))))
    seen: dict[str, Any] = dict.fromkeys(NTMView._fields) | {
        name: torch.from_numpy(array) for name, array in shown.items()
    }
    return Trace(state._replace(**began._asdict()), NTMView(**seen))


def _told(shape: Shape, told: Array) -> dict[str, Array]:
    """What the heads were told, by name: `layout.told_of` of all steps, (time, count, ...)."""
    heads, writes, words = shape.read_heads + shape.write_heads, shape.write_heads, shape.word
    each = {
        "key": (heads, words),
        "add": (writes, words),
        "erase": (writes, words),
        "gate": (heads,),
        "key_strength": (heads,),
        "sharpening": (heads,),
        "shift": (heads, shape.offsets),
    }
    ends = list(accumulate(math.prod(part) for part in each.values()))
    cuts = zip(each.items(), [0, *ends[:-1]], ends, strict=True)
    return {name: told[..., begin:end].reshape(*told.shape[:2], *part) for (name, part), begin, end in cuts}
