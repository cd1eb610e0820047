"""A memory-augmented network with least recently used access (Santoro et al. 2016, arXiv 1605.06065).

It finds rows by content alone, and writes either where it last read or where nothing was read or written for longest.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from ntm_core import addressing, content_terms, controllers, seeding
from ntm_core.content_terms import RecallTerms
from ntm_core.controllers import ControllerState
from ntm_core.heads import MASK_FLOOR
from ntm_core.mann_config import MANNConfig
from ntm_core.network import MemoryNetwork
from ntm_core.trace import Field, Order, Role
from ntm_core.usage import by_usage

__all__ = ["MANN", "MANNConfig", "MANNState", "MANNView"]

FIRST_MEMORY = 1e-6
"""Every number of the memory before the first step."""


class MANNState(NamedTuple):
    """All that a step starts from. B is the batch, N locations, W word size, R read heads and as many write heads."""

    memory: Tensor
    """(B, N, W)"""
    usage: Tensor
    """(B, N): how much each row was read and written of late"""
    read_weighting: Tensor
    """(B, R, N)"""
    read_vector: Tensor
    """(B, R, W)"""
    controller: Tensor | None
    """(B, units), all layers side by side; None with a feed-forward controller, as is the next"""
    controller_cell: Tensor | None
    """(B, units)"""
    recall_count: Tensor | None
    """See `content_terms.RecallTerms` for this and the next two."""
    recall_trace: Tensor | None
    association: Tensor | None


class MANNView(NamedTuple):
    """What a step computed. The state after it comes first; wherever heads share an axis, read heads come first.

    Write head h stores what read head h reads by: on a shared axis it has that head's key and mask.
    """

    memory: Tensor
    usage: Tensor
    read_weighting: Tensor
    read_vector: Tensor
    controller: Tensor
    """(B, units), also with a feed-forward controller"""
    controller_cell: Tensor | None
    recall_count: Tensor | None
    recall_trace: Tensor | None
    association: Tensor | None
    spread: Tensor | None
    """(B, N)"""
    write_weighting: Tensor
    """(B, R, N)"""
    key: Tensor
    """(B, R + R, W)"""
    lookup_mask: Tensor | None
    """(B, R + R, W)"""
    content_weighting: Tensor
    """(B, R + R, N): of a write head the lookup that its gate mixes in, which is its read head's of the step before"""
    allocation_gate: Tensor
    """(B, R): 1 - sigmoid(alpha), the share of a write head that goes to its least used row; the rest goes where its
    read head was"""
    least_used: Tensor
    """(B, R, N): 1 at the row that a write head is offered, 0 elsewhere; by the usage that the step found"""
    keep: Tensor
    """(B, N): 0 at the least used rows, which are emptied before the write, 1 elsewhere"""
    add: Tensor
    """(B, R, W): what the write heads store, the keys"""


class HeadParameters(NamedTuple):
    """What the controller tells its heads in one step, squashed to its domain."""

    key: Tensor
    """(B, R, W)"""
    allocation_gate: Tensor
    """(B, R)"""
    lookup_mask: Tensor | None
    """(B, R, W)"""


def least_used(usage: Tensor, heads: int) -> Tensor:
    """The least used rows, one for each write head, the least used first, in the order of `by_usage`.

    usage: (batch, locations).   Returns (batch, heads, locations), exactly one 1 for each head, each in a row of its
    own, 0 elsewhere; their sum is the least-used weighting of the paper's eq. 6. Passes no gradient on.
    """
    rows = by_usage(usage)[:, :heads]
    return torch.zeros_like(usage).unsqueeze(1).repeat(1, heads, 1).scatter(-1, rows.unsqueeze(-1), 1.0)


class MANN(MemoryNetwork[MANNState, MANNView]):
    """A controller, a memory, and pairs of a read and a write head.

    A step first writes and then reads: the paper's lookup (eq. 2, 3) and read (eq. 4) use M_t, the memory that the
    write (eq. 8) leaves, and the write needs nothing but what the step before left.

    Where the paper is silent: the controller tells the gate alpha, for each head and step. With several heads each is
    offered one of the least used rows for itself; if all wrote to all of them, these rows would be copies of each other
    for ever. Before the first step nothing was read or used. Rows that start equal part with the first write.
    """

    name: ClassVar[str] = "mann"
    order = Order.WRITE_FIRST

    def __init__(self, config: MANNConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config: MANNConfig = config
        words = config.read_heads * config.word_size
        self.controller = controllers.build(
            config.controller, config.inputs + words, config.hidden_size, config.layers, generator
        )
        self._sizes = (words, config.read_heads, words if config.mask else 0)
        self.heads = nn.Linear(config.controller_size, sum(self._sizes))
        self.output = nn.Linear(config.controller_size + words, config.outputs)
        self.first_read = nn.Parameter(torch.empty(config.read_heads, config.word_size))
        for layer, gain in ((self.heads, 1.4), (self.output, 1.0)):
            nn.init.xavier_uniform_(layer.weight, gain=gain, generator=generator)
            seeding.fill_normally(layer.bias, 0.01, generator)
        seeding.fill_normally(self.first_read, 0.01, generator)

    def fields(self) -> tuple[Field, ...]:
        return _fields(self.config)

    def initial_state(self, batch: int) -> MANNState:
        config, like = self.config, self.first_read
        controller = self.controller.initial(batch)
        return MANNState(
            memory=like.new_full((batch, config.locations, config.word_size), FIRST_MEMORY),
            usage=like.new_zeros(batch, config.locations),
            read_weighting=like.new_zeros(batch, config.read_heads, config.locations),
            read_vector=like.expand(batch, -1, -1),
            controller=controller.hidden,
            controller_cell=controller.cell,
            **content_terms.first(config, batch, like)._asdict(),
        )

    def step(self, x: Tensor, state: MANNState) -> tuple[Tensor, MANNState, MANNView]:
        before = ControllerState(state.controller, state.controller_cell)
        output, reached = self.controller((x, state.read_vector.flatten(1)), before)
        key, gate, mask = self._told(output)
        unused = least_used(state.usage, self.config.write_heads)
        write_weighting = addressing.interpolate(unused, state.read_weighting, gate)  # eq. 7
        keep = 1 - unused.sum(1)
        if self.writes_are_cut:
            write_weighting, keep = torch.zeros_like(write_weighting), torch.ones_like(keep)
        memory = state.memory * keep.unsqueeze(-1) + torch.bmm(write_weighting.mT, key)  # eq. 8
        terms = RecallTerms(state.recall_count, state.recall_trace, state.association)
        prior, spread = content_terms.prior(self.config, terms)
        strength = torch.ones_like(gate)  # the paper's lookup has none
        read_weighting = addressing.content_weighting(memory, key, strength, mask, prior)  # eq. 2, 3
        read_vector = self.arriving(addressing.read(memory, read_weighting))  # eq. 4
        usage = self.config.usage_decay * state.usage + (read_weighting + write_weighting).sum(1)  # eq. 5
        terms = content_terms.after(self.config, terms, read_weighting)
        after = MANNState(memory, usage, read_weighting, read_vector, reached.hidden, reached.cell, **terms._asdict())
        view = MANNView(
            **after._replace(controller=output)._asdict(),
            spread=spread,
            write_weighting=write_weighting,
            key=torch.cat((key, key), dim=1),
            lookup_mask=None if mask is None else torch.cat((mask, mask), dim=1),
            content_weighting=torch.cat((read_weighting, state.read_weighting), dim=1),
            allocation_gate=gate,
            least_used=unused,
            keep=keep,
            add=key,
        )
        return self.output(torch.cat((output, read_vector.flatten(1)), dim=1)), after, view

    def _told(self, hidden: Tensor) -> HeadParameters:
        """hidden: (batch, the controller's output)."""
        key, alpha, mask = self.heads(hidden).split_with_sizes(self._sizes, dim=1)
        key = torch.tanh(key).view(len(hidden), -1, self.config.word_size)
        floored = MASK_FLOOR + (1 - MASK_FLOOR) * torch.sigmoid(mask).view_as(key) if self.config.mask else None
        return HeadParameters(key, torch.sigmoid(-alpha), floored)


def _fields(config: MANNConfig) -> tuple[Field, ...]:
    rows, word, units = config.locations, config.word_size, config.controller_size
    reads, writes, heads = config.read_heads, config.write_heads, config.heads
    share, signed = (0.0, 1.0), (-1.0, 1.0)
    head, read_head, write_head, location = "head", "read head", "write head", "location"
    is_recurrent = config.is_recurrent
    cell = (Field("controller_cell", Role.CONTROLLER, (units,), ("unit",), carried=True),)
    mask = (Field("lookup_mask", Role.LOOKUP_MASK, (heads, word), (head, "word"), "", share),)
    return (
        Field("memory", Role.MEMORY, (rows, word), (location, "word"), carried=True),
        Field("read_weighting", Role.READ_WEIGHTING, (reads, rows), (read_head, location), "", share, carried=True),
        Field("write_weighting", Role.WRITE_WEIGHTING, (writes, rows), (write_head, location), "", share),
        Field("read_vector", Role.READ_VECTOR, (reads, word), (read_head, "word"), carried=True),
        Field("key", Role.KEY, (heads, word), (head, "word"), "", signed),
        Field("content_weighting", Role.CONTENT_WEIGHTING, (heads, rows), (head, location), "", share),
        Field("allocation_gate", Role.ALLOCATION_GATE, (writes,), (write_head,), "", share),
        Field("usage", Role.USAGE, (rows,), (location,), carried=True),
        Field("least_used", Role.LEAST_USED, (writes, rows), (write_head, location), "", share),
        Field("keep", Role.KEEP, (rows,), (location,), "", share),
        Field("add", Role.ADD, (writes, word), (write_head, "word"), "", signed),
        *(mask if config.mask else ()),
        Field("controller", Role.CONTROLLER, (units,), ("unit",), "", signed, carried=is_recurrent),
        *(cell if is_recurrent else ()),
        *content_terms.fields(config),
    )
