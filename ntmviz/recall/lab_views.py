"""The panels of the Recall workspace, and where they stand at first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QMenu, QPushButton, QSplitter, QStackedWidget

from ntmviz import ink
from ntmviz.colours import Scale
from ntmviz.painting import font
from ntmviz.panels import Dock, Legend, Panel, chooser
from ntmviz.recall.arcs import Graph
from ntmviz.recall.canvases import ChainView, LabMemoryView, NoiseView, RankingView, RecallsView
from ntmviz.recall.cue_panel import CuePanel
from ntmviz.recall.demo_panel import DemoPanel
from ntmviz.recall.query_panel import QueryPanel
from ntmviz.recall.record_panel import RecordPanel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntmviz.colours import Palette

LEFT, RIGHT, BOTTOM = 252, 394, 124
LEAST_LEFT, LEAST_MIDDLE, LEAST_RIGHT = 236, 480, 250


class LabViews:
    """Every panel of the lab: two in the middle, the others in docks around."""

    def __init__(self, window: QMainWindow, palette: Palette) -> None:
        self.cue = CuePanel(palette)
        self.query = QueryPanel(palette)
        self._left = QStackedWidget()
        self._left.setObjectName("recallLeft")
        self._left.addWidget(self.cue)
        self._left.addWidget(self.query)
        self._left.setMinimumWidth(LEAST_LEFT)
        self.chain = ChainView(palette)
        self.memory = LabMemoryView(palette)
        self.ranking = RankingView(palette)
        self.noise = NoiseView(palette)
        self.recalls = RecallsView(palette)
        self.demonstrations = DemoPanel(palette)
        self.record = RecordPanel(palette)
        self.pictures = (self.chain, self.memory, self.ranking, self.noise, self.recalls)
        self.ranking.setMinimumWidth(LEAST_RIGHT)
        self.chain_legend, self.memory_legend = (Legend(palette, names_nan=False) for _ in range(2))
        self.chain_panel = Panel("Recall", self.chain)
        self.chain_panel.header.add(self.chain_legend)
        self.memory_panel = Panel("Memory", self.memory)
        self.memory_panel.header.add(self.memory_legend)
        self.graph_button = chooser("What joins rows at the right of the panel")
        self._choose_graph(Graph.TOGETHER)
        menu = QMenu(self.graph_button)
        for graph in Graph:
            menu.addAction(graph.told).triggered.connect(lambda _=False, graph=graph: self._choose_graph(graph))
        self.graph_button.setMenu(menu)
        self.memory_panel.header.add(self.graph_button)
        self.middle = QSplitter(Qt.Orientation.Vertical)
        self.middle.setHandleWidth(4)
        self.middle.setMinimumWidth(LEAST_MIDDLE)
        self.middle.setChildrenCollapsible(False)
        self.middle.addWidget(self.chain_panel)
        self.middle.addWidget(self.memory_panel)
        self.middle.setStretchFactor(0, 1)
        self.middle.setStretchFactor(1, 2)
        self.chain.setMinimumHeight(140)
        self.memory.setMinimumHeight(120)
        self.docks: dict[str, Dock] = {
            title: Dock(title, view, window)
            for title, view in (
                ("Cue", self._left),
                ("Ranking", self.ranking),
                ("Demonstrations", self.demonstrations),
                ("Noise", self.noise),
                ("Record", self.record),
                ("Recalls", self.recalls),
            )
        }
        self.measure = QPushButton("Measure")
        self.measure.setProperty("pill", "true")
        self.measure.setFont(font(ink.SMALL, ink.MEDIUM))
        self.measure.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.measure.setToolTip("Ask with hundreds of noisy cues, in the engine process; again: stop")
        self.docks["Noise"].header.add(self.measure)
        self.folder_button = chooser(
            "The one folder in which records are looked for, and what can be done with a record"
        )
        self.docks["Record"].header.add(self.folder_button)
        self.headers = (
            self.chain_panel.header,
            self.memory_panel.header,
            *(dock.header for dock in self.docks.values()),
        )

    def arrange(self, window: QMainWindow, docks: Mapping[str, Dock]) -> None:
        """The first arrangement. docks: all of the window, taken out of it; those of other workspaces stay hidden."""
        areas = Qt.DockWidgetArea
        window.setCorner(Qt.Corner.BottomRightCorner, areas.BottomDockWidgetArea)
        window.setCorner(Qt.Corner.BottomLeftCorner, areas.BottomDockWidgetArea)
        own = self.docks
        window.addDockWidget(areas.LeftDockWidgetArea, own["Cue"])
        window.addDockWidget(areas.RightDockWidgetArea, own["Ranking"])
        window.tabifyDockWidget(own["Ranking"], own["Demonstrations"])
        window.addDockWidget(areas.RightDockWidgetArea, own["Noise"])
        window.tabifyDockWidget(own["Noise"], own["Record"])
        window.tabifyDockWidget(own["Record"], docks["Forks"])
        window.addDockWidget(areas.BottomDockWidgetArea, own["Recalls"])
        shown = {*own, "Forks"}
        for name, dock in docks.items():
            if name not in shown:
                window.addDockWidget(areas.LeftDockWidgetArea, dock)  # where it comes up when it is asked for
            dock.setVisible(name in shown)
        for front in ("Ranking", "Noise"):
            own[front].raise_()
        width, height = max(window.width(), 1024), window.height()
        scale = min(1.0, width / 1440)
        horizontal, vertical = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        widths = [max(LEAST_LEFT, round(LEFT * scale)), max(LEAST_RIGHT, round(RIGHT * scale))]
        window.resizeDocks([own["Cue"], own["Ranking"]], widths, horizontal)
        window.resizeDocks([own["Recalls"]], [BOTTOM], vertical)
        above = height - BOTTOM - 106
        window.resizeDocks([own["Ranking"], own["Noise"]], [round(above * 0.54), round(above * 0.46)], vertical)
        self.middle.setSizes([round(above * 0.38), round(above * 0.62)])

    def show_cue_panel(self) -> None:
        """A lab is worked, or could be."""
        self._left.setCurrentWidget(self.cue)

    def show_query_panel(self) -> None:
        """The memory of a trained network is asked."""
        self._left.setCurrentWidget(self.query)

    def give_room(self, window: QMainWindow, front: str) -> None:
        """Make one of the panels at the upper right tall, or, for the ranking, as tall as it was at first."""
        share = 0.54 if front == "Ranking" else 0.8
        above = window.height() - BOTTOM - 106
        heights = [round(above * share), round(above * (1 - share))]
        window.resizeDocks([self.docks[front], self.docks["Noise"]], heights, Qt.Orientation.Vertical)

    def _choose_graph(self, graph: Graph) -> None:
        self.graph_button.setText(f"{graph.value}  ▾")
        self.memory.show_graph(graph)

    def show_limits(self, limit: float) -> None:
        """The colour ranges of cells and patterns, in their headers."""
        self.chain_legend.set_entries([("cell", "muted", Scale.GLYPH, -limit, limit)])
        self.memory_legend.set_entries([("pattern", "muted", Scale.SIGNED, -limit, limit)])

    def set_theme(self, palette: Palette) -> None:
        own = (self.cue, self.query, self.demonstrations, self.record, self.chain_legend, self.memory_legend)
        for view in (*self.pictures, *own):
            view.set_theme(palette)
