"""What is said while the recorder keeps a training waiting."""

from __future__ import annotations

SAID_AT_S = (3, 6, 12, 24, 48)
"""Seconds without the session's file at which that is said."""
SILENT_S = 3.0
"""Seconds that the recorder may owe an answer before that is said."""


def no_file_yet(seconds: int) -> str:
    """The session's file is not there."""
    return f"the recorder has not made the session's file within {seconds} s; training starts when it has"
