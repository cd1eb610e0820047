"""The NTM over a whole sequence, forward: `ntm_core.ntm.NTM.step` as often as the sequence has steps.

Nothing is joined over time: at batch 1 a sequence that runs in parts gives the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ntm_core.kernels.given import State
from ntm_core.kernels.in_torch.accessing import address, floor_of, lengths_of, read, write
from ntm_core.kernels.in_torch.controlling import apart, control
from ntm_core.kernels.in_torch.layout import (
    Steps,
    access_of,
    addressings_of,
    each_step,
    layers_of,
    parted,
    room,
    told_of,
)
from ntm_core.kernels.in_torch.weights import joined
from ntm_core.trace import WriteOrder

if TYPE_CHECKING:
    from ntm_core.kernels.given import Parameters
    from ntm_core.kernels.in_torch.weights import Joined
    from ntm_core.ntm_config import NTMConfig


class Ran(NamedTuple):
    """What a sequence came to."""

    logits: Tensor
    """(T, B, outputs)"""
    last: State
    """Copies: what is given out may be changed by whoever gets it."""
    steps: Steps


def run(config: NTMConfig, inputs: Tensor, state: State, weights: Parameters) -> Ran:
    """inputs: (T, B, I).   state: where to start."""
    time, batch, _ = inputs.shape
    steps, matrices = room(config, time, batch, inputs), joined(config, weights)
    _start(config, steps, inputs, state)
    told = told_of(config, steps)
    is_sequential = config.write_order is WriteOrder.SEQUENTIAL
    logits = inputs.new_empty(time, batch, config.outputs)
    floor = floor_of(inputs)
    lengths = lengths_of(steps.memory[0], floor)
    left = steps.seen[1:, :, config.inputs :]
    for seen, gates, hidden, after, heads, logit, access, layers, turns in zip(
        steps.seen[:-1, :, : len(matrices.controller)].unbind(0),
        steps.gates.flatten(2).unbind(0),
        left[:, :, -config.controller_size :].unbind(0),
        left.unbind(0),
        each_step(_Heads(steps.signed, steps.opened, steps.positive, told.sharpening, steps.shift)),
        logits.unbind(0),
        each_step(access_of(config, steps, told)),
        zip(*map(each_step, layers_of(config, steps)), strict=True),
        zip(*map(each_step, addressings_of(steps, told)), strict=True),
        strict=True,
    ):
        control(config.is_recurrent, matrices, seen, gates, layers)
        _tell(matrices, hidden, heads)
        if len(turns) == 1:
            address(access.found, lengths, floor, turns[0])
            read(access.found, access)
            write(access, is_sequential)
            lengths = lengths_of(access.left, floor)
        else:
            readers, writers = turns
            address(access.found, lengths, floor, writers)
            write(access, is_sequential)
            lengths = lengths_of(access.left, floor)
            address(access.left, lengths, floor, readers)
            read(access.left, access)
        torch.addmm(matrices.output_bias, apart(after), matrices.output.mT, out=logit)
    return Ran(logits, _last(config, steps), steps)


class _Heads(NamedTuple):
    """What the heads are told, as it is squashed."""

    signed: Tensor
    opened: Tensor
    positive: Tensor
    sharpening: Tensor
    """A view of the one before."""
    shift: Tensor


def _tell(matrices: Joined, hidden: Tensor, heads: _Heads) -> None:
    """Fills in what a step's heads are told. hidden: (B, L C)."""
    sizes = (
        heads.signed.shape[1],
        heads.opened.shape[1],
        heads.positive.shape[1],
        heads.shift.shape[1] * heads.shift.shape[2],
    )
    told = torch.addmm(matrices.heads_bias, apart(hidden), matrices.heads.mT)
    signed, opened, positive, shift = told.split_with_sizes(sizes, dim=1)
    torch.tanh(signed, out=heads.signed)
    torch.sigmoid(opened, out=heads.opened)
    heads.positive.copy_(functional.softplus(positive))
    heads.sharpening.add_(1)
    torch.softmax(parted(shift, *heads.shift.shape[1:]), -1, out=heads.shift)


def _start(config: NTMConfig, steps: Steps, inputs: Tensor, state: State) -> None:
    """Fills in where a sequence starts, and its inputs."""
    memory, read_weighting, write_weighting, read_vector, controller, cell = state
    assert memory is not None and read_weighting is not None and write_weighting is not None and read_vector is not None
    steps.seen[:-1, :, : config.inputs] = inputs
    steps.seen[0, :, config.inputs : -config.controller_size] = read_vector.flatten(1)
    steps.memory[0] = memory
    if controller is not None and cell is not None:
        steps.seen[0, :, -config.controller_size :] = controller
        steps.cell[0] = parted(cell, *steps.cell.shape[2:])
    weightings = (read_weighting, write_weighting)
    for turn, first in zip(
        steps.turns, (torch.cat(weightings, dim=1),) if len(steps.turns) == 1 else weightings, strict=True
    ):
        turn.weighting[0] = first


def _last(config: NTMConfig, steps: Steps) -> State:
    weighting = torch.cat([turn.weighting[-1] for turn in steps.turns], dim=1)
    read_vector = steps.seen[-1, :, config.inputs : -config.controller_size]
    return State(
        memory=steps.memory[-1].clone(),
        read_weighting=weighting[:, : config.read_heads],
        write_weighting=weighting[:, config.read_heads :],
        read_vector=parted(read_vector, config.read_heads, config.word_size).clone(),
        controller=steps.seen[-1, :, -config.controller_size :].clone() if config.is_recurrent else None,
        controller_cell=steps.cell[-1].flatten(1).clone() if config.is_recurrent else None,
    )
