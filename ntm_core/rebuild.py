"""What a step did to the memory, computed again from what was recorded of it. NumPy only.

Every network here changes its memory as `M' = M o keep o prod_h (1 - w_h e_h) + sum_h w_h a_h`, or with the write heads
one after another; a field that a network lacks leaves its factor out. Reads are a weighting times the memory before or
after that, as the order of the trace says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ntm_core.trace import Order, Role, WriteOrder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import Array, Source, TraceSpec

Floats = NDArray[np.float64]


def memory_after(spec: TraceSpec, before: Array, record: Mapping[str, Array]) -> Floats:
    """The memory that a step leaves: (locations, word).

    before: the memory that it found.   record: its fields. Raises ValueError where the trace has no writes.
    """
    keep, weighting, erase, add = (
        _value(spec, record, role) for role in (Role.KEEP, Role.WRITE_WEIGHTING, Role.ERASE, Role.ADD)
    )
    if weighting is None or add is None:
        raise ValueError("a trace with write weightings and add vectors was wanted")
    memory = before.astype(np.float64)
    if keep is not None:
        memory = memory * keep[:, None]
    added = np.zeros_like(memory)
    for head, (where, what) in enumerate(zip(weighting, add, strict=True)):
        if erase is not None:
            memory = memory * (1 - np.outer(where, erase[head]))
        if spec.write_order is WriteOrder.SEQUENTIAL:
            memory = memory + np.outer(where, what)
        else:
            added += np.outer(where, what)
    return memory + added


def reads(spec: TraceSpec, before: Array, after: Array, record: Mapping[str, Array]) -> Floats:
    """The read vectors of a step: (read heads, word). before, after: the memory that it found, and left."""
    weighting = _value(spec, record, Role.READ_WEIGHTING)
    if weighting is None:
        raise ValueError("a trace with read weightings was wanted")
    memory = before if spec.order is Order.READ_FIRST else after
    return weighting @ memory.astype(np.float64)


def memory_before(source: Source, step: int) -> Array:
    """The memory that a step found, as recorded."""
    field = source.spec.with_role(Role.MEMORY)
    if field is None:
        raise ValueError("a trace with a memory was wanted")
    return source.initial(field.name) if step == 0 else source.record(step - 1)[field.name]


def _value(spec: TraceSpec, record: Mapping[str, Array], role: Role) -> Floats | None:
    field = spec.with_role(role)
    return None if field is None else np.asarray(record[field.name], np.float64)
