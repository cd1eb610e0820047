"""From tensors to the arrays of a trace: what a network and a task show, and one sequence of it on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor

from ntm_core import step_gradients
from ntm_core.trace import GRADIENT_OF, Array, Field, PackedColumns, Phase, Role, TraceSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import EllipsisType

    from ntm_core.network import MemoryNetwork, Trace
    from ntm_core.tasks import Sample, Task
    from ntm_core.trace import Columns


_GRADIENTS = frozenset(GRADIENT_OF.values())
_Part: TypeAlias = "tuple[Tensor, int | tuple[slice, int] | EllipsisType]"
"""A tensor, and what of it."""


class Observation(NamedTuple):
    """One sequence as float32 arrays, ready for a sink."""

    initial: dict[str, Array]
    """The carried fields before the first step."""
    columns: Columns
    """All fields of all steps, time first."""
    used: int
    """Steps up to the last one that does not only fill up a batch."""

    def trimmed(self) -> Observation:
        """Without the steps at the end that only fill up a batch."""
        columns, steps = self.columns, self.used
        if len(next(iter(columns.values()))) == steps:
            return self
        if isinstance(columns, PackedColumns):
            return self._replace(
                columns=PackedColumns(columns.fields, tuple(block[:steps] for block in columns.blocks))
            )
        return self._replace(columns={name: column[:steps] for name, column in columns.items()})


def _used(phase: Array) -> int:
    """phase: (time,)."""
    used = np.flatnonzero(phase)
    return int(used[-1]) + 1 if len(used) else 0


def trace_spec(model: MemoryNetwork[Any, Any], task: Task, *, has_gradients: bool = False) -> TraceSpec:
    """The fields of a model's steps on a task: the model's own, then those of the task.

    has_gradients: also what `step_gradients` tells of the steps of a training.
    """
    share = (0.0, 1.0)
    return TraceSpec(
        (
            *model.fields(),
            Field("input", Role.INPUT, (task.inputs,), ("channel",), "", task.input_limits),
            Field("output", Role.OUTPUT, (task.outputs,), ("channel",), "probability", share),
            Field("target", Role.TARGET, (task.outputs,), ("channel",), "", share),
            Field("mask", Role.MASK, (), (), "", share),
            Field("phase", Role.PHASE, (), (), "", (0.0, float(max(Phase)))),
            *(step_gradients.fields(model) if has_gradients else ()),
        ),
        model.order,
        model.write_order,
    )


def observe(
    spec: TraceSpec,
    trace: Trace[Any, Any],
    sample: Sample,
    logits: Tensor,
    task: Task,
    item: int = 0,
    phases: Tensor | None = None,
    gradients: Mapping[str, Tensor] | None = None,
) -> Observation:
    """One sequence of a batch, brought to the host in one transfer whatever its length and the number of fields.

    trace: of the batch.   sample: what it ran on.   logits: (time, batch, outputs).   item: which sequence.
    phases: (time, batch), where the sample is a part of a sequence, which does not tell what each step is for.
    gradients: what `step_gradients` tells of this sequence; NaN is put for it where the sequence had no backward pass.
    """
    values = {
        "input": sample.inputs,
        "output": logits,
        "target": sample.targets,
        "mask": sample.mask,
        "phase": task.phases(sample) if phases is None else phases,
    }
    if trace.packed is not None and (packed := _packed(spec, trace, values, item)) is not None:
        return packed
    values |= trace.steps._asdict()
    initial: list[_Part] = [(getattr(trace.initial, field.name), item) for field in spec.carried]
    steps: list[_Part] = [
        (values[field.name], (slice(None), item))
        if field.role not in _GRADIENTS
        else (_unknown(field, logits) if gradients is None else gradients[field.name], ...)
        for field in spec
    ]
    arrays = _parts_on_host([*initial, *steps])
    columns = {field.name: array for field, array in zip(spec, arrays[len(initial) :], strict=True)}
    columns["output"] = _probability(columns["output"])
    first = {field.name: array for field, array in zip(spec.carried, arrays, strict=False)}
    return Observation(first, columns, _used(columns["phase"]))


def _probability(logits: Array) -> Array:
    """The logistic function, on the host.

    Torch rounds it by a value's place in its tensor, and a step run alone would differ from the same step of a sequence
    in the last bit.
    """
    return 0.5 + 0.5 * np.tanh(0.5 * logits)


def _packed(spec: TraceSpec, trace: Trace[Any, Any], task: Mapping[str, Tensor], item: int) -> Observation | None:
    """What the network packed, beside what the task shows; None where they are not all there are, or not float32.

    task: by name, (time, batch, ...).
    """
    packed = trace.packed
    assert packed is not None
    fields = spec.fields
    count = len(packed.names)
    names = tuple(field.name for field in fields)
    is_all = names[:count] == packed.names and task.keys() == set(names[count:])
    if not is_all or packed.rows.dtype != np.float32 or not _are_there(task.values()):
        return None
    shown = {name: tensor.detach().numpy()[:, item] for name, tensor in task.items()}
    shown["output"] = _probability(shown["output"])
    beside = np.empty((len(packed.rows), sum(field.size for field in fields[count:])), np.float32)
    start = 0
    for field in fields[count:]:
        beside[:, start : start + field.size] = shown[field.name].reshape(-1, field.size)
        start += field.size
    initial = {field.name: getattr(trace.initial, field.name).detach().numpy()[item] for field in spec.carried}
    return Observation(initial, PackedColumns(fields, (packed.rows[:, item], beside)), _used(shown["phase"]))


def _unknown(field: Field, logits: Tensor) -> Tensor:
    """(time, *field.shape)."""
    return logits.new_full((len(logits), *field.shape), float("nan"))


def _are_there(tensors: Iterable[Tensor]) -> bool:
    return all(tensor.is_cpu for tensor in tensors)


def _parts_on_host(parts: Sequence[_Part]) -> list[Array]:
    """As `on_host`; where they are there, NumPy cuts, in a tenth of the time that torch takes."""
    if _are_there(tensor for tensor, _ in parts):
        return [np.asarray(tensor.detach().numpy()[place], np.float32) for tensor, place in parts]
    return on_host([tensor[place] for tensor, place in parts])


def on_host(tensors: Sequence[Tensor]) -> list[Array]:
    """The tensors as float32 arrays: views where they are there, from a device joined and copied once."""
    if _are_there(tensors):
        return [np.asarray(tensor.detach().numpy(), np.float32) for tensor in tensors]
    joined = torch.cat([tensor.detach().reshape(-1) for tensor in tensors]).float().cpu().numpy()
    ends = np.cumsum([tensor.numel() for tensor in tensors])[:-1]
    return [part.reshape(tensor.shape) for part, tensor in zip(np.split(joined, ends), tensors, strict=True)]
