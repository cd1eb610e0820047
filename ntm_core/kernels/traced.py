"""The trace of a sequence from what its backward pass needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ntm_core.kernels.ntm_forward import memories
from ntm_core.kernels.tensors import arrays
from ntm_core.network import Trace, mapped
from ntm_core.ntm import NTMState, NTMView

if TYPE_CHECKING:
    from ntm_core.kernels.layout import Shape, Steps


def trace_of(shape: Shape, state: NTMState, steps: Steps, items: slice) -> Trace[NTMState, NTMView]:
    """What the steps showed of some sequences of a batch, copied from what the backward pass needs."""
    with torch.no_grad():
        first = mapped(state, lambda tensor: tensor.detach()[items].clone())
        out, told = steps.out[:, items].clone(), steps.told[:, items].clone()
        weighting = steps.weighting[:, items].clone()
        time, count = out.shape[:2]
        memory = out.new_empty(count, time, *steps.memory.shape[2:])
        residuals = arrays(steps)
        for to, item in zip(memory.numpy(), range(steps.out.shape[1])[items], strict=True):
            memories(shape, residuals, item, to)
        heads = shape.read_heads + shape.write_heads
        words, writes = shape.word, shape.write_heads
        sizes = (heads * words, writes * words, writes * words, heads, heads, heads, heads * shape.offsets)
        parts = told[..., : sum(sizes)].split(sizes, dim=-1)
        key, add, erase, gate, key_strength, sharpening, shift = parts
        controller = out[..., : shape.layers * shape.units]
        view = NTMView(
            memory=memory.permute(1, 0, 3, 2),
            read_weighting=weighting[:, :, : shape.read_heads],
            write_weighting=weighting[:, :, shape.read_heads :],
            read_vector=out[..., shape.layers * shape.units :].unflatten(-1, (-1, words)),
            controller=controller,
            controller_cell=(
                steps.cell[:, :, items].transpose(1, 2).flatten(2).clone() if shape.is_recurrent else None
            ),
            recall_count=None,
            recall_trace=None,
            association=None,
            spread=None,
            key=key.unflatten(-1, (-1, words)),
            key_strength=key_strength,
            gate=gate,
            shift=shift.unflatten(-1, (heads, -1)),
            sharpening=sharpening,
            lookup_mask=None,
            router=None,
            content_weighting=steps.content[:, items].clone(),
            gated_weighting=steps.gated[:, items].clone(),
            shifted_weighting=steps.shifted[:, items].clone(),
            erase=erase.unflatten(-1, (-1, words)),
            add=add.unflatten(-1, (-1, words)),
        )
    return Trace(first, view)
