"""Named parts of a memory: which rows are whose. Needs no torch."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from ntm_core.errors import ConfigError

WHOLE = "memory"
"""The one segment there is where none are named."""


class Segments(NamedTuple):
    """Segments one after another."""

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    @property
    def firsts(self) -> tuple[int, ...]:
        """The first row of each."""
        return (0, *itertools.accumulate(self.sizes))[:-1]

    @property
    def is_even(self) -> bool:
        """Whether all are of one size."""
        return len(set(self.sizes)) == 1

    def place(self, segment: int | str) -> int:
        """The place of a segment, by name or place. Raises ConfigError where there is none."""
        if isinstance(segment, str):
            if segment in self.names:
                return self.names.index(segment)
        elif not isinstance(segment, bool) and 0 <= segment < len(self.names):
            return segment
        raise ConfigError(
            f"a segment, one of {', '.join(self.names)} or a number below {len(self.names)}, was wanted; got "
            f"{segment!r}"
        )

    def rows(self, segment: int | str) -> range:
        """The rows of a segment."""
        place = self.place(segment)
        return range(self.firsts[place], self.firsts[place] + self.sizes[place])

    def of_row(self, row: int) -> str:
        """The name of the segment that a row is in; rows of the long-term store are counted on from the last."""
        row %= sum(self.sizes)
        return next(name for name, first in reversed(list(zip(self.names, self.firsts, strict=True))) if first <= row)


def parse(text: str, locations: int) -> Segments:
    """Segments from a text such as "faces 16, places 16"; of an empty one the whole memory. Raises ConfigError."""
    if not text.strip():
        return Segments((WHOLE,), (locations,))
    names, sizes = [], []
    for part in text.split(","):
        name, _, size = part.strip().rpartition(" ")
        if not name.strip() or not size.isascii() or not size.isdigit() or int(size) < 1:
            raise ConfigError(f'a name and a number of rows, "faces 16", was wanted of each segment; got {part!r}')
        names.append(name.strip())
        sizes.append(int(size))
    if len(set(names)) < len(names):
        raise ConfigError(f"segments of different names were wanted; got {', '.join(names)}")
    return Segments(tuple(names), tuple(sizes))
