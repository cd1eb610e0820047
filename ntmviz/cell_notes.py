"""What is said of one cell of the memory at a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.lineage import Lineage
from ntm_core.trace import Order, Role
from ntmviz.figures import cosine, heads, last_write
from ntmviz.views.machine_marks import CellNote

if TYPE_CHECKING:
    from ntm_core.trace import Source
    from ntmviz.figures import Head, MachineFigure


def note(
    source: Source, step: int, head: Head, figure: MachineFigure, cell: tuple[int, int] | None, *, is_pinned: bool
) -> CellNote | None:
    """None where the memory has no such cell."""
    if cell is None or cell[0] >= figure.locations or cell[1] >= figure.word_size:
        return None
    location, word = cell
    return CellNote(
        location=location,
        word=word,
        value=float(figure.memory[location, word]),
        row_norm=float(np.linalg.norm(figure.memory[location])),
        cosine=_cosine(source, step, head, figure, location),
        head=head.kind,
        last_write=last_write(source, step, location) if step >= 0 else None,
        is_pinned=is_pinned,
        before_edit=_before_edit(source, step, cell),
    )


def _cosine(source: Source, step: int, head: Head, figure: MachineFigure, location: int) -> float:
    """Of the row, as the step's addressing saw it, with the head's key; NaN where there is no key."""
    key_field = source.spec.with_role(Role.KEY)
    if key_field is None or step < 0:
        return float("nan")
    seen = figure.before if source.spec.order is Order.READ_FIRST else figure.memory
    keys = source.record(step)[key_field.name]
    return cosine(seen[location], keys[heads(source.spec).index(head)])


def _before_edit(source: Source, step: int, cell: tuple[int, int]) -> float | None:
    """What the cell held before a hand changed it after this step; None where none did."""
    memory = source.spec.with_role(Role.MEMORY)
    if memory is None or not memory.carried or not isinstance(source, Lineage) or len(source.parts) < 2:
        return None
    for before, part in zip(source.parts, source.parts[1:], strict=False):
        if part.first - 1 == step:
            own = step - before.first
            ran = before.source.record(own)[memory.name] if own >= 0 else before.source.initial(memory.name)
            if ran[cell] != part.source.initial(memory.name)[cell]:
                return float(ran[cell])
    return None
