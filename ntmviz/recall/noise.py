"""Measures how much noise the memory bears, a point at a time in the engine process, so that it can be stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject

from ntmviz.recall.figure import MOST_ROUNDS
from ntmviz.recall.noise_layout import NoiseFigure
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from ntmviz.window import MainWindow

NOISES = tuple(round(0.05 * step, 2) for step in range(11))
CUES = 480
"""About so many of a point: as many of every row."""


class NoiseMeasurement(QObject):
    """The Noise panel: of what is stored at the step that is shown, with the key strength that is set."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._views = window.views.lab
        self._words: list[list[float]] = []
        self._strength = 0.0
        self._trials = 1
        self._figure: NoiseFigure | None = None
        self.is_measuring = False
        self._views.measure.clicked.connect(self.toggle)
        window.actions_by_name["measure_noise"].triggered.connect(self.toggle)
        window.by_hand.link.answered.connect(self._on_answered)
        window.desk.closed.connect(self.stop)

    def toggle(self) -> None:
        """Begin, or stop with the points that are there."""
        if self.is_measuring:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Measure from the first point on."""
        figure = self._window.recall.figure
        if figure is None or not len(figure.rows) or self.is_measuring:
            return
        self._words = figure.memory[figure.rows].astype(float).tolist()
        self._strength = self._views.cue.asked.operation.strength
        self._trials = max(1, round(CUES / len(self._words)))
        nothing = np.full(len(NOISES), np.nan)
        self._figure = NoiseFigure(np.array(NOISES), nothing, nothing, self._trials * len(self._words))
        self.is_measuring = True
        self._views.docks["Noise"].raise_()
        self._show()
        self._ask()

    def stop(self) -> None:
        """Keep the points that are there; the one under way is not waited for."""
        self.is_measuring = False
        self._show()

    def _ask(self) -> None:
        assert self._figure is not None
        wished = NOISES[self._figure.done]
        is_asked = self._window.by_hand.link.ask(
            "noise", words=self._words, noise=wished, strength=self._strength, rounds=MOST_ROUNDS, trials=self._trials
        )
        if not is_asked:
            self.stop()

    def _on_answered(self, news: dict[str, Any]) -> None:
        if news["news"] == "unable":
            self.stop()
        if news["news"] != "noise" or not self.is_measuring or self._figure is None:
            return
        at = self._figure.done
        if news["noise"] != NOISES[at]:
            return  # of a measurement that was stopped
        once, chained = self._figure.once.copy(), self._figure.chained.copy()
        once[at], chained[at] = news["once"], news["chained"]
        self._figure = NoiseFigure(self._figure.noise, once, chained, self._figure.trials)
        if at + 1 < len(NOISES):
            self._ask()
        else:
            self.is_measuring = False
        self._show()

    def _show(self) -> None:
        views, figure = self._views, self._figure
        views.noise.show_figure(figure)
        views.measure.setText("Stop" if self.is_measuring else "Measure")
        header = views.docks["Noise"].header
        if figure is None:
            return
        if self.is_measuring:
            header.say(f"{figure.done} of {len(NOISES)} points")
        elif figure.done == len(NOISES) and np.isfinite(figure.basin):
            header.say(f"β {self._strength:.3g}: exact in 95 % of cases up to {figure.basin:.0%} noise")
        else:
            header.say(f"β {self._strength:.3g}, {grouped(figure.trials)} cues a point")
