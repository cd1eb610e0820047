"""A plot of curves over a number: a box and two axes. A pg.PlotItem is that and seventy widgets of menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg

from ntmviz import ink
from ntmviz.painting import colour, font
from ntmviz.wording import tick

if TYPE_CHECKING:
    from ntmviz.colours import Palette

_AXIS_WIDTH = 52


class _Axis(pg.AxisItem):
    """An axis in the words and typeface of the window."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [tick(10.0**value) for value in values]
        return [tick(value) for value in values]

    def tickValues(self, least: float, most: float, size: float) -> list[tuple[float, list[float]]]:
        if not self.logMode:
            return super().tickValues(least, most, size)
        powers = range(int(np.floor(least)), int(np.ceil(most)) + 1)
        room = max(2, int(size // 24))
        for steps in ((1, 2, 3, 5, 7), (1, 3), (1,)):  # the most labels that have room, one for each power at the least
            ticks = [power + float(np.log10(step)) for power in powers for step in steps]
            shown = [tick for tick in ticks if least <= tick <= most]
            if len(shown) <= room:
                break
        return [(1.0, shown[:: -(-len(shown) // room)] if shown else [])]

    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [tick(10.0 ** float(value)) for value in values]


class Plot:
    """A box with an axis at its left and one below, in a row of a layout and in the one under it."""

    def __init__(self, grid: pg.GraphicsLayout, row: int, *, is_log: bool, shows_axis: bool) -> None:
        self._is_log = is_log
        self.box = pg.ViewBox(enableMenu=False, defaultPadding=0.02)
        self.box.setMouseEnabled(x=True, y=False)
        left, bottom = self._axes = _Axis("left"), _Axis("bottom")
        left.setLogMode(x=False, y=is_log)
        left.setWidth(_AXIS_WIDTH)
        left.setStyle(tickLength=0, maxTickLevel=0, tickFont=font(ink.SMALL))
        bottom.setHeight(22 if shows_axis else 4)
        bottom.setStyle(tickLength=-4, maxTickLevel=0, tickFont=font(ink.SMALL), showValues=shows_axis)
        for axis in self._axes:
            axis.enableAutoSIPrefix(False)
            axis.linkToView(self.box)
        grid.addItem(left, row=row, col=0)
        grid.addItem(self.box, row=row, col=1)
        grid.addItem(bottom, row=row + 1, col=1)

    def add_curve(self) -> pg.PlotDataItem:
        """A new curve without points."""
        curve = pg.PlotDataItem([], [])
        curve.setLogMode(False, self._is_log)
        self.box.addItem(curve)
        return curve

    def set_theme(self, palette: Palette) -> None:
        self.box.setBackgroundColor(colour(palette, "well"))
        self.box.setBorder(pg.mkPen(colour(palette, "border")))
        for axis in self._axes:
            axis.setPen(pg.mkPen(colour(palette, "border")))
            axis.setTextPen(pg.mkPen(colour(palette, "muted")))
