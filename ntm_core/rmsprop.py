"""RMSProp over one vector that joins all parameters: a few operations an update, whatever the number of parameters.

A network with a dozen small parameters spends several times as long in torch's own optimiser and clipping as it does in
a kernel of its own. The numbers are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ntm_core import kernels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.network import MemoryNetwork

EPSILON = 1e-8
"""Added to the root of a mean square."""
TINY = 1e-6
"""Added to a norm that is divided by."""


class RMSProp:
    """RMSProp with momentum, as `torch.optim.RMSprop` after `torch.nn.utils.clip_grad_norm_`.

    What it keeps of each parameter, the mean square of its gradients and the momentum, goes out and in by the
    parameter's name. Where a compiled kernel runs the network, one does the update too.
    """

    def __init__(self, model: MemoryNetwork[Any, Any], *, alpha: float, momentum: float) -> None:
        named = dict(model.named_parameters())
        self._names, self._parameters = tuple(named), list[Tensor](named.values())
        self._sizes = [parameter.numel() for parameter in self._parameters]
        self._alpha, self._momentum = alpha, momentum
        self._updates = 0
        like = self._parameters[0] if self._parameters else torch.empty(0)  # a network worked by hand has none
        self._square = like.new_zeros(sum(self._sizes))
        self._gradient, self._velocity = torch.zeros_like(self._square), torch.zeros_like(self._square)
        self._gradients, self._squares, self._velocities = (
            self._parts(joined) for joined in (self._gradient, self._square, self._velocity)
        )
        self._advance = kernels.update_of(model, self._square.device) or _advance

    def forget_gradient(self) -> None:
        """Let no parameter have a gradient: the next one is not added to it."""
        for parameter in self._parameters:
            parameter.grad = None

    def join_gradient(self) -> Tensor:
        """The gradient of all parameters in one vector, zeros for those that have none; theirs become its parts.

        The same vector at every call.
        """
        filled, gradients = [], []
        for parameter, part in zip(self._parameters, self._gradients, strict=True):
            if parameter.grad is None:
                part.zero_()
            else:
                filled.append(part)
                gradients.append(parameter.grad)
            parameter.grad = part
        if filled:
            torch._foreach_copy_(filled, gradients)
        return self._gradient

    def update(self, gradient: Tensor, norm: float, *, clip_norm: float, learning_rate: float) -> None:
        """Change the parameters by a gradient, which is scaled down to `clip_norm` where its norm is greater."""
        with torch.no_grad():
            scale = min(clip_norm / (norm + TINY), 1.0)
            self._advance(gradient, self._square, self._velocity, scale, self._alpha, self._momentum, EPSILON)
            torch._foreach_add_(self._parameters, self._velocities, alpha=-learning_rate)
        self._updates += 1

    def state(self) -> dict[str, Tensor]:
        """What it keeps, named as in `TrainingState.optimizer`; nothing before the first update."""
        if not self._updates:
            return {}
        kinds = {"square_avg": self._squares}
        if self._momentum:
            kinds["momentum_buffer"] = self._velocities
        kept = {
            f"{kind}.{name}": part.clone()
            for kind, parts in kinds.items()
            for name, part in zip(self._names, parts, strict=True)
        }
        return kept | {f"step.{name}": torch.tensor(float(self._updates)) for name in self._names}

    def restore(self, kept: Mapping[int, Mapping[str, Tensor]]) -> None:
        """Go on from what another one kept: `training_state.by_parameter`."""
        self._square.zero_()
        self._velocity.zero_()
        self._updates = max((int(each["step"]) for each in kept.values()), default=0)
        for place, each in kept.items():
            self._squares[place].copy_(each["square_avg"])
            if self._momentum:
                self._velocities[place].copy_(each["momentum_buffer"])

    def _parts(self, joined: Tensor) -> list[Tensor]:
        """The part of each parameter, in its shape."""
        parts = joined.split_with_sizes(self._sizes)
        return [part.view_as(parameter) for part, parameter in zip(parts, self._parameters, strict=True)]


def _advance(
    gradient: Tensor, square: Tensor, velocity: Tensor, scale: float, alpha: float, momentum: float, epsilon: float
) -> None:
    """See `kernels.Advance`."""
    gradient.mul_(scale)
    square.mul_(alpha).addcmul_(gradient, gradient, value=1 - alpha)
    velocity.mul_(momentum).addcdiv_(gradient, square.sqrt().add_(epsilon))
