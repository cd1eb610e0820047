"""The Recall workspace's picture of a trained network's memory, asked by hand. NumPy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntmviz.recall import glyphs
from ntmviz.recall.askable import Terms
from ntmviz.recall.figure import LabFigure
from ntmviz.recall.head_record import HeadRecord
from ntmviz.recall.query import ask, emitted

if TYPE_CHECKING:
    from ntm_core.trace import Source
    from ntmviz.recall.query import Query

_PLAIN = Terms()


def query_figure(source: Source, step: int, query: Query, terms: Terms = _PLAIN) -> LabFigure:
    """The memory that a head found at a step, asked by hand, beside what the head itself was told."""
    own, asked = ask(source, step, emitted(source, step, query.head), terms), ask(source, step, query, terms)
    record = HeadRecord(source, step, query.head)
    memory = record.memory.astype(np.float32)
    rows, segments = len(memory), len(asked.look.shares)
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
        segments=tuple(f"segment {segment}" for segment in range(segments)) if segments > 1 else ("memory",),
        members=np.arange(rows) * segments // rows,
        free=(0,) * segments,
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
        stages=asked.stages,
        titles=(("Your key", "as it is set"), ("The head", "as it was")),
        rankings=("as the head did", "with your key"),
        asked=record.head.kind,
    )
