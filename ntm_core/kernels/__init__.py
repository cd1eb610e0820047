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
from typing import TYPE_CHECKING, Any, Protocol

import torch

from ntm_core.model_config import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from ntm_core.network import MemoryNetwork, Trace

__all__ = ["SequenceKernel", "chosen", "refusal", "tell_compiling", "telling", "warm_up"]

log = logging.getLogger(__name__)

_listeners: list[Callable[[], None]] = []

_TYPES = (torch.float32, torch.float64)


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
    if not _fits(model, sequence, state):
        return None  # the model's own steps say what is wrong
    if sequence.device.type == "cpu":
        found = _found()
        if not isinstance(found, str):
            return found
        _tell(f"no compiled kernel is taken, sequences run in torch's operations: {found}", is_asked_for=True)
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


def update_of(model: MemoryNetwork[Any, Any], device: torch.device) -> Advance | None:
    """What updates the weights of a network that the compiled kernel runs on a device; None where it does not."""
    is_eager = getattr(model.config, "kernel", Kernel.EAGER) is Kernel.EAGER
    if is_eager or device.type != "cpu" or refusal(model, device) is not None or isinstance(_found(), str):
        return None
    from ntm_core.kernels.update import advance_rmsprop

    def advance(gradient: Tensor, square: Tensor, velocity: Tensor, *numbers: float) -> None:
        advance_rmsprop(gradient.numpy(), square.numpy(), velocity.numpy(), *numbers)

    return advance


def refusal(model: MemoryNetwork[Any, Any], device: torch.device) -> str | None:
    """Why there is no kernel for a network on a device; None where there is one."""
    if type(model).__module__ != "ntm_core.ntm" or type(model).__name__ != "NTM":
        return f"there is none for {model.name} on {device.type}"
    config: Any = model.config
    return _refusal_of(config)


@cache
def _refusal_of(config: Any) -> str | None:
    """The settings of an NTM that no kernel knows."""
    options = {
        "mask": config.mask,
        "prominence": config.prominence > 0,
        "priming": config.priming > 0,
        "segments": config.segments > 1,
    }
    unknown = ", ".join(name for name, is_on in options.items() if is_on)
    return f"there is none with {unknown}" if unknown else None


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


def warm_up(model: MemoryNetwork[Any, Any]) -> None:
    """Have the kernel for a network compiled, or loaded from the disk where that was done before.

    May run in a thread of its own; a sequence that is run meanwhile waits for it.
    """
    parameter = next(model.parameters())
    inputs = parameter.new_zeros(1, 1, model.config.inputs)
    with torch.enable_grad():
        logits, _, _ = model(inputs, trace=True)
        torch.autograd.grad(logits.sum(), parameter)


def _is_watched(model: MemoryNetwork[Any, Any]) -> bool:
    """Whether somebody hooks into what only the model's own steps call, or cuts what they read or write."""
    hooked = (each._forward_hooks or each._forward_pre_hooks for each in model.modules() if each is not model)
    return model.reads_are_cut or model.writes_are_cut or any(hooked)


def _is_plain(sequence: Tensor, state: Any) -> bool:
    """Whether the numbers that compiled code takes are there: tensors of other kinds stand for some."""
    is_elsewhere = sequence.device.type != "cpu"
    return is_elsewhere or all(type(tensor) is torch.Tensor for tensor in (sequence, *state) if tensor is not None)


def _fits(model: MemoryNetwork[Any, Any], sequence: Tensor, state: Any) -> bool:
    """Whether sizes, type and device are what the model's steps take."""
    config: Any = model.config
    weight = next(model.parameters())
    if sequence.dim() != 3 or not sequence.numel() or sequence.shape[2] != config.inputs:
        return False
    units = config.controller_size
    shapes = [
        (config.locations, config.word_size),
        (config.read_heads, config.locations),
        (config.write_heads, config.locations),
        (config.read_heads, config.word_size),
        *([(units,), (units,)] if config.is_recurrent else []),
    ]
    parts, batch = state[: len(shapes)], sequence.shape[1]
    return (
        weight.dtype in _TYPES
        and all(
            part is not None
            and part.shape == (batch, *shape)
            and part.dtype == weight.dtype
            and part.device == weight.device
            for part, shape in zip(parts, shapes, strict=True)
        )
        and sequence.dtype == weight.dtype
        and sequence.device == weight.device
    )


@cache
def _found() -> SequenceKernel | str:
    """The compiled kernel, or why it cannot be had here."""
    try:
        from ntm_core.kernels.ntm import run_ntm
    except ImportError as error:
        return f"numba cannot be imported ({error})"
    return run_ntm


@cache
def _in_torch() -> SequenceKernel:
    """The kernel in torch's own operations, which can be had everywhere."""
    from ntm_core.kernels.in_torch.sequence import run_ntm

    return run_ntm


@cache
def _tell(reason: str, *, is_asked_for: bool) -> None:
    log.log(logging.WARNING if is_asked_for else logging.DEBUG, reason)
