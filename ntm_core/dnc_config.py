"""The settings of a Differentiable Neural Computer. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ntm_core.errors import ConfigError
from ntm_core.model_config import MemoryConfig
from ntm_core.settings import switch, whole


@dataclass(frozen=True, slots=True)
class DNCConfig(MemoryConfig):
    """Sizes of a DNC, which always has one write head, and which variants of it are on."""

    what: ClassVar[str] = "a DNC"

    read_heads: int = whole(1, "Read heads", offered=64)
    deallocation: bool = switch(
        False,
        "Wipe freed rows",
        "What the free gates free is also taken from the memory (Csordas and Schmidhuber 2019)",
    )
    link_sharpness: bool = switch(
        False, "Sharpened links", "A read head sharpens what its links lead to (Csordas and Schmidhuber 2019)"
    )
    sparse_links: int = whole(
        0,
        "Links kept",
        "Of each location, the strongest so many; 0 keeps all, locations x locations",
        low=0,
        offered=64,
    )

    def __post_init__(self) -> None:
        MemoryConfig.__post_init__(self)
        if self.sparse_links > self.locations:
            raise ConfigError(f"sparse_links is at most locations, {self.locations}; got {self.sparse_links}")

    @property
    def heads(self) -> int:
        """Read heads and the write head together."""
        return self.read_heads + 1

    @property
    def links(self) -> int:
        """Links that each location keeps."""
        return self.sparse_links or self.locations

    @property
    def weights(self) -> int:
        keys, reads = self.heads * self.word_size, self.read_heads
        told = keys * (2 if self.mask else 1) + 2 * self.word_size + self.heads + 2 + 4 * reads
        return self.weights_around(told + (2 * reads if self.link_sharpness else 0), reads * self.word_size)

    @property
    def state(self) -> int:
        links = self.links * (2 if self.sparse_links else 1)
        row = self.word_size + self.heads + 2 + links
        return self.locations * row + self.read_heads * self.word_size + self.state_of_terms
