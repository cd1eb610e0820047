"""The weights of an NTM as its modules hold them, and laid out for what a step sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntm_core.ntm import NTM
    from ntm_core.ntm_config import NTMConfig


class Weights(NamedTuple):
    """As the modules hold them, or the gradients of them."""

    controller: tuple[Tensor, ...]
    """Of each layer: the rows of inputs, reads, the layer below, and the layer itself a step before."""
    controller_bias: tuple[Tensor, ...]
    heads: Tensor
    heads_bias: Tensor
    output: Tensor
    output_bias: Tensor

    @classmethod
    def of(cls, model: NTM) -> Weights:
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
    def from_flat(cls, flat: Sequence[Tensor]) -> Weights:
        *controller, heads, heads_bias, output, output_bias = flat
        layers = len(controller) // 2
        return cls(tuple(controller[:layers]), tuple(controller[layers:]), heads, heads_bias, output, output_bias)

    @property
    def flat(self) -> tuple[Tensor, ...]:
        return (*self.controller, *self.controller_bias, *self[2:])


class Joined(NamedTuple):
    """For rows of `layout.Steps.seen`; the letters are explained there."""

    controller: Tensor
    """(I + R W + L C, L G): all layers in one product, zeros where a layer sees nothing of another; (I + R W, G) with a
    feed-forward controller"""
    controller_bias: Tensor
    """(L G,)"""
    below: tuple[Tensor, ...]
    """Of each layer but the lowest, what it sees of the one below: (C, G)"""
    heads: Tensor
    """(told, L C)"""
    heads_bias: Tensor
    output: Tensor
    """(outputs, R W + L C)"""
    output_bias: Tensor


def joined(config: NTMConfig, weights: Weights) -> Joined:
    """No copies but of the output's, and of the controller's where it has several layers."""
    given, units = config.inputs + config.read_heads * config.word_size, config.hidden_size
    each = [weight.detach() for weight in weights.controller]
    controller = each[0]
    if len(each) > 1:
        controller = controller.new_zeros(given + len(each) * units, len(each), 4 * units)
        for layer, weight in enumerate(each):
            own = given + layer * units
            controller[:given, layer] = weight[:given]
            controller[own : own + units, layer] = weight[-units:]
        controller = controller.flatten(1)
    heads, heads_bias, output, output_bias = (each.detach() for each in weights[2:])
    return Joined(
        controller,
        torch.cat([bias.detach() for bias in weights.controller_bias]),
        tuple(weight[given : given + units] for weight in each[1:]),
        heads,
        heads_bias,
        swapped(output, config.controller_size),
        output_bias,
    )


def swapped(matrix: Tensor, columns: int) -> Tensor:
    """A matrix with its first columns behind the others; a copy."""
    return torch.cat((matrix[:, columns:], matrix[:, :columns]), dim=1)
