"""What lies on the desk: the open session, followed while it grows, and the training that this window drives."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

import sessions
from ntmviz import notes
from ntmviz.errors import NtmvizError
from ntmviz.live import EngineProcess

if TYPE_CHECKING:
    from ntmviz.notes import Bookmark
    from ntmviz.run_options import RunOptions
    from sessions import Recording

REFRESH_MS = 50
"""Time between two looks at a growing file."""

_log = logging.getLogger(__name__)


class Desk(QObject):
    """One session at a time, and at most one training."""

    opened = Signal(object)  # Recording
    grew = Signal()  # the recording took in more
    ended = Signal()  # the session no longer grows
    closed = Signal()
    bookmarked = Signal()
    failed = Signal(str)  # one line for the user
    starting = Signal(object)  # RunOptions
    progressed = Signal(dict)
    solved = Signal(dict)
    training_ended = Signal(object, str)  # result or None, failure or ""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.recording: Recording | None = None
        self.engine: EngineProcess | None = None
        self.training_path: Path | None = None
        """The session of the training that this window drives, once it is there."""
        self.bookmarks: frozenset[Bookmark] = frozenset()
        self._was_live = False
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)

    @property
    def is_live(self) -> bool:
        """Whether the open session can still grow."""
        return self.recording is not None and self._was_live

    @property
    def is_training(self) -> bool:
        """Whether this window drives a training."""
        return self.engine is not None

    @property
    def shows_training(self) -> bool:
        """Whether the open session is the one that this window's training writes."""
        return self.is_training and self.recording is not None and self.recording.path == self.training_path

    def open(self, path: Path) -> bool:
        """Open a session instead of the one that is open; that one stays where the new one cannot be read."""
        try:
            recording = sessions.open(path)
        except sessions.SessionError as error:
            self.failed.emit(str(error))
            return False
        self._put_away()
        self.recording = recording
        self._was_live = recording.is_live
        if self._was_live:
            self._timer.start()
        failure = None
        try:
            self.bookmarks = notes.load(recording.path)
        except NtmvizError as error:
            failure = str(error)
        self.opened.emit(recording)
        if failure is not None:
            self.failed.emit(failure)
        return True

    def toggle_bookmark(self, bookmark: Bookmark) -> None:
        """Set a bookmark in the open session, or take it away."""
        if self.recording is None:
            return
        changed = self.bookmarks ^ {bookmark}
        try:
            notes.save(self.recording.path, changed)
        except NtmvizError as error:
            self.failed.emit(str(error))
            return
        self.bookmarks = changed
        self.bookmarked.emit()

    def refresh(self) -> None:
        """Take in what was written since the last look."""
        recording = self.recording
        if recording is None:
            return
        try:
            is_live = recording.is_live  # asked before the look, so that nothing written in between is missed
            has_more = recording.refresh()
        except sessions.SessionError as error:
            self._timer.stop()
            self._was_live = False
            self.failed.emit(str(error))
            return
        if not is_live and self._was_live:
            self._timer.stop()
            self._was_live = False
            self.grew.emit()
            self.ended.emit()
        elif has_more:
            self.grew.emit()

    def train(self, options: RunOptions) -> None:
        """Start a training in a process of its own; a training that runs already is ended first."""
        if self.engine is not None:
            self.engine.close()
            self.engine.deleteLater()
        Path(options.out).parent.mkdir(parents=True, exist_ok=True)
        engine = self.engine = EngineProcess(options, self)
        engine.ready.connect(self._on_ready)
        engine.progressed.connect(self.progressed)
        engine.solved.connect(self.solved)
        engine.refused.connect(self.failed)
        engine.ended.connect(self._on_ended)
        self.training_path = None
        self.starting.emit(options)

    def close(self) -> None:
        """Put the session away; a training goes on."""
        self._put_away()
        self.closed.emit()

    def shut_down(self) -> None:
        """End everything this desk started, in order."""
        self._timer.stop()
        if self.engine is not None:
            self.engine.close()
            self.engine = None
        self._put_away()

    def _put_away(self) -> None:
        self._timer.stop()
        if self.recording is not None:
            self.recording.close()
        self.recording, self._was_live = None, False
        self.bookmarks = frozenset()

    def _on_ready(self, path: str) -> None:
        self.training_path = Path(path).absolute()
        self.open(self.training_path)

    def _on_ended(self, result: dict[str, Any] | None, failure: str) -> None:
        engine, self.engine = self.engine, None
        if engine is not None:
            engine.deleteLater()
        self.refresh()
        self.training_ended.emit(result, failure)
