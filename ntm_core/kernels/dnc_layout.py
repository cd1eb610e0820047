"""How the kernels of the DNC lay out its numbers. Letters and kinds of arrays are those of `layout`; H is 1."""

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


class Start(NamedTuple):
    """What a sequence starts from, or the gradient of it."""

    memory: Any
    """(B, W, N)"""
    weighting: Any
    """(B, R + 1, N), read heads first"""
    out: Any
    """(B, L C + R W), as for the NTM"""
    cell: Any
    """(L, B, C)"""
    usage: Any
    """(B, N), as is the next"""
    precedence: Any
    links: Any
    """(B, N, N)"""


class Steps(NamedTuple):
    """What the backward pass and a trace need of each step; of the last one alone where neither will come."""

    seen: Any
    """This and the next four as for the NTM; for what is told see `Told`."""
    gates: Any
    cell: Any
    out: Any
    told: Any
    content: Any
    """(T, B, R + 1, N), as is the next"""
    weighting: Any
    backward: Any
    """(T, B, R, N), as is the next"""
    forward: Any
    usage: Any
    """(T, B, N), as are the next two"""
    allocation: Any
    precedence: Any
    memory: Any
    """(T / INTERVAL, B, W, N): what every so manyth step found, as is the next"""
    links: Any
    """(T / INTERVAL, B, N, N)"""


class Working(NamedTuple):
    """What the forward pass works on."""

    memory: Any
    """(2, B, W, N)"""
    links: Any
    """(2, B, N, N)"""


class Told(NamedTuple):
    """What the controller tells the memory of one sequence, or the gradient of it, as views of one row."""

    key: Any
    """(R + 1, W)"""
    add: Any
    """(1, W), as is the next"""
    erase: Any
    free_gate: Any
    """(R,)"""
    gates: Any
    """(2,): of the allocation, and of the write"""
    key_strength: Any
    """(R + 1,)"""
    modes: Any
    """(3, R): backward, content, forward"""


class Stages(NamedTuple):
    """What one sequence comes to at one step; shapes as in `Steps`."""

    content: Any
    weighting: Any
    backward: Any
    forward: Any
    usage: Any
    allocation: Any
    precedence: Any


class Room(NamedTuple):
    """What the backward pass of one step writes on."""

    scales: Any
    """(N,), as are the next five"""
    pull: Any
    retention: Any
    used_less: Any
    d_allocation: Any
    row: Any
    d_content: Any
    """(R + 1, N), as is the next"""
    dots: Any
    d_backward: Any
    """(R, N), as is the next"""
    d_forward: Any


@woven
def told_of(shape: Any, row: Any) -> Any:
    """The parts of what the memory is told, in the order of `ntm_core.dnc_interface.Interface`."""
    reads, word = shape.read_heads, shape.word
    adds = (reads + 1) * word
    erases = adds + word
    frees = erases + word
    gates = frees + reads
    strengths = gates + 2
    modes = strengths + reads + 1
    return Told(
        matrix(row, 0, reads + 1, word),
        matrix(row, adds, 1, word),
        matrix(row, erases, 1, word),
        row[frees:gates],
        row[gates:strengths],
        row[strengths:modes],
        matrix(row, modes, 3, reads),
    )


@woven
def stages_of(steps: Any, at: int, item: int) -> Any:
    """What one sequence came to at one step."""
    return Stages(
        steps.content[at, item],
        steps.weighting[at, item],
        steps.backward[at, item],
        steps.forward[at, item],
        steps.usage[at, item],
        steps.allocation[at, item],
        steps.precedence[at, item],
    )
