"""The NTM over a whole sequence as one function with a gradient: what `ntm_core.kernels` takes."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ntm_core.kernels.given import Parameters, State
from ntm_core.kernels.in_torch.graphs import passes_for
from ntm_core.kernels.in_torch.passes import Plain
from ntm_core.kernels.in_torch.traced import trace_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ntm_core.kernels.in_torch.layout import Steps
    from ntm_core.kernels.in_torch.passes import Passes
    from ntm_core.network import Trace
    from ntm_core.ntm import NTM, NTMState, NTMView
    from ntm_core.ntm_config import NTMConfig

PIECE = 16
"""Steps that have room at a time where nobody needs them afterwards."""


class NTMSequence(torch.autograd.Function):
    """Logits and the last state of a whole sequence."""

    @staticmethod
    def forward(ctx: Any, passes: Passes, keep: Callable[[Steps], None], inputs: Tensor, *tensors: Any) -> Any:
        """keep: called with all that was computed.   tensors: a State, then Parameters."""
        count = len(State._fields)
        state, weights = State(*tensors[:count]), Parameters.from_flat(tensors[count:])
        logits, last, steps = passes.forward(inputs, state, weights)
        keep(steps)
        ctx.save_for_backward(*weights.flat)
        ctx.set_materialize_grads(False)
        ctx.passes, ctx.steps = passes, steps
        return logits, *last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_logits: Tensor | None, *d_last: Tensor | None) -> Any:
        weights = Parameters.from_flat(ctx.saved_tensors)  # raises where one was changed meanwhile
        inputs, state, found = ctx.passes.backward(ctx.steps, weights, d_logits, State(*d_last))
        return None, None, inputs, *state, *found.flat


_apply: Callable[..., Any] = NTMSequence.apply


def run_ntm(
    model: NTM, sequence: Tensor, state: NTMState, trace: bool, items: slice
) -> tuple[Tensor, NTMState, Trace[NTMState, NTMView] | None]:
    """`NTM.forward` in torch's operations."""
    config, given, weights = model.config, State(*state[: len(State._fields)]), Parameters.of(model)
    tensors = (*given, *weights.flat)
    is_learning = torch.is_grad_enabled() and any(
        tensor is not None and tensor.requires_grad for tensor in (sequence, *tensors)
    )
    with _in_own_type(sequence.device):
        if not is_learning and not trace:
            logits, last = _in_pieces(config, sequence, given, weights)
            return logits, state._replace(**last._asdict()), None
        passes = passes_for(Plain(config, is_learning, sequence.requires_grad), sequence, given, weights)
        if is_learning:
            kept: list[Steps] = []
            logits, *parts = _apply(passes, kept.append, sequence, *tensors)
            last, (steps,) = State(*parts), kept
        else:
            logits, last, steps = passes.forward(sequence, given, weights)
        return logits, state._replace(**last._asdict()), trace_of(config, state, steps, items) if trace else None


def _in_pieces(config: NTMConfig, sequence: Tensor, state: State, weights: Parameters) -> tuple[Tensor, State]:
    """Logits and the last state, where nobody needs the steps: each piece has the room that the one before had."""
    plain, each = Plain(config, False, False), []
    for piece in torch.split(sequence, PIECE):
        logits, state, _ = passes_for(plain, piece, state, weights).forward(piece, state, weights)
        each.append(logits)
    return torch.cat(each), state


def _in_own_type(device: torch.device) -> AbstractContextManager[Any]:
    """Keeps numbers in their type where a caller lets torch choose another."""
    kind = device.type
    is_cast = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    return torch.autocast(kind, enabled=False) if is_cast else nullcontext()
