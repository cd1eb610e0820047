"""The settings of a memory-augmented network with least recently used access. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ntm_core import checks
from ntm_core.model_config import MemoryConfig
from ntm_core.settings import number, whole


@dataclass(frozen=True, slots=True)
class MANNConfig(MemoryConfig):
    """Sizes of a MANN, by default those of the NTM that it is compared with."""

    what: ClassVar[str] = "a MANN"

    read_heads: int = whole(1, "Read heads", "Each has a write head that stores the key it reads by", offered=64)
    usage_decay: float = number(
        0.95, "Usage kept", "What a step keeps of how much each row was read and written", low=0, below=1, is_loose=True
    )

    def __post_init__(self) -> None:
        MemoryConfig.__post_init__(self)
        checks.whole("locations, a row for each write head,", self.locations, at_least=self.read_heads)

    @property
    def write_heads(self) -> int:
        """One for each read head."""
        return self.read_heads

    @property
    def heads(self) -> int:
        """Read and write heads together."""
        return self.read_heads + self.write_heads

    @property
    def weights(self) -> int:
        words = self.read_heads * self.word_size
        return self.weights_around(words * (2 if self.mask else 1) + self.read_heads, words) + words

    @property
    def state(self) -> int:
        row = self.word_size + 1 + self.read_heads
        return self.locations * row + self.read_heads * self.word_size + self.state_of_terms
