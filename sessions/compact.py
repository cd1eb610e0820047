"""Give a finished session the size of what it holds: the room kept for its tail is a megabyte that nobody needs now."""

from __future__ import annotations

import contextlib
import os
import shutil

import h5py

from sessions import schema

WORTH = 16
"""A tail of less than this part of the file is not worth a copy of the rest."""


def compact(path: str) -> None:
    """Replace a closed session by a copy without the room of its tail, where that is worth it.

    Whoever has the file open keeps the old one, which has the same content. A copy that fails is dropped.
    """
    draft = f"{path}.compact"
    before = os.stat(path)
    try:
        with h5py.File(path, "r", locking=False) as source:
            tail = source[schema.TAIL].id
            is_worth_it = WORTH * tail.get_storage_size() > before.st_size
            if not is_worth_it or shutil.disk_usage(os.path.dirname(path) or ".").free < 2 * before.st_size:
                return
            _copy(source, draft)
        shutil.copymode(path, draft)
        if os.path.samestat(os.stat(path), before):
            os.replace(draft, path)
    except (OSError, RuntimeError):
        # The session is whole as it is; only room is lost.
        pass
    finally:
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
