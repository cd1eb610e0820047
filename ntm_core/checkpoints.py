"""A network's weights as bytes, and back: one safetensors blob with its settings inside. Loading runs nothing."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from ntm_core import models
from ntm_core.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from ntm_core.network import MemoryNetwork

FORMAT = 1
KEY = "ntm_core"
"""Of the settings among the texts of the safetensors header."""
_LENGTH = struct.Struct("<Q")


def save(model: MemoryNetwork[Any, Any]) -> bytes:
    """The weights and settings of a network."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    # One text, not several: safetensors writes those in any order, and equal weights should be equal bytes.
    settings = {"format": FORMAT, "model": model.name, "config": model.config.to_json()}
    return save_tensors(tensors, {KEY: json.dumps(settings)})


def load(blob: bytes) -> MemoryNetwork[Any, Any]:
    """The network that `save` wrote, on the CPU and in eval mode. Raises CheckpointError on any other bytes."""
    settings = _settings(blob)
    if settings.get("format") != FORMAT:
        raise CheckpointError(f"this version loads checkpoints of format {FORMAT}; got {settings.get('format')!r}")
    try:
        # On the meta device nothing is allocated: sizes that the settings claim are compared before they cost memory.
        with torch.device("meta"):
            model = models.from_json(settings["model"], settings["config"])
        tensors = load_tensors(blob)
    except (KeyError, TypeError, OverflowError, RuntimeError, ConfigError, SafetensorError) as error:
        raise CheckpointError(f"a checkpoint with its settings and tensors whole was wanted; got {error}") from error
    wanted = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in model.state_dict().items()}
    found = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
    if found != wanted:
        raise CheckpointError(f"weights {_differences(wanted, found)} do not fit the checkpoint's own settings")
    model.load_state_dict(tensors, assign=True)
    return model.eval()


def _settings(blob: bytes) -> dict[str, Any]:
    """What `save` put into the safetensors header, which is 8 bytes of length, then a JSON object."""
    try:
        (length,) = _LENGTH.unpack_from(blob)
        header = json.loads(blob[_LENGTH.size : _LENGTH.size + length])
        return dict(json.loads(header["__metadata__"][KEY]))
    except (struct.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"a checkpoint is a safetensors blob with settings; got {bytes(blob[:16])!r}") from error


def _differences(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    return ", ".join(sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)))
