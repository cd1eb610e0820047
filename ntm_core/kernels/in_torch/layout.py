"""How the numbers of a sequence lie while it runs: what both passes and the trace have to agree on.

T is time, B the batch, I inputs, L layers of the controller, C units of one of them, G what one of them computes before
it is squashed (4 C for an LSTM, else C), R and H read and write heads, W word size, N locations, K offsets of a shift.
What one step leaves and the next one finds has T + 1 places: the first is where the sequence starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ntm_core.trace import Order

if TYPE_CHECKING:
    from torch import Tensor

    from ntm_core.ntm_config import NTMConfig


class Turn(NamedTuple):
    """The weightings of the heads that address the same memory, (T, B, heads, N) each."""

    content: Tensor
    gated: Tensor
    shifted: Tensor
    weighting: Tensor
    """(T + 1, B, heads, N)"""


class Steps(NamedTuple):
    """All that the steps of a sequence computed: what its gradient and its trace need."""

    seen: Tensor
    """(T + 1, B, I + R W + L C): the input of a step, and what it finds of the reads and of the controller's layers"""
    gates: Tensor
    """(T, B, L, G); squashed with an LSTM"""
    cell: Tensor
    """(T + 1, B, L, C); empty with a feed-forward controller"""
    signed: Tensor
    """(T, B, (R + H) W + H W): keys and adds"""
    opened: Tensor
    """(T, B, H W + R + H): erases and gates"""
    positive: Tensor
    """(T, B, 2 (R + H)): key strengths and sharpenings"""
    shift: Tensor
    """(T, B, R + H, K)"""
    turns: tuple[Turn, ...]
    """One of all heads where a step reads first, else one of the read heads and one of the write heads"""
    memory: Tensor
    """(T + 1, B, N, W)"""


class Layer(NamedTuple):
    """A layer of the controller, (B, ...) at one step or (T, B, ...) at all; the gates as an LSTM has them."""

    gates: Tensor
    """(G,): all of the next five"""
    opened: Tensor
    """(3 C,): the next three"""
    input: Tensor
    forget: Tensor
    emitted: Tensor
    candidate: Tensor
    before: Tensor
    """The cell that the step finds."""
    cell: Tensor
    hidden: Tensor


class Told(NamedTuple):
    """What the controller tells the heads, (B, ...) at one step or (T, B, ...) at all; read heads first."""

    key: Tensor
    """(R + H, W)"""
    add: Tensor
    """(H, W)"""
    erase: Tensor
    """(H, W)"""
    gate: Tensor
    """(R + H,), as are the next two"""
    key_strength: Tensor
    sharpening: Tensor
    shift: Tensor
    """(R + H, K)"""


class Addressing(NamedTuple):
    """What the heads of a turn go by and come to, (B, heads, ...) at one step or (T, B, heads, ...) at all."""

    key: Tensor
    key_strength: Tensor
    gate: Tensor
    shift: Tensor
    sharpening: Tensor
    before: Tensor
    """The weighting that the step finds."""
    content: Tensor
    gated: Tensor
    shifted: Tensor
    weighting: Tensor


class Access(NamedTuple):
    """What a step does to the memory, (B, ...) at one step or (T, B, ...) at all."""

    found: Tensor
    """(N, W)"""
    left: Tensor
    """(N, W)"""
    reading: Tensor
    """(R, N): the read weightings"""
    writing: Tensor
    """(H, N): the write weightings"""
    erase: Tensor
    """(H, W)"""
    add: Tensor
    """(H, W)"""
    read_vector: Tensor
    """(R, W)"""


def room(config: NTMConfig, time: int, batch: int, like: Tensor) -> Steps:
    """Of a sequence that is still to run. like: a tensor of the device and type."""
    reads, writes, heads, word = config.read_heads, config.write_heads, config.heads, config.word_size
    units, rows = config.hidden_size, config.locations

    def empty(*shape: int) -> Tensor:
        return like.new_empty(shape)

    def turn(count: int) -> Turn:
        at_all = (time, batch, count, rows)
        return Turn(empty(*at_all), empty(*at_all), empty(*at_all), empty(time + 1, batch, count, rows))

    return Steps(
        seen=empty(time + 1, batch, config.inputs + reads * word + config.controller_size),
        gates=empty(time, batch, config.layers, 4 * units if config.is_recurrent else units),
        cell=empty(time + 1, batch, config.layers, units if config.is_recurrent else 0),
        signed=empty(time, batch, (heads + writes) * word),
        opened=empty(time, batch, writes * word + heads),
        positive=empty(time, batch, 2 * heads),
        shift=empty(time, batch, heads, config.offsets),
        turns=tuple(turn(count) for count in ((heads,) if config.order is Order.READ_FIRST else (reads, writes))),
        memory=empty(time + 1, batch, rows, word),
    )


def layers_of(config: NTMConfig, steps: Steps) -> list[Layer]:
    """At all steps, the lowest first."""
    units = config.hidden_size
    hidden = steps.seen[1:, :, -config.controller_size :]
    layers = []
    for layer in range(config.layers):
        gates, cell = steps.gates[:, :, layer], steps.cell[:, :, layer]
        opened, candidate = gates[..., : 3 * units], gates[..., 3 * units :]
        input_gate, forget, emitted = opened.tensor_split(3, -1)
        own = hidden[..., layer * units : (layer + 1) * units]
        layers.append(Layer(gates, opened, input_gate, forget, emitted, candidate, cell[:-1], cell[1:], own))
    return layers


def told_of(config: NTMConfig, steps: Steps) -> Told:
    """At all steps."""
    heads, word = config.heads, config.word_size
    keys, words = heads * word, config.write_heads * word
    return Told(
        key=parted(steps.signed[..., :keys], heads, word),
        add=parted(steps.signed[..., keys:], config.write_heads, word),
        erase=parted(steps.opened[..., :words], config.write_heads, word),
        gate=steps.opened[..., words:],
        key_strength=steps.positive[..., :heads],
        sharpening=steps.positive[..., heads:],
        shift=steps.shift,
    )


def addressings_of(steps: Steps, told: Told) -> list[Addressing]:
    """Of each turn, at all steps."""
    found, first = [], 0
    for turn in steps.turns:
        heads = slice(first, first + turn.content.shape[2])
        found.append(
            Addressing(
                key=told.key[:, :, heads],
                key_strength=told.key_strength[:, :, heads],
                gate=told.gate[:, :, heads],
                shift=told.shift[:, :, heads],
                sharpening=told.sharpening[:, :, heads],
                before=turn.weighting[:-1],
                content=turn.content,
                gated=turn.gated,
                shifted=turn.shifted,
                weighting=turn.weighting[1:],
            )
        )
        first = heads.stop
    return found


def access_of(config: NTMConfig, steps: Steps, told: Told) -> Access:
    """At all steps."""
    reads, word = config.read_heads, config.word_size
    weightings = [turn.weighting[1:] for turn in steps.turns]
    reading = weightings[0][:, :, :reads]
    writing = weightings[0][:, :, reads:] if len(weightings) == 1 else weightings[1]
    read_vector = parted(steps.seen[1:, :, config.inputs : -config.controller_size], reads, word)
    return Access(steps.memory[:-1], steps.memory[1:], reading, writing, told.erase, told.add, read_vector)


def parted(tensor: Tensor, *sizes: int) -> Tensor:
    """The last axis as several: (..., a b) to (..., a, b). A view."""
    return tensor.view(*tensor.shape[:-1], *sizes)


BundleT = TypeVar("BundleT", bound="tuple[Tensor, ...]")


def each_step(bundle: BundleT) -> list[BundleT]:
    """From what lies at all steps to what lies at each."""
    kind = type(bundle)
    return [kind(*parts) for parts in zip(*(part.unbind(0) for part in bundle), strict=True)]
