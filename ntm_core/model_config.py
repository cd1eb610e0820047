"""What the settings of all networks have in common. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ntm_core import checks
from ntm_core.errors import ConfigError
from ntm_core.settings import Settings, choice, number, switch, whole

FEWEST_RECALLS = 1.0
"""Added to every count of recalls before its logarithm: a row that was never read keeps a share."""


class ControllerKind(StrEnum):
    """The controllers there are."""

    LSTM = "lstm"
    FEEDFORWARD = "feedforward"


class Kernel(StrEnum):
    """What computes a whole sequence."""

    AUTO = "auto"
    """The fastest that there is for the network and the device."""
    EAGER = "eager"
    """The network's own steps, one after another."""
    FUSED = "fused"
    """All steps in one: on a CPU compiled when it is first needed, else in torch's operations."""


@dataclass(frozen=True, slots=True)
class ModelConfig(Settings):
    """Every network takes so many numbers a step and gives so many."""

    inputs: int
    outputs: int

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        for size in ("inputs", "outputs"):
            checks.whole(size, getattr(self, size), at_least=1)


@dataclass(frozen=True, slots=True)
class MemoryConfig(ModelConfig):
    """A controller, a memory, and the terms that a content lookup can take beside the key.

    The terms extend the published networks; each is off by default, and then the plain network is computed, to the bit.
    """

    locations: int = whole(128, "Memory locations", "Rows of the memory", offered=65_536)
    word_size: int = whole(20, "Word size", "Columns of the memory", offered=4096)
    controller: ControllerKind = choice(
        ControllerKind.LSTM, "Controller", "A feed-forward controller remembers nothing but through the memory"
    )
    hidden_size: int = whole(100, "Controller units", "Units of each layer of the controller", offered=8192)
    layers: int = whole(
        1, "Controller layers", "Of an LSTM; each also sees the input, and all feed the output", offered=8
    )
    mask: bool = switch(
        False, "Masked lookup", "A head also emits which columns its key compares (Csordas and Schmidhuber 2019)"
    )
    prominence: float = number(
        0.0,
        "Prominence",
        "Extension: rows that were read of late are found more easily; 0 is off, above 1 would run away",
        low=0,
        high=1,
        is_loose=True,
    )
    prominence_decay: float = number(
        0.95, "Prominence kept", "What a step keeps of how often a row was read", low=0, below=1, is_loose=True
    )
    priming: float = number(
        0.0,
        "Priming",
        "Extension: what was read together before is found more easily; 0 is off",
        low=0,
        high=20,
        is_loose=True,
    )
    priming_decay: float = number(
        0.9, "Priming kept", "What a step keeps of the trace of reads", low=0, below=1, is_loose=True
    )
    priming_spread: float = number(
        0.5,
        "Priming passed on",
        "Of its activation, what a row passes on to its associates",
        low=0,
        below=1,
        is_loose=True,
    )
    kernel: Kernel = choice(
        Kernel.AUTO,
        "Kernel",
        "What computes a sequence: the network's own steps (eager), or all of them in one (fused)",
        is_loose=True,
    )

    def __post_init__(self) -> None:
        ModelConfig.__post_init__(self)
        if self.controller is ControllerKind.FEEDFORWARD and self.layers > 1:
            raise ConfigError(f"a feedforward controller has 1 layer; got layers {self.layers}")

    @property
    def controller_size(self) -> int:
        """Numbers that a controller gives out: all of its layers' units."""
        return self.hidden_size * self.layers

    @property
    def is_recurrent(self) -> bool:
        """Whether the controller carries a state of its own."""
        return self.controller is ControllerKind.LSTM

    def weights_around(self, told: int, reads: int) -> int:
        """Of the controller, of what it tells the heads, so many numbers, and of the output."""
        size = self.controller_size
        controller = (
            lstm_weights(self.inputs + reads, self.hidden_size, self.layers)
            if self.is_recurrent
            else (self.inputs + reads + 1) * self.hidden_size
        )
        return controller + (size + 1) * told + (size + reads + 1) * self.outputs

    @property
    def state_of_terms(self) -> int:
        """Numbers that the controller and the terms of a lookup carry from step to step."""
        controller = 2 * self.controller_size if self.is_recurrent else 0
        prominence = self.locations if self.prominence else 0
        return controller + prominence + (self.locations * (self.locations + 1) if self.priming else 0)


def lstm_weights(inputs: int, hidden_size: int, layers: int) -> int:
    """Of a deep LSTM with a learned first state, each of whose layers sees the inputs and the layer below."""
    a_layer = (inputs + hidden_size + 1) * 4 * hidden_size + 2 * hidden_size
    return layers * a_layer + (layers - 1) * 4 * hidden_size**2
