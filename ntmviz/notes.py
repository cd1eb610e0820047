"""Bookmarks of a session, in FILE.notes.json beside it: the session itself is never written."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ntmviz.errors import NtmvizError

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
_SUFFIX = ".notes.json"


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
        plain = json.loads(path.read_text(encoding="utf-8"))
        if plain["format"] != FORMAT:
            raise ValueError(f"format {plain['format']!r}")
        return frozenset(Bookmark(int(each["episode"]), int(each["step"])) for each in plain["bookmarks"])
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NtmvizError(f"notes of format {FORMAT} were wanted; got {error}. Move the file away: {path}") from None


def save(session: Path, bookmarks: frozenset[Bookmark]) -> None:
    """Write the bookmarks of a session, whole or not at all. Raises NtmvizError where that is impossible."""
    path = notes_path(session)
    plain = {"format": FORMAT, "bookmarks": [asdict(each) for each in sorted(bookmarks)]}
    draft = path.with_name(path.name + ".draft")
    try:
        draft.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise NtmvizError(
            f"the bookmark could not be kept ({error.strerror}); save a copy of the session where you may write: {path}"
        ) from None
