"""The weights of an NTM laid out for what a step sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from ntm_core.kernels.given import Parameters
    from ntm_core.ntm_config import NTMConfig


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


def joined(config: NTMConfig, weights: Parameters) -> Joined:
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
