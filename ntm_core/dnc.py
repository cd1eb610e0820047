"""The Differentiable Neural Computer (Graves et al. 2016, Nature 538:471), and variants of it.

The variants are those of Csordas and Schmidhuber 2019 (arXiv 1904.10278): masked lookup, deallocation that wipes what
it frees, sharpened links. Each is off by default, and the network is then the paper's, but for a learned first state of
the controller where the paper's is zero.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from ntm_core import addressing, content_terms, controllers, dnc_addressing, seeding, sparse_links
from ntm_core.content_terms import RecallTerms
from ntm_core.controllers import ControllerState
from ntm_core.dnc_config import DNCConfig
from ntm_core.dnc_interface import Interface, InterfaceParameters
from ntm_core.network import MemoryNetwork
from ntm_core.trace import Field, Order, Role

__all__ = ["DNC", "DNCConfig", "DNCState", "DNCView"]


class DNCState(NamedTuple):
    """All that a step starts from. B is the batch, N locations, W word size, R read heads, K links kept, C units."""

    memory: Tensor
    """(B, N, W)"""
    read_weighting: Tensor
    """(B, R, N)"""
    write_weighting: Tensor
    """(B, 1, N)"""
    read_vector: Tensor
    """(B, R, W)"""
    usage: Tensor
    """(B, N)"""
    precedence: Tensor
    """(B, N)"""
    links: Tensor
    """(B, N, N), or (B, N, K) where they are sparse"""
    link_location: Tensor | None
    """(B, N, K), whole numbers: where sparse links lead back to"""
    controller: Tensor | None
    """(B, C), all layers side by side; None with a feed-forward controller, as is the next"""
    controller_cell: Tensor | None
    """(B, C)"""
    recall_count: Tensor | None
    """See `content_terms.RecallTerms` for this and the next two."""
    recall_trace: Tensor | None
    association: Tensor | None


class DNCView(NamedTuple):
    """What a step computed. The state after it comes first; wherever heads share an axis, the write head comes last."""

    memory: Tensor
    read_weighting: Tensor
    write_weighting: Tensor
    read_vector: Tensor
    usage: Tensor
    precedence: Tensor
    links: Tensor
    link_location: Tensor | None
    controller: Tensor
    """(B, C), also with a feed-forward controller"""
    controller_cell: Tensor | None
    recall_count: Tensor | None
    recall_trace: Tensor | None
    association: Tensor | None
    spread: Tensor | None
    """(B, N)"""
    key: Tensor
    """See `dnc_interface.InterfaceParameters` for this and all up to the sharpness."""
    key_strength: Tensor
    lookup_mask: Tensor | None
    erase: Tensor
    add: Tensor
    free_gate: Tensor
    allocation_gate: Tensor
    write_gate: Tensor
    backward_mode: Tensor
    content_mode: Tensor
    forward_mode: Tensor
    backward_sharpness: Tensor | None
    forward_sharpness: Tensor | None
    retention: Tensor | None
    """(B, N); with deallocation it is what the memory keeps, the next, instead"""
    keep: Tensor | None
    allocation: Tensor
    """(B, N)"""
    content_weighting: Tensor
    """(B, R + 1, N)"""
    backward_weighting: Tensor
    """(B, R, N), sharpened if links are, as is the next"""
    forward_weighting: Tensor


class Followed(NamedTuple):
    """The links after a write, and where they lead from the last reads."""

    links: Tensor
    link_location: Tensor | None
    backward: Tensor
    forward: Tensor


class DNC(MemoryNetwork[DNCState, DNCView]):
    """A DNC with one write head and any number of read heads. It writes, then reads what it wrote.

    Its first state is zero, but for that of the controller, which is learned.
    """

    name: ClassVar[str] = "dnc"
    order = Order.WRITE_FIRST

    def __init__(self, config: DNCConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config: DNCConfig = config
        reads = config.read_heads * config.word_size
        self.controller = controllers.build(
            config.controller, config.inputs + reads, config.hidden_size, config.layers, generator
        )
        self.interface = Interface(config)
        self.output = nn.Linear(config.controller_size + reads, config.outputs)
        for layer, gain in ((self.interface, 1.4), (self.output, 1.0)):
            nn.init.xavier_uniform_(layer.weight, gain=gain, generator=generator)
            seeding.fill_normally(layer.bias, 0.01, generator)

    def fields(self) -> tuple[Field, ...]:
        return _fields(self.config)

    def initial_state(self, batch: int) -> DNCState:
        config, like = self.config, self.output.weight
        rows, word, reads = config.locations, config.word_size, config.read_heads
        locations = None
        if config.sparse_links:
            # Links of no weight, to different places: what is kept of a row never leads to one place twice.
            locations = torch.arange(config.links, dtype=like.dtype, device=like.device).expand(batch, rows, -1)
        return DNCState(
            memory=like.new_zeros(batch, rows, word),
            read_weighting=like.new_zeros(batch, reads, rows),
            write_weighting=like.new_zeros(batch, 1, rows),
            read_vector=like.new_zeros(batch, reads, word),
            usage=like.new_zeros(batch, rows),
            precedence=like.new_zeros(batch, rows),
            links=like.new_zeros(batch, rows, config.links),
            link_location=locations,
            **_controller(self.controller.initial(batch)),
            **content_terms.first(config, batch, like)._asdict(),
        )

    def step(self, x: Tensor, state: DNCState) -> tuple[Tensor, DNCState, DNCView]:
        config = self.config
        before = ControllerState(state.controller, state.controller_cell)
        output, reached = self.controller((x, state.read_vector.flatten(1)), before)
        told: InterfaceParameters = self.interface(output)
        terms = RecallTerms(state.recall_count, state.recall_trace, state.association)
        prior, spread = content_terms.prior(config, terms)
        readers, writer = slice(config.read_heads), slice(config.read_heads, None)

        retention = dnc_addressing.retention(told.free_gate, state.read_weighting)
        usage = dnc_addressing.usage(state.usage, state.write_weighting.squeeze(1), retention)
        allocation = dnc_addressing.allocation(usage)
        write_content = _found(state.memory, told, writer, prior)
        write_weighting = dnc_addressing.write_weighting(
            write_content.squeeze(1), allocation, told.allocation_gate, told.write_gate
        ).unsqueeze(1)
        if self.writes_are_cut:
            write_weighting = torch.zeros_like(write_weighting)
        written = write_weighting.squeeze(1)
        kept = state.memory * retention.unsqueeze(2) if config.deallocation else state.memory
        memory = addressing.write(kept, write_weighting, told.erase, told.add)

        followed = self._followed(state, written, told)
        read_content = _found(memory, told, readers, prior)
        read_weighting = dnc_addressing.read_weighting(
            backward=followed.backward,
            content=read_content,
            forward=followed.forward,
            backward_mode=told.backward_mode,
            content_mode=told.content_mode,
            forward_mode=told.forward_mode,
        )
        read_vector = self.arriving(addressing.read(memory, read_weighting))

        after = DNCState(
            memory=memory,
            read_weighting=read_weighting,
            write_weighting=write_weighting,
            read_vector=read_vector,
            usage=usage,
            precedence=dnc_addressing.precedence(state.precedence, written),
            links=followed.links,
            link_location=followed.link_location,
            **_controller(reached),
            **content_terms.after(config, terms, read_weighting)._asdict(),
        )
        view = DNCView(
            **after._replace(controller=output)._asdict(),
            **told._asdict(),
            spread=spread,
            retention=None if config.deallocation else retention,
            keep=retention if config.deallocation else None,
            allocation=allocation,
            content_weighting=torch.cat((read_content, write_content), dim=1),
            backward_weighting=followed.backward,
            forward_weighting=followed.forward,
        )
        return self.output(torch.cat((output, read_vector.flatten(1)), dim=1)), after, view

    def _followed(self, state: DNCState, written: Tensor, told: InterfaceParameters) -> Followed:
        locations, last = state.link_location, state.read_weighting
        if locations is None:
            links = dnc_addressing.linked(state.links, written, state.precedence)
            backward, forward = dnc_addressing.backward(links, last), dnc_addressing.forward(links, last)
        else:
            # Whoever edits a state by hand may put any number there.
            places = locations.long().clamp(0, self.config.locations - 1)
            links, places = sparse_links.linked(state.links, places, written, state.precedence)
            backward, forward = (
                sparse_links.backward(links, places, last),
                sparse_links.forward(links, places, last),
            )
            locations = places.to(links.dtype)
        if told.backward_sharpness is not None and told.forward_sharpness is not None:
            backward = dnc_addressing.sharpen(backward, told.backward_sharpness)
            forward = dnc_addressing.sharpen(forward, told.forward_sharpness)
        return Followed(links, locations, backward, forward)


def _found(memory: Tensor, told: InterfaceParameters, heads: slice, prior: Tensor | None) -> Tensor:
    """Where some heads find their keys: (batch, those heads, locations)."""
    mask = None if told.lookup_mask is None else told.lookup_mask[:, heads]
    return addressing.content_weighting(memory, told.key[:, heads], told.key_strength[:, heads], mask, prior)


def _controller(state: ControllerState) -> dict[str, Tensor | None]:
    return {"controller": state.hidden, "controller_cell": state.cell}


def _fields(config: DNCConfig) -> tuple[Field, ...]:
    rows, word = ("location", config.locations), ("word", config.word_size)
    head, reader, writer = ("head", config.heads), ("read head", config.read_heads), ("write head", 1)
    units = ("unit", config.controller_size)
    is_recurrent = config.is_recurrent
    mask = (_share(Role.LOOKUP_MASK, head, word),)
    sharpness = (
        _field(Role.LINK_SHARPNESS, reader, name="backward_sharpness"),
        _field(Role.LINK_SHARPNESS, reader, name="forward_sharpness"),
    )
    cell = (_field(Role.CONTROLLER, units, name="controller_cell", carried=True),)
    return (
        _field(Role.MEMORY, rows, word, carried=True),
        _share(Role.READ_WEIGHTING, reader, rows, carried=True),
        _share(Role.WRITE_WEIGHTING, writer, rows, carried=True),
        _field(Role.READ_VECTOR, reader, word, carried=True),
        _share(Role.USAGE, rows, carried=True),
        _share(Role.PRECEDENCE, rows, carried=True),
        *_link_fields(config),
        _field(Role.KEY, head, word),
        _field(Role.KEY_STRENGTH, head),
        _share(Role.CONTENT_WEIGHTING, head, rows),
        *(mask if config.mask else ()),
        _share(Role.FREE_GATE, reader),
        _share(Role.KEEP if config.deallocation else Role.RETENTION, rows),
        _share(Role.ALLOCATION, rows),
        _share(Role.ALLOCATION_GATE, writer),
        _share(Role.WRITE_GATE, writer),
        _share(Role.ERASE, writer, word),
        _field(Role.ADD, writer, word),
        _share(Role.BACKWARD_WEIGHTING, reader, rows),
        _share(Role.FORWARD_WEIGHTING, reader, rows),
        _share(Role.BACKWARD_MODE, reader),
        _share(Role.CONTENT_MODE, reader),
        _share(Role.FORWARD_MODE, reader),
        *(sharpness if config.link_sharpness else ()),
        _field(Role.CONTROLLER, units, limits=(-1.0, 1.0), carried=is_recurrent),
        *(cell if is_recurrent else ()),
        *content_terms.fields(config),
    )


def _link_fields(config: DNCConfig) -> tuple[Field, ...]:
    rows, kept = ("location", config.locations), ("link", config.links)
    if not config.sparse_links:
        return (_share(Role.LINKS, rows, ("earlier location", config.locations), carried=True),)
    places = (0.0, config.locations - 1.0)
    return (
        _share(Role.LINKS, rows, kept, carried=True),
        _field(Role.LINK_LOCATION, rows, kept, limits=places, carried=True),
    )


def _share(role: Role, *axes: tuple[str, int], carried: bool = False) -> Field:
    """A field of numbers from 0 to 1."""
    return _field(role, *axes, limits=(0.0, 1.0), carried=carried)


def _field(
    role: Role,
    *axes: tuple[str, int],
    name: str = "",
    limits: tuple[float, float] | None = None,
    carried: bool = False,
) -> Field:
    """A field that is called by its role unless it has a name of its own. axes: the name and size of each."""
    dims, shape = tuple(dim for dim, _ in axes), tuple(size for _, size in axes)
    return Field(name or role.value, role, shape, dims, "", limits, carried)
