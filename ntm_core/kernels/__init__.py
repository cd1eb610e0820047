"""Faster ways to run a whole sequence than a network's own steps, and which of them is taken.

The steps that a network takes one after another are the readable truth, and run on every device. A kernel computes the
same function, gradients included, and is tested against them. There is one that is compiled, for the CPU, and one in
torch's own operations, for every other device and where nothing can be compiled. Which one runs is decided here and
nowhere else. Needs neither numba nor a compiler until a kernel is taken.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import torch

from ntm_core.kernels.supported import fits, refusal, runs_in_torch
from ntm_core.model_config import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from ntm_core.network import MemoryNetwork, Trace

__all__ = ["SequenceKernel", "chosen", "refusal", "tell_compiling", "telling", "warm_up"]

log = logging.getLogger(__name__)

_listeners: list[Callable[[], None]] = []


class SequenceKernel(Protocol):
    """Runs a whole sequence: `MemoryNetwork.forward` with its arguments, and a state given in any case."""

    def __call__(
        self, model: Any, sequence: Tensor, state: Any, trace: bool, items: slice
    ) -> tuple[Tensor, Any, Trace[Any, Any] | None]: ...


def chosen(model: MemoryNetwork[Any, Any], sequence: Tensor, state: Any) -> SequenceKernel | None:
    """What runs this sequence from this state; None where the model's own steps do.

    Says once, for each reason, why a kernel that was asked for by name is not taken.
    """
    wanted = getattr(model.config, "kernel", Kernel.EAGER)
    if wanted is Kernel.EAGER or _is_watched(model) or not _is_plain(sequence, state):
        return None
    why_not = refusal(model, sequence.device)
    if why_not is not None:
        reason = f"no fused kernel is taken, sequences run step by step: {why_not}"
        _tell(reason, is_asked_for=wanted is Kernel.FUSED)
        return None
    if not fits(model, sequence, state):
        return None  # the model's own steps say what is wrong
    if sequence.device.type == "cpu":
        found = _found(model.name)
        if not isinstance(found, str):
            return found
        instead = "in torch's operations" if runs_in_torch(model) else "step by step"
        _tell(f"no compiled kernel is taken, sequences run {instead}: {found}", is_asked_for=True)
        if not runs_in_torch(model):
            return None
    return _in_torch()


class Advance(Protocol):
    """Scales a gradient, and brings up to date what RMSProp keeps: all vectors of one length, changed in place.

    The velocity becomes the step to take, times the learning rate, against the gradient.
    """

    def __call__(
        self,
        gradient: Tensor,
        square: Tensor,
        velocity: Tensor,
        scale: float,
        alpha: float,
        momentum: float,
        epsilon: float,
        /,
    ) -> None: ...


class Judge(Protocol):
    """Compares logits with targets where the mask says so.

    logits, targets: (time, batch, outputs).   mask: (time, batch).   Returns the figures of each sequence, as
    `training.Scores` has them, (3, batch); and the gradient of the cross-entropy, in nats, summed over all scored bits:
    (time, batch, outputs).
    """

    def __call__(self, logits: Tensor, targets: Tensor, mask: Tensor, /) -> tuple[Tensor, Tensor]: ...


def update_of(model: MemoryNetwork[Any, Any], device: torch.device) -> Advance | None:
    """What updates the weights of a network that the compiled kernel runs on a device; None where it does not."""
    if not _is_compiled(model, device):
        return None
    from ntm_core.kernels.update import advance_rmsprop

    def advance(gradient: Tensor, square: Tensor, velocity: Tensor, *numbers: float) -> None:
        advance_rmsprop(gradient.numpy(), square.numpy(), velocity.numpy(), *numbers)

    return advance


def judge_of(model: MemoryNetwork[Any, Any], device: torch.device) -> Judge | None:
    """What judges the logits of a network that the compiled kernel runs on a device; None where it does not."""
    if not _is_compiled(model, device):
        return None
    from ntm_core.kernels.judging import judge_logits

    def judge(logits: Tensor, targets: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        figures, slopes = logits.new_empty(3, logits.shape[1]), torch.empty_like(logits)
        given = (each.contiguous().numpy() for each in (logits, targets, mask))
        judge_logits(*given, figures.numpy(), slopes.numpy())
        return figures, slopes

    return judge


def _is_compiled(model: MemoryNetwork[Any, Any], device: torch.device) -> bool:
    is_eager = getattr(model.config, "kernel", Kernel.EAGER) is Kernel.EAGER
    refused = device.type != "cpu" or refusal(model, device) is not None
    return not (is_eager or refused or isinstance(_found(model.name), str))


@contextmanager
def telling(tell: Callable[[], None]) -> Iterator[None]:
    """Have it told, before they are, that kernels are compiled: half a minute where they never ran before."""
    _listeners.append(tell)
    try:
        yield
    finally:
        _listeners.remove(tell)


def tell_compiling() -> None:
    """Called by the kernels, once in a process, where none were kept that could be loaded."""
    log.info("kernels are compiled for this machine, which takes half a minute, once")
    for tell in _listeners:
        tell()


def warm_up(model: MemoryNetwork[Any, Any] | None = None) -> None:
    """Have the kernels for a network compiled, or loaded from the disk where that was done before.

    What is compiled depends on its kind and its type of numbers, on no size and no weight; without one, an NTM of
    float32 stands for all. May run in a thread of its own; a sequence that is run meanwhile waits for it.
    """
    if model is None:
        from ntm_core import models

        model = models.build("ntm", 1, 1, locations=4, word_size=2, hidden_size=2)
    parameter = next(model.parameters(), None)
    if parameter is None:
        return
    inputs = parameter.new_zeros(1, 1, model.config.inputs)
    if chosen(model, inputs, model.initial_state(1)) is None:
        return
    with torch.enable_grad():
        logits, _, _ = model(inputs, trace=True)
        torch.autograd.grad(logits.sum(), parameter)
    advance = update_of(model, parameter.device)
    if advance is not None:
        gradient, square, velocity = torch.zeros(3, 1, dtype=parameter.dtype)
        advance(gradient, square, velocity, 1.0, 0.0, 0.0, 1.0)
    judge = judge_of(model, parameter.device)
    if judge is not None:
        judge(logits.detach(), torch.zeros_like(logits), logits.new_ones(1, 1))


def _is_watched(model: MemoryNetwork[Any, Any]) -> bool:
    """Whether somebody hooks into what only the model's own steps call, or cuts what they read or write."""
    hooked = (each._forward_hooks or each._forward_pre_hooks for each in model.modules() if each is not model)
    return model.reads_are_cut or model.writes_are_cut or any(hooked)


def _is_plain(sequence: Tensor, state: Any) -> bool:
    """Whether the numbers that compiled code takes are there: tensors of other kinds stand for some."""
    is_elsewhere = sequence.device.type != "cpu"
    return is_elsewhere or all(type(tensor) is torch.Tensor for tensor in (sequence, *state) if tensor is not None)


@cache
def _found(name: str) -> SequenceKernel | str:
    """The compiled kernel for a network, or why it cannot be had here."""
    try:
        kernel: SequenceKernel = getattr(import_module(f"ntm_core.kernels.{name}"), f"run_{name}")
    except ImportError as error:
        return f"numba cannot be imported ({error})"
    return kernel


@cache
def _in_torch() -> SequenceKernel:
    """The kernel in torch's own operations, which can be had everywhere."""
    from ntm_core.kernels.in_torch.sequence import run_ntm

    return run_ntm


@cache
def _tell(reason: str, *, is_asked_for: bool) -> None:
    log.log(logging.WARNING if is_asked_for else logging.DEBUG, reason)
