"""A network over a whole sequence as one function with a gradient: compiled entries, called with tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ntm_core.kernels import threads
from ntm_core.kernels.given import Parameters
from ntm_core.kernels.layout import EVEN, Weights
from ntm_core.kernels.products import ROWS
from ntm_core.kernels.tensors import arrays, room, tensors, weights_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ntm_core.network import Trace

Bundle = Any
"""A NamedTuple of a network's own; of arrays or tensors unless something else is said."""


class Kind(NamedTuple):
    """What a kernel needs to know of one kind of network. Start, Steps and so on are its own bundles.

    Its Shape has the controller's sizes as `layout.Shape` has them; its Start has `memory`, `weighting`, `out` and
    `cell`, and its Steps have `seen`, `gates`, `cell`, `out` and `told`, as those of `layout`.
    """

    state: Any
    """The names of what its plain state has, a NamedTuple; None for what is not there."""
    heads: str
    """The module that tells the heads."""
    shape_of: Callable[[Any], Bundle]
    """Of a config."""
    to_start: Callable[[Bundle, Bundle], Bundle]
    """From a shape and a state: a copy."""
    from_start: Callable[[Bundle, Bundle], Bundle]
    """A state from a shape and a Start: views of that."""
    sizes: Callable[[Bundle, int], Bundle]
    """Steps, of shapes instead of arrays, from a Start and how many steps are kept; those of the controller are ()."""
    working: Callable[[Bundle], Bundle]
    """A bundle of shapes, of room that the forward pass works on, from a Start."""
    forward: Callable[..., None]
    last: Callable[[Bundle, Bundle, int], Bundle]
    """What the forward pass ended with: a Start, from the steps, the room, and how many steps there were. Views."""
    backward: Callable[..., None]
    trace: Callable[..., Any]
    """From a shape, a state, a Start, Steps, and which sequences."""


class Known(NamedTuple):
    """What the backward pass starts from, arrays."""

    weights: Weights
    start: Bundle
    steps: Bundle


class Ran(NamedTuple):
    """What the forward pass came to."""

    logits: Tensor
    """(T, B, outputs)"""
    last: Bundle
    """The state after it, of tensors."""
    known: Known


def run(kind: Kind, shape: Bundle, parameters: Parameters, inputs: Tensor, state: Bundle, keeps: bool) -> Ran:
    """A whole sequence, without a gradient. keeps: whether the steps are kept, for a gradient or a trace."""
    time, batch = inputs.shape[:2]
    weights, start = arrays(weights_of(parameters)), arrays(kind.to_start(shape, state))
    kept = time if keeps else 1
    layers, most, gates = weights.controller.shape
    controller = {
        "seen": (layers, kept, batch, most),
        "gates": (layers, kept, batch, gates),
        "cell": (kept, *start.cell.shape),
        "out": (kept, *start.out.shape),
        "told": (kept, batch, -(-len(weights.heads) // EVEN) * EVEN),
    }
    sizes, working = kind.sizes(start, kept)._replace(**controller), kind.working(start)
    cut = room(inputs, *sizes, *working)
    steps, worked = type(sizes)(*cut[: len(sizes)]), type(working)(*cut[len(sizes) :])
    logits = inputs.new_empty(time, batch, len(weights.output))
    given = (weights, inputs.detach().contiguous().numpy(), start, steps, worked, logits.numpy(), keeps)
    threads.share_out(lambda first, last: kind.forward(shape, *given, first, last), batch, ROWS)
    # Copies: what is given out may be changed by whoever gets it, and outlive the rest.
    ended = kind.last(steps, worked, time)
    ended = type(ended)(*(part.copy() for part in ended))
    return Ran(logits, kind.from_start(shape, tensors(ended)), Known(weights, start, steps))


class _Sequence(torch.autograd.Function):
    """Logits and the last state of a whole sequence."""

    @staticmethod
    def forward(ctx: Any, kind: Kind, shape: Bundle, keep: Callable[[Ran], None], inputs: Tensor, *tensors: Any) -> Any:
        """keep: called with all that was computed.   tensors: a state, then Parameters."""
        count = len(kind.state._fields)
        state, parameters = kind.state(*tensors[:count]), Parameters.from_flat(tensors[count:])
        ran = run(kind, shape, parameters, inputs, state, keeps=True)
        keep(ran)
        ctx.save_for_backward(*parameters.flat)
        ctx.set_materialize_grads(False)
        ctx.kind, ctx.shape, ctx.known = kind, shape, ran.known
        return ran.logits, *ran.last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_logits: Tensor | None, *d_last: Tensor | None) -> Any:
        parameters = Parameters.from_flat(ctx.saved_tensors)  # raises where one was changed meanwhile
        kind, last = ctx.kind, ctx.kind.state(*d_last)
        wants_inputs = ctx.needs_input_grad[3]
        d_start, d_parameters, d_inputs = gradients(
            kind, ctx.shape, parameters, ctx.known, d_logits, last, wants_inputs
        )
        return None, None, None, d_inputs, *kind.from_start(ctx.shape, d_start), *d_parameters.flat


_apply: Callable[..., Any] = _Sequence.apply


def gradients(
    kind: Kind,
    shape: Bundle,
    parameters: Parameters,
    known: Known,
    d_logits: Tensor | None,
    d_last: Bundle,
    wants_inputs: bool,
) -> tuple[Bundle, Parameters, Tensor | None]:
    """Of what a sequence started from, of the weights and, if wanted, of the inputs."""
    weights, start, steps = known
    time, batch, width = steps.out.shape
    flat_out = torch.from_numpy(steps.out).view(time * batch, width)
    if d_logits is None:
        d_logits = flat_out.new_zeros(time, batch, len(parameters.output))
    d_logits = d_logits.reshape(time * batch, -1)
    d_out = torch.mm(d_logits, parameters.output)
    d_start = _gradient_of_last(kind, shape, start, d_last)
    d_gates, d_told = room(flat_out, steps.gates.shape, steps.told.shape)
    given = (weights, start, steps, d_out.view(steps.out.shape).numpy(), arrays(d_start), d_gates, d_told)
    threads.share_out(lambda first, last: kind.backward(shape, *given, first, last), batch, ROWS)
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


def run_network(
    kind: Kind, model: Any, sequence: Tensor, state: Any, trace: bool, items: slice
) -> tuple[Tensor, Any, Trace[Any, Any] | None]:
    """`MemoryNetwork.forward` by the kernels of its kind. state: the network's own."""
    shape, parameters = kind.shape_of(model.config), Parameters.of(model, kind.heads)
    names = kind.state._fields
    given = kind.state(*(getattr(state, name) for name in names))
    ran: list[Ran] = []
    tensors = (*given, *parameters.flat)
    if torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in (sequence, *tensors)):
        logits, *last = _apply(kind, shape, ran.append, sequence, *tensors)
    else:
        ran.append(run(kind, shape, parameters, sequence, given, keeps=trace))
        logits, last = ran[0].logits, list(ran[0].last)
    after = state._replace(**dict(zip(names, last, strict=True)))
    return logits, after, kind.trace(shape, state, ran[0].known.start, ran[0].known.steps, items) if trace else None


def _gradient_of_last(kind: Kind, shape: Bundle, start: Bundle, d_last: Bundle) -> Bundle:
    """As the kernels want it: a copy, with zeros where nothing depends on a part. Tensors."""
    like = tensors(start)
    if all(part is None for part in d_last):
        return type(like)(*(torch.zeros_like(part) for part in like))
    parts = zip(d_last, kind.from_start(shape, like), strict=True)
    known = (None if like is None else torch.zeros_like(like) if part is None else part for part, like in parts)
    return kind.to_start(shape, kind.state(*known))
