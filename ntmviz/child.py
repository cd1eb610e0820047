"""A child process of the window's that speaks frames, in Qt's event loop: nothing here waits but `wait`."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

from ntmviz.errors import NtmvizError
from sessions import bound
from sessions.framing import FrameError, encode, take_frame

_READ_BYTES = 1 << 16
_REAP_S = 1.0
"""How long a process that closed its output may take to be gone."""
_LOOK_S = 0.02
"""Time between two looks whether it is."""


def is_stopped(pid: int) -> bool:
    """Whether SIGSTOP or a debugger holds a process. False where there is no /proc to ask."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0] in "Tt"
    except OSError:
        return False


class Child(QObject):
    """One process that runs a module, bound to this one and deaf to the terminal.

    Raises NtmvizError where it cannot be started.
    """

    heard = Signal(dict)  # the head of a frame
    garbled = Signal(str)  # what came is no frame; the process is killed
    ended = Signal(int)  # exit code, or minus the signal that killed it

    def __init__(self, module: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        try:
            self._process = subprocess.Popen(
                bound.command(module),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                process_group=bound.GROUP,
            )
        except OSError as error:
            raise NtmvizError(
                f"{module} could not be started ({error.strerror}); see that this Python runs ntmviz: {sys.executable}"
            ) from None
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        for pipe in (self._input, self._output):
            os.set_blocking(pipe.fileno(), False)
        self._heard, self._unsent = bytearray(), bytearray()
        self._is_closing = False
        self._reap_by = 0.0
        self._reaping = QTimer(self, interval=round(1000 * _LOOK_S), singleShot=True)
        self._reaping.timeout.connect(self._reap)
        self._reading = QSocketNotifier(self._output.fileno(), QSocketNotifier.Type.Read, self)
        self._writing = QSocketNotifier(self._input.fileno(), QSocketNotifier.Type.Write, self)
        self._reading.activated.connect(self._read)
        self._writing.activated.connect(self._write)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None

    @property
    def is_stopped(self) -> bool:
        """Whether a signal holds it."""
        return is_stopped(self.pid)

    def send(self, **head: object) -> None:
        """Send a frame as soon as the process takes it."""
        for part in encode(head):
            self._unsent += part
        self._write()

    def close_input(self) -> None:
        """End its input behind what is still to be sent."""
        self._is_closing = True
        self._write()

    def send_signal(self, number: int) -> None:
        """Send a signal to a process that runs."""
        if self.is_running:
            self._process.send_signal(number)

    def wait(self, timeout_s: float) -> None:
        """Wait for its end and hear it out; kill it where the time runs out."""
        deadline = time.monotonic() + timeout_s
        while self.is_running:
            if not self._reading.isEnabled():
                time.sleep(_LOOK_S)
                self._reap()
                continue
            left = deadline - time.monotonic()
            if left <= 0:
                self._process.kill()
                left = _REAP_S
            writing = [self._input] if self._unsent else []
            select.select([self._output], writing, [], left)
            self._write()
            self._read()

    def let_go(self) -> None:
        """Let it run on without this process."""
        self.send_signal(signal.SIGCONT)
        self._process.returncode = 0  # else the interpreter complains of a child that nobody waited for
        self._put_away()

    def _write(self) -> None:
        if self._input.closed:
            return
        try:
            while self._unsent:
                del self._unsent[: os.write(self._input.fileno(), self._unsent[:_READ_BYTES])]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent.clear()  # it is gone, which its output tells too
        self._writing.setEnabled(bool(self._unsent))
        if self._is_closing and not self._unsent:
            self._writing.setEnabled(False)
            self._input.close()

    def _read(self) -> None:
        try:
            while data := os.read(self._output.fileno(), _READ_BYTES):
                self._heard += data
        except BlockingIOError:
            self._tell()
        else:
            self._tell()
            self._reading.setEnabled(False)
            self._reap_by = time.monotonic() + _REAP_S
            self._reap()

    def _tell(self) -> None:
        try:
            while (frame := take_frame(self._heard)) is not None:
                self.heard.emit(dict(frame.head))
        except FrameError as error:
            self._heard.clear()
            self._process.kill()
            self.garbled.emit(str(error))

    def _reap(self) -> None:
        """Its output has ended, and so will it; that can take a second, in which the window goes on."""
        code = self._process.poll()
        if code is None:
            if time.monotonic() > self._reap_by:
                self._process.kill()
            self._reaping.start()
            return
        self._put_away()
        self.ended.emit(code)

    def _put_away(self) -> None:
        self._reaping.stop()
        self._reading.setEnabled(False)
        self._writing.setEnabled(False)
        for pipe in (self._input, self._output):
            with contextlib.suppress(OSError):
                pipe.close()
