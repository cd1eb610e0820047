"""The settings of a Neural Turing Machine. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ntm_core import checks
from ntm_core.errors import ConfigError
from ntm_core.model_config import MemoryConfig
from ntm_core.settings import choice, number, whole
from ntm_core.trace import Order, WriteOrder


class FirstMemory(StrEnum):
    """What the memory holds before the first step."""

    CONSTANT = "constant"
    """The same tiny number everywhere, which learns faster than the others (Collier and Beel 2018)."""
    LEARNED = "learned"
    RANDOM = "random"
    """Drawn once, uniform, and kept."""


class FirstWeighting(StrEnum):
    """Where the heads are before the first step: a softmax of learned logits that start like this."""

    ONE_HOT = "one_hot"
    """At row 0."""
    RANDOM = "random"
    UNIFORM = "uniform"
    """Everywhere alike. Beside a constant memory all rows then stay equal for ever: the symmetry trap."""


class Routing(StrEnum):
    """How a head divides itself over the segments of the memory."""

    SOFT = "soft"
    """A softmax."""
    TOP1 = "top1"
    """One segment only; gradients pass as if it were soft."""


@dataclass(frozen=True, slots=True)
class NTMConfig(MemoryConfig):
    """Sizes of an NTM, by default those of the paper's copy task."""

    what: ClassVar[str] = "an NTM"

    read_heads: int = whole(1, "Read heads", offered=64)
    write_heads: int = whole(1, "Write heads", offered=64)
    shift_range: int = whole(1, "Shift range", "Furthest a head moves in one step, in rows", low=0, offered=64)
    order: Order = choice(
        Order.READ_FIRST,
        "Order of a step",
        "Whether a step reads before or after its own write; the paper leaves it open",
        is_loose=True,
    )
    write_order: WriteOrder = choice(
        WriteOrder.PARALLEL,
        "Several writes",
        "All erases then all adds, as in the paper, or head after head",
        is_loose=True,
    )
    first_memory: FirstMemory = choice(
        FirstMemory.CONSTANT, "First memory", "What the memory holds before the first step"
    )
    first_weighting: FirstWeighting = choice(
        FirstWeighting.ONE_HOT, "First weightings", "Where the heads are before the first step"
    )
    segments: int = whole(
        1, "Segments", "Extension: the memory in so many equal parts, which a router chooses among", offered=1024
    )
    routing: Routing = choice(
        Routing.SOFT, "Routing", "Whether a head divides itself over segments or takes one", is_loose=True
    )
    router_temperature: float = number(
        1.0, "Router temperature", "The lower, the more a head keeps to one segment", above=0, high=100, is_loose=True
    )

    def __post_init__(self) -> None:
        MemoryConfig.__post_init__(self)
        if self.locations % self.segments:
            raise ConfigError(
                f"segments is a whole number that divides locations, {self.locations}; got {self.segments}"
            )
        checks.whole(
            "locations" if self.segments == 1 else "locations of a segment",
            self.locations // self.segments,
            at_least=self.offsets,
        )

    @property
    def heads(self) -> int:
        """Read and write heads together."""
        return self.read_heads + self.write_heads

    @property
    def offsets(self) -> int:
        """Entries of a shift kernel."""
        return 2 * self.shift_range + 1

    @property
    def weights(self) -> int:
        keys, words = self.heads * self.word_size, self.write_heads * self.word_size
        told = keys * (2 if self.mask else 1) + 2 * words + self.heads * (3 + self.offsets)
        told += self.heads * self.segments if self.segments > 1 else 0
        reads = self.read_heads * self.word_size
        memory = 0 if self.first_memory is FirstMemory.CONSTANT else self.locations * self.word_size
        return self.weights_around(told, reads) + reads + self.heads * self.locations + memory

    @property
    def state(self) -> int:
        row = self.word_size + self.heads
        return self.locations * row + self.read_heads * self.word_size + self.state_of_terms
