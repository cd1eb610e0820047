"""The Neural Turing Machine (Graves, Wayne and Danihelka 2014, arXiv 1410.5401)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ntm_core import addressing, checks
from ntm_core.controllers import ControllerKind, LSTMController
from ntm_core.network import MemoryNetwork
from ntm_core.trace import Field, Order, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_MEMORY = 1e-6
"""Every number of the memory before the first step; learns faster than a learned or a random memory."""

FIRST_LOGIT = 8.0
"""Of row 0 in the first weightings, all others 0. Equal rows under equal weights would stay equal for ever."""


@dataclass(frozen=True, slots=True)
class NTMConfig:
    """Sizes of an NTM, by default those of the paper's copy task. Raises ConfigError on settings that can't be."""

    inputs: int
    outputs: int
    locations: int = 128
    word_size: int = 20
    controller: ControllerKind = ControllerKind.LSTM
    hidden_size: int = 100
    read_heads: int = 1
    write_heads: int = 1
    shift_range: int = 1
    """Furthest a head moves in one step, in rows; the kernel has 2 shift_range + 1 offsets."""
    order: Order = Order.READ_FIRST

    def __post_init__(self) -> None:
        for size in ("inputs", "outputs", "locations", "word_size", "hidden_size", "read_heads", "write_heads"):
            checks.whole(size, getattr(self, size), at_least=1)
        checks.whole("shift_range", self.shift_range, at_least=0)
        checks.whole("locations", self.locations, at_least=2 * self.shift_range + 1)
        object.__setattr__(self, "controller", checks.choice("controller", self.controller, ControllerKind))
        object.__setattr__(self, "order", checks.choice("order", self.order, Order))

    @property
    def heads(self) -> int:
        """Read and write heads together."""
        return self.read_heads + self.write_heads

    @property
    def offsets(self) -> int:
        """Entries of a shift kernel."""
        return 2 * self.shift_range + 1

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and strings; `from_json` gives an equal config back."""
        return {name: str(value) if isinstance(value, str) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> NTMConfig:
        """The config that `to_json` wrote. Raises ConfigError on anything else."""
        plain = checks.plain_settings("an NTM", plain, (each.name for each in fields(cls)))
        checks.present("an NTM", plain, ("inputs", "outputs"))
        return cls(**plain)


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
    controller: Tensor
    """(B, C)"""
    controller_cell: Tensor
    """(B, C)"""


class NTMView(NamedTuple):
    """What a step computed. The state after it comes first; wherever heads share an axis, read heads come first."""

    memory: Tensor
    read_weighting: Tensor
    write_weighting: Tensor
    read_vector: Tensor
    controller: Tensor
    controller_cell: Tensor
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


class HeadParameters(NamedTuple):
    """What the controller tells its heads in one step, squashed to its domain; shapes as in NTMView."""

    key: Tensor
    key_strength: Tensor
    gate: Tensor
    shift: Tensor
    sharpening: Tensor
    erase: Tensor
    add: Tensor


class Addressed(NamedTuple):
    """A weighting (batch, heads, locations) and the stages it came through."""

    content: Tensor
    gated: Tensor
    shifted: Tensor
    weighting: Tensor


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
        self.order = config.order
        reads = config.read_heads * config.word_size
        self.controller = LSTMController(config.inputs + reads, config.hidden_size, generator)
        self._sizes = _projection_sizes(config)
        self.heads = nn.Linear(config.hidden_size, sum(self._sizes))
        self.output = nn.Linear(config.hidden_size + reads, config.outputs)
        self.first_read = nn.Parameter(torch.empty(config.read_heads, config.word_size))
        self.first_weighting = nn.Parameter(torch.zeros(config.heads, config.locations))
        for layer, gain in ((self.heads, 1.4), (self.output, 1.0)):
            nn.init.xavier_uniform_(layer.weight, gain=gain, generator=generator)
            nn.init.normal_(layer.bias, std=0.01, generator=generator)
        nn.init.normal_(self.first_read, std=0.01, generator=generator)
        with torch.no_grad():
            self.first_weighting[:, 0] = FIRST_LOGIT

    def fields(self) -> tuple[Field, ...]:
        return _fields(self.config)

    def initial_state(self, batch: int) -> NTMState:
        config = self.config
        weighting = torch.softmax(self.first_weighting, dim=-1).expand(batch, -1, -1)
        read_weighting, write_weighting = weighting.split_with_sizes((config.read_heads, config.write_heads), dim=1)
        hidden, cell = self.controller.initial(batch)
        return NTMState(
            memory=self.first_read.new_full((batch, config.locations, config.word_size), FIRST_MEMORY),
            read_weighting=read_weighting,
            write_weighting=write_weighting,
            read_vector=self.first_read.expand(batch, -1, -1),
            controller=hidden,
            controller_cell=cell,
        )

    def step(self, x: Tensor, state: NTMState) -> tuple[Tensor, NTMState, NTMView]:
        hidden, cell = self.controller((x, state.read_vector.flatten(1)), state.controller, state.controller_cell)
        parameters = self._head_parameters(hidden)
        if self.order is Order.READ_FIRST:
            addressed, memory, read_vector = self._read_then_write(state, parameters)
        else:
            addressed, memory, read_vector = self._write_then_read(state, parameters)
        read_weighting, write_weighting = self._by_kind(addressed.weighting)
        after = NTMState(memory, read_weighting, write_weighting, read_vector, hidden, cell)
        view = NTMView(
            *after,
            key=parameters.key,
            key_strength=parameters.key_strength,
            gate=parameters.gate,
            shift=parameters.shift,
            sharpening=parameters.sharpening,
            content_weighting=addressed.content,
            gated_weighting=addressed.gated,
            shifted_weighting=addressed.shifted,
            erase=parameters.erase,
            add=parameters.add,
        )
        return self.output(torch.cat((hidden, read_vector.flatten(1)), dim=1)), after, view

    def _head_parameters(self, hidden: Tensor) -> HeadParameters:
        """One projection for all heads, ordered so that each squashing is one call over neighbours."""
        config, batch = self.config, hidden.shape[0]
        signed, opened, positive, kernel = self.heads(hidden).split_with_sizes(self._sizes, dim=1)
        key, add = (
            torch.tanh(signed)
            .view(batch, -1, config.word_size)
            .split_with_sizes((config.heads, config.write_heads), dim=1)
        )
        opened = torch.sigmoid(opened)
        erase, gate = opened.split_with_sizes((config.write_heads * config.word_size, config.heads), dim=1)
        key_strength, above_one = functional.softplus(positive).chunk(2, dim=1)
        return HeadParameters(
            key=key,
            key_strength=key_strength,
            gate=gate,
            shift=torch.softmax(kernel.view(batch, config.heads, config.offsets), dim=-1),
            sharpening=1 + above_one,
            erase=erase.view(batch, config.write_heads, config.word_size),
            add=add,
        )

    def _by_kind(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """The read heads' and the write heads' part of (batch, heads, ...)."""
        return tensor.split_with_sizes((self.config.read_heads, self.config.write_heads), dim=1)

    def _read_then_write(self, state: NTMState, parameters: HeadParameters) -> tuple[Addressed, Tensor, Tensor]:
        previous = torch.cat((state.read_weighting, state.write_weighting), dim=1)
        addressed = _address(state.memory, previous, *parameters[:5])
        read_weighting, write_weighting = self._by_kind(addressed.weighting)
        read_vector = addressing.read(state.memory, read_weighting)
        memory = addressing.write(state.memory, write_weighting, parameters.erase, parameters.add)
        return addressed, memory, read_vector

    def _write_then_read(self, state: NTMState, parameters: HeadParameters) -> tuple[Addressed, Tensor, Tensor]:
        readers, writers = zip(*(self._by_kind(each) for each in parameters[:5]), strict=True)
        writing = _address(state.memory, state.write_weighting, *writers)
        memory = addressing.write(state.memory, writing.weighting, parameters.erase, parameters.add)
        reading = _address(memory, state.read_weighting, *readers)
        both = Addressed(*(torch.cat(stage, dim=1) for stage in zip(reading, writing, strict=True)))
        return both, memory, addressing.read(memory, reading.weighting)


def _address(
    memory: Tensor, previous: Tensor, key: Tensor, strength: Tensor, gate: Tensor, kernel: Tensor, gamma: Tensor
) -> Addressed:
    """The four stages of addressing (NTM paper, fig. 2), for all heads that look at the same memory."""
    content = addressing.content_weighting(memory, key, strength)
    gated = addressing.interpolate(content, previous, gate)
    shifted = addressing.shift(gated, kernel)
    return Addressed(content, gated, shifted, addressing.sharpen(shifted, gamma))


def _projection_sizes(config: NTMConfig) -> tuple[int, int, int, int]:
    """Columns of the heads' projection by squashing: tanh, sigmoid, softplus, softmax."""
    keys, words = config.heads * config.word_size, config.write_heads * config.word_size
    return keys + words, words + config.heads, 2 * config.heads, config.heads * config.offsets


def _fields(config: NTMConfig) -> tuple[Field, ...]:
    rows, word, units = config.locations, config.word_size, config.hidden_size
    reads, writes, heads = config.read_heads, config.write_heads, config.heads
    share, signed = (0.0, 1.0), (-1.0, 1.0)
    head, read_head, write_head = "head", "read head", "write head"
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
        Field("controller", Role.CONTROLLER, (units,), ("unit",), "", signed, carried=True),
        Field("controller_cell", Role.CONTROLLER, (units,), ("unit",), carried=True),
    )
