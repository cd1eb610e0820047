"""The HDF5 side of reading: a file opened beside its writer, and checked against the schema before it is believed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import zlib
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sessions import schema
from sessions.errors import DamageError, SessionError, reason
from sessions.info import SessionInfo, decode_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from ntm_core.trace import TraceSpec
    from sessions.schema import Part

SUPERBLOCK = 3
"""The only version that can be read while it is written."""
ATTEMPTS = 24
"""At metadata that its writer may just be writing: 17 ms of waiting in all."""
_MARKS = 11
"""Where the superblock says whether the file is open for writing, and its bits for that."""
_WRITTEN = 0b101
_COPIED_AT_ONCE = 1 << 20
_FILTERS = {h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE}

Array = NDArray[Any]


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Any failure of the HDF5 library as a SessionError in one line."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise DamageError(f"a part of this session cannot be read; {reason(error)}: {path}") from error


class Dataset:
    """One dataset of a growing file, read by ranges of its first axis."""

    def __init__(self, found: h5py.h5d.DatasetID, path: Path) -> None:
        self._id = found
        self._path = path
        self._dtype = found.dtype
        self._type = h5py.h5t.py_create(self._dtype)

    @property
    def length(self) -> int:
        return int(self._id.shape[0])

    @property
    def stored_bytes(self) -> int:
        """What it takes in the file now."""
        with reading(self._path):
            # A reader beside a writer would be told what it was at the last look.
            self._id.refresh()
            return int(self._id.get_storage_size())

    def read(self, start: int, stop: int) -> Array:
        """Rows from start to before stop, a fresh array. DamageError where they are not there."""
        with reading(self._path):
            if self._id.shape[0] < stop:
                self._id.refresh()
            shape = self._id.shape
            if not 0 <= start <= stop <= shape[0]:
                raise ValueError(f"rows {start} to {stop} were wanted; there are {shape[0]}")
            values = np.empty((stop - start, *shape[1:]), self._dtype)
            if values.size:
                place = self._id.get_space()
                place.select_hyperslab((start, *(0 for _ in shape[1:])), values.shape)
                self._id.read(h5py.h5s.create_simple(values.shape), place, values, self._type)
            return values

    def read_chunk(self, row: int) -> bytes:
        """The bytes of the chunk that starts at a row, as they are in the file now: no cache is asked."""
        with reading(self._path):
            origin = (row, *(0 for _ in self._id.shape[1:]))
            return bytes(self._id.read_direct_chunk(origin)[1])


class Container:
    """An open session file: its header, and its datasets by path.

    Raises SessionError where there is no session, or one that this program should not touch; DamageError where it is
    one that lost a part. Links out of the file, virtual datasets, external storage and sizes that the schema does
    not name are refused.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        is_being_written = _look_at_outside(path)
        try:
            self._file = h5py.File(_open(path, is_being_written))
        except (OSError, RuntimeError, ValueError) as error:
            raise _refusal(path, error) from error
        try:
            self.spec, self.info, self.chunk_steps = self._read_header(path)
            with reading(path):
                self.datasets = {
                    part.path: Dataset(found, path)
                    for part, found in _found(self._file.id, schema.layout(self.spec, self.chunk_steps), path)
                }
        except BaseException:
            self._file.close()
            raise

    @property
    def bytes(self) -> int:
        """Size of the open file now, whatever bears its name."""
        with reading(self._path):
            return os.fstat(self._file.id.get_vfd_handle()).st_size

    def copy_to(self, target: BinaryIO) -> None:
        """Write the open file, byte by byte, whatever bears its name now."""
        with reading(self._path):
            handle = self._file.id.get_vfd_handle()
            size = os.fstat(handle).st_size
        for start in range(0, size, _COPIED_AT_ONCE):
            with reading(self._path):
                content = os.pread(handle, _COPIED_AT_ONCE, start)
            target.write(content)

    def close(self) -> None:
        self.datasets = {}
        self._file.close()

    def _read_header(self, path: Path) -> tuple[TraceSpec, SessionInfo, int]:
        with reading(path):
            if not self._file.id.links.exists(schema.HEADER.encode()):
                raise SessionError(f"this HDF5 file is no session of ntmviz: {path}")
            found = _hard_link(self._file.id, schema.HEADER, path)
            create = found.get_create_plist()
            if create.get_layout() != h5py.h5d.CONTIGUOUS or found.dtype != np.uint8 or len(found.shape) != 1:
                raise SessionError(f"the header of this session is not what the format says: {path}")
            _refuse_external(create, schema.HEADER, path)
            if not 0 < found.shape[0] <= schema.HEADER_LIMIT:
                raise SessionError(f"the header of this session has an absurd size of {found.shape[0]} bytes: {path}")
            text = np.empty(found.shape, np.uint8)
            found.read(h5py.h5s.ALL, h5py.h5s.ALL, text)
            expected = int(h5py.Dataset(found).attrs["crc32"])
        if zlib.crc32(text.data) != expected:
            raise DamageError(f"the header of this session is damaged, so its steps cannot be told apart: {path}")
        try:
            spec, info, steps = decode_header(text.tobytes())
            wanted = schema.chunk_steps(spec)
        except SessionError as error:
            raise SessionError(f"{error}: {path}") from None
        if steps != wanted:
            raise SessionError(f"chunks of {wanted} steps were wanted for these fields; found {steps}: {path}")
        return spec, info, steps


def _open(path: Path, is_being_written: bool) -> h5py.h5f.FileID:
    """The file without any cache of raw data, shared with its writer where it has one."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_cache(0, 0, 0, 0.0)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    access.set_file_locking(False, True)
    flags = h5py.h5f.ACC_RDONLY
    if is_being_written:
        flags |= h5py.h5f.ACC_SWMR_READ
        _limit_attempts(access)
    return h5py.h5f.open(os.fsencode(path), flags, access)


def _limit_attempts(access: h5py.h5p.PropFAID) -> None:
    """Let the library give up on damaged metadata.

    A SWMR reader tries 100 times, as its writer may just be writing, and doubles its sleep from 1 ns each time: for
    ever. h5py has no name for the setting, so the library is asked itself; where it is not found so, all else works.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(h5py.defs.__file__)
        library.H5Pset_metadata_read_attempts(ctypes.c_int64(access.id), ctypes.c_uint(ATTEMPTS))


def _look_at_outside(path: Path) -> bool:
    """Refuse what needs no HDF5 library to be refused. Whether the file is marked as being written."""
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            raise SessionError(f"a session file was wanted; this is a folder: {path}")
        if not stat.S_ISREG(kind):
            # Opening a pipe would wait for whoever writes to it.
            raise SessionError(f"a session file was wanted; this is a pipe, a socket or a device: {path}")
        with path.open("rb") as file:
            start = file.read(16)
    except (OSError, ValueError) as error:
        raise SessionError(f"cannot open the session: {reason(error)}: {path}") from None
    if not start:
        raise SessionError(f"this file is empty: {path}")
    if not start.startswith(schema.SIGNATURE):
        raise SessionError(f"a session of ntmviz is an HDF5 file; this is none: {path}")
    if len(start) <= len(schema.SIGNATURE):
        raise SessionError(f"this file is cut short after {len(start)} bytes: {path}")
    if start[len(schema.SIGNATURE)] != SUPERBLOCK:
        raise SessionError(f"this HDF5 file is no session of ntmviz: {path}")
    return len(start) > _MARKS and bool(start[_MARKS] & _WRITTEN)


def _refusal(path: Path, error: Exception) -> SessionError:
    told = " ".join(str(error).split())
    if "truncated" in told:
        return DamageError(f"this session file is cut short; look for a whole copy: {path}")
    if "already open for write" in told:
        return SessionError(f"another program writes to this session, so it cannot be read now; close it there: {path}")
    return DamageError(f"this session file is damaged at its start, or its file system cannot share it; {told}: {path}")


def _found(file: h5py.h5f.FileID, parts: Iterable[Part], path: Path) -> Iterator[tuple[Part, h5py.h5d.DatasetID]]:
    """Each part with its dataset."""
    groups = {"": file}
    for part in parts:
        above, _, name = part.path.rpartition("/")
        if above not in groups:
            groups[above] = _hard_link(file, above, path)
        yield part, _as_wanted(_hard_link(groups[above], name, path), part, path)


def _as_wanted(found: Any, part: Part, path: Path) -> h5py.h5d.DatasetID:
    """What was found for a part, if it is just what the schema says."""
    if not isinstance(found, h5py.h5d.DatasetID):
        raise SessionError(f"a dataset {part.path!r} was wanted; found something else: {path}")
    create = found.get_create_plist()
    if create.get_layout() != h5py.h5d.CHUNKED:
        raise SessionError(f"dataset {part.path!r} is not stored in chunks of this file: {path}")
    _refuse_external(create, part.path, path)
    dtype, actual, chunks = found.dtype, found.shape, create.get_chunk()
    shape = (*((actual[0],) if part.grows and actual else ()), *part.shape)
    if dtype != part.dtype or actual != shape or chunks != part.chunks:
        raise SessionError(
            f"dataset {part.path!r}: {part.dtype} {shape} in chunks {part.chunks} was wanted; found {dtype} "
            f"{actual} in {chunks}: {path}"
        )
    filters = {create.get_filter(number)[0] for number in range(create.get_nfilters())}
    if not filters <= (_FILTERS if part.compressed else set()):
        raise SessionError(f"dataset {part.path!r} is filtered in a way that the format does not know: {path}")
    return found


def _hard_link(group: h5py.h5g.GroupID, name: str, path: Path) -> Any:
    """What a name of a group stands for; a link to another place, or another file, is refused."""
    if not isinstance(group, h5py.h5g.GroupID) or not group.links.exists(name.encode()):
        raise SessionError(f"this session lacks the part {name!r}: {path}")
    if group.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
        raise SessionError(f"{name!r} is a link to another place; a session keeps all its parts itself: {path}")
    return h5py.h5o.open(group, name.encode())


def _refuse_external(create: h5py.h5p.PropDCID, name: str, path: Path) -> None:
    if create.get_external_count():
        raise SessionError(f"dataset {name!r} is stored in another file; a session keeps all its parts itself: {path}")
