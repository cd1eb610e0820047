"""What can go wrong with a session, said in one line."""

from __future__ import annotations

import os
import re

_ERRNO = re.compile(r"errno = (\d+)")


_THIN_SPACE = "\u2009"


def one_line(text: str) -> str:
    """A text as one line to be shown: line breaks, control characters and lone surrogates become escapes.

    The thin space between thousands stays.
    """
    return "".join(
        each if each.isprintable() or each == _THIN_SPACE else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def reason(error: BaseException) -> str:
    """Why something failed, in one line: the system's own words where it gave the reason, also through HDF5."""
    told = " ".join(str(error).split())
    found = _ERRNO.search(told)
    number = int(found[1]) if found else error.errno if isinstance(error, OSError) else None
    return one_line(told) if number is None else os.strerror(number)


class SessionError(Exception):
    """A session cannot be written, opened or read; the message says what was wanted, what came, what to do."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class LostError(SessionError):
    """The process that was to write a session is gone, or does not answer, and did not say why: another may do."""


class DamageError(SessionError):
    """A part of a session is not what its checksum says; the other parts can still be read."""


class FrameError(SessionError):
    """What came over a pipe is not a frame."""


class MissingError(SessionError, LookupError):
    """A record that something points to is not there."""


class RefusedError(SessionError, PermissionError):
    """A record that something points to is nothing that may be opened."""
