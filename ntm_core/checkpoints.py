"""A network's weights as bytes, and back: one safetensors blob with its settings inside. Loading runs nothing.

The blob of a training also holds what that needs to go on: numbers in the settings, tensors of the optimiser under a
prefix. Whoever wants the network alone does not see them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from ntm_core import checkpoint_header, models
from ntm_core.checkpoint_header import FORMAT, KEY, TRAINING
from ntm_core.errors import CheckpointError, ConfigError
from ntm_core.training_state import TrainingState

if TYPE_CHECKING:
    from pathlib import Path

    from ntm_core.network import MemoryNetwork


_NOT_WHOLE = (KeyError, TypeError, OverflowError, RuntimeError, ConfigError, SafetensorError)
"""What torch, safetensors and the settings raise where bytes are missing or wrong."""
_WHOLE_WANTED = "a checkpoint with its settings and tensors whole was wanted"


def save(model: MemoryNetwork[Any, Any], training: TrainingState | None = None) -> bytes:
    """The weights and settings of a network, and where its training stands if that is to go on from them."""
    tensors = dict(model.state_dict())
    # One text, not several: safetensors writes those in any order, and equal weights should be equal bytes.
    settings = {"format": FORMAT, "model": model.name, "config": model.config.to_json()}
    if training is not None:
        tensors |= {TRAINING + name: tensor for name, tensor in training.optimizer.items()}
        settings["training"] = training.to_json()
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return save_tensors(plain, {KEY: json.dumps(settings)})


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
        tensors = {name: tensor for name, tensor in load_tensors(blob).items() if not name.startswith(TRAINING)}
    except _NOT_WHOLE as error:
        raise CheckpointError(f"{_WHOLE_WANTED}; got {error}") from error
    wanted = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in model.state_dict().items()}
    found = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in tensors.items()}
    if found != wanted:
        raise CheckpointError(f"weights {_differences(wanted, found)} do not fit the settings")
    model.load_state_dict(tensors, assign=True)
    return model.eval()


def training(blob: bytes) -> TrainingState | None:
    """Where the training stood that `save` was given; None where it was given none.

    Raises CheckpointError on any other bytes. Whether the tensors fit a network, `Trainer.restore` tells.
    """
    settings = checkpoint_header.settings(blob)
    if "training" not in settings:
        return None
    try:
        tensors = load_tensors(blob)
    except _NOT_WHOLE as error:
        raise CheckpointError(f"{_WHOLE_WANTED}; got {error}") from error
    kept = {name.removeprefix(TRAINING): tensor for name, tensor in tensors.items() if name.startswith(TRAINING)}
    return TrainingState.from_json(settings["training"], kept)


def _differences(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    return ", ".join(sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)))
