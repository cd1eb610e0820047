"""Writes files whole or not at all: what cannot be finished leaves nothing behind, and what had the name stays."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ntmviz.errors import NtmvizError, UsageError
from sessions.errors import reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes its name once all of it is there. OSError where it cannot be written."""
    target = Path(os.path.realpath(path))  # a link goes on pointing to where it points
    _check(target)
    draft = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with draft.open("xb") as file:
            yield file
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _check(target: Path) -> None:
    """Raise OSError for a name that a new file must not take, which a rename alone would not refuse."""
    try:
        kind = target.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(kind):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(kind) or not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def save(what: str, path: Path, content: bytes) -> None:
    """Write a file whole. Raises NtmvizError, in one line that begins with `what`, where that is impossible."""
    try:
        with whole_file(path) as file:
            file.write(content)
    except OSError as error:
        raise NtmvizError(f"{what} could not be written ({reason(error)}); choose another place: {path}") from None


def suffix_of(what: str, path: Path, known: tuple[str, ...]) -> str:
    """The suffix of a name in lower case. Raises UsageError for one that is not known."""
    suffix = path.suffix.lower()
    if suffix not in known:
        raise UsageError(f"{what}'s name ends in {', '.join(known)}; got {path.suffix!r}: {path}")
    return suffix
