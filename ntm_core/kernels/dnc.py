"""The DNC over a whole sequence by its kernels: its sizes, its state and its trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from ntm_core.dnc import DNCView
from ntm_core.kernels.dnc_backward import backward
from ntm_core.kernels.dnc_forward import forward, recalled
from ntm_core.kernels.dnc_layout import Shape, Start, Steps, Working
from ntm_core.kernels.layout import INTERVAL
from ntm_core.kernels.running import Kind, run_network
from ntm_core.kernels.tensors import controller_sizes, controller_start, controller_state, copied, detached
from ntm_core.kernels.traced import cut, first_of, make_trace, parts_of, shown_of_controller

if TYPE_CHECKING:
    from torch import Tensor

    from ntm_core.dnc import DNC, DNCState
    from ntm_core.dnc_config import DNCConfig
    from ntm_core.network import Trace
    from ntm_core.trace import Array


class State(NamedTuple):
    """What `dnc.DNCState` has of a plain DNC, or the gradient of it; None for what is not there."""

    memory: Any
    read_weighting: Any
    write_weighting: Any
    read_vector: Any
    usage: Any
    precedence: Any
    links: Any
    controller: Any
    controller_cell: Any


def run_dnc(
    model: DNC, sequence: Tensor, state: DNCState, trace: bool, items: slice
) -> tuple[Tensor, DNCState, Trace[DNCState, DNCView] | None]:
    """`DNC.forward` by the kernels."""
    return run_network(_DNC, model, sequence, state, trace, items)


def shape_of(config: DNCConfig) -> Shape:
    """The sizes that the kernels go by."""
    return Shape(**controller_sizes(config))


def to_start(shape: Shape, state: State) -> Start:
    """As the kernels want it: a copy."""
    plain = detached(state)
    return Start(
        memory=copied(plain.memory.mT),
        weighting=torch.cat((plain.read_weighting, plain.write_weighting), dim=1),
        **controller_start(shape, plain.memory, plain.controller, plain.controller_cell, plain.read_vector),
        usage=copied(plain.usage),
        precedence=copied(plain.precedence),
        links=copied(plain.links),
    )


def from_start(shape: Shape, start: Start) -> State:
    """Views of it."""
    return State(
        memory=start.memory.mT,
        read_weighting=start.weighting[:, : shape.read_heads],
        write_weighting=start.weighting[:, shape.read_heads :],
        usage=start.usage,
        precedence=start.precedence,
        links=start.links,
        **controller_state(shape, start),
    )


def _sizes(start: Start, kept: int) -> Steps:
    batch, heads, rows = start.weighting.shape
    none, weighting, reads, row = (), (kept, batch, heads, rows), (kept, batch, heads - 1, rows), (kept, batch, rows)
    segments = -(-kept // INTERVAL)
    return Steps(
        *(none, none, none, none, none),
        content=weighting,
        weighting=weighting,
        backward=reads,
        forward=reads,
        usage=row,
        allocation=row,
        precedence=row,
        memory=(segments, *start.memory.shape),
        links=(segments, *start.links.shape),
    )


def _working(start: Start) -> Working:
    return Working((2, *start.memory.shape), (2, *start.links.shape))


def _last(steps: Steps, working: Working, time: int) -> Start:
    return Start(
        memory=working.memory[time % 2],
        weighting=steps.weighting[-1],
        out=steps.out[-1],
        cell=steps.cell[-1],
        usage=steps.usage[-1],
        precedence=steps.precedence[-1],
        links=working.links[time % 2],
    )


def trace_of(shape: Shape, state: DNCState, start: Start, steps: Steps, items: slice) -> Trace[DNCState, DNCView]:
    """What the steps showed of some sequences of a batch: copies. state: where it started; `start` has its arrays."""
    told, weighting, reads, words = cut(steps.told, items), cut(steps.weighting, items), shape.read_heads, shape.word
    (time, count), rows = told.shape[:2], start.usage.shape[1]
    memory, links = np.empty((time, count, rows, words), told.dtype), np.empty((time, count, rows, rows), told.dtype)
    for place, item in enumerate(range(steps.out.shape[1])[items]):
        recalled(shape, start, steps, item, place, memory, links)
    parts = parts_of(
        told,
        {
            "key": (reads + 1, words),
            "add": (1, words),
            "erase": (1, words),
            "free_gate": (reads,),
            "allocation_gate": (1,),
            "write_gate": (1,),
            "key_strength": (reads + 1,),
            "backward_mode": (reads,),
            "content_mode": (reads,),
            "forward_mode": (reads,),
        },
    )
    first = first_of(start, items)
    shown = {
        **parts,
        **shown_of_controller(shape, steps, items),
        "memory": memory,
        "links": links,
        "read_weighting": weighting[:, :, :reads],
        "write_weighting": weighting[:, :, reads:],
        "usage": cut(steps.usage, items),
        "precedence": cut(steps.precedence, items),
        "retention": _retained(parts["free_gate"], first.weighting.numpy()[:, :reads], weighting[:, :, :reads]),
        "allocation": cut(steps.allocation, items),
        "content_weighting": cut(steps.content, items),
        "backward_weighting": cut(steps.backward, items),
        "forward_weighting": cut(steps.forward, items),
    }
    return make_trace(DNCView, shown, state, from_start(shape, first))


def _retained(free_gate: Array, first: Array, reads: Array) -> Array:
    """What the free gates left of each row: (time, count, N). first, reads: where heads read, then all."""
    before = np.concatenate((first[None], reads[:-1]))
    kept: Array = (1 - free_gate[..., None] * before).prod(2)
    return kept


_DNC = Kind(
    state=State,
    heads="interface",
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
