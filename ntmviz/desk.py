"""What lies on the desk: the open session, followed while it grows, and the training that this window drives."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

import sessions
from ntmviz import notes, running
from ntmviz.errors import NtmvizError
from ntmviz.live import EngineProcess
from ntmviz.settings import new_session_path
from ntmviz.spare import Spare

if TYPE_CHECKING:
    from ntmviz.notes import Bookmark
    from ntmviz.run_options import RunOptions
    from ntmviz.running import Detached
    from sessions import Recording

REFRESH_MS = 50
"""Time between two looks at a growing file."""
METRIC_ROWS = 5_000
"""Of the curves of a long training, read in one turn of the event loop."""
BETWEEN_PIECES_MS, BETWEEN_PICTURES_MS = 5, 200
"""From one such turn to the next, and to one after which what was read by then is shown."""

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
    fell_silent = Signal(str)  # the engine; what is known of it
    answered = Signal()
    died = Signal(str)  # the engine; why, after training_ended
    solved = Signal(dict)
    training_ended = Signal(object, str)  # result or None, failure or ""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.recording: Recording | None = None
        self.engine: EngineProcess | None = None
        self.spare = Spare(self)
        """Of the engines of trainings and of networks that are stepped by hand."""
        self.training_path: Path | None = None
        """The session of the training that this window drives, once it is there."""
        self.detached: Detached | None = None
        """The training without a window that writes the open session."""
        self.keeps_on = False
        """Whether a training goes on when this window closes."""
        self.options: RunOptions | None = None
        """Of the last training that this window started."""
        self._next: RunOptions | None = None
        self.bookmarks: frozenset[Bookmark] = frozenset()
        self._was_live = self._is_damaged = False
        """Of the open session: whether it could grow at the last look, and whether what comes next cannot be read."""
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._reads_on = QTimer(self, singleShot=True, interval=BETWEEN_PIECES_MS)
        self._reads_on.timeout.connect(self.refresh)
        self._since_grown = QElapsedTimer()

    @property
    def is_live(self) -> bool:
        """Whether the open session can still grow."""
        return self.recording is not None and self._was_live

    @property
    def is_reading(self) -> bool:
        """Whether the open session has more than was read yet."""
        return self.recording is not None and not (self.recording.is_whole or self._is_damaged)

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
            recording = sessions.open(path, metric_rows=METRIC_ROWS)
        except sessions.SessionError as error:
            self.failed.emit(str(error))
            return False
        self._put_away()
        self.recording = recording
        self._was_live = recording.is_live
        if self._was_live:
            self._timer.start()
            self.detached = running.find(recording.path)
        failure = None
        try:
            self.bookmarks = notes.load(recording.path)
        except NtmvizError as error:
            failure = str(error)
        self.opened.emit(recording)
        self._since_grown.start()
        if failure is not None:
            self.failed.emit(failure)
        self._read_on()
        return True

    def _read_on(self) -> None:
        """Each piece of a long session has a turn of the event loop of its own."""
        if self.is_reading:
            self._reads_on.start()

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
        """Take in what was written since the last look, or the next piece of a session that is not whole yet."""
        recording = self.recording
        if recording is None:
            return
        episodes = len(recording.episodes)
        try:
            is_live = recording.is_live  # asked before the look, so that nothing written in between is missed
            has_more = recording.refresh()
        except sessions.SessionError as error:
            self._timer.stop()
            self._was_live, self._is_damaged = False, True
            self.grew.emit()
            self.failed.emit(str(error))
            return
        self._read_on()
        if not is_live and self._was_live:
            self._timer.stop()
            self._was_live, self.detached = False, None
            self.grew.emit()
            self.ended.emit()
        elif has_more and (
            recording.is_whole
            or len(recording.episodes) > episodes
            or self._since_grown.hasExpired(BETWEEN_PICTURES_MS)
        ):
            self._since_grown.start()
            self.grew.emit()

    def train(self, options: RunOptions) -> None:
        """Start a training in a process of its own; a training that runs already is ended first."""
        if self.engine is not None:
            self._next = options
            self.engine.end()
        elif not self._start(options):
            return
        self.training_path = None
        self.starting.emit(options)

    def restart(self, *, resumes: bool) -> None:
        """Train on in a new session: from the last checkpoint of the last one, or anew from the same seed."""
        if self.options is not None:
            old = self.options
            out = str(new_session_path(old.task, old.seed))
            resume = old.out if resumes else old.resume
            self.train(replace(old, out=out, resume=resume, overwrite=False))

    def keep_on(self, is_on: bool) -> None:
        """Change whether a training goes on when this window closes."""
        self.keeps_on = is_on
        if self.engine is not None:
            self.engine.keep_on(is_on)

    def finish(self) -> None:
        """End the training that is shown, or else the one that this window drives; it is measured and sealed."""
        if self.detached is not None:
            self.detached.finish()
        elif self.engine is not None:
            self.engine.stop()

    def _start(self, options: RunOptions) -> bool:
        folder = Path(options.out).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            engine = EngineProcess(self, self.spare)
        except OSError as error:
            self.failed.emit(f"the session's folder cannot be made: {error.strerror}: {folder}")
            return False
        except NtmvizError as error:
            self.failed.emit(str(error))
            return False
        engine.ready.connect(self._on_ready)
        engine.progressed.connect(self.progressed)
        engine.solved.connect(self.solved)
        engine.refused.connect(self.failed)
        engine.fell_silent.connect(self.fell_silent)
        engine.answered.connect(self.answered)
        engine.ended.connect(self._on_ended)
        engine.train(options, keeps_on=self.keeps_on)
        self.engine, self.options = engine, options
        return True

    def close(self) -> None:
        """Put the session away; a training goes on."""
        self._put_away()
        self.closed.emit()

    def shut_down(self) -> None:
        """End everything this desk started, in order, but for a training that is to be kept on."""
        self._timer.stop()
        if self.engine is not None:
            if self.keeps_on and self._next is None:
                self.engine.let_go()
            else:
                self.engine.close()
            self.engine = self._next = None
        self.spare.shut_down()
        self._put_away()

    def _put_away(self) -> None:
        self._timer.stop()
        self._reads_on.stop()
        if self.recording is not None:
            self.recording.close()
        self.recording, self._was_live, self._is_damaged, self.detached = None, False, False, None
        self.bookmarks = frozenset()

    def _on_ready(self, path: str) -> None:
        self.training_path = Path(path).absolute()
        self.open(self.training_path)

    def _on_ended(self, result: dict[str, Any] | None, failure: str) -> None:
        engine, self.engine = self.engine, None
        assert engine is not None
        engine.deleteLater()
        self.refresh()
        if self._next is not None:
            options, self._next = self._next, None
            if not self._start(options):
                self.training_ended.emit(None, "")
            return
        self.training_ended.emit(result, "" if engine.has_died else failure)
        if engine.has_died:
            self.died.emit(failure)
