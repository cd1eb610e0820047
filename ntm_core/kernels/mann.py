"""The MANN over a whole sequence by its kernels: its sizes, its state and its trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from ntm_core.kernels.layout import INTERVAL, Working
from ntm_core.kernels.mann_backward import backward
from ntm_core.kernels.mann_forward import forward, memories
from ntm_core.kernels.mann_layout import Shape, Start, Steps
from ntm_core.kernels.running import Kind, run_network
from ntm_core.kernels.tensors import controller_sizes, controller_start, controller_state, copied, detached
from ntm_core.kernels.traced import cut, first_of, make_trace, parts_of, shown_of_controller
from ntm_core.mann import MANNView, least_used

if TYPE_CHECKING:
    from torch import Tensor

    from ntm_core.mann import MANN, MANNState
    from ntm_core.mann_config import MANNConfig
    from ntm_core.network import Trace


class State(NamedTuple):
    """What `mann.MANNState` has of a plain MANN, or the gradient of it; None for what is not there."""

    memory: Any
    usage: Any
    read_weighting: Any
    read_vector: Any
    controller: Any
    controller_cell: Any


def run_mann(
    model: MANN, sequence: Tensor, state: MANNState, trace: bool, items: slice
) -> tuple[Tensor, MANNState, Trace[MANNState, MANNView] | None]:
    """`MANN.forward` by the kernels."""
    return run_network(_MANN, model, sequence, state, trace, items)


def shape_of(config: MANNConfig) -> Shape:
    """The sizes that the kernels go by."""
    return Shape(**controller_sizes(config), usage_decay=config.usage_decay)


def to_start(shape: Shape, state: State) -> Start:
    """As the kernels want it: a copy."""
    plain = detached(state)
    return Start(
        memory=copied(plain.memory.mT),
        weighting=copied(plain.read_weighting),
        **controller_start(shape, plain.memory, plain.controller, plain.controller_cell, plain.read_vector),
        usage=copied(plain.usage),
    )


def from_start(shape: Shape, start: Start) -> State:
    """Views of it."""
    return State(
        memory=start.memory.mT,
        usage=start.usage,
        read_weighting=start.weighting,
        **controller_state(shape, start),
    )


def _sizes(start: Start, kept: int) -> Steps:
    none, weighting = (), (kept, *start.weighting.shape)
    return Steps(
        *(none, none, none, none, none),
        weighting=weighting,
        written=weighting,
        usage=(kept, *start.usage.shape),
        memory=(-(-kept // INTERVAL), *start.memory.shape),
    )


def _working(start: Start) -> Working:
    return Working((2, *start.memory.shape))


def _last(steps: Steps, working: Working, time: int) -> Start:
    return Start(working.memory[time % 2], steps.weighting[-1], steps.out[-1], steps.cell[-1], steps.usage[-1])


def trace_of(shape: Shape, state: MANNState, start: Start, steps: Steps, items: slice) -> Trace[MANNState, MANNView]:
    """What the steps showed of some sequences of a batch: copies. state: where it started; `start` has its arrays."""
    told, weighting, usage = cut(steps.told, items), cut(steps.weighting, items), cut(steps.usage, items)
    time, count = told.shape[:2]
    memory = np.empty((time, count, *steps.memory.shape[:1:-1]), told.dtype)
    for place, item in enumerate(range(steps.out.shape[1])[items]):
        memories(shape, start, steps, item, place, memory)
    parts = parts_of(told, {"key": (shape.read_heads, shape.word), "allocation_gate": (shape.read_heads,)})
    first = first_of(start, items)
    found = np.concatenate((first.usage.numpy()[None], usage[:-1]))
    unused = least_used(torch.from_numpy(found).flatten(0, 1), shape.read_heads).numpy()
    unused = unused.reshape(time, count, shape.read_heads, -1)
    before = np.concatenate((first.weighting.numpy()[None], weighting[:-1]))
    shown = {
        **shown_of_controller(shape, steps, items),
        "memory": memory,
        "usage": usage,
        "read_weighting": weighting,
        "write_weighting": cut(steps.written, items),
        "key": np.concatenate((parts["key"], parts["key"]), axis=2),
        "content_weighting": np.concatenate((weighting, before), axis=2),
        "allocation_gate": parts["allocation_gate"],
        "least_used": unused,
        "keep": 1 - unused.sum(2),
        "add": parts["key"],
    }
    return make_trace(MANNView, shown, state, from_start(shape, first))


_MANN = Kind(
    state=State,
    heads="heads",
    shape_of=shape_of,
    to_start=to_start,
    from_start=from_start,
    sizes=_sizes,
    working=_working,
    forward=forward,
    last=_last,
    backward=backward,
    trace=trace_of,
)
