"""Bookmarks of a session, in FILE.notes.json beside it: the session itself is never written."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ntmviz.errors import NtmvizError
from ntmviz.saving import whole_file
from sessions.errors import reason

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
_SUFFIX = ".notes.json"
_LARGEST = 16 * 2**20
"""Bytes of a file of notes that is read at all."""


@dataclass(frozen=True, slots=True, order=True)
class Bookmark:
    """A step worth coming back to."""

    episode: int
    step: int


def notes_path(session: Path) -> Path:
    """Where the notes of a session lie."""
    return session.with_name(session.name + _SUFFIX)


def load(session: Path) -> frozenset[Bookmark]:
    """The bookmarks of a session, none where it has no notes. Raises NtmvizError where the notes cannot be read."""
    path = notes_path(session)
    try:
        if not os.path.exists(path):  # nor where the name would be too long
            return frozenset()
        if not path.is_file():
            raise ValueError("a folder, a pipe or a device")
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"a file of {path.stat().st_size} bytes")
        plain = json.loads(path.read_text(encoding="utf-8"))
        if plain["format"] != FORMAT:
            raise ValueError(f"format {plain['format']!r}")
        return frozenset(Bookmark(int(each["episode"]), int(each["step"])) for each in plain["bookmarks"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise NtmvizError(
            f"notes of format {FORMAT} were wanted; got {reason(error)}. Move the file away: {path}"
        ) from None


def save(session: Path, bookmarks: frozenset[Bookmark]) -> None:
    """Write the bookmarks of a session, whole or not at all.

    Raises NtmvizError where that is impossible, or would replace notes that cannot be read.
    """
    load(session)
    path = notes_path(session)
    plain = {"format": FORMAT, "bookmarks": [asdict(each) for each in sorted(bookmarks)]}
    try:
        with whole_file(path) as file:
            file.write((json.dumps(plain, indent=1) + "\n").encode())
    except OSError as error:
        raise NtmvizError(
            f"the bookmark could not be kept ({reason(error)}); save a copy of the session where you may write: {path}"
        ) from None
