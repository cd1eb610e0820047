"""Give a finished session the size of what it holds: the room kept for its tail is a megabyte that nobody needs now."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile

import h5py

from sessions import schema

WORTH = 16
"""A tail of less than this part of the file is not worth a copy of the rest."""


def compact(path: str, written: os.stat_result) -> None:
    """Replace a closed session by a copy without the room of its tail, where that is worth it.

    Whoever has the file open keeps the old one, which has the same content. A copy that fails is dropped, and a file
    that took the session's place is left alone.

    written: the status of the session's file, by which it is known from another of its name.
    """
    try:
        with h5py.File(path, "r", locking=False) as source:
            status = os.fstat(source.id.get_vfd_handle())
            if os.path.samestat(status, written) and _is_worth_it(source, path, status.st_size):
                _replace(source, path, status)
    except (OSError, RuntimeError, KeyError):
        # The session is whole as it is, wherever it is; only room is lost.
        pass


def _is_worth_it(source: h5py.File, path: str, size: int) -> bool:
    tail = source[schema.TAIL].id.get_storage_size()
    return WORTH * tail > size and shutil.disk_usage(os.path.dirname(path) or ".").free >= 2 * size


def _replace(source: h5py.File, path: str, status: os.stat_result) -> None:
    folder, name = os.path.split(path)
    opened, draft = tempfile.mkstemp(".compact", f"{name}.", folder or ".")
    try:
        _copy(source, draft)
        shutil.copymode(path, draft)
        # Else a power cut could leave the new name with nothing behind it.
        os.fsync(opened)
        if os.path.samestat(os.stat(path), status):
            os.replace(draft, path)
    finally:
        os.close(opened)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


def _copy(source: h5py.File, draft: str) -> None:
    """All of a session but the content of its tail, which keeps its shape and takes no room."""
    with h5py.File(draft, "w", libver=("v110", "v110"), locking=False) as target:
        for name, value in source.attrs.items():
            target.attrs[name] = value
        for name in source:
            if name != schema.TAIL:
                source.copy(name, target)
        tail = source[schema.TAIL]
        create = tail.id.get_create_plist()
        create.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
        h5py.h5d.create(target.id, schema.TAIL.encode(), tail.id.get_type(), tail.id.get_space(), create)
        for name, value in tail.attrs.items():
            target[schema.TAIL].attrs[name] = value
