"""What can go wrong with a session, said in one line."""

from __future__ import annotations


class SessionError(Exception):
    """A session cannot be written, opened or read; the message says what was wanted, what came, what to do."""


class DamageError(SessionError):
    """A part of a session is not what its checksum says; the other parts can still be read."""


class FrameError(SessionError):
    """What came over a pipe is not a frame."""
