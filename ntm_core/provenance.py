"""What a read is made of: which writes, and how much of the first memory. Exact arithmetic, NumPy only.

Every network here changes its memory as `M_t = D_t o M_{t-1} + A_t`, where D_t is what a step keeps of each cell and
A_t what its write heads add. So a memory, and every read of it, is a sum over the writes, each cut by what came later:

    r_T = sum_i w_T(i) M_0(i) D_1..D_T(i)  +  sum_t a_t sum_i w_T(i) w_t(i) D_{t+1}..D_T(i)

Weightings are taken as they were recorded: this says what was read, never why a head looked there. Between write heads
of one step the order of the trace decides: in parallel no head cuts what another adds, in sequence a later one does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ntm_core.trace import Order, Role, WriteOrder

if TYPE_CHECKING:
    from ntm_core.trace import Array, Field, Source, TraceSpec

Floats = NDArray[np.float64]

WARN_ABOVE = 1e-4
"""A residual from which on the numbers of a trace can't be those that its flags say: float32 leaves some 1e-6."""
_TINY = 1e-30
_TILE_BYTES = 64 * 2**20
"""The most that `recall_map` works on at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Provenance:
    """What a vector that was read, or a row of the memory, is the sum of."""

    contributions: Floats
    """What each write head added in each step up to it, as far as it is left: (step + 1, write heads, word)."""
    initial: Floats
    """What is left of the memory before the first step: (word,)."""
    recorded: Floats
    """The vector itself, as recorded: (word,)."""

    @property
    def total(self) -> Floats:
        """The sum of all parts: (word,)."""
        return np.asarray(self.contributions.sum((0, 1)) + self.initial)

    @property
    def residual(self) -> float:
        """The greatest difference between sum and record, as a share of the greatest number recorded."""
        difference = np.abs(self.total - self.recorded).max()
        return float(difference / max(float(np.abs(self.recorded).max()), _TINY))

    @property
    def cancellation(self) -> float:
        """The lengths of all parts over the length of their sum: near 1 is clean, a large one makes shares void."""
        parts = np.linalg.norm(self.contributions, axis=-1).sum() + np.linalg.norm(self.initial)
        return float(parts / max(float(np.linalg.norm(self.total)), _TINY))

    @property
    def shares(self) -> Floats:
        """The signed share of each step and write head, (step + 1, write heads); 1 with that of the first memory.

        The part's projection on the sum; one may be below 0 or above 1 where parts cancel each other.
        """
        total = self.total
        return np.asarray(self.contributions @ total / max(float(total @ total), _TINY**2))

    @property
    def initial_share(self) -> float:
        """The signed share of the memory before the first step."""
        total = self.total
        return float(self.initial @ total / max(float(total @ total), _TINY**2))


def of_read(source: Source, step: int, head: int = 0) -> Provenance:
    """What a read head read at a step is made of.

    O(steps x locations x word) time. ValueError where the trace lacks what it takes; IndexError for a step or head
    that is not there.
    """
    fields = _Fields(source.spec)
    _check("step", step, len(source))
    _check("read head", head, fields.reads.shape[0])
    weighting = _floats(source.series(fields.reads.name, step, step + 1))[0, head]
    after = step if source.spec.order is Order.READ_FIRST else step + 1
    recorded = _floats(source.series(fields.read_vectors.name, step, step + 1))[0, head]
    return _swept(source, fields, weighting, after, step + 1, recorded)


def of_row(source: Source, step: int, location: int) -> Provenance:
    """What a row of the memory is made of after a step. Raises as `of_read` does."""
    fields = _Fields(source.spec)
    _check("step", step, len(source))
    _check("location", location, fields.memory.shape[0])
    row = np.zeros(fields.memory.shape[0])
    row[location] = 1.0
    recorded = _floats(source.series(fields.memory.name, step, step + 1))[0, location]
    return _swept(source, fields, row, step + 1, step + 1, recorded)


def recall_map(source: Source, head: int = 0) -> Floats:
    """The signed share that each step's writes have in what a head read at each step: (read step, write step).

    What is missing in a row to 1 comes from the first memory. O(steps^2 x locations x word) time. Raises as `of_read`
    does.
    """
    fields = _Fields(source.spec)
    _check("read head", head, fields.reads.shape[0])
    steps = len(source)
    writes = _Writes.of(source, fields, 0, steps)
    weightings = _floats(source.series(fields.reads.name))[:, head]
    first = _floats(source.initial(fields.memory.name))
    reads_first = int(source.spec.order is Order.READ_FIRST)
    shares = np.zeros((steps, steps))
    tile = max(1, _TILE_BYTES // (8 * first.size))
    for begin in range(0, steps, tile):
        end = min(begin + tile, steps)
        left = np.repeat(weightings[begin:end, :, None], first.shape[1], axis=2)
        parts = np.zeros((end - begin, steps, first.shape[1]))
        for step in reversed(range(end)):
            earliest = max(0, step + reads_first - begin)  # the first read that sees what this step wrote
            added, left[earliest:] = writes.parts(step, left[earliest:])
            parts[earliest:, step] = added.sum(1)
        initial = np.einsum("knw,nw->kw", left, first)
        totals = parts.sum(1) + initial
        lengths = np.maximum((totals**2).sum(-1), _TINY**2)
        shares[begin:end] = np.einsum("ktw,kw->kt", parts, totals) / lengths[:, None]
    return shares


def lag_shares(shares: Floats) -> Floats:
    """How long ago it was written what is read, from a `recall_map` or some of its rows with zeros in place of others.

    Returns the share of each lag by the size of the parts, from 0 steps on: (steps,); sums to 1, NaN without a part.
    """
    sizes = np.array([np.abs(np.diagonal(shares, -lag)).sum() for lag in range(len(shares))])
    return np.asarray(sizes / sizes.sum()) if sizes.sum() else np.full(len(shares), np.nan)


class _Fields:
    """The fields of a trace that provenance needs. Raises ValueError where one is missing."""

    def __init__(self, spec: TraceSpec) -> None:
        self.memory = _wanted(spec, Role.MEMORY)
        self.reads = _wanted(spec, Role.READ_WEIGHTING)
        self.read_vectors = _wanted(spec, Role.READ_VECTOR)
        self.writes = _wanted(spec, Role.WRITE_WEIGHTING)
        self.add = _wanted(spec, Role.ADD)
        self.erase = spec.with_role(Role.ERASE)
        self.keep = spec.with_role(Role.KEEP)
        if not self.memory.carried:
            raise ValueError("provenance needs the memory before the first step; the trace does not carry its memory")


class _Writes(NamedTuple):
    """What consecutive steps did to the memory, time first."""

    weighting: Floats
    """(steps, heads, locations)."""
    add: Floats
    """(steps, heads, word)."""
    erase: Floats | None
    """(steps, heads, word); None where nothing is erased."""
    keep: Floats | None
    """(steps, locations): what a step leaves of each row before its heads write; None for all."""
    is_sequential: bool

    @classmethod
    def of(cls, source: Source, fields: _Fields, start: int, stop: int) -> _Writes:
        def values(field: Field | None) -> Floats | None:
            return None if field is None else _floats(source.series(field.name, start, stop))

        weighting, add = values(fields.writes), values(fields.add)
        assert weighting is not None
        assert add is not None
        is_sequential = source.spec.write_order is WriteOrder.SEQUENTIAL
        return cls(weighting, add, values(fields.erase), values(fields.keep), is_sequential)

    def parts(self, step: int, left: Floats) -> tuple[Floats, Floats]:
        """A step met on the way back in time.

        left: (reads, locations, word), how much of each cell after the step each read has.
        Returns what the read has of each head's add, (reads, heads, word), and how much of each cell before the step.
        """
        heads = self.weighting.shape[1]
        added = np.empty((len(left), heads, left.shape[-1]))
        later = left
        for head in reversed(range(heads)):
            weighting = self.weighting[step, head]
            added[:, head] = self.add[step, head] * np.einsum("n,knw->kw", weighting, later)
            if self.erase is not None:
                left = left * (1 - np.outer(weighting, self.erase[step, head]))
            if self.is_sequential:
                later = left
        return added, left if self.keep is None else left * self.keep[step][:, None]


def _swept(source: Source, fields: _Fields, weighting: Floats, writes: int, steps: int, recorded: Floats) -> Provenance:
    """Backwards from a sum of rows of the memory as it was after so many writes. steps: rows of the result."""
    memory = _floats(source.initial(fields.memory.name))
    done = _Writes.of(source, fields, 0, writes)
    contributions = np.zeros((steps, fields.writes.shape[0], memory.shape[1]))
    left = np.repeat(weighting[None, :, None], memory.shape[1], axis=2)
    for step in reversed(range(writes)):
        added, left = done.parts(step, left)
        contributions[step] = added[0]
    return Provenance(contributions, (left[0] * memory).sum(0), recorded)


def _wanted(spec: TraceSpec, role: Role) -> Field:
    field = spec.with_role(role)
    if field is None:
        raise ValueError(f"provenance needs a field of the role {str(role)!r}, and this trace has none")
    return field


def _check(what: str, number: int, count: int) -> None:
    if not 0 <= number < count:
        raise IndexError(f"a {what} from 0 to {count - 1} was wanted; got {number}")


def _floats(values: Array) -> Floats:
    return np.asarray(values, np.float64)
