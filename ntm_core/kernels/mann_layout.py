"""How the kernels of the MANN lay out its numbers.

Letters and kinds of arrays are those of `layout`; there are as many write heads as read heads, R of each.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ntm_core.kernels.compiling import matrix, woven


class Shape(NamedTuple):
    """The sizes and kinds of a network."""

    inputs: int
    layers: int
    units: int
    is_recurrent: bool
    read_heads: int
    word: int
    usage_decay: float


class Start(NamedTuple):
    """What a sequence starts from, or the gradient of it."""

    memory: Any
    """(B, W, N)"""
    weighting: Any
    """(B, R, N), of the read heads"""
    out: Any
    """(B, L C + R W), as for the NTM"""
    cell: Any
    """(L, B, C)"""
    usage: Any
    """(B, N)"""


class Steps(NamedTuple):
    """What the backward pass and a trace need of each step; of the last one alone where neither will come."""

    seen: Any
    """This and the next four as for the NTM; for what is told see `Told`."""
    gates: Any
    cell: Any
    out: Any
    told: Any
    weighting: Any
    """(T, B, R, N), of the read heads, which is what they find"""
    written: Any
    """(T, B, R, N), of the write heads"""
    usage: Any
    """(T, B, N)"""
    memory: Any
    """(T / INTERVAL, B, W, N): the memory that every so manyth step found"""


class Told(NamedTuple):
    """What the controller tells the heads of one sequence, or the gradient of it, as views of one row."""

    key: Any
    """(R, W)"""
    gate: Any
    """(R,), the share of the least used row"""


class Room(NamedTuple):
    """What the backward pass of one step writes on."""

    scales: Any
    """(N,), as is the next"""
    pull: Any
    dots: Any
    """(R, N), as is the next"""
    d_written: Any
    d_strength: Any
    """(R,)"""


@woven
def told_of(shape: Any, row: Any) -> Any:
    """The parts of what the heads are told, in the order of `ntm_core.mann.MANN.heads`."""
    keys = shape.read_heads * shape.word
    return Told(matrix(row, 0, shape.read_heads, shape.word), row[keys : keys + shape.read_heads])
