"""The Recalls panel: every recall of the line in its order, and how prominence rises with recalls and fades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntmviz import ink
from ntmviz.recall.glyph_marks import cell_that_fits, glyph, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ntmviz.recall.figure import LabFigure
    from ntmviz.recall.ledger import Ledger

PITCH, LEFT = 56, 96
_GLYPH_ROOM = 40
_BARS, _BAR = 5, 7
"""How many items' prominence is drawn, and how many pixels a recall takes."""


@dataclass(frozen=True, slots=True)
class StripLayout:
    """Where recalls stand: so many from the first shown."""

    first: int
    count: int
    bars_x: float
    """Where the bars of prominence begin"""

    def chain_at(self, x: float) -> int | None:
        """The recall at a place."""
        at = int((x - LEFT) // PITCH)
        return self.first + at if 0 <= at < self.count else None


def strip_layout(known: Ledger, current: int | None, width: float) -> StripLayout:
    """The recalls around the current one that there is room for; half of the panel is for prominence."""
    bars_x = max(LEFT + 4 * PITCH, width - 118 * _shown_bars(width) - 96)
    room = max(1, int((bars_x - LEFT - 90) // PITCH))
    total = len(known.chains)
    at = total - 1 if current is None else current
    first = min(max(0, at - room + 1), max(0, total - room))
    return StripLayout(first, min(room, total - first), bars_x)


def strip_marks(
    figure: LabFigure, known: Ledger, current: int | None, width: float, height: float
) -> Iterator[ink.Mark]:
    at = strip_layout(known, current, width)
    cell = cell_that_fits(figure.shape, PITCH - 14, _GLYPH_ROOM)
    wide, tall = size_of(figure.shape, cell)
    middle, foot = max(28, height * 0.36), height - 14
    yield ink.Text(LEFT - 16, middle, "recalled", "read", align=ink.Align.RIGHT)
    yield ink.Text(LEFT - 16, foot, "recall", "muted", align=ink.Align.RIGHT)
    for place in range(at.first, at.first + at.count):
        x = LEFT + (place - at.first) * PITCH
        row = int(known.weightings[place].argmax()) if known.weightings[place].any() else None
        is_now = place == current and not figure.is_preview
        if is_now:
            yield ink.Box(
                x,
                middle - tall / 2 - 8,
                PITCH,
                foot - 12 - (middle - tall / 2 - 8),
                stroke="text",
                stroke_width=2,
                radius=4,
            )
        if row is not None:
            left = x + (PITCH - wide) / 2
            frame = "read" if is_now else "border"
            yield from glyph(
                round(left),
                round(middle - tall / 2),
                cell,
                figure.memory[row],
                figure.shape,
                limit=figure.limit,
                frame=frame,
            )
            name = figure.names[row] or f"row {row}"
            if height >= 96:
                short = name if len(name) <= 7 else name[:6] + "…"
                yield ink.Text(
                    x + PITCH / 2, middle + tall / 2 + 12, short, "text" if is_now else "muted", align=ink.Align.CENTRE
                )
        label = str(place + 1)
        if is_now:
            yield ink.Box(x + PITCH / 2 - 12, foot - 8, 24, 16, fill="text", radius=3)
        token = "panel" if is_now else "muted"
        yield ink.Text(
            x + PITCH / 2, foot, label, token, weight=ink.BOLD if is_now else ink.REGULAR, align=ink.Align.CENTRE
        )
    x = LEFT + at.count * PITCH
    yield ink.Box(x + (PITCH - wide) / 2 - 1, middle - tall / 2 - 1, wide + 2, tall + 2, stroke="border", radius=3)
    yield ink.Text(x + PITCH + 6, middle, "next: Enter", "muted")
    yield from _prominence(figure, known, current, at.bars_x, width, height)


def _shown_bars(width: float) -> int:
    return _BARS if width >= 1300 else 3


def _prominence(
    figure: LabFigure, known: Ledger, current: int | None, x: float, width: float, height: float
) -> Iterator[ink.Mark]:
    """For the rows that were recalled most of late, a bar after each recall."""
    yield ink.Text(x, 18, "prominence", "accent", weight=ink.BOLD)
    yield ink.Text(x, 34, "over recalls,", "muted")
    largest = max(1.0, float(known.counts.max(initial=0)))
    yield ink.Text(x, 50, f"0 to {largest:.2g}", "muted")
    upto = len(known.chains) - 1 if current is None else current
    if upto < 0:
        yield ink.Text(x + 96, 34, "rises with every recall, and fades with time", "muted")
        return
    counts = known.counts
    tops = [
        int(row) for row in np.argsort(-counts[upto], kind="stable")[: _shown_bars(width)] if counts[upto][row] > 0.01
    ]
    wide, top = 98, 8
    tall = max(20, height - 44)
    shown = min(len(counts), wide // _BAR - 1)
    first = min(max(0, upto - shown + 2), max(0, len(counts) - shown))
    for column, row in enumerate(tops):
        left = x + 92 + column * (wide + 20)
        yield ink.Box(left, top, wide, tall, fill="well", stroke="border")
        for place in range(first, min(first + shown, len(counts))):
            length = round(float(counts[place][row]) / largest * (tall - 4))
            if length:
                at = left + 3 + (place - first) * _BAR
                token = "accent" if place <= upto else "border"
                yield ink.Box(at, top + tall - 1 - length, _BAR - 1, length, fill=token)
        now = left + 3 + (upto - first + 1) * _BAR
        yield ink.Path(((now, top + 1), (now, top + tall - 1)), "muted", 1, is_dashed=True)
        yield ink.Text(left, top + tall + 14, figure.names[row] or f"row {row}", "text", weight=ink.BOLD)
        value = f"{float(counts[upto][row]):.2f}"
        yield ink.Text(left + wide, top + tall + 14, value, "muted", align=ink.Align.RIGHT)
