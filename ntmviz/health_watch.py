"""Keeps the Health panel true to the session: judged when it comes into sight, and again now and then as it grows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from ntm_core.diagnostics.health import Health, Verdict, health_in_pieces
from ntmviz.recall.items import NOT_JUDGED, is_lab
from ntmviz.stages import ALONE_MS
from sessions.errors import SessionError

if TYPE_CHECKING:
    from ntm_core.diagnostics.pieces import Pieces
    from ntmviz.views.health import HealthView
    from ntmviz.window import MainWindow
    from sessions import Recording

EVERY_MS = 3000
"""A session that grows is judged no more often: to judge takes some 40 ms, of a wide memory ten times as long."""
_SLICE_S = 0.01
"""Of a turn of the event loop, spent on judging; a piece is not cut short."""
_WRONG = (Verdict.UNUSED, Verdict.TRAPPED, Verdict.BROKEN)


class HealthWatch(QObject):
    """Judges the last episodes of the session that is open, while its panel is in sight, a piece at each turn."""

    def __init__(self, window: MainWindow, view: HealthView) -> None:
        super().__init__(window)
        self._window, self._view = window, view
        self._recording: Recording | None = None
        self._judged = 0
        """Episodes that the recording had then."""
        self._pieces: Pieces[Health] | None = None
        self._pause = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._pause.timeout.connect(self.look)
        self._turn = QTimer(self, singleShot=True, interval=ALONE_MS)
        self._turn.timeout.connect(self._go_on)
        window.presenter.presented.connect(self.look)
        window.views.docks["Health"].visibilityChanged.connect(self.look)

    def look(self) -> None:
        """Begin to judge what is new, unless that was done just now."""
        recording = self._window.desk.recording
        if recording is not self._recording:
            self._recording, self._pieces, self._judged = recording, None, 0
            self._pause.stop()
            self._say((NOT_JUDGED,) if is_lab(recording) else ())
        if (
            recording is None
            or is_lab(recording)
            or self._pieces is not None
            or self._pause.isActive()
            or not self._view.isVisible()
        ):
            return
        if self._judged == len(recording.episodes) or self._window.desk.is_reading:
            return
        self._judged = len(recording.episodes)
        self._pieces = health_in_pieces(recording.episodes, recording.metrics)
        self._turn.start()

    def _go_on(self) -> None:
        """Do some pieces; those of a session that was closed meanwhile, or is out of sight, are let go."""
        self.look()
        if self._pieces is None:
            return
        if not self._view.isVisible():
            self._pieces, self._judged = None, 0
            return
        end = time.perf_counter() + _SLICE_S
        try:
            next(self._pieces)
            while time.perf_counter() < end:
                next(self._pieces)
        except StopIteration as done:
            self._show(done.value)
        except SessionError as error:
            self._pieces = None
            self._say((str(error),), is_warning=True)
        else:
            self._turn.start()

    def _show(self, found: Health) -> None:
        self._pieces = None
        self._say(found.sentences, is_warning=found.verdict in _WRONG)
        if self._recording is not None and self._recording.is_live:
            self._pause.start()

    def _say(self, sentences: tuple[str, ...], *, is_warning: bool = False) -> None:
        self._view.show_sentences(sentences, is_warning=is_warning)
        is_judged = bool(sentences) and not is_lab(self._recording)
        self._window.views.docks["Health"].header.say("of the memory, by the last episodes" if is_judged else "")
