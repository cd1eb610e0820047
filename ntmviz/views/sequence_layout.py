"""Where the lanes of a sequence stand: one column a step, the same columns in every lane."""

from __future__ import annotations

from dataclasses import dataclass

LABELS_RIGHT = 100
LANES_LEFT = 112
MARGIN_RIGHT = 14
EVENTS_TOP, EVENTS_HEIGHT = 6, 16
BETWEEN = 4
WRONG_HEIGHT = 14
PHASE_HEIGHT = 13
AXIS_HEIGHT = 24
WIDEST_STEP, NARROWEST_STEP = 40, 3


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    top: int
    height: int


@dataclass(frozen=True, slots=True)
class SequenceLayout:
    step_width: int
    start: int
    """The first step in view."""
    count: int
    """Steps in view that were run."""
    planned: int
    """Steps in view that are not run yet; they follow those that were."""
    steps: int
    """Steps of the episode."""
    lanes: tuple[Lane, ...]
    bottom: int

    def lane(self, name: str) -> Lane | None:
        return next((lane for lane in self.lanes if lane.name == name), None)

    @property
    def columns(self) -> int:
        return self.count + self.planned

    @property
    def width(self) -> int:
        return self.step_width * self.columns

    @property
    def run_width(self) -> int:
        """Pixels of the steps that were run."""
        return self.step_width * self.count

    @property
    def is_whole(self) -> bool:
        return self.count == self.steps

    def x(self, step: int) -> int:
        """Left edge of a step's column."""
        return LANES_LEFT + (step - self.start) * self.step_width

    def step_at(self, x: float) -> int:
        """The step whose column is nearest to a point."""
        return self.start + min(max(0, int((x - LANES_LEFT) // self.step_width)), self.columns - 1)


def step_columns(width: int, steps: int) -> tuple[int, int]:
    """(pixels a step, steps in view) for a view of a width."""
    room = max(40, width - LANES_LEFT - MARGIN_RIGHT)
    step_width = min(WIDEST_STEP, max(NARROWEST_STEP, room // max(1, steps)))
    return step_width, max(1, min(steps, room // step_width))


def first_step_in_view(steps: int, in_view: int, step: int, before: int) -> int:
    """Where a window of `in_view` steps starts so that it holds `step`, moving from `before` no more than needed."""
    margin = min(in_view // 4, 8)
    first = before
    if step < first + margin:
        first = step - margin
    elif step > first + in_view - 1 - margin:
        first = step - in_view + 1 + margin
    return min(max(0, first), max(0, steps - in_view))


def arrange(
    width: int,
    height: int,
    *,
    steps: int,
    start: int,
    at_hand: int,
    planned: int = 0,
    bit_rows: tuple[tuple[str, int], ...],
    locations: int,
    has_phases: bool = False,
) -> SequenceLayout:
    """Lanes for phases, the vectors named in `bit_rows`, wrong bits, and weightings in what is left.

    at_hand: steps from `start` on that can be drawn; a view that grew may have room for more. planned: steps that
    are not run yet; they take the columns that the others leave.
    """
    step_width, columns = step_columns(width, steps + planned)
    count = min(columns, at_hand)
    bottom = height - AXIS_HEIGHT
    channels = sum(rows for _, rows in bit_rows)
    phases = PHASE_HEIGHT + BETWEEN if has_phases else 0
    fixed = phases + EVENTS_TOP + EVENTS_HEIGHT + WRONG_HEIGHT + 2 * BETWEEN + BETWEEN * len(bit_rows)
    room = bottom - fixed
    least_weighting = min(60, room // 2) if locations else 0
    bit = min(4 if locations else 12, max(1, (room - least_weighting) // max(1, channels)))
    lanes = [Lane("events", EVENTS_TOP, EVENTS_HEIGHT)]
    top = EVENTS_TOP + EVENTS_HEIGHT
    if has_phases:
        lanes.append(Lane("phase", top, PHASE_HEIGHT))
        top += phases
    for name, rows in bit_rows:
        tall = min(rows * bit, max(8, (room - least_weighting) * rows // max(1, channels)))
        lanes.append(Lane(name, top, tall))
        top += tall + BETWEEN
    lanes.append(Lane("wrong bits", top, WRONG_HEIGHT))
    top += WRONG_HEIGHT + BETWEEN
    if locations:
        left = max(16, bottom - top - BETWEEN)
        lanes.append(Lane("weighting", top, min(left, 8 * locations)))
    bottom = lanes[-1].top + lanes[-1].height
    return SequenceLayout(step_width, start, count, min(planned, columns - count), steps, tuple(lanes), bottom)
