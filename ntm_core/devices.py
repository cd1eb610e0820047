"""Where to compute."""

from __future__ import annotations

import torch

from ntm_core.errors import DeviceError

AUTO = "auto"


def choose(name: str = AUTO) -> torch.device:
    """The device of that name; `auto` takes cuda, then mps, then cpu. Raises DeviceError if it isn't there."""
    there = [kind for kind, found in _accelerators().items() if found] + ["cpu"]
    if name == AUTO:
        return torch.device(there[0])
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in there or (device.type == "cuda" and (device.index or 0) >= _cuda_devices()):
        raise DeviceError(f"device is {AUTO} or one of {', '.join(there)}; got {name!r}")
    return device


def _accelerators() -> dict[str, bool]:
    return {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}


def _cuda_devices() -> int:
    return torch.cuda.device_count()
