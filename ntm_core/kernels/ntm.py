"""The NTM over a whole sequence as one function with a gradient: the kernels, called with tensors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ntm_core.kernels.layout import EVEN, INTERVAL, Shape, Start, Steps
from ntm_core.kernels.ntm_backward import backward
from ntm_core.kernels.ntm_forward import forward
from ntm_core.kernels.products import ROWS
from ntm_core.kernels.tensors import Parameters, State, arrays, from_start, shape_of, to_start, weights_of
from ntm_core.kernels.traced import trace_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ntm_core.network import Trace
    from ntm_core.ntm import NTM, NTMState, NTMView


class Ran(NamedTuple):
    """What the forward pass came to."""

    logits: Tensor
    """(T, B, outputs)"""
    last: State
    start: Start
    steps: Steps


def run(shape: Shape, parameters: Parameters, inputs: Tensor, state: State, keeps: bool) -> Ran:
    """A whole sequence, without a gradient. keeps: whether the steps are kept, for a gradient or a trace."""
    time, batch = inputs.shape[:2]
    weights, start = weights_of(parameters), to_start(shape, state)
    new, kept = inputs.new_empty, time if keeps else 1
    layers, most, gates = weights.controller.shape
    weighting = (kept, batch, *start.weighting.shape[1:])
    out = new(kept, batch, start.out.shape[1])
    steps = Steps(
        seen=new(layers, kept, batch, most),
        gates=new(layers, kept, batch, gates),
        cell=new(kept, *start.cell.shape),
        out=out,
        told=new(kept, batch, -(-len(weights.heads) // EVEN) * EVEN),
        content=new(weighting),
        gated=new(weighting),
        shifted=new(weighting),
        weighting=new(weighting),
        memory=new(-(-kept // INTERVAL), *start.memory.shape),
    )
    memory, logits = new(2, *start.memory.shape), new(time, batch, len(parameters.output))
    given = (arrays(weights), inputs.detach().contiguous().numpy(), arrays(start), arrays(steps))
    left = (memory.numpy(), logits.numpy(), keeps)
    in_threads(lambda first, last: forward(shape, *given, *left, first, last), batch)
    last = Start(memory[time % 2], steps.weighting[-1], out[-1], steps.cell[-1])
    return Ran(logits, from_start(shape, last), start, steps)


def in_threads(function: Callable[[int, int], None], batch: int) -> None:
    """Call it for parts of a batch, from the first sequence to the last, in as many threads as torch uses."""
    threads = min(torch.get_num_threads(), batch)
    part = -(-batch // threads)
    if batch > ROWS:
        part = -(-part // ROWS) * ROWS
    if part >= batch:
        return function(0, batch)
    with ThreadPoolExecutor(threads, "kernel") as pool:
        parts = [pool.submit(function, first, min(first + part, batch)) for first in range(part, batch, part)]
        function(0, part)
    for each in parts:
        each.result()


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
        ctx.shape, ctx.start, ctx.steps = shape, ran.start, ran.steps
        # Copies: what is given out may be changed by whoever gets it.
        return ran.logits, *(None if each is None else each.clone() for each in ran.last)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_logits: Tensor | None, *d_last: Tensor | None) -> Any:
        shape, start, steps = ctx.shape, ctx.start, ctx.steps
        parameters = Parameters.from_flat(ctx.saved_tensors)
        d_start, d_parameters, d_inputs = gradients(
            shape, parameters, start, steps, d_logits, State(*d_last), ctx.needs_input_grad[2]
        )
        return None, None, d_inputs, *from_start(shape, d_start), *d_parameters.flat


_apply: Callable[..., Any] = NTMSequence.apply


def gradients(
    shape: Shape,
    parameters: Parameters,
    start: Start,
    steps: Steps,
    d_logits: Tensor | None,
    d_last: State,
    wants_inputs: bool,
) -> tuple[Start, Parameters, Tensor | None]:
    """Of what a sequence started from, of the weights and, if wanted, of the inputs."""
    time, batch, width = steps.out.shape
    outputs = len(parameters.output)
    flat_out = steps.out.view(time * batch, width)
    if d_logits is None:
        d_logits = flat_out.new_zeros(time, batch, outputs)
    d_logits = d_logits.reshape(time * batch, outputs)
    d_out = torch.mm(d_logits, parameters.output)
    d_start = _gradient_of_last(shape, start, d_last)
    d_gates, d_told = torch.empty_like(steps.gates), torch.empty_like(steps.told)
    given = (arrays(weights_of(parameters)), arrays(start), arrays(steps), d_out.view_as(steps.out).numpy())
    filled = (arrays(d_start), d_gates.numpy(), d_told.numpy())
    in_threads(lambda first, last: backward(shape, *given, *filled, first, last), batch)
    d_told = d_told.view(time * batch, -1)[:, : len(parameters.heads)]
    slopes = [each.view(time * batch, -1) for each in d_gates]
    seen = [
        each.view(time * batch, -1)[:, : len(weight)]
        for each, weight in zip(steps.seen, parameters.controller, strict=True)
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
    return logits, after, trace_of(shape, state, ran[0].steps, items) if trace else None


def _gradient_of_last(shape: Shape, start: Start, d_last: State) -> Start:
    """As the kernels want it: a copy, with zeros where nothing depends on a part."""
    if all(part is None for part in d_last):
        return Start(*(torch.zeros_like(part) for part in start))
    parts = zip(d_last, from_start(shape, start), strict=True)
    known = (None if like is None else torch.zeros_like(like) if part is None else part for part, like in parts)
    return to_start(shape, State(*known))
