"""A network's weights as bytes, and back: one safetensors blob with its settings inside. Loading runs nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from ntm_core import checkpoint_header, models
from ntm_core.checkpoint_header import FORMAT, KEY
from ntm_core.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from ntm_core.network import MemoryNetwork


def save(model: MemoryNetwork[Any, Any]) -> bytes:
    """The weights and settings of a network."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    # One text, not several: safetensors writes those in any order, and equal weights should be equal bytes.
    settings = {"format": FORMAT, "model": model.name, "config": model.config.to_json()}
    return save_tensors(tensors, {KEY: json.dumps(settings)})


def read(path: Path, **changed: Any) -> MemoryNetwork[Any, Any]:
    """The network of a safetensors file; see `load`. Raises CheckpointError where there is none."""
    with checkpoint_header.reading(path):
        return load(path.read_bytes(), **changed)


def load(blob: bytes, **changed: Any) -> MemoryNetwork[Any, Any]:
    """The network that `save` wrote, on the CPU and in eval mode.

    changed: settings to take instead of its own, as far as the weights fit them all the same. Raises CheckpointError on
    any other bytes, and where the weights do not fit.
    """
    settings = checkpoint_header.settings(blob)
    try:
        # On the meta device nothing is allocated: sizes that the settings claim are compared before they cost memory.
        with torch.device("meta"):
            model = models.from_json(settings["model"], {**settings["config"], **changed})
        tensors = load_tensors(blob)
    except (KeyError, TypeError, OverflowError, RuntimeError, ConfigError, SafetensorError) as error:
        raise CheckpointError(f"a checkpoint with its settings and tensors whole was wanted; got {error}") from error
    wanted = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in model.state_dict().items()}
    found = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
    if found != wanted:
        raise CheckpointError(f"weights {_differences(wanted, found)} do not fit the settings")
    model.load_state_dict(tensors, assign=True)
    return model.eval()


def _differences(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    return ", ".join(sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)))
