"""The settings of the associative memory that is worked by hand. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from ntm_core import checks
from ntm_core.errors import ConfigError
from ntm_core.model_config import ModelConfig
from ntm_core.recall import operations, segments
from ntm_core.settings import choice, number, switch, whole

if TYPE_CHECKING:
    from ntm_core.recall.segments import Segments


class RecallRouting(StrEnum):
    """How a recall that names no segment divides itself over the segments."""

    FLAT = "flat"
    """As if there were none: a softmax over all rows."""
    SOFT = "soft"
    """By the router's softmax."""
    TOP1 = "top1"
    """All to the segment that the router gives most."""


@dataclass(frozen=True, slots=True)
class RecallConfig(ModelConfig):
    """An associative memory. Its inputs are operations, its outputs words: `recall.operations` says how."""

    what: ClassVar[str] = "an associative memory"

    locations: int = whole(32, "Memory locations", "Rows of the memory, those of all segments together", offered=1024)
    segments: str = ""
    """Names and sizes, "faces 16, places 16"; sizes add up to locations. One segment of all rows if empty."""
    items: int = whole(32, "Items", "Different things that a row can be told to hold", low=0, offered=1024)
    prominence_decay: float = number(
        0.95, "Prominence kept", "What a step keeps of how often a row was recalled; 1 forgets nothing", low=0, high=1
    )
    priming_decay: float = number(0.9, "Priming kept", "What a step keeps of the trace of recalls", low=0, below=1)
    priming_spread: float = number(
        0.5, "Priming passed on", "Of its activation, what a row passes on to its associates", low=0, below=1
    )
    priming_hops: int = whole(3, "Priming hops", "How far activation spreads along associations", offered=16)
    routing: RecallRouting = choice(
        RecallRouting.FLAT, "Routing", "How a recall that names no segment divides itself over them"
    )
    router_temperature: float = number(
        0.1, "Router temperature", "The lower, the more a recall keeps to one segment", above=0, high=100
    )
    router_rate: float = number(
        1.0, "Router learning", "How much the router learns from each store that names its segment", low=0, high=10
    )
    fading: float = number(
        1.0, "Short-term kept", "What a step keeps of every row of the short-term store", above=0, high=1
    )
    long_term: bool = switch(
        False, "Long-term store", "As many rows again, which do not fade and learn from replays alone"
    )
    consolidation: float = number(
        0.1, "Consolidation", "How far a replay moves a long-term row towards what it replays", above=0, high=1
    )

    def __post_init__(self) -> None:
        ModelConfig.__post_init__(self)
        wanted = operations.size(self.outputs)
        if self.inputs != wanted:
            raise ConfigError(
                f"an associative memory takes operations: {wanted} inputs where words have {self.outputs} numbers, as "
                f"the task 'recall' gives them; got {self.inputs}"
            )
        checks.text("segments", self.segments)
        parts = segments.parse(self.segments, self.locations)
        if sum(parts.sizes) != self.locations:
            raise ConfigError(
                f"sizes of segments that add up to locations, {self.locations}, were wanted; got {sum(parts.sizes)}"
            )

    @property
    def word_size(self) -> int:
        """Numbers of a row."""
        return self.outputs

    @property
    def rows(self) -> int:
        """Of the memory: those of the short-term store, then as many of the long-term one if there is one."""
        return self.locations * (2 if self.long_term else 1)

    @property
    def weights(self) -> int:
        """None but the one number that says where to compute."""
        return 1

    @property
    def state(self) -> int:
        """Numbers that it carries from step to step: see `state.RecallState`."""
        segments = len(self.parts.names)
        router = segments * self.word_size if segments > 1 else 0
        of_row = self.word_size + 2 * self.rows + self.items + 6
        return self.rows * of_row + self.word_size + 2 + router

    @property
    def parts(self) -> Segments:
        """The segments, by name."""
        return segments.parse(self.segments, self.locations)
