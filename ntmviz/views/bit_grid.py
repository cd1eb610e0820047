"""Where the squares of a vector of bits stand: rows of at most nine, as equal as can be."""

from __future__ import annotations

from dataclasses import dataclass

MOST_COLUMNS = 9
MOST_BITS = 64
"""A vector of more channels is shown in another way."""
PITCH = 25
BOX_HEIGHT = 24
GAP = 3


@dataclass(frozen=True, slots=True)
class BitGrid:
    """Cells of `pitch` by `row_height` pixels, a square at the upper left of each and room below it."""

    channels: int
    columns: int
    pitch: float
    row_height: int

    @property
    def rows(self) -> int:
        return -(-self.channels // self.columns)

    @property
    def height(self) -> int:
        return self.rows * self.row_height

    @property
    def box_width(self) -> int:
        return int(self.pitch) - GAP

    def corner(self, channel: int) -> tuple[int, int]:
        """Left and top of a channel's square."""
        row, column = divmod(channel, self.columns)
        return int(column * self.pitch), row * self.row_height

    def channel_at(self, x: float, y: float) -> int | None:
        """The channel of the cell that holds a point."""
        column, row = int(x // self.pitch), int(y // self.row_height)
        channel = row * self.columns + column
        is_inside = 0 <= column < self.columns and 0 <= row and channel < self.channels
        return channel if is_inside else None


def arrange(channels: int, width: int, below: int) -> BitGrid:
    """The grid of a vector in a width; `below`: pixels under each square."""
    rows = max(1, -(-channels // MOST_COLUMNS))
    columns = max(1, -(-channels // rows))
    pitch = min(float(PITCH), (width + GAP) / columns)
    return BitGrid(channels, columns, pitch, BOX_HEIGHT + below)
