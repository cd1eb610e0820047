"""How strongly a loss depends on what each step left: the norms of dL/dh_t, dL/dM_t, dL/dr_t and dL/dw_t.

They tell at which step a gradient dies out or grows. Taken from the graph of a training step itself, so its weights'
gradients are what they would be without; whatever comes after a step counts, the step's own output included. A network
has to take its own steps for that: with the kernel `eager`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from ntm_core.network import Trace, stacked
from ntm_core.trace import GRADIENT_OF, Field, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from ntm_core.network import MemoryNetwork

_BY_HEAD = (Role.READ_VECTOR, Role.READ_WEIGHTING, Role.WRITE_WEIGHTING)


def fields(model: MemoryNetwork[Any, Any]) -> tuple[Field, ...]:
    """What a trace of these norms holds: one number a step, or one for each head."""
    return tuple(
        Field(
            f"{field.name}_gradient",
            GRADIENT_OF[field.role],
            field.shape[:1] if field.role in _BY_HEAD else (),
            field.dims[:1] if field.role in _BY_HEAD else (),
            "nats",
        )
        for field in _watched(model)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """A batch that ran over a network, kept with its graph until the backward pass."""

    logits: Tensor
    """(time, batch, outputs)."""
    trace: Trace[Any, Any]
    tensors: Mapping[str, list[Tensor]]
    """What the gradients are of, by the name of the field, a batch for each step."""
    by_head: frozenset[str]

    def norms(self, item: int) -> dict[str, Tensor]:
        """After the backward pass, of one sequence of the batch: the `fields` of all steps, time first."""
        return {
            f"{name}_gradient": torch.stack([_norm(each, item, name in self.by_head) for each in tensors])
            for name, tensors in self.tensors.items()
        }


def run(model: MemoryNetwork[Any, Any], sequence: Tensor, items: slice) -> Watched:
    """What `model(sequence, trace=True, items=items)` gives, to the bit."""
    state = initial = model.initial_state(sequence.shape[1])
    names = [field.name for field in _watched(model)]
    logits, views = [], []
    tensors: dict[str, list[Tensor]] = {name: [] for name in names}
    for x in sequence.unbind(0):
        y, state, view = model.step(x, state)
        logits.append(y)
        views.append(view)
        for name in names:
            tensor = getattr(view, name)
            if tensor.requires_grad:
                tensor.retain_grad()
            tensors[name].append(tensor)
    by_head = frozenset(field.name for field in _watched(model) if field.role in _BY_HEAD)
    return Watched(torch.stack(logits), stacked(initial, views, items), tensors, by_head)


def _watched(model: MemoryNetwork[Any, Any]) -> list[Field]:
    """The first field of each role."""
    found: dict[Role, Field] = {}
    for field in model.fields():
        if field.role in GRADIENT_OF:
            found.setdefault(field.role, field)
    return list(found.values())


def _norm(tensor: Tensor, item: int, is_by_head: bool) -> Tensor:
    """(heads,) for what has a vector for each head, else ()."""
    gradient = torch.zeros_like(tensor[item]) if tensor.grad is None else tensor.grad[item]
    length: Tensor = torch.linalg.vector_norm(gradient, dim=-1 if is_by_head else None)
    return length
