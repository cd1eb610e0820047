"""Asking a trained network's memory by hand: what a read head would read with another key. NumPy only.

Addressing is that of the NTM paper (eq. 5 to 9), computed from what was recorded: nothing is run. Asked as the head
itself asked, it reads what the head read; a test holds that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import Order, Role
from ntmviz.recall import glyphs
from ntmviz.recall.figure import LabFigure
from ntmviz.recall.lookup import Look, cosines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ntm_core.trace import Source, TraceSpec

    Floats = NDArray[np.floating]

_WEIGHT_FLOOR = 1e-20
"""As in `addressing.sharpen`."""
_NEEDED = (Role.MEMORY, Role.READ_WEIGHTING, Role.KEY, Role.KEY_STRENGTH)
_STAGED = (Role.GATE, Role.SHIFT, Role.SHARPENING)


@dataclass(frozen=True, slots=True)
class Query:
    """What a read head is told."""

    head: int
    key: tuple[float, ...]
    strength: float
    gate: float = 1.0
    """How much of the content lookup goes in; the rest is the weighting of the step before"""
    shift: tuple[float, ...] = (0.0, 1.0, 0.0)
    """Shares of the offsets -S to S"""
    sharpening: float = 1.0


def can_be_asked(spec: TraceSpec) -> bool:
    """Whether a network's heads address by what is recorded of them: content, and all of gate, shift and sharpening."""
    staged = [spec.with_role(role) is not None for role in _STAGED]
    is_extended = any(spec.with_role(role) for role in (Role.ROUTER, Role.LOOKUP_MASK, Role.SPREAD, Role.LINKS))
    return all(spec.with_role(role) for role in _NEEDED) and all(staged) and not is_extended


def emitted(source: Source, step: int, head: int) -> Query:
    """What a read head was told at a step."""
    record = source.record(step)

    def of(role: Role) -> Floats:
        field = source.spec.with_role(role)
        assert field is not None
        return np.asarray(record[field.name][head])

    return Query(
        head,
        tuple(of(Role.KEY).tolist()),
        float(of(Role.KEY_STRENGTH)),
        float(of(Role.GATE)),
        tuple(of(Role.SHIFT).tolist()),
        float(of(Role.SHARPENING)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A lookup stage by stage, (N,) each."""

    content: Floats
    gated: Floats
    shifted: Floats
    look: Look


def ask(source: Source, step: int, query: Query) -> Asked:
    """What the head would have read at a step."""
    memory = _memory(source, step).astype(np.float64)
    key = np.asarray(query.key)
    mask = np.ones_like(key)
    scores = query.strength * cosines(memory, key, mask)
    content = np.exp(scores - scores.max())
    content = content / content.sum()
    gated = query.gate * content + (1 - query.gate) * _before(source, step, query.head)
    reach = len(query.shift) // 2
    shifted = sum((share * np.roll(gated, offset - reach) for offset, share in enumerate(query.shift)), np.zeros(1))
    logs = query.sharpening * np.log(np.maximum(shifted, _WEIGHT_FLOOR))
    powers = np.exp(logs - logs.max())
    weighting = powers / powers.sum()
    nothing = np.zeros_like(content)
    everywhere = np.ones(len(content), bool)
    word = (weighting @ memory).astype(np.float32)
    look = Look(key, mask, query.strength, everywhere, scores, nothing, nothing, nothing, weighting, np.ones(1), word)
    return Asked(content, gated, shifted, look)


def query_figure(source: Source, step: int, query: Query) -> LabFigure:
    """The memory that a head found at a step, asked by hand, beside what the head itself did."""
    own, asked = ask(source, step, emitted(source, step, query.head)), ask(source, step, query)
    memory = _memory(source, step)
    rows = len(memory)
    none = np.zeros((rows, rows))
    return LabFigure(
        step=step,
        done=None,
        is_preview=True,
        shape=glyphs.shape_of(memory.shape[1]),
        limit=max(1.0, float(np.abs(memory[np.isfinite(memory)]).max(initial=0))),
        names=tuple(f"row {row}" for row in range(rows)),
        memory=memory,
        rows=np.arange(rows),
        segments=("memory",),
        members=np.zeros(rows, int),
        free=(0,),
        counts=np.zeros(rows),
        trace=np.zeros(rows),
        association=none,
        links=none,
        look=asked.look,
        plain=own.look,
        chain=(asked.look,),
        plain_chain=(own.look,),
        shown=0,
        current=None,
        below=0.0,
        stored_row=None,
        stages=(("content", asked.content), ("gated", asked.gated), ("shifted", asked.shifted)),
        titles=(("Your key", "as it is set"), ("The head", "as it was")),
        rankings=("as the head did", "with your key"),
    )


def _memory(source: Source, step: int) -> Floats:
    """What the read heads looked in at a step."""
    field = source.spec.with_role(Role.MEMORY)
    assert field is not None
    if source.spec.order is Order.WRITE_FIRST:
        return source.record(step)[field.name]
    return source.record(step - 1)[field.name] if step > 0 else source.initial(field.name)


def _before(source: Source, step: int, head: int) -> Floats:
    field = source.spec.with_role(Role.READ_WEIGHTING)
    assert field is not None
    return (source.record(step - 1)[field.name] if step > 0 else source.initial(field.name))[head]
