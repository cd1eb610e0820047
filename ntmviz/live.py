"""The window's end of the engine process: starts it, tells it what to do, hears how it goes.

The data never comes this way: it goes to the session file, which the window follows like any other.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from sessions.framing import FrameError, encode, take_frame

if TYPE_CHECKING:
    from ntmviz.run_options import RunOptions

STOP_MS = 20_000
"""How long a closing window waits for the session to be sealed before it gives up on the engine."""


class EngineProcess(QObject):
    """One engine process. It ends with this object, with its input, or with its run."""

    ready = Signal(str)  # path of the session, which exists now
    progressed = Signal(dict)  # the fields of runs.Progress, is_paused, recording
    solved = Signal(dict)
    refused = Signal(str)  # why an order was not carried out, in one line
    ended = Signal(object, str)  # result or None, and why it ended in one line ("" where it was meant to)

    def __init__(self, options: RunOptions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._buffer = bytearray()
        self._result: dict[str, Any] | None = None
        self._failure = ""
        self._is_over = False
        self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        self._process.setProcessEnvironment(environment)
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._process.start(sys.executable, ["-P", "-m", "ntmviz.worker"])
        self._order(order="start", options=options.to_json())

    @property
    def is_running(self) -> bool:
        return self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def pid(self) -> int:
        return self._process.processId()

    def pause(self) -> None:
        self._order(order="pause")

    def resume(self) -> None:
        self._order(order="resume")

    def record(self, policy: str) -> None:
        """Change which iterations are recorded."""
        self._order(order="record", policy=policy)

    def stop(self) -> None:
        """End the training; what is trained so far is measured, kept and sealed."""
        self._order(order="stop")

    def close(self) -> None:
        """End the process by ending its input, in silence, and wait until its session is sealed."""
        self.blockSignals(True)
        if self.is_running:
            self._process.closeWriteChannel()
            if not self._process.waitForFinished(STOP_MS):
                self._process.kill()
                self._process.waitForFinished(1000)

    def _order(self, **head: object) -> None:
        if self.is_running:
            for part in encode(head):
                self._process.write(bytes(part))

    def _on_output(self) -> None:
        self._buffer += self._process.readAllStandardOutput().data()
        try:
            while (frame := take_frame(self._buffer)) is not None:
                self._hear(dict(frame.head))
        except FrameError as error:
            self._failure = f"the engine said something that is no message ({error}); start the training again"
            self._process.kill()

    def _hear(self, news: dict[str, Any]) -> None:
        match news.pop("news", None):
            case "ready":
                self.ready.emit(news["path"])
            case "progress":
                self.progressed.emit(news)
            case "solved":
                self.solved.emit(news)
            case "over":
                self._result, self._failure, self._is_over = news["result"], news["failure"] or "", True
            case "refused":
                self.refused.emit(news["message"])
            case "failed":
                self._failure, self._is_over = news["message"], True

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(None, "the engine process could not be started; see that this Python can run ntmviz")

    def _on_finished(self) -> None:
        self._on_output()
        if not self._is_over and not self._failure:
            self._failure = "the engine process ended by itself; every step that was flushed is in the session"
        self.ended.emit(self._result, self._failure)
