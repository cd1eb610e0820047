"""Records in the files of a folder that somebody chose, read as data and never run.

Nothing outside the folder is opened, whatever a path says: no absolute path, no "..", no symbolic link at any place of
it, no special file. Of an HDF5 file only plain datasets are read: no soft or external links, no virtual or external
storage, no types that hold references or have no fixed size, no filters but those of every HDF5 library.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from sessions.errors import MissingError, RefusedError, SessionError, reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from numpy.typing import NDArray

LARGEST = 1 << 24
"""Bytes of a file, or of what is read of a dataset."""
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32, h5py.h5z.FILTER_LZF}
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What was read."""

    data: bytes
    """Of a dataset its numbers, row after row, after their type and shape."""
    values: NDArray[Any] | None = None
    """Of a dataset."""


def record_of(values: NDArray[Any]) -> Record:
    """The record that a dataset, or a row of one, is."""
    return Record(f"{values.dtype.str} {values.shape}\n".encode() + values.tobytes(), values)


class Folder:
    """The one folder under which records are looked for. Raises MissingError where it is none."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise MissingError(f"a folder was wanted; there is none at {path}")

    def read(self, path: str, dataset: str = "", row: int | None = None) -> Record:
        """A file, a dataset of it, or one row of a dataset. path: within the folder, with / between its parts.

        Raises MissingError where it is not there, RefusedError where it is nothing that may be opened.
        """
        with self._opened(path) as file:
            if dataset:
                return _of_dataset(file, path, dataset, row)
            content = file.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise RefusedError(f"a file of at most {LARGEST} bytes was wanted; this one is larger: {path}")
            return Record(content)

    def tables(self, path: str) -> dict[str, int]:
        """How many rows each dataset of an HDF5 file has that has rows of numbers; links are not followed.

        Raises as `read`.
        """
        found: dict[str, int] = {}

        def visit(name: str, each: object) -> None:
            if isinstance(each, h5py.Dataset) and len(each.shape or ()) == 2 and each.dtype.kind in "fiub":
                found[name] = each.shape[0]

        with self._opened(path) as file:
            try:
                with h5py.File(file, "r") as opened:
                    opened.visititems(visit)
            except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
                raise RefusedError(f"this file cannot be read as HDF5; {reason(error)}: {path}") from error
        return found

    @contextlib.contextmanager
    def _opened(self, path: str) -> Iterator[BinaryIO]:
        parts = PurePosixPath(path).parts
        if not parts or "\0" in path or PurePosixPath(path).is_absolute() or ".." in parts or "\\" in path:
            raise RefusedError(f'a path within the folder, without "..", was wanted; got {path!r}')
        handles = [os.open(self.path, _FOLDER & ~getattr(os, "O_NOFOLLOW", 0))]
        try:
            for part in parts[:-1]:
                handles.append(self._open_at(part, _FOLDER, handles[-1], path))
            handles.append(self._open_at(parts[-1], _FILE, handles[-1], path))
            if not stat.S_ISREG(os.fstat(handles[-1]).st_mode):
                raise RefusedError(f"a plain file was wanted; this is none: {path}")
            with os.fdopen(handles[-1], "rb", closefd=False) as file:
                yield file
        finally:
            for each in handles:
                os.close(each)

    def _open_at(self, part: str, flags: int, folder: int, path: str) -> int:
        try:
            is_link = stat.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode)
            if not is_link:
                return os.open(part, flags, dir_fd=folder)
        except (FileNotFoundError, NotADirectoryError):
            raise MissingError(f"a file was wanted; there is none: {path}") from None
        except OSError as error:
            raise RefusedError(f"this file cannot be opened, {error.strerror}: {path}") from None
        raise RefusedError(f"a path without symbolic links was wanted; {part!r} is one: {path}")


def _of_dataset(file: BinaryIO, path: str, dataset: str, row: int | None) -> Record:
    try:
        with h5py.File(file, "r") as opened:
            found = _find(opened, dataset, path)
            if row is not None and (not found.shape or not 0 <= row < found.shape[0]):
                raise MissingError(f"row {row} of {dataset!r} was wanted; it has {(*found.shape, 0)[0]} rows: {path}")
            shape = found.shape if row is None else found.shape[1:]
            _check_size(found, shape, f"{dataset!r}: {path}")
            values = np.asarray(found[()] if row is None else found[row])
    except SessionError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise RefusedError(f"this file cannot be read as HDF5; {reason(error)}: {path}") from error
    return record_of(values)


def _find(opened: h5py.File, dataset: str, path: str) -> h5py.Dataset:
    place = opened
    for part in PurePosixPath(dataset).parts:
        if part == "/":
            continue
        if not isinstance(place, h5py.Group) or not place.id.links.exists(part.encode()):
            raise MissingError(f"a dataset {dataset!r} was wanted; the file has none: {path}")
        if not isinstance(place.get(part, getlink=True), h5py.HardLink):
            raise RefusedError(f"a dataset without links was wanted; {part!r} of {dataset!r} is one: {path}")
        place = place[part]
    if not isinstance(place, h5py.Dataset):
        raise MissingError(f"a dataset was wanted; {dataset!r} is a group: {path}")
    if place.is_virtual or place.external is not None:
        raise RefusedError(f"a dataset that is whole in its file was wanted; {dataset!r} is kept in others: {path}")
    if place.dtype.hasobject or place.shape is None:
        raise RefusedError(f"numbers of a fixed size were wanted; {dataset!r} has {place.dtype}: {path}")
    made = place.id.get_create_plist()
    if {made.get_filter(each)[0] for each in range(made.get_nfilters())} - _FILTERS:
        raise RefusedError(f"a dataset packed by usual filters was wanted; {dataset!r} has others: {path}")
    return place


def _check_size(found: h5py.Dataset, shape: tuple[int, ...], where: str) -> None:
    sizes = (shape, found.chunks or ())
    if any(int(np.prod(each, dtype=np.float64)) * found.dtype.itemsize > LARGEST for each in sizes):
        raise RefusedError(f"at most {LARGEST} bytes were wanted of {where}")
