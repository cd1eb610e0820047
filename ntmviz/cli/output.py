"""What the command line says. A reader that is gone or a disk that is full ends no work: it is told when that is done.

`say` is for results and progress, `remark` for what is beside them, `complain` for what is wrong.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TextIO

from ntmviz.errors import NtmvizError

_DONE, _FAILED = 0, 1
_lost: list[OSError] = []
"""Why something could not be written, since the last `ended`."""


def say(text: str) -> None:
    """A line or several on standard output, at once."""
    _write(sys.stdout, text)


def remark(text: str) -> None:
    """A line or several on standard error, at once."""
    _write(sys.stderr, text)


def complain(text: str) -> None:
    """One line on standard error that says who complains."""
    remark(f"ntmviz: {text}")


def check_heard(done: str) -> None:
    """Raise NtmvizError where something that was said got lost. done: what was done all the same, the path last."""
    if _lost:
        raise NtmvizError(f"{_lost_in_words()}; {done}")


def ended(code: int) -> int:
    """The exit code of a command that came to `code`: it failed where what it said got lost. Nothing is said after."""
    streams = [stream for stream in (sys.stdout, sys.stderr) if stream is not None]
    for stream in streams:
        _flush(stream)
    if _lost and code == _DONE:
        code = _FAILED
        if not isinstance(_lost[0], BrokenPipeError):  # else whoever read it has enough, like `head`
            complain(f"{_lost_in_words()}; all else is done")
    for stream in streams:
        if not _flush(stream):
            _silence(stream)
    _lost.clear()
    return code


class Complaints(logging.Handler):
    """Says what the loggers of the program warn of."""

    def emit(self, record: logging.LogRecord) -> None:
        complain(self.format(record))


def _lost_in_words() -> str:
    return f"not all that was said could be written to the terminal ({_lost[0].strerror})"


def _write(stream: TextIO | None, text: str) -> None:
    """To a stream, if whoever started this left it open."""
    if stream is None:
        return
    try:
        try:
            stream.write(f"{text}\n")
        except UnicodeEncodeError:  # a terminal that knows few letters
            encoding = stream.encoding or "ascii"
            stream.write(f"{text.encode(encoding, 'backslashreplace').decode(encoding)}\n")
        stream.flush()
    except OSError as error:
        _lost.append(error)


def _flush(stream: TextIO) -> bool:
    """Whether everything that was written to a stream is out."""
    try:
        stream.flush()
    except OSError as error:
        _lost.append(error)
        return False
    return True


def _silence(stream: TextIO) -> None:
    """Let what still waits in a stream go nowhere: the interpreter writes it at its end, and would fail."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
