"""How the kernels of the NTM lay out its numbers: what both passes and their caller have to agree on.

T is time, B the batch, I inputs, L layers of the controller, C units of one of them, G what one of them computes before
it is squashed (4 C for an LSTM, else C), R and H read and write heads, W word size, N locations, K offsets of a shift.
Arrays are C-contiguous, of one type, float32 or float64.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ntm_core.kernels.compiling import exact, matrix, woven

INTERVAL = 8
"""Steps from one kept memory to the next; those between are computed again, which costs less than to keep them."""

EVEN = 8
"""Columns of what the heads are told are a multiple of this: a product computes so many at once."""


class Shape(NamedTuple):
    """The sizes and kinds of a network."""

    inputs: int
    layers: int
    units: int
    is_recurrent: bool
    read_heads: int
    write_heads: int
    word: int
    offsets: int
    reads_first: bool
    is_sequential: bool


class Weights(NamedTuple):
    """The matrices of a network, as its modules hold them, and what is added to their products."""

    controller: Any
    """(L, I + R W + 2 C, G): the rows of inputs, reads, the layer below, and the layer itself a step before; those that
    a layer has no use for are left out, and rows without a meaning follow."""
    controller_bias: Any
    """(L, G)"""
    heads: Any
    """(told, L C)"""
    heads_bias: Any
    output: Any
    """(outputs, L C + R W)"""
    output_bias: Any


class Start(NamedTuple):
    """What a sequence starts from, or the gradient of it."""

    memory: Any
    """(B, W, N)"""
    weighting: Any
    """(B, R + H, N), read heads first, as everywhere"""
    out: Any
    """(B, L C + R W): what the output sees, the controller and then the reads"""
    cell: Any
    """(L, B, C)"""


class Steps(NamedTuple):
    """What the backward pass and a trace need of each step; of the last one alone where neither will come."""

    seen: Any
    """(L, T, B, as many as a layer's weights have rows)"""
    gates: Any
    """(L, T, B, G), squashed"""
    cell: Any
    """(T, L, B, C)"""
    out: Any
    """(T, B, L C + R W)"""
    told: Any
    """(T, B, told, filled up to a multiple of EVEN), squashed, see `Told`"""
    content: Any
    """(T, B, R + H, N), as are the next three"""
    gated: Any
    shifted: Any
    weighting: Any
    memory: Any
    """(T / INTERVAL, B, W, N): the memory that every so manyth step found"""


class Working(NamedTuple):
    """What the forward pass works on."""

    memory: Any
    """(2, B, W, N)"""


class Told(NamedTuple):
    """What the controller tells the heads of one sequence, or the gradient of it, as views of one row."""

    key: Any
    """(R + H, W)"""
    add: Any
    """(H, W)"""
    erase: Any
    """(H, W)"""
    gate: Any
    """(R + H,), as are the next two"""
    key_strength: Any
    sharpening: Any
    shift: Any
    """(R + H, K)"""


class Stages(NamedTuple):
    """The weightings of one sequence at one step, (R + H, N) each."""

    content: Any
    gated: Any
    shifted: Any
    weighting: Any


class Room(NamedTuple):
    """What the backward pass of one step writes on."""

    scales: Any
    """(N,), as are the next two"""
    pull: Any
    d_shifted: Any
    d_content: Any
    """(R + H, N), as is the next"""
    dots: Any
    chain: Any
    """(H, W, N)"""


@woven
def told_of(shape: Any, row: Any) -> Any:
    """The parts of what the heads are told, in the order of `ntm_core.heads.Heads`."""
    heads, writes, word = shape.read_heads + shape.write_heads, shape.write_heads, shape.word
    adds = heads * word
    erases = adds + writes * word
    gates = erases + writes * word
    strengths = gates + heads
    sharpenings = strengths + heads
    shifts = sharpenings + heads
    return Told(
        matrix(row, 0, heads, word),
        matrix(row, adds, writes, word),
        matrix(row, erases, writes, word),
        row[gates:strengths],
        row[strengths:sharpenings],
        row[sharpenings:shifts],
        matrix(row, shifts, heads, shape.offsets),
    )


@woven
def stages_of(steps: Any, at: int, item: int) -> Any:
    """The weightings of one sequence at one step."""
    return Stages(steps.content[at, item], steps.gated[at, item], steps.shifted[at, item], steps.weighting[at, item])


@exact
def rows_of(shape: Any, layer: int) -> Any:
    """How many numbers a layer of the controller sees."""
    below = shape.units if layer else 0
    return shape.inputs + shape.read_heads * shape.word + below + (shape.units if shape.is_recurrent else 0)
