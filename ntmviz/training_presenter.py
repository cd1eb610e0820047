"""Keeps the view of the training true to the session: its curves, and the iteration that is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ntmviz.training_figure import TrainingCurves, TrainingFigure
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from ntmviz.state import Resolved
    from ntmviz.workspace import Views
    from sessions import Recording


class TrainingPresenter:
    """Draws curves only where there is more of them."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._recording: Recording | None = None
        self._curves: TrainingCurves | None = None
        self._figure: TrainingFigure | None = None
        self._key: tuple[int, int] = (-1, -1)

    @property
    def has_drawn(self) -> bool:
        """Whether the curves of the session are there."""
        return self._figure is not None

    def show_recording(self, recording: Recording | None) -> None:
        """Another session, or none; nothing is drawn yet."""
        self._recording = recording
        self._curves = None if recording is None else TrainingCurves(recording)
        self._figure = None

    def clear(self) -> None:
        """Show nothing till the next `show`."""
        self._figure = None
        self._views.training.show_figure(None)

    def show(self, now: Resolved | None) -> None:
        """Bring the view up to date. SessionError where the session cannot be read."""
        recording, view = self._recording, self._views.training
        if recording is None or self._curves is None:
            self.clear()
            return
        iteration = -1 if now is None else now.source.info.iteration
        key = (recording.metrics.rows, len(recording.episodes))
        if self._figure is None or key != self._key:
            self._key, self._figure = key, self._curves.figure(iteration)
        elif iteration == self._figure.current:
            return
        else:
            self._figure = replace(self._figure, current=iteration)
        view.show_figure(self._figure)
        woken = recording.info.parent.get("iteration")
        self._views.training_header.say(
            "by iteration, a tick for every recorded episode"
            if woken is None
            else f"that it learned by, woken at iteration {grouped(int(woken))}"
        )
