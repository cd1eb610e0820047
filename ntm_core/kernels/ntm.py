"""The NTM over a whole sequence by its kernels: its sizes, its state and its trace."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch

from ntm_core.kernels.given import State
from ntm_core.kernels.layout import INTERVAL, Shape, Start, Steps, Working
from ntm_core.kernels.ntm_backward import backward
from ntm_core.kernels.ntm_forward import forward, pack_steps
from ntm_core.kernels.running import Kind, run_network
from ntm_core.kernels.tensors import controller_sizes, controller_start, controller_state, copied, detached
from ntm_core.kernels.traced import Fields, first_of, make_packed_trace
from ntm_core.ntm import NTMView
from ntm_core.trace import Order, WriteOrder

if TYPE_CHECKING:
    from torch import Tensor

    from ntm_core.network import Trace
    from ntm_core.ntm import NTM, NTMState
    from ntm_core.ntm_config import NTMConfig


def run_ntm(
    model: NTM, sequence: Tensor, state: NTMState, trace: bool, items: slice
) -> tuple[Tensor, NTMState, Trace[NTMState, NTMView] | None]:
    """`NTM.forward` by the kernels."""
    return run_network(_NTM, model, sequence, state, trace, items)


def shape_of(config: NTMConfig) -> Shape:
    """The sizes that the kernels go by."""
    return Shape(
        **controller_sizes(config),
        write_heads=config.write_heads,
        offsets=config.offsets,
        reads_first=config.order is Order.READ_FIRST,
        is_sequential=config.write_order is WriteOrder.SEQUENTIAL,
    )


def to_start(shape: Shape, state: State) -> Start:
    """As the kernels want it: a copy."""
    memory, read_weighting, write_weighting, read_vector, hidden, cell = detached(state)
    return Start(
        memory=copied(memory.mT),
        weighting=torch.cat((read_weighting, write_weighting), dim=1),
        **controller_start(shape, memory, hidden, cell, read_vector),
    )


def from_start(shape: Shape, start: Start) -> State:
    """Views of it."""
    return State(
        memory=start.memory.mT,
        read_weighting=start.weighting[:, : shape.read_heads],
        write_weighting=start.weighting[:, shape.read_heads :],
        **controller_state(shape, start),
    )


def _sizes(start: Start, kept: int) -> Steps:
    weighting, none = (kept, *start.weighting.shape), ()
    return Steps(
        *(none, none, none, none, none),
        *(weighting, weighting, weighting, weighting),
        memory=(-(-kept // INTERVAL), *start.memory.shape),
    )


def _working(start: Start) -> Working:
    return Working((2, *start.memory.shape))


def _last(steps: Steps, working: Working, time: int) -> Start:
    return Start(working.memory[time % 2], steps.weighting[-1], steps.out[-1], steps.cell[-1])


def trace_of(shape: Shape, state: NTMState, start: Start, steps: Steps, items: slice) -> Trace[NTMState, NTMView]:
    """What the steps showed of some sequences of a batch: copies. state: where it started; `start` has its arrays."""
    fields = _fields(shape, start.memory.shape[2])
    chosen = range(steps.out.shape[1])[items]
    rows = np.empty((len(steps.out), len(chosen), sum(math.prod(part) for _, part in fields)), steps.out.dtype)
    for place, item in enumerate(chosen):
        pack_steps(shape, steps, item, place, rows)
    return make_packed_trace(NTMView, fields, rows, state, from_start(shape, first_of(start, items)))


@cache
def _fields(shape: Shape, rows: int) -> Fields:
    """Name and shape of what `pack_steps` puts into a row."""
    reads, writes, words = shape.read_heads, shape.write_heads, shape.word
    heads, controller = reads + writes, shape.layers * shape.units
    cell = (("controller_cell", (controller,)),)
    return (
        ("memory", (rows, words)),
        ("read_weighting", (reads, rows)),
        ("write_weighting", (writes, rows)),
        ("read_vector", (reads, words)),
        ("key", (heads, words)),
        ("key_strength", (heads,)),
        ("gate", (heads,)),
        ("sharpening", (heads,)),
        ("shift", (heads, shape.offsets)),
        ("content_weighting", (heads, rows)),
        ("gated_weighting", (heads, rows)),
        ("shifted_weighting", (heads, rows)),
        ("erase", (writes, words)),
        ("add", (writes, words)),
        ("controller", (controller,)),
        *(cell if shape.is_recurrent else ()),
    )


_NTM = Kind(
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
