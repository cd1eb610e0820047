"""The output of one step as bits, each with how sure the network is of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ntmviz import ink
from ntmviz.colours import Scale
from ntmviz.painting import draw
from ntmviz.views import bit_grid
from ntmviz.wording import short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ntmviz.colours import Palette

_BELOW = 21
"""Pixels for the bar and the number under a square."""
_BAR_TOP, _BAR_HEIGHT = bit_grid.BOX_HEIGHT + 3, 3
_MAP_COLUMNS, _MAP_ROW = 32, 6


@dataclass(frozen=True, slots=True)
class OutputBits:
    """What came out at a step."""

    step: int
    values: tuple[float, ...]
    """Probabilities that a bit is 1."""
    targets: tuple[float, ...] | None
    """None where the task asks for nothing."""
    note: str = ""
    tone: str = "muted"

    def is_wrong(self, channel: int) -> bool:
        return self.targets is not None and (self.values[channel] > 0.5) != (self.targets[channel] > 0.5)

    def bit_words(self, channel: int) -> str:
        """All that is known of one bit."""
        value = self.values[channel]
        wanted = "" if self.targets is None else f", wanted {int(self.targets[channel] > 0.5)}"
        return f"bit {channel}: {short(value)}{wanted}"


def certainty(probability: float) -> float:
    """How sure a probability is of its bit: 0.5 to 1."""
    return max(probability, 1 - probability)


class OutputBitsView(QWidget):
    """Draws OutputBits; more than the most that have room as squares are drawn as a map."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self._output: OutputBits | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        self.update()

    def show_output(self, output: OutputBits | None) -> None:
        channels_before = 0 if self._output is None else len(self._output.values)
        self._output = output
        words = "" if output is None else ", ".join(output.bit_words(at) for at in range(len(output.values)))
        self.setAccessibleName("" if output is None else f"Output, step {output.step}")
        self.setAccessibleDescription(words)
        if channels_before != (0 if output is None else len(output.values)):
            self.updateGeometry()
        self.update()

    @property
    def marks(self) -> list[ink.Mark]:
        """What is drawn now."""
        output = self._output
        if output is None or not output.values:
            return []
        return list(self._squares(output) if self._has_squares else self._map(output))

    @property
    def _channels(self) -> int:
        return 0 if self._output is None else len(self._output.values)

    @property
    def _has_squares(self) -> bool:
        return self._channels <= bit_grid.MOST_BITS

    def _grid(self) -> bit_grid.BitGrid:
        return bit_grid.arrange(self._channels, self.width(), _BELOW)

    def sizeHint(self) -> QSize:
        height = self._grid().height if self._has_squares else -(-self._channels // _MAP_COLUMNS) * _MAP_ROW
        return QSize(bit_grid.PITCH * bit_grid.MOST_COLUMNS, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def _squares(self, output: OutputBits) -> Iterator[ink.Mark]:
        grid = self._grid()
        for channel, value in enumerate(output.values):
            x, y = grid.corner(channel)
            width, middle = grid.box_width, x + grid.box_width / 2
            if not math.isfinite(value):
                yield ink.Hatch(x, y, width, bit_grid.BOX_HEIGHT, "black", fill="not_finite")
                yield ink.Text(middle, y + grid.row_height - 8, "NaN", "text", align=ink.Align.CENTRE)
                continue
            is_wrong, is_scored = output.is_wrong(channel), output.targets is not None
            token = "warning" if is_wrong else "text" if is_scored else "muted"
            yield ink.Box(
                x,
                y,
                width,
                bit_grid.BOX_HEIGHT,
                fill="raised",
                stroke="warning" if is_wrong else "border",
                stroke_width=2 if is_wrong else 1,
                radius=4,
            )
            bit = str(int(value > 0.5))
            yield ink.Text(middle, y + bit_grid.BOX_HEIGHT / 2, bit, token, ink.BODY, ink.BOLD, align=ink.Align.CENTRE)
            sure = certainty(value)
            yield ink.Box(x, y + _BAR_TOP, width, _BAR_HEIGHT, fill="raised")
            yield ink.Box(x, y + _BAR_TOP, (2 * sure - 1) * width, _BAR_HEIGHT, fill="warning" if is_wrong else "muted")
            yield ink.Text(middle, y + _BAR_TOP + 12, f"{100 * sure:.0f}", "muted", align=ink.Align.CENTRE)

    def _map(self, output: OutputBits) -> Iterator[ink.Mark]:
        """Rows of small cells from 0 to 1."""
        cell = self.width() / _MAP_COLUMNS
        for row, start in enumerate(range(0, len(output.values), _MAP_COLUMNS)):
            values = np.array([output.values[start : start + _MAP_COLUMNS]])
            yield ink.Image(0, row * _MAP_ROW, cell * values.size, _MAP_ROW, values, Scale.BITS, 0, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        draw(QPainter(self), self.marks, self._palette)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._output is not None:
            channel = self._grid().channel_at(event.pos().x(), event.pos().y()) if self._has_squares else None
            QToolTip.showText(event.globalPos(), "" if channel is None else self._output.bit_words(channel), self)
            return True
        return super().event(event)
