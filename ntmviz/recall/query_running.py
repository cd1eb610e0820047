"""How a network goes on with what a query reads: the orders to its engine, or why there are none. NumPy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntm_core import commands
from ntm_core.trace import Role
from ntmviz.figures import HeadKind, heads
from ntmviz.recall.askable import Terms
from ntmviz.recall.head_record import HeadRecord
from ntmviz.recall.query import ask

if TYPE_CHECKING:
    from ntm_core.commands import Command
    from ntm_core.trace import Source, TraceSpec
    from ntmviz.figures import Head
    from ntmviz.recall.query import Query

_PLAIN = Terms()


def hindrance(spec: TraceSpec, head: Head) -> str:
    """Why a network cannot go on with what a head is asked, in one sentence; "" where it can."""
    if head.kind is HeadKind.WRITE:
        return "This shows where the head would have written; going on is for what is read."
    if spec.with_role(Role.ASSOCIATION):
        return "Going on would need what rows are associated by this read, which is not set by hand."
    return ""


def going_on(source: Source, step: int, query: Query, terms: Terms = _PLAIN) -> tuple[Command, ...]:
    """Sets what the head read at a step, and all that counts reads, to what the query reads; then the next step.

    None where it cannot go on so.
    """
    spec = source.spec
    if hindrance(spec, heads(spec)[query.head]):
        return ()
    look, record = ask(source, step, query, terms).look, HeadRecord(source, step, query.head)
    read = record.own(Role.READ_WEIGHTING)
    assert read is not None
    told = {Role.READ_WEIGHTING: look.weighting, Role.READ_VECTOR: look.word}
    for role in _counting(spec):
        counted = record.whole(role)
        assert counted is not None
        told[role] = counted + look.weighting - read
    found = {field.name: each for role, each in told.items() if (field := spec.with_role(role)) and field.carried}
    if not found:
        return ()
    values = tuple(tuple(each.astype(float).tolist()) for each in found.values())
    return commands.EditRows(tuple(found), record.head.index, values), commands.Run(1)


def _counting(spec: TraceSpec) -> tuple[Role, ...]:
    """What a step adds its read weightings to: a MANN's usage (MANN paper, eq. 5), and counts of recalls."""
    usage = (Role.USAGE,) if spec.with_role(Role.LEAST_USED) else ()
    return (*usage, Role.RECALL_COUNT) if spec.with_role(Role.RECALL_COUNT) else usage
