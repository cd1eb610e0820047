"""Where the parts of the machine stand, in pixels.

Everything with a location axis lies along the rows and everything with a word axis along the columns, on one row pitch
and one column pitch in whole pixels, so that an eye can follow a head into the memory.
"""

from __future__ import annotations

from dataclasses import dataclass

OVERVIEW_X, OVERVIEW_WIDTH = 12, 16
TICKS_RIGHT = 56
BARS_LEFT = 76
STRIP_HEIGHT, STRIP_PITCH = 10, 14
WEIGHTING_STRIP = 16
GAP = 4
LABELS_RIGHT = 66
"""Room right of the read bars for the number at the end of a full bar."""
COLUMN, COLUMN_PITCH = 14, 18
COLUMNS_GAP = 18
COLUMN_LABEL = 13
"""Pixels between the lines on which the columns' names stand, one above the other, each over its own column."""
TOP = 10
HEADROOM = 68
"""The memory never starts higher, so that the addressing columns beside it have room for their numbers."""
AXES = 44


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows in view: shared by every view that has a location axis."""

    top: int
    """Pixels from the view's top to the first row."""
    pitch: int
    first: int
    count: int
    total: int

    @property
    def height(self) -> int:
        return self.pitch * self.count

    @property
    def last(self) -> int:
        return self.first + self.count - 1

    def y(self, location: int) -> int:
        """Top of a location's row; it may lie outside the view."""
        return self.top + (location - self.first) * self.pitch

    def has(self, location: int) -> bool:
        return self.first <= location <= self.last

    def at(self, y: float) -> int | None:
        """The location under a height, or None."""
        row = int((y - self.top) // self.pitch) + self.first
        return row if self.has(row) else None


NO_ROWS = Rows(HEADROOM, 10, 0, 0, 0)
"""Where nothing is shown."""


@dataclass(frozen=True, slots=True)
class MachineLayout:
    rows: Rows
    column_pitch: int
    columns: int
    bar_width: int
    write_strips: int
    read_strips: int
    above: int
    below: int
    location_columns: int = 0

    @property
    def write_bars_right(self) -> int:
        return BARS_LEFT + self.bar_width

    @property
    def write_strips_left(self) -> int:
        return self.write_bars_right + GAP

    @property
    def memory_left(self) -> int:
        return self.write_strips_left + WEIGHTING_STRIP * self.write_strips + GAP

    @property
    def memory_width(self) -> int:
        return self.column_pitch * self.columns

    @property
    def memory_right(self) -> int:
        return self.memory_left + self.memory_width

    @property
    def read_strips_left(self) -> int:
        return self.memory_right + GAP

    @property
    def read_bars_left(self) -> int:
        return self.read_strips_left + WEIGHTING_STRIP * self.read_strips + GAP

    def column_left(self, index: int) -> int:
        """Left edge of a column of numbers of the locations."""
        return self.read_bars_left + self.bar_width + LABELS_RIGHT + COLUMNS_GAP + index * COLUMN_PITCH

    def column_at(self, x: float, y: float) -> tuple[int, int] | None:
        """(location, column) under a point, or None."""
        location = self.rows.at(y)
        place = (x - self.column_left(0)) / COLUMN_PITCH
        return None if location is None or not 0 <= place < self.location_columns else (location, int(place))

    @property
    def strips_top(self) -> int:
        """Top of the first strip above the memory; the last one touches the memory but for a gap."""
        return self.rows.top - GAP - self.above * STRIP_PITCH + (STRIP_PITCH - STRIP_HEIGHT)

    @property
    def below_top(self) -> int:
        return self.rows.top + self.rows.height + GAP

    @property
    def axis_y(self) -> int:
        """Middle of the tick labels."""
        return self.below_top + self.below * STRIP_PITCH + 6

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        """(location, word) under a point, or None outside the memory."""
        location = self.rows.at(y)
        if location is None or not self.memory_left <= x < self.memory_right:
            return None
        return location, int((x - self.memory_left) // self.column_pitch)


def arrange(
    width: int,
    height: int,
    *,
    locations: int,
    columns: int,
    write_heads: int,
    read_heads: int,
    above: int,
    below: int,
    row_pitch: int,
    first_row: int,
    location_columns: int = 0,
) -> MachineLayout:
    """Fit the machine into a view of a size.

    Columns take 2 to 44 pixels, those of a narrow memory more, and the bars what is left, 48 to 140. Rows take the
    wished pitch, or more where all of them fit. At least four rows are always in view.
    """
    names = 8 + COLUMN_LABEL * location_columns
    top = max(TOP + above * STRIP_PITCH + GAP, HEADROOM, names)
    room = height - top - GAP - below * STRIP_PITCH - AXES
    pitch = max(row_pitch, min(24, room // max(1, locations)))
    count = max(4, min(locations, room // pitch))
    count = min(count, locations)
    strips = WEIGHTING_STRIP * (write_heads + read_heads) + 4 * GAP
    beside = COLUMNS_GAP + COLUMN_PITCH * location_columns if location_columns else 0
    spare = width - BARS_LEFT - LABELS_RIGHT - strips - beside
    widest = max(44, 480 // columns)
    column_pitch = min(widest, max(2, (spare - 2 * 96) // columns))
    if column_pitch < 8 or column_pitch * columns < 300:  # the memory comes first: narrower bars
        column_pitch = min(widest, max(2, (spare - 2 * 48) // columns))
    bar_width = min(140, max(48, (spare - column_pitch * columns) // 2))
    first = min(max(first_row, 0), locations - count)
    return MachineLayout(
        Rows(top, pitch, first, count, locations),
        column_pitch,
        columns,
        bar_width,
        write_heads,
        read_heads,
        above,
        below,
        location_columns,
    )


def index_ticks(count: int, pixels_each: float, room: float = 34) -> list[int]:
    """Round indices to label along an axis of `count` cells, always with both ends, never closer than `room` pixels."""
    if count <= 1:
        return [0]
    step = next((s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if s * pixels_each >= room), count)
    ticks = [tick for tick in range(0, count - 1, step) if (count - 1 - tick) * pixels_each >= room * 0.7]
    return [*ticks, count - 1] if ticks else [0, count - 1]
