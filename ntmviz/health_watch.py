"""Keeps the Health panel true to the session: judged when it comes into sight, and again now and then as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from ntm_core.diagnostics.health import Verdict, health
from sessions.errors import SessionError

if TYPE_CHECKING:
    from ntmviz.views.health import HealthView
    from ntmviz.window import MainWindow
    from sessions import Recording

EVERY_MS = 3000
"""A session that grows is judged no more often: to judge takes some 15 ms."""
_WRONG = (Verdict.UNUSED, Verdict.TRAPPED, Verdict.BROKEN)


class HealthWatch(QObject):
    """Judges the last episodes of the session that is open, while its panel is in sight."""

    def __init__(self, window: MainWindow, view: HealthView) -> None:
        super().__init__(window)
        self._window, self._view = window, view
        self._judged: tuple[object, ...] = ()
        self._pause = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._pause.timeout.connect(self.look)
        window.presenter.presented.connect(self.look)
        window.views.docks["Health"].visibilityChanged.connect(self.look)

    def look(self) -> None:
        """Judge what is new, unless that was done just now."""
        recording = self._window.desk.recording
        if not self._view.isVisible() or self._pause.isActive():
            return
        key = () if recording is None else (recording.path, len(recording.episodes))
        if key == self._judged:
            return
        self._judged = key
        if recording is None:
            self._view.show_sentences(())
            return
        self._judge(recording)
        if recording.is_live:
            self._pause.start()

    def _judge(self, recording: Recording) -> None:
        try:
            found = health(recording.episodes, recording.metrics)
        except SessionError as error:
            self._view.show_sentences((str(error),), is_warning=True)
        else:
            self._view.show_sentences(found.sentences, is_warning=found.verdict in _WRONG)
            self._window.views.docks["Health"].header.say("of the memory, by the last episodes")
