"""Between the tensors of a network and the arrays of its kernels: what all kinds of networks share."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ntm_core.kernels.layout import Weights
from ntm_core.kernels.memory import lend

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ntm_core.kernels.given import Parameters

_KINDS: Mapping[torch.dtype, np.dtype[Any]] = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}
_APART = 16
"""Arrays begin at a multiple of so many numbers, where products of large matrices expect them to."""


def arrays(bundle: Any) -> Any:
    """The same bundle with a NumPy array for each tensor, on the same memory."""
    return type(bundle)(*(tensor.numpy() for tensor in bundle))


def tensors(bundle: Any) -> Any:
    """The same bundle with a tensor for each NumPy array, on the same memory."""
    return type(bundle)(*(torch.from_numpy(array) for array in bundle))


def room(like: Tensor, *shapes: tuple[int, ...]) -> list[Any]:
    """New NumPy arrays of a tensor's type, cut from one piece of memory, which is far quicker to get than many."""
    sizes = [math.prod(shape) for shape in shapes]
    ends = list(accumulate(-(-size // _APART) * _APART for size in sizes))
    joined = lend(ends[-1], _KINDS[like.dtype])
    starts = (0, *ends[:-1])
    return [
        joined[start : start + size].reshape(shape) for start, size, shape in zip(starts, sizes, shapes, strict=True)
    ]


def weights_of(parameters: Parameters) -> Weights:
    """As the kernels want them: no copy, but for the controller's where it has several layers."""
    heads, heads_bias, output, output_bias = (each.detach().contiguous() for each in parameters[2:])
    controller, bias = stacked(parameters.controller), stacked(parameters.controller_bias)
    return Weights(controller, bias, heads, heads_bias, output, output_bias)


def stacked(layers: Sequence[Tensor]) -> Tensor:
    """One tensor of all layers, filled up with zeros."""
    if len(layers) == 1:
        return layers[0].detach().contiguous().unsqueeze(0)
    most = max(len(layer) for layer in layers)
    stacked = layers[0].new_zeros(len(layers), most, *layers[0].shape[1:])
    for to, layer in zip(stacked, layers, strict=True):
        to[: len(layer)] = layer.detach()
    return stacked


def controller_sizes(config: Any) -> dict[str, Any]:
    """What the Shape of every network has of its config."""
    return {
        "inputs": config.inputs,
        "layers": config.layers,
        "units": config.hidden_size,
        "is_recurrent": config.is_recurrent,
        "read_heads": config.read_heads,
        "word": config.word_size,
    }


def copied(tensor: Tensor) -> Tensor:
    """A copy of its own, contiguous."""
    return tensor.clone(memory_format=torch.contiguous_format)


def controller_start(
    shape: Any, like: Tensor, hidden: Tensor | None, cell: Tensor | None, read_vector: Tensor
) -> dict[str, Tensor]:
    """`out` and `cell` of a Start, new. like: any tensor of the state, batch first.   hidden, cell: None without."""
    batch = len(like)
    hidden = like.new_zeros(batch, shape.units) if hidden is None else hidden
    cell = like.new_empty(batch, 0) if cell is None else cell
    return {
        "out": torch.cat((hidden, read_vector.flatten(1)), dim=1),
        "cell": copied(cell.reshape(batch, shape.layers, -1).transpose(0, 1)),
    }


def controller_state(shape: Any, start: Any) -> dict[str, Tensor | None]:
    """Of a state, by name: the controller's part and the reads, from a Start of tensors; views."""
    batch, controller = start.out.shape[0], shape.layers * shape.units
    hidden, read_vector = start.out[:, :controller], start.out[:, controller:]
    return {
        "read_vector": read_vector.reshape(batch, shape.read_heads, shape.word),
        "controller": hidden if shape.is_recurrent else None,
        "controller_cell": start.cell.transpose(0, 1).reshape(batch, -1) if shape.is_recurrent else None,
    }


def detached(state: Any) -> Any:
    """The same bundle without a graph of gradients behind it."""
    return type(state)(*(None if each is None else each.detach() for each in state))
