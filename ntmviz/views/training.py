"""The iteration axis: loss and wrong bits of training, a tick for every recorded episode, and the play head on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ntmviz import ink
from ntmviz.painting import colour, font
from ntmviz.panels import label
from ntmviz.views.picture import Picture
from ntmviz.views.plot import Plot
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from ntmviz.colours import Palette
    from ntmviz.training_figure import TrainingFigure


class TrainingView(QWidget):
    """Two curves that share the iteration axis. A click goes to the episode recorded nearest to it."""

    iteration_wished = Signal(float)

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setObjectName("training")
        self.graphics = Picture()
        grid = pg.GraphicsLayout()
        self.graphics.setCentralItem(grid)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 12, 4)
        waiting = label("Loss and wrong bits of training appear here", tone="muted")
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._pages.addWidget(waiting)
        self._pages.addWidget(self.graphics)
        layout.addWidget(self._pages)
        grid.layout.setContentsMargins(0, 0, 0, 0)
        grid.layout.setSpacing(0)
        self._titles = [pg.LabelItem(justify="left") for _ in range(2)]
        self._plots: list[Plot] = []
        self._curves: list[tuple[pg.PlotDataItem, pg.PlotDataItem]] = []
        self._lines: list[pg.InfiniteLine] = []
        for number, title in enumerate(self._titles):
            grid.addItem(title, row=3 * number, col=0, colspan=2)
            plot = Plot(grid, 3 * number + 1, is_log=number == 0, shows_axis=number == 1)
            self._plots.append(plot)
            self._curves.append((plot.add_curve(), plot.add_curve()))
            line = pg.InfiniteLine(angle=90, movable=False)
            line.setZValue(10)
            plot.box.addItem(line, ignoreBounds=True)
            self._lines.append(line)
        loss, wrong = (plot.box for plot in self._plots)
        wrong.setXLink(loss)
        self._ticks = pg.PlotCurveItem(connect="pairs", antialias=False)
        wrong.addItem(self._ticks, ignoreBounds=True)
        self._flag = pg.TextItem(anchor=(0.5, 0.0))
        self._flag.setZValue(20)
        wrong.addItem(self._flag, ignoreBounds=True)
        self.graphics.scene().sigMouseClicked.connect(self._on_clicked)
        self._figure: TrainingFigure | None = None
        self._wrong_unit = "per sequence"
        self.set_theme(palette)
        self.setToolTip(
            "Each point is one training iteration, the strong line their running mean; a tick at the bottom is a "
            "recorded episode, click to see it"
        )

    def sizeHint(self) -> QSize:
        return QSize(360, 308)

    @property
    def figure(self) -> TrainingFigure | None:
        return self._figure

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        self.graphics.setBackground(colour(palette, "panel"))
        self._name_curves(self._wrong_unit)
        for plot in self._plots:
            plot.set_theme(palette)
        for raw, mean in self._curves:
            faint = QColor(colour(palette, "muted"))
            faint.setAlphaF(0.45)
            raw.setPen(pg.mkPen(faint, width=1))
            mean.setPen(pg.mkPen(colour(palette, "text"), width=1.5))
        for line in self._lines:
            line.setPen(pg.mkPen(colour(palette, "text"), width=2))
        self._ticks.setPen(pg.mkPen(colour(palette, "muted"), width=1))
        self._flag.setColor(colour(palette, "panel"))
        self._flag.fill = pg.mkBrush(colour(palette, "text"))
        self._flag.setFont(font(ink.SMALL, ink.BOLD))

    def _name_curves(self, wrong_unit: str) -> None:
        self._wrong_unit = wrong_unit
        titles = (("loss", "nats per bit, log scale; chance is 0.693"), ("wrong bits", wrong_unit))
        for title, (name, unit) in zip(self._titles, titles, strict=True):
            title.setText(
                f'<span style="color:{self._palette.text};font-size:{ink.SMALL}px;font-weight:600">{name}</span>&nbsp; '
                f'<span style="color:{self._palette.muted};font-size:{ink.SMALL}px">{unit}</span>'
            )
            title.setMinimumWidth(0)  # a narrow panel cuts the words, and not the curves

    def show_figure(self, figure: TrainingFigure | None) -> None:
        """A figure of the same points as the one that is shown only moves the line."""
        known, self._figure = self._figure, figure
        has_some = figure is not None and figure.has_some
        self._pages.setCurrentIndex(1 if has_some else 0)
        for line in self._lines:
            line.setVisible(has_some and figure is not None and figure.current >= 0)
        self._flag.setVisible(has_some and figure is not None and figure.current >= 0)
        if figure is None or not has_some:
            for curve in (curve for pair in self._curves for curve in pair):
                curve.setData([], [])
            self._ticks.setData([], [])
            return
        if known is None or known.loss is not figure.loss:
            self._draw_curves(figure)
        if figure.current >= 0:
            for line in self._lines:
                line.setValue(figure.current)
            self._flag.setText(grouped(figure.current))
            self._place_flag(figure)

    def _draw_curves(self, figure: TrainingFigure) -> None:
        loss, wrong = (plot.box for plot in self._plots)
        for curves, points in zip(self._curves, (figure.loss, figure.wrong_bits), strict=True):
            for curve, each in zip(curves, points, strict=True):
                curve.setData(each.x, each.y)
        loss.setXRange(0, figure.last, padding=0.02)
        wrong.setYRange(figure.below, figure.highest * 1.04, padding=0)
        values = figure.loss[0].y
        values = values[np.isfinite(values)]
        if values.size:
            low, high = np.log10(values.min()), np.log10(values.max())
            loss.setYRange(low, max(high, low + 0.5), padding=0.06)
        self._name_curves(figure.wrong_unit)
        ends = np.tile([figure.below * 0.85, figure.below * 0.3], len(figure.episodes))
        self._ticks.setData(np.repeat(figure.episodes, 2), ends)

    def _place_flag(self, figure: TrainingFigure) -> None:
        """Keep the whole number in view near both ends."""
        width = QFontMetricsF(font(ink.SMALL, ink.BOLD)).horizontalAdvance(grouped(figure.current)) + 12
        room = max(1.0, self._plots[1].box.width())
        share = figure.current / figure.last
        edge = width / 2 / room
        anchor = 0.0 if share < edge else 1.0 if share > 1 - edge else 0.5
        self._flag.setAnchor((anchor, 1.0))
        self._flag.setPos(figure.current, figure.below)

    def _on_clicked(self, event: object) -> None:
        for plot in self._plots:
            box = plot.box
            if box.sceneBoundingRect().contains(event.scenePos()):  # type: ignore[attr-defined]
                self.iteration_wished.emit(float(box.mapSceneToView(event.scenePos()).x()))  # type: ignore[attr-defined]
                return
