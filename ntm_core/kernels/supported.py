"""What the kernels know, told without them: which networks, with which settings, from which states."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor

_NETWORKS = {("ntm_core.ntm", "NTM"), ("ntm_core.dnc", "DNC"), ("ntm_core.mann", "MANN")}
_OPTIONS = (
    "mask",
    "prominence",
    "priming",
    "deallocation",
    "link_sharpness",
    "sparse_links",
)
"""Settings of which a kernel knows only the plain one, which is 0 or false."""
_TYPES = (torch.float32, torch.float64)


def refusal(model: Any, device: torch.device) -> str | None:
    """Why there is no kernel for a network on a device; None where there is one."""
    kind = type(model)
    is_known = (kind.__module__, kind.__name__) in _NETWORKS and (device.type == "cpu" or runs_in_torch(model))
    return _refusal_of(model.config) if is_known else f"there is none for {model.name} on {device.type}"


def runs_in_torch(model: Any) -> bool:
    """Whether there is also a kernel in torch's operations for a network that there is a compiled one for."""
    return bool(model.name == "ntm")


@cache
def _refusal_of(config: Any) -> str | None:
    options = {name: bool(getattr(config, name, False)) for name in _OPTIONS}
    options["segments"] = getattr(config, "segments", 1) > 1
    unknown = ", ".join(name for name, is_on in options.items() if is_on)
    return f"there is none with {unknown}" if unknown else None


def fits(model: Any, sequence: Tensor, state: Any) -> bool:
    """Whether sizes, type and device are what the network's steps take."""
    weight = next(model.parameters())
    if sequence.dim() != 3 or not sequence.numel() or sequence.shape[2] != model.config.inputs:
        return False
    batch = sequence.shape[1]
    known = _shapes(state._fields, model.config)
    return (
        weight.dtype in _TYPES
        and sequence.dtype == weight.dtype
        and sequence.device == weight.device
        and all(
            part is not None
            and part.shape == (batch, *shape)
            and part.dtype == weight.dtype
            and part.device == weight.device
            for part, shape in ((getattr(state, name), shape) for name, shape in known)
        )
    )


@cache
def _shapes(names: tuple[str, ...], config: Any) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Of what a plain network's state has of these, by name, without the batch."""
    rows, word, reads = config.locations, config.word_size, config.read_heads
    units = (config.controller_size,) if config.is_recurrent else None
    shapes = {
        "memory": (rows, word),
        "read_weighting": (reads, rows),
        "write_weighting": (getattr(config, "write_heads", 1), rows),
        "read_vector": (reads, word),
        "usage": (rows,),
        "precedence": (rows,),
        "links": (rows, rows),
        "controller": units,
        "controller_cell": units,
    }
    known = ((name, shapes.get(name)) for name in names)
    return tuple((name, shape) for name, shape in known if shape is not None)
