"""The NTM over a whole sequence as one function with a gradient: the kernels, called with tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ntm_core.kernels import threads
from ntm_core.kernels.layout import EVEN, INTERVAL, Shape, Start, Steps, Weights
from ntm_core.kernels.ntm_backward import backward
from ntm_core.kernels.ntm_forward import forward
from ntm_core.kernels.products import ROWS
from ntm_core.kernels.tensors import (
    Parameters,
    State,
    arrays,
    from_start,
    room,
    shape_of,
    tensors,
    to_start,
    weights_of,
)
from ntm_core.kernels.traced import trace_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ntm_core.network import Trace
    from ntm_core.ntm import NTM, NTMState, NTMView


class Ran(NamedTuple):
    """What the forward pass came to; the last three are arrays."""

    logits: Tensor
    """(T, B, outputs)"""
    last: State
    weights: Weights
    start: Start
    steps: Steps


def run(shape: Shape, parameters: Parameters, inputs: Tensor, state: State, keeps: bool) -> Ran:
    """A whole sequence, without a gradient. keeps: whether the steps are kept, for a gradient or a trace."""
    time, batch = inputs.shape[:2]
    weights, start = arrays(weights_of(parameters)), arrays(to_start(shape, state))
    kept = time if keeps else 1
    layers, most, gates = weights.controller.shape
    weighting = (kept, *start.weighting.shape)
    memory, *rest = room(
        inputs,
        (2, *start.memory.shape),
        (layers, kept, batch, most),
        (layers, kept, batch, gates),
        (kept, *start.cell.shape),
        (kept, *start.out.shape),
        (kept, batch, -(-len(weights.heads) // EVEN) * EVEN),
        weighting,
        weighting,
        weighting,
        weighting,
        (-(-kept // INTERVAL), *start.memory.shape),
    )
    steps, logits = Steps(*rest), inputs.new_empty(time, batch, len(weights.output))
    given = (weights, inputs.detach().contiguous().numpy(), start, steps, memory, logits.numpy(), keeps)
    in_threads(lambda first, last: forward(shape, *given, first, last), batch)
    # Copies: what is given out may be changed by whoever gets it, and outlive the rest.
    last = Start(memory[time % 2].copy(), steps.weighting[-1].copy(), steps.out[-1].copy(), steps.cell[-1].copy())
    return Ran(logits, from_start(shape, tensors(last)), weights, start, steps)


def in_threads(function: Callable[[int, int], None], batch: int) -> None:
    """Call it for parts of a batch, from the first sequence to the last: see `threads`."""
    threads.share_out(function, batch, ROWS)


class Known(NamedTuple):
    """What the backward pass starts from, arrays."""

    weights: Weights
    start: Start
    steps: Steps


class NTMSequence(torch.autograd.Function):
    """Logits and the last state of a whole sequence."""

    @staticmethod
    def forward(ctx: Any, shape: Shape, keep: Callable[[Ran], None], inputs: Tensor, *tensors: Any) -> Any:
        """keep: called with all that was computed.   tensors: a State, then Parameters."""
        count = len(State._fields)
        state, parameters = State(*tensors[:count]), Parameters.from_flat(tensors[count:])
        ran = run(shape, parameters, inputs, state, keeps=True)
        keep(ran)
        ctx.save_for_backward(*parameters.flat)
        ctx.set_materialize_grads(False)
        ctx.shape, ctx.known = shape, Known(ran.weights, ran.start, ran.steps)
        return ran.logits, *ran.last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_logits: Tensor | None, *d_last: Tensor | None) -> Any:
        parameters = Parameters.from_flat(ctx.saved_tensors)  # raises where one was changed meanwhile
        d_start, d_parameters, d_inputs = gradients(
            ctx.shape, parameters, ctx.known, d_logits, State(*d_last), ctx.needs_input_grad[2]
        )
        return None, None, d_inputs, *from_start(ctx.shape, d_start), *d_parameters.flat


_apply: Callable[..., Any] = NTMSequence.apply


def gradients(
    shape: Shape,
    parameters: Parameters,
    known: Known,
    d_logits: Tensor | None,
    d_last: State,
    wants_inputs: bool,
) -> tuple[Start, Parameters, Tensor | None]:
    """Of what a sequence started from, of the weights and, if wanted, of the inputs."""
    weights, start, steps = known
    time, batch, width = steps.out.shape
    flat_out = torch.from_numpy(steps.out).view(time * batch, width)
    if d_logits is None:
        d_logits = flat_out.new_zeros(time, batch, len(parameters.output))
    d_logits = d_logits.reshape(time * batch, -1)
    d_out = torch.mm(d_logits, parameters.output)
    d_start = _gradient_of_last(shape, start, d_last)
    d_gates, d_told = room(flat_out, steps.gates.shape, steps.told.shape)
    given = (weights, start, steps, d_out.view(steps.out.shape).numpy(), arrays(d_start), d_gates, d_told)
    in_threads(lambda first, last: backward(shape, *given, first, last), batch)
    d_told = torch.from_numpy(d_told).view(time * batch, -1)[:, : len(parameters.heads)]
    slopes = torch.from_numpy(d_gates).view(len(d_gates), time * batch, -1).unbind(0)
    seen = [
        each.view(time * batch, -1)[:, : len(weight)]
        for each, weight in zip(torch.from_numpy(steps.seen), parameters.controller, strict=True)
    ]
    d_parameters = Parameters(
        tuple(torch.mm(each.t(), slope) for each, slope in zip(seen, slopes, strict=True)),
        tuple(slope.sum(0) for slope in slopes),
        torch.mm(d_told.t(), flat_out[:, : shape.layers * shape.units]),
        d_told.sum(0),
        torch.mm(d_logits.t(), flat_out),
        d_logits.sum(0),
    )
    d_inputs = None
    if wants_inputs:
        each = zip(slopes, parameters.controller, strict=True)
        of_layers = [torch.mm(slope, weight[: shape.inputs].t()) for slope, weight in each]
        d_inputs = torch.stack(of_layers).sum(0).view(time, batch, -1)
    return d_start, d_parameters, d_inputs


def run_ntm(
    model: NTM, sequence: Tensor, state: NTMState, trace: bool, items: slice
) -> tuple[Tensor, NTMState, Trace[NTMState, NTMView] | None]:
    """`NTM.forward` by the kernels."""
    shape, parameters = shape_of(model.config), Parameters.of(model)
    given = State(*state[: len(State._fields)])
    ran: list[Ran] = []
    tensors = (*given, *parameters.flat)
    if torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in (sequence, *tensors)):
        logits, *last = _apply(shape, ran.append, sequence, *tensors)
    else:
        ran.append(run(shape, parameters, sequence, given, keeps=trace))
        logits, last = ran[0].logits, list(ran[0].last)
    after = state._replace(**dict(zip(State._fields, last, strict=True)))
    return logits, after, trace_of(shape, state, ran[0].start, ran[0].steps, items) if trace else None


def _gradient_of_last(shape: Shape, start: Start, d_last: State) -> Start:
    """As the kernels want it: a copy, with zeros where nothing depends on a part. Tensors."""
    like = tensors(start)
    if all(part is None for part in d_last):
        return Start(*(torch.zeros_like(part) for part in like))
    parts = zip(d_last, from_start(shape, like), strict=True)
    known = (None if like is None else torch.zeros_like(like) if part is None else part for part, like in parts)
    return to_start(shape, State(*known))
