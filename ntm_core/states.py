"""From an episode back to the state of a network: what a step carried on is what the next one starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ntm_core.errors import CoreError
from ntm_core.network import held

if TYPE_CHECKING:
    from ntm_core.network import MemoryNetwork
    from ntm_core.trace import Array, Source


def carried_at(source: Source, step: int) -> dict[str, Array]:
    """The carried fields of an episode after a step; before the first one for -1."""
    if step < 0:
        return {field.name: source.initial(field.name) for field in source.spec.carried}
    record = source.record(step)
    return {field.name: record[field.name] for field in source.spec.carried}


def state_at(model: MemoryNetwork[Any, Any], source: Source, step: int, device: torch.device) -> Any:
    """The state of a network, batch of 1, after a step that an episode recorded of it: the very float32 numbers.

    Raises CoreError where the episode holds less, or other shapes, than the network's state.
    """
    with torch.no_grad():
        first = model.initial_state(1)
    known = {field.name: field.shape for field in source.spec.carried}
    for name, tensor in held(first).items():
        if known.get(name) != tuple(tensor.shape[1:]):
            raise CoreError(
                f"the state of this network needs {name} of shape {tuple(tensor.shape[1:])}; the episode has "
                f"{known.get(name, 'none')}. Choose an episode that this network ran"
            )
    values = carried_at(source, step)
    tensors = {name: torch.tensor(np.asarray(values[name]), device=device).unsqueeze(0) for name in held(first)}
    return first._replace(**tensors)
