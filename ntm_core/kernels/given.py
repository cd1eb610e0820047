"""What kernels of either kind are given: the weights of a network, and the state of a plain NTM. Needs no numba."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


class Parameters(NamedTuple):
    """The weights of a network as its modules hold them, or the gradients of them."""

    controller: tuple[Tensor, ...]
    """Of each layer (inputs and what else it sees, what it computes)."""
    controller_bias: tuple[Tensor, ...]
    heads: Tensor
    heads_bias: Tensor
    output: Tensor
    output_bias: Tensor

    @classmethod
    def of(cls, model: Any, heads: str = "heads") -> Parameters:
        """heads: the name of the module that tells the heads."""
        controller, told = model.controller, getattr(model, heads)
        layers = getattr(controller, "layers", (controller,))
        return cls(
            tuple(layer.weight for layer in layers),
            tuple(layer.bias for layer in layers),
            told.weight,
            told.bias,
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


class State(NamedTuple):
    """What `ntm.NTMState` has of a plain NTM, or the gradient of it; None for what is not there."""

    memory: Tensor | None
    read_weighting: Tensor | None
    write_weighting: Tensor | None
    read_vector: Tensor | None
    controller: Tensor | None
    controller_cell: Tensor | None
