"""The Neural Turing Machine (Graves, Wayne and Danihelka 2014, arXiv 1410.5401)."""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from ntm_core import addressing, content_terms, controllers, seeding
from ntm_core.content_terms import RecallTerms
from ntm_core.controllers import ControllerState
from ntm_core.heads import Addressed, HeadParameters, Heads, address
from ntm_core.network import MemoryNetwork
from ntm_core.ntm_config import FirstMemory, FirstWeighting, NTMConfig
from ntm_core.trace import Field, Order, Role

__all__ = ["NTM", "NTMConfig", "NTMState", "NTMView"]

FIRST_MEMORY = 1e-6
"""Every number of a constant memory before the first step."""

FIRST_LOGIT = 8.0
"""Of row 0 in one-hot first weightings, all others 0."""

_RANDOM_LOGITS = 1.0
"""Standard deviation of random first logits."""


class NTMState(NamedTuple):
    """All that a step starts from. B is the batch, N locations, W word size, R and H read and write heads, C units."""

    memory: Tensor
    """(B, N, W)"""
    read_weighting: Tensor
    """(B, R, N)"""
    write_weighting: Tensor
    """(B, H, N)"""
    read_vector: Tensor
    """(B, R, W)"""
    controller: Tensor | None
    """(B, C), all layers side by side; None with a feed-forward controller, as is the next"""
    controller_cell: Tensor | None
    """(B, C)"""
    recall_count: Tensor | None
    """See `content_terms.RecallTerms` for this and the next two."""
    recall_trace: Tensor | None
    association: Tensor | None


class NTMView(NamedTuple):
    """What a step computed. The state after it comes first; wherever heads share an axis, read heads come first."""

    memory: Tensor
    read_weighting: Tensor
    write_weighting: Tensor
    read_vector: Tensor
    controller: Tensor
    """(B, C), also with a feed-forward controller"""
    controller_cell: Tensor | None
    recall_count: Tensor | None
    recall_trace: Tensor | None
    association: Tensor | None
    spread: Tensor | None
    """(B, N)"""
    key: Tensor
    """(B, R + H, W)"""
    key_strength: Tensor
    """(B, R + H)"""
    gate: Tensor
    """(B, R + H)"""
    shift: Tensor
    """(B, R + H, 2 S + 1)"""
    sharpening: Tensor
    """(B, R + H)"""
    lookup_mask: Tensor | None
    """(B, R + H, W)"""
    router: Tensor | None
    """(B, R + H, segments)"""
    content_weighting: Tensor
    """(B, R + H, N)"""
    gated_weighting: Tensor
    """(B, R + H, N)"""
    shifted_weighting: Tensor
    """(B, R + H, N)"""
    erase: Tensor
    """(B, H, W)"""
    add: Tensor
    """(B, H, W)"""


class Accessed(NamedTuple):
    """What the heads did in one step."""

    addressed: Addressed
    """Of all heads, read heads first."""
    read_weighting: Tensor
    write_weighting: Tensor
    memory: Tensor
    read_vector: Tensor


class NTM(MemoryNetwork[NTMState, NTMView]):
    """An NTM with any number of read and write heads.

    Reading first, all heads address and read the memory that the previous step left, and the write heads change it
    together. Writing first, the write heads address the previous memory and change it, and the read heads then address
    and read the changed one.
    """

    name: ClassVar[str] = "ntm"

    def __init__(self, config: NTMConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config: NTMConfig = config
        self.order, self.write_order = config.order, config.write_order
        reads = config.read_heads * config.word_size
        self.controller = controllers.build(
            config.controller, config.inputs + reads, config.hidden_size, config.layers, generator
        )
        self.heads = Heads(config)
        self.output = nn.Linear(config.controller_size + reads, config.outputs)
        self.first_read = nn.Parameter(torch.empty(config.read_heads, config.word_size))
        self.first_weighting = nn.Parameter(torch.zeros(config.heads, config.locations))
        for layer, gain in ((self.heads, 1.4), (self.output, 1.0)):
            nn.init.xavier_uniform_(layer.weight, gain=gain, generator=generator)
            seeding.fill_normally(layer.bias, 0.01, generator)
        seeding.fill_normally(self.first_read, 0.01, generator)
        with torch.no_grad():
            if config.first_weighting is FirstWeighting.ONE_HOT:
                self.first_weighting[:, 0] = FIRST_LOGIT
            elif config.first_weighting is FirstWeighting.RANDOM:
                seeding.fill_normally(self.first_weighting, _RANDOM_LOGITS, generator)
        self._make_first_memory(generator)

    def _make_first_memory(self, generator: torch.Generator | None) -> None:
        """A weight, or a buffer that is kept with the weights; nothing where it is a constant."""
        config = self.config
        memory = torch.full((config.locations, config.word_size), FIRST_MEMORY)
        if config.first_memory is FirstMemory.LEARNED:
            # Rows that start equal learn apart only as fast as the first weightings do.
            self.first_memory = nn.Parameter(seeding.fill_normally(memory, 0.01, generator))
        elif config.first_memory is FirstMemory.RANDOM:
            bound = 1 / math.sqrt(config.locations + config.word_size)
            self.register_buffer("first_memory", nn.init.uniform_(memory, -bound, bound, generator=generator))

    def fields(self) -> tuple[Field, ...]:
        return _fields(self.config)

    def initial_state(self, batch: int) -> NTMState:
        config = self.config
        weighting = torch.softmax(self.first_weighting, dim=-1).expand(batch, -1, -1)
        read_weighting, write_weighting = weighting.split_with_sizes((config.read_heads, config.write_heads), dim=1)
        if config.first_memory is FirstMemory.CONSTANT:
            memory = self.first_read.new_full((batch, config.locations, config.word_size), FIRST_MEMORY)
        else:
            memory = self.first_memory.expand(batch, -1, -1)
        controller = self.controller.initial(batch)
        terms = content_terms.first(config, batch, self.first_read)
        read_vector = self.first_read.expand(batch, -1, -1)
        return NTMState(memory, read_weighting, write_weighting, read_vector, *controller, *terms)

    def step(self, x: Tensor, state: NTMState) -> tuple[Tensor, NTMState, NTMView]:
        before = ControllerState(state.controller, state.controller_cell)
        output, reached = self.controller((x, state.read_vector.flatten(1)), before)
        parameters = self.heads(output)
        if self.writes_are_cut:  # the heads move on as they would
            erase, add = torch.zeros_like(parameters.erase), torch.zeros_like(parameters.add)
            parameters = parameters._replace(erase=erase, add=add)
        terms = RecallTerms(state.recall_count, state.recall_trace, state.association)
        prior, spread = content_terms.prior(self.config, terms)
        access = self._read_then_write if self.order is Order.READ_FIRST else self._write_then_read
        addressed, read_weighting, write_weighting, memory, read_vector = access(state, parameters, prior)
        read_vector = self.arriving(read_vector)
        terms = content_terms.after(self.config, terms, read_weighting)
        after = NTMState(
            memory, read_weighting, write_weighting, read_vector, reached.hidden, reached.cell, **terms._asdict()
        )
        view = NTMView(
            **after._replace(controller=output)._asdict(),
            **parameters._asdict(),
            spread=spread,
            content_weighting=addressed.content,
            gated_weighting=addressed.gated,
            shifted_weighting=addressed.shifted,
        )
        return self.output(torch.cat((output, read_vector.flatten(1)), dim=1)), after, view

    def _by_kind(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """The read heads' and the write heads' part of (batch, heads, ...)."""
        return tensor.split_with_sizes((self.config.read_heads, self.config.write_heads), dim=1)

    def _read_then_write(self, state: NTMState, parameters: HeadParameters, prior: Tensor | None) -> Accessed:
        previous = torch.cat((state.read_weighting, state.write_weighting), dim=1)
        addressed = address(state.memory, previous, parameters, prior, self.config.segments)
        read_weighting, write_weighting = self._by_kind(addressed.weighting)
        read_vector = addressing.read(state.memory, read_weighting)
        memory = self._written(state.memory, write_weighting, parameters)
        return Accessed(addressed, read_weighting, write_weighting, memory, read_vector)

    def _write_then_read(self, state: NTMState, parameters: HeadParameters, prior: Tensor | None) -> Accessed:
        reads, segments = self.config.read_heads, self.config.segments
        writers, readers = parameters.of(slice(reads, None)), parameters.of(slice(reads))
        writing = address(state.memory, state.write_weighting, writers, prior, segments)
        memory = self._written(state.memory, writing.weighting, parameters)
        reading = address(memory, state.read_weighting, readers, prior, segments)
        both = Addressed(*(torch.cat(stage, dim=1) for stage in zip(reading, writing, strict=True)))
        read_vector = addressing.read(memory, reading.weighting)
        return Accessed(both, reading.weighting, writing.weighting, memory, read_vector)

    def _written(self, memory: Tensor, weighting: Tensor, parameters: HeadParameters) -> Tensor:
        return addressing.write(memory, weighting, parameters.erase, parameters.add, self.write_order)


def _fields(config: NTMConfig) -> tuple[Field, ...]:
    rows, word, units = config.locations, config.word_size, config.controller_size
    reads, writes, heads = config.read_heads, config.write_heads, config.heads
    share, signed = (0.0, 1.0), (-1.0, 1.0)
    head, read_head, write_head = "head", "read head", "write head"
    is_recurrent = config.is_recurrent
    cell = (Field("controller_cell", Role.CONTROLLER, (units,), ("unit",), carried=True),)
    mask = (Field("lookup_mask", Role.LOOKUP_MASK, (heads, word), (head, "word"), "", share),)
    router = (Field("router", Role.ROUTER, (heads, config.segments), (head, "segment"), "", share),)
    return (
        Field("memory", Role.MEMORY, (rows, word), ("location", "word"), carried=True),
        Field("read_weighting", Role.READ_WEIGHTING, (reads, rows), (read_head, "location"), "", share, carried=True),
        Field(
            "write_weighting", Role.WRITE_WEIGHTING, (writes, rows), (write_head, "location"), "", share, carried=True
        ),
        Field("read_vector", Role.READ_VECTOR, (reads, word), (read_head, "word"), carried=True),
        Field("key", Role.KEY, (heads, word), (head, "word"), "", signed),
        Field("key_strength", Role.KEY_STRENGTH, (heads,), (head,)),
        Field("gate", Role.GATE, (heads,), (head,), "", share),
        Field("sharpening", Role.SHARPENING, (heads,), (head,)),
        Field("shift", Role.SHIFT, (heads, config.offsets), (head, "offset"), "", share),
        Field("content_weighting", Role.CONTENT_WEIGHTING, (heads, rows), (head, "location"), "", share),
        Field("gated_weighting", Role.GATED_WEIGHTING, (heads, rows), (head, "location"), "", share),
        Field("shifted_weighting", Role.SHIFTED_WEIGHTING, (heads, rows), (head, "location"), "", share),
        Field("erase", Role.ERASE, (writes, word), (write_head, "word"), "", share),
        Field("add", Role.ADD, (writes, word), (write_head, "word"), "", signed),
        *(mask if config.mask else ()),
        *(router if config.segments > 1 else ()),
        Field("controller", Role.CONTROLLER, (units,), ("unit",), "", signed, carried=is_recurrent),
        *(cell if is_recurrent else ()),
        *content_terms.fields(config),
    )
