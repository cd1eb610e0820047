"""When a process of the training is dead, stopped or slow: one line that says so, and the one click that goes on."""

from __future__ import annotations

import os
import signal
from enum import Enum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

import sessions
from ntmviz.child import is_stopped
from ntmviz.waiting import SILENT_S
from ntmviz.wording import size_on_disk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntmviz.desk import Desk
    from ntmviz.notice import Notice
    from sessions.info import Writer

GO_ON = "Let it go on"
"""The button that wakes what a signal stopped."""
BEHIND_BYTES = 16 * 2**20
"""What waits for the recorder when it is said to be behind: a quarter of what may wait before episodes are dropped."""
_SUSPECT_BYTES = 2**18
"""What waits when it is asked whether the recorder was stopped."""


class Recorder(Enum):
    """How the recorder does."""

    WELL = "well"
    BEHIND = "behind"
    DROPPING = "dropping"
    STOPPED = "stopped"
    GONE = "gone"


class Rescue(QObject):
    """Watches the desk's training, and tells of its processes by the notice."""

    def __init__(self, desk: Desk, notice: Notice, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._notice = desk, notice
        self._recorder = Recorder.WELL
        self._dropped = 0
        self._said_of_engine = self._said_of_recorder = ""
        desk.starting.connect(self._on_starting)
        desk.fell_silent.connect(self._on_fell_silent)
        desk.died.connect(self._offer_restart)
        desk.answered.connect(self._on_answered)
        desk.progressed.connect(self._on_progressed)

    def _on_fell_silent(self, what: str) -> None:
        engine = self._desk.engine
        is_stopped = engine is not None and engine.is_stopped
        self._offer_restart(f"{what}, Ctrl+P lets it go on" if is_stopped else what)

    def _offer_restart(self, what: str) -> None:
        options = self._desk.options
        assert options is not None
        resumes = self._desk.training_path is not None and _has_checkpoint(options.out)

        def restart() -> None:
            self._desk.restart(resumes=resumes)

        said = what if resumes else f"{what}; there is no checkpoint yet"
        button = "Restart from the last checkpoint" if resumes else f"Start anew from seed {options.seed}"
        self._said_of_engine = said
        self._notice.show_offer(said, button, restart)

    def _on_answered(self) -> None:
        self._notice.withdraw(self._said_of_engine)

    def _on_starting(self) -> None:
        self._recorder, self._dropped = Recorder.WELL, 0

    def _on_progressed(self, progress: dict[str, Any]) -> None:
        before, self._recorder = self._recorder, self._state_of_recorder(progress)
        self._dropped = progress["dropped_episodes"]
        if before == self._recorder:
            return
        self._notice.withdraw(self._said_of_recorder)
        if self._recorder is Recorder.WELL:
            return
        said = self._said_of_recorder = _in_words(self._recorder, progress)
        if self._recorder is Recorder.GONE:
            self._offer_restart(said)
        elif self._recorder is Recorder.STOPPED:
            self._notice.show_offer(said, GO_ON, self._wake_recorder)
        else:
            self._notice.show_failure(said)

    def _state_of_recorder(self, progress: Mapping[str, Any]) -> Recorder:
        waiting = progress["queued_bytes"]
        if progress["recorder_failure"] is not None:
            return Recorder.GONE
        is_suspect = waiting >= _SUSPECT_BYTES or progress["recorder_silent_s"] >= SILENT_S
        if is_suspect and self._is_recorder_stopped():
            return Recorder.STOPPED
        if progress["dropped_episodes"] > self._dropped:
            return Recorder.DROPPING
        if waiting >= BEHIND_BYTES:
            return Recorder.DROPPING if self._recorder is Recorder.DROPPING else Recorder.BEHIND
        return Recorder.WELL

    def _is_recorder_stopped(self) -> bool:
        recording = self._desk.recording if self._desk.shows_training else None
        return recording is not None and is_stopped(recording.info.writer.pid)

    def _wake_recorder(self) -> None:
        recording = self._desk.recording if self._desk.shows_training else None
        if recording is not None:
            let_go_on(recording.info.writer)


def let_go_on(writer: Writer) -> None:
    """Let a recorder go on that SIGSTOP holds."""
    if writer.runs:
        os.kill(writer.pid, signal.SIGCONT)


def _in_words(recorder: Recorder, progress: Mapping[str, Any]) -> str:
    waiting = f"{size_on_disk(progress['queued_bytes'])} wait"
    match recorder:
        case Recorder.GONE:
            return f"{progress['recorder_failure']}; training goes on unseen, and what was flushed is in the session"
        case Recorder.STOPPED:
            return f"the recorder was stopped by a signal (SIGSTOP): {waiting}; training is not slowed"
        case Recorder.DROPPING:
            return f"the recorder is behind: {waiting}, episodes are dropped; training is not slowed"
        case _:
            return f"the recorder is behind: {waiting}; training is not slowed"


def _has_checkpoint(path: str) -> bool:
    try:
        with sessions.open(path) as recording:
            return len(recording.checkpoints) > 0
    except sessions.SessionError:
        return False
