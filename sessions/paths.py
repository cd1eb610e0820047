"""Where a session is, whatever becomes of the folder that this process works in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sessions.errors import SessionError

if TYPE_CHECKING:
    import os


def absolute(path: str | os.PathLike[str]) -> Path:
    """The whole path of a file. SessionError where it is relative to a folder that is gone."""
    try:
        return Path(path).absolute()
    except FileNotFoundError:
        raise SessionError(f"the folder that this process works in is gone; name the whole path: {path}") from None
