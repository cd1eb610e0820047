"""Both passes over a sequence, as one thing that can be had in more than one way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ntm_core.kernels.in_torch.backward import gradients
from ntm_core.kernels.in_torch.forward import run

if TYPE_CHECKING:
    from torch import Tensor

    from ntm_core.kernels.given import Parameters, State
    from ntm_core.kernels.in_torch.backward import Gradients
    from ntm_core.kernels.in_torch.forward import Ran
    from ntm_core.kernels.in_torch.layout import Steps
    from ntm_core.ntm_config import NTMConfig


class Passes(Protocol):
    """Forward, and then, if wanted, backward over the steps of that. But for the steps, results are copies."""

    def forward(self, inputs: Tensor, state: State, weights: Parameters) -> Ran: ...

    def backward(self, steps: Steps, weights: Parameters, d_logits: Tensor | None, d_last: State) -> Gradients:
        """None for a gradient where nothing depends on a part."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """Operation by operation, whenever they are asked for."""

    config: NTMConfig
    is_learning: bool
    """Whether there will be a backward pass."""
    wants_inputs: bool
    """Whether that is to give the gradient of the inputs."""

    def forward(self, inputs: Tensor, state: State, weights: Parameters) -> Ran:
        return run(self.config, inputs, state, weights)

    def backward(self, steps: Steps, weights: Parameters, d_logits: Tensor | None, d_last: State) -> Gradients:
        return gradients(self.config, steps, weights, d_logits, d_last, self.wants_inputs)
