"""Between the tensors of an NTM and the arrays of its kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from ntm_core.kernels.layout import Shape, Start, Weights
from ntm_core.trace import Order, WriteOrder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntm_core.ntm import NTM
    from ntm_core.ntm_config import NTMConfig


class Parameters(NamedTuple):
    """The weights of an NTM as its modules hold them."""

    controller: tuple[Tensor, ...]
    """Of each layer (inputs and what else it sees, what it computes)."""
    controller_bias: tuple[Tensor, ...]
    heads: Tensor
    heads_bias: Tensor
    output: Tensor
    output_bias: Tensor

    @classmethod
    def of(cls, model: NTM) -> Parameters:
        controller: Any = model.controller
        layers = getattr(controller, "layers", (controller,))
        return cls(
            tuple(layer.weight for layer in layers),
            tuple(layer.bias for layer in layers),
            model.heads.weight,
            model.heads.bias,
            model.output.weight,
            model.output.bias,
        )

    @classmethod
    def from_flat(cls, flat: Sequence[Tensor]) -> Parameters:
        *controller, heads, heads_bias, output, output_bias = flat
        layers = len(controller) // 2
        return cls(tuple(controller[:layers]), tuple(controller[layers:]), heads, heads_bias, output, output_bias)

    @property
    def flat(self) -> tuple[Tensor, ...]:
        return (*self.controller, *self.controller_bias, *self[2:])


def shape_of(config: NTMConfig) -> Shape:
    """The sizes that the kernels go by."""
    return Shape(
        inputs=config.inputs,
        layers=config.layers,
        units=config.hidden_size,
        is_recurrent=config.is_recurrent,
        read_heads=config.read_heads,
        write_heads=config.write_heads,
        word=config.word_size,
        offsets=config.offsets,
        reads_first=config.order is Order.READ_FIRST,
        is_sequential=config.write_order is WriteOrder.SEQUENTIAL,
    )


def arrays(bundle: Any) -> Any:
    """The same bundle with a NumPy array for each tensor, on the same memory."""
    return type(bundle)(*(tensor.numpy() for tensor in bundle))


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


class State(NamedTuple):
    """What `ntm.NTMState` has of a plain NTM, or the gradient of it; None for what is not there."""

    memory: Any
    read_weighting: Any
    write_weighting: Any
    read_vector: Any
    controller: Any
    controller_cell: Any


def to_start(shape: Shape, state: State) -> Start:
    """As the kernels want it: a copy."""
    detached: list[Any] = [None if each is None else each.detach() for each in state]
    memory, read_weighting, write_weighting, read_vector, hidden, cell = detached
    batch = len(memory)
    if hidden is None:
        hidden = memory.new_zeros(batch, shape.units)
    if cell is None:
        cell = memory.new_empty(batch, 0)
    return Start(
        memory=memory.mT.contiguous(),
        weighting=torch.cat((read_weighting, write_weighting), dim=1),
        out=torch.cat((hidden, read_vector.flatten(1)), dim=1),
        cell=cell.reshape(batch, shape.layers, -1).transpose(0, 1).contiguous(),
    )


def from_start(shape: Shape, start: Start) -> State:
    batch = start.out.shape[0]
    controller = shape.layers * shape.units
    hidden, read_vector = start.out[:, :controller], start.out[:, controller:]
    return State(
        memory=start.memory.mT,
        read_weighting=start.weighting[:, : shape.read_heads],
        write_weighting=start.weighting[:, shape.read_heads :],
        read_vector=read_vector.reshape(batch, shape.read_heads, shape.word),
        controller=hidden if shape.is_recurrent else None,
        controller_cell=start.cell.transpose(0, 1).reshape(batch, -1) if shape.is_recurrent else None,
    )
