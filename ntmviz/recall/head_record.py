"""What was recorded of one head at one step, by role. NumPy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import Order, Role
from ntmviz.figures import HeadKind, heads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ntm_core.trace import Source

    Floats = NDArray[np.floating]


class HeadRecord:
    """One head at a step that ran. place: among all heads, read heads first. Its numbers are doubles."""

    def __init__(self, source: Source, step: int, place: int) -> None:
        self._source, self._step, self._place = source, step, place
        self._record = source.record(step)
        self.spec = source.spec
        self.head = heads(source.spec)[place]

    def whole(self, role: Role) -> Floats | None:
        """A field of the step; None where there is none."""
        field = self.spec.with_role(role)
        return None if field is None else np.asarray(self._record[field.name], np.float64)

    def own(self, role: Role) -> Floats | None:
        """The head's part of a field, on an axis of all heads or of those of its kind."""
        field, values = self.spec.with_role(role), self.whole(role)
        if field is None or values is None:
            return None
        return values[self._place if field.dims[0] == "head" else self.head.index]

    def before(self, role: Role) -> Floats | None:
        """A field as the step found it."""
        field = self.spec.with_role(role)
        if field is None:
            return None
        found = self._source.record(self._step - 1) if self._step > 0 else None
        return np.asarray(self._source.initial(field.name) if found is None else found[field.name], np.float64)

    @property
    def memory(self) -> Floats:
        """What the head looked in, (N, W): a write head never sees its own step's write, a read head may."""
        sees_write = self.spec.order is Order.WRITE_FIRST and self.head.kind is HeadKind.READ
        memory = self.whole(Role.MEMORY) if sees_write else self.before(Role.MEMORY)
        assert memory is not None
        return memory

    @property
    def last_weighting(self) -> Floats:
        """The head's weighting of the step before: (N,)."""
        weightings = self.before(self.head.kind.weighting)
        assert weightings is not None
        return weightings[self.head.index]
