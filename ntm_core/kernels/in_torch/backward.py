"""The gradients of `forward`, by hand, from the last step to the first.

A gradient of something is written d_something. Those of the weights are sums over steps and sequences, one product of
large matrices each, once all steps are through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from ntm_core.kernels.given import Parameters, State
from ntm_core.kernels.in_torch.accessing import floor_of, lengths_of
from ntm_core.kernels.in_torch.accessing_backward import (
    Addressed,
    Known,
    Written,
    address_backward,
    known_of,
    read_backward,
    stretch_of,
    write_backward,
)
from ntm_core.kernels.in_torch.controlling import control_backward, slopes_of
from ntm_core.kernels.in_torch.layout import (
    Access,
    Steps,
    Told,
    access_of,
    addressings_of,
    each_step,
    layers_of,
    parted,
    told_of,
)
from ntm_core.kernels.in_torch.weights import joined, swapped
from ntm_core.trace import WriteOrder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntm_core.ntm_config import NTMConfig


class Gradients(NamedTuple):
    """Of what a sequence was run on."""

    inputs: Tensor | None
    """None where it is not wanted."""
    state: State
    weights: Parameters


def gradients(
    config: NTMConfig, steps: Steps, weights: Parameters, d_logits: Tensor | None, d_last: State, wants_inputs: bool
) -> Gradients:
    """weights: those that the steps ran with.   d_logits, d_last: None where nothing depends on it; unchanged."""
    time, batch = steps.gates.shape[:2]
    matrices, told, reads = joined(config, weights), told_of(config, steps), config.read_heads * config.word_size
    d_logits = steps.seen.new_zeros(time, batch, config.outputs) if d_logits is None else d_logits
    # Of what steps leave, reads and then layers; with what they pass on it adds up from the last to the first.
    d_left = torch.cat((steps.seen.new_zeros(1, batch, reads + config.controller_size), d_logits @ matrices.output))
    d_memory, d_weightings, d_cells = _start(config, steps, d_left[-1], d_last)
    d_gates = torch.empty_like(steps.gates)
    d_told = steps.seen.new_empty(time, batch, len(matrices.heads))
    passed_on = matrices.controller[config.inputs :]
    is_sequential = config.write_order is WriteOrder.SEQUENTIAL
    access = access_of(config, steps, told)
    looked_at = (access.found,) if len(steps.turns) == 1 else (access.left, access.found)
    turns = zip(addressings_of(steps, told), looked_at, strict=True)
    each = zip(
        d_left[1:].unbind(0),
        d_left[:-1, :, : len(passed_on)].unbind(0),
        each_step(access),
        zip(*(each_step(known_of(at, memory)) for at, memory in turns), strict=True),
        _slopes_of_told(config, told).unbind(0),
        d_told.unbind(0),
        zip(*(each_step(slopes_of(config, layer)) for layer in layers_of(config, steps)), strict=True),
        d_gates.unbind(0),
        strict=True,
    )
    for d_own, d_before, at_step, known, told_slopes, d_heads, layer_slopes, d_layers in reversed(list(each)):
        d_read = parted(d_own[:, :reads], config.read_heads, config.word_size)
        d_weightings, addressed, written = _access_backward(
            at_step, known, is_sequential, d_read, d_memory, d_weightings
        )
        torch.mul(_joined(addressed, written), told_slopes, out=d_heads)
        d_hidden = torch.addmm(d_own[:, reads:], d_heads, matrices.heads)
        control_backward(config.is_recurrent, matrices, layer_slopes, d_hidden, d_cells, d_layers)
        d_before.addmm_(d_layers.flatten(1), passed_on.mT)
    weighting = torch.cat(d_weightings, dim=1)
    first = State(
        memory=d_memory,
        read_weighting=weighting[:, : config.read_heads],
        write_weighting=weighting[:, config.read_heads :],
        read_vector=parted(d_left[0, :, :reads], config.read_heads, config.word_size),
        controller=d_left[0, :, reads:] if config.is_recurrent else None,
        controller_cell=torch.cat(d_cells, dim=1) if config.is_recurrent else None,
    )
    d_inputs = None
    if wants_inputs:
        d_inputs = d_gates.flatten(2) @ matrices.controller[: config.inputs].mT
    return Gradients(d_inputs, first, _of_weights(config, steps, d_gates, d_told, d_logits))


def _access_backward(
    access: Access,
    known: Sequence[Known],
    is_sequential: bool,
    d_read: Tensor,
    d_memory: Tensor,
    d_weightings: Sequence[Tensor],
) -> tuple[list[Tensor], list[Addressed], Written]:
    """Of all that heads do in one step, from its end.

    d_memory: of the memory that the step left; becomes that of the memory it found.   d_weightings: of each turn.
    Returns those of the weightings it found, what came of each turn, and of the write.
    """
    if len(known) == 1:
        written = write_backward(access, is_sequential, d_memory)
        d_reading = read_backward(access, access.found, d_read, d_memory)
        d_weighting = d_weightings[0] + torch.cat((d_reading, written.weighting), dim=1)
        d_before, addressed = address_backward(known[0], d_weighting, d_memory)
        return [d_before], [addressed], written
    d_readers, d_writers = d_weightings
    d_reading = read_backward(access, access.left, d_read, d_memory)
    d_readers, readers = address_backward(known[0], d_readers + d_reading, d_memory)
    written = write_backward(access, is_sequential, d_memory)
    d_writers, writers = address_backward(known[1], d_writers + written.weighting, d_memory)
    return [d_readers, d_writers], [readers, writers], written


def _joined(addressed: Sequence[Addressed], written: Written) -> Tensor:
    """In the order in which the heads are told: (B, told)."""
    keys, gates, strengths, sharpenings, shifts = zip(*addressed, strict=True)
    parts = (*keys, written.add, written.erase, *gates, *strengths, *sharpenings, *shifts)
    return torch.cat([part.flatten(1) for part in parts], dim=1)


def _slopes_of_told(config: NTMConfig, told: Told) -> Tensor:
    """What the gradients of what the heads are told are multiplied by, up to before it is squashed: (T, B, told)."""
    of_key = (1 - told.key.square()) / lengths_of(told.key, floor_of(told.key)).unsqueeze(-1)
    of_key = of_key * stretch_of(told.gate, told.key_strength)
    parts = (
        of_key.flatten(2),
        (1 - told.add.square()).flatten(2),
        (told.erase * (told.erase - 1)).flatten(2),  # `Written.erase` has the other sign
        told.gate * (1 - told.gate),
        told.gate * softplus_slope(told.key_strength),
        softplus_slope(told.sharpening - 1),
        torch.ones_like(told.shift).flatten(2),
    )
    return torch.cat(parts, dim=2)


def softplus_slope(value: Tensor) -> Tensor:
    """Of ln(1 + e^x) where it has a value; 1 above 20, as in torch."""
    return torch.expm1(-value).neg_().masked_fill_(value > 20, 1.0)


def _start(config: NTMConfig, steps: Steps, d_left: Tensor, d_last: State) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Gradients of the memory, of each turn's weighting and of each layer's cell after the last step: copies.

    d_left: (B, R W + L C), of what the last step left; added to.
    """
    memory, read_weighting, write_weighting, read_vector, controller, cell = d_last
    reads = config.read_heads * config.word_size
    if read_vector is not None:
        d_left[:, :reads] += read_vector.flatten(1)
    if controller is not None:
        d_left[:, reads:] += controller
    d_cell = torch.zeros_like(steps.cell[-1])
    if cell is not None:
        d_cell += parted(cell, *d_cell.shape[1:])
    d_memory = torch.zeros_like(steps.memory[-1])
    if memory is not None:
        d_memory += memory
    d_weightings = [torch.zeros_like(turn.weighting[-1]) for turn in steps.turns]
    if read_weighting is not None:
        d_weightings[0][:, : config.read_heads] += read_weighting
    if write_weighting is not None:
        d_weightings[-1][:, -config.write_heads :] += write_weighting
    return d_memory, d_weightings, [part.contiguous() for part in d_cell.unbind(1)]


def _of_weights(config: NTMConfig, steps: Steps, d_gates: Tensor, d_told: Tensor, d_logits: Tensor) -> Parameters:
    given, units = config.inputs + config.read_heads * config.word_size, config.hidden_size
    found, left = (part.flatten(0, 1) for part in (steps.seen[:-1], steps.seen[1:]))
    d_layers = d_gates.flatten(0, 1).unbind(1)
    d_told, d_logits = d_told.flatten(0, 1), d_logits.flatten(0, 1)
    d_controller = []
    for layer, d_layer in enumerate(d_layers):
        own = given + layer * units
        seen = [found[:, :given]]
        if layer:
            seen.append(left[:, own - units : own])
        if config.is_recurrent:
            seen.append(found[:, own : own + units])
        d_controller.append(torch.cat(seen, dim=1).mT @ d_layer)
    return Parameters(
        tuple(d_controller),
        tuple(d_layer.sum(0) for d_layer in d_layers),
        d_told.mT @ left[:, given:],
        d_told.sum(0),
        swapped(d_logits.mT @ left[:, config.inputs :], config.read_heads * config.word_size),
        d_logits.sum(0),
    )
