"""An NTM without any extension, one straight line of torch: what the network must be to the bit when all are off.

Squashings are called over the same neighbours as in the network: torch rounds exp and its kin by a value's place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn.functional import softplus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class PlainState(NamedTuple):
    memory: Tensor
    read_weighting: Tensor
    write_weighting: Tensor
    read_vector: Tensor
    hidden: Tensor
    cell: Tensor


def first(weights: Mapping[str, Tensor], batch: int, read_heads: int, locations: int) -> PlainState:
    """Constant memory; all else learned."""
    weighting = weights["first_weighting"].softmax(-1).repeat(batch, 1, 1)
    word = weights["first_read"].shape[1]
    return PlainState(
        weighting.new_full((batch, locations, word), 1e-6),
        weighting[:, :read_heads],
        weighting[:, read_heads:],
        weights["first_read"].repeat(batch, 1, 1),
        weights["controller.first_hidden"].repeat(batch, 1),
        weights["controller.first_cell"].repeat(batch, 1),
    )


def step(
    weights: Mapping[str, Tensor], x: Tensor, state: PlainState, shift_range: int, writes_first: bool
) -> tuple[Tensor, PlainState]:
    """weights: by the names of the model's parameters."""
    batch, reads, word = state.read_vector.shape
    writes, units = state.write_weighting.shape[1], state.hidden.shape[1]
    heads, offsets = reads + writes, 2 * shift_range + 1

    seen = torch.cat((x, state.read_vector.reshape(batch, -1), state.hidden), 1)
    gates = torch.addmm(weights["controller.bias"], seen, weights["controller.weight"])
    opened = gates[:, : 3 * units].sigmoid()
    i, f, o = opened[:, :units], opened[:, units : 2 * units], opened[:, 2 * units :]
    cell = f * state.cell + i * gates[:, 3 * units :].tanh()
    hidden = o * cell.tanh()

    told = torch.addmm(weights["heads.bias"], hidden, weights["heads.weight"].T)
    ends = torch.tensor([heads * word + writes * word, writes * word + heads, 2 * heads]).cumsum(0).tolist()
    signed = told[:, : ends[0]].tanh()
    shares = told[:, ends[0] : ends[1]].sigmoid()
    positive = softplus(told[:, ends[1] : ends[2]])
    kernel = told[:, ends[2] :].reshape(batch, heads, offsets).softmax(-1)
    key = signed[:, : heads * word].reshape(batch, heads, word)
    add = signed[:, heads * word :].reshape(batch, writes, word)
    erase, gate = shares[:, : writes * word].reshape(batch, writes, word), shares[:, writes * word :]
    beta, gamma = positive[:, :heads], 1 + positive[:, heads:]

    def found(memory: Tensor, previous: Tensor, at: slice) -> Tensor:
        k, b = key[:, at], beta[:, at]
        dot = (k * (b * ((k * k).sum(-1) + 1e-6).rsqrt())[..., None]) @ memory.transpose(1, 2)
        content = (dot * ((memory * memory).sum(-1) + 1e-6).rsqrt()[:, None]).softmax(-1)
        focus = torch.lerp(previous, content, gate[:, at, None])
        moved = focus * kernel[:, at, shift_range, None]
        for by in range(1, shift_range + 1):
            moved = moved + torch.roll(focus, by, -1) * kernel[:, at, shift_range + by, None]
            moved = moved + torch.roll(focus, -by, -1) * kernel[:, at, shift_range - by, None]
        return (moved.clamp(min=1e-20).log() * gamma[:, at, None]).softmax(-1)

    def written(weighting: Tensor) -> Tensor:
        memory = state.memory
        for head in range(writes):
            memory = memory * (1 - weighting[:, head, :, None] * erase[:, head, None])
        return memory + weighting.transpose(1, 2) @ add

    if writes_first:
        write_weighting = found(state.memory, state.write_weighting, slice(reads, None))
        memory = read_from = written(write_weighting)
        read_weighting = found(memory, state.read_weighting, slice(reads))
    else:
        read_from = state.memory
        previous = torch.cat((state.read_weighting, state.write_weighting), 1)
        weighting = found(read_from, previous, slice(None))
        read_weighting, write_weighting = weighting[:, :reads], weighting[:, reads:]
        memory = written(write_weighting)
    read = (read_weighting[..., None] * read_from[:, None]).sum(2)
    shown = torch.cat((hidden, read.reshape(batch, -1)), 1)
    logits = torch.addmm(weights["output.bias"], shown, weights["output.weight"].T)
    return logits, PlainState(memory, read_weighting, write_weighting, read, hidden, cell)
