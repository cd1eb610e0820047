"""The steps of a session as a reader sees them: sealed chunks of columns, and the tail that is not sealed yet."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sessions import schema
from sessions.errors import DamageError
from sessions.packing import Packing
from sessions.tables import TRIES, Table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sessions.container import Container

Array = NDArray[Any]

_AT_ONCE_BYTES = 2**20


class StepReader:
    """Values by step, counted over the whole session; decodes no more than the chunks of a field that are wanted.

    Decoded chunks are kept, the last used ones up to `cache_bytes`, and handed out as read-only views.
    `sealed` asks how many steps are sealed, with True after a look at the file.
    """

    def __init__(self, container: Container, sealed: Callable[[bool], int], path: Path, cache_bytes: int) -> None:
        spec = container.spec
        self._sealed = sealed
        self._path = path
        self._chunk = container.chunk_steps
        self._columns = {field.name: container.datasets[f"{schema.COLUMNS}/{field.name}"] for field in spec}
        self._numbers = {field.name: number for number, field in enumerate(spec)}
        self._tail = container.datasets[schema.TAIL]
        self._checksums = Table(schema.CHECKSUMS, container.datasets[schema.CHECKSUMS], schema.checksum_row(spec), path)
        self._packing = Packing.of_steps(spec)
        self._cache: OrderedDict[tuple[str, int], Array] = OrderedDict()
        self._cached_bytes = 0
        self._cache_bytes = cache_bytes
        self._at_once = {
            field.name: max(1, min(_AT_ONCE_BYTES, cache_bytes // 2) // (4 * field.size * self._chunk))
            for field in spec
        }
        """Chunks of each field that are read in one call, which takes longer than what it does where they are small."""
        self._tail_chunk = -1
        self._tail_rows = np.empty((self._chunk, self._packing.size), np.float32)
        self._tail_count = 0

    def values(self, name: str, start: int, stop: int) -> Array:
        """One field from step start to before stop: (stop - start, *field.shape)."""
        self._checksums.grow(-(-self._sealed(False) // self._chunk))
        first, last = start // self._chunk, (stop - 1) // self._chunk
        if first == last:
            return self._part(name, first, start, stop, last)
        whole = np.empty((stop - start, *self._packing.shape(name)), np.float32)
        for index in range(first, last + 1):
            begin = max(start, index * self._chunk)
            end = min(stop, (index + 1) * self._chunk)
            whole[begin - start : end - start] = self._part(name, index, begin, end, last)
        return whole

    def _part(self, name: str, index: int, start: int, stop: int, last: int) -> Array:
        """Steps of one chunk, wherever they are now. `last`: as in `_column`."""
        origin = index * self._chunk
        if stop > self._sealed(False) and self._read_tail(index, stop - origin):
            values = self._packing.column(self._tail_rows[start - origin : stop - origin], name).copy()
            values.flags.writeable = False
            return values
        return self._column(name, index, last)[start - origin : stop - origin]

    def _read_tail(self, index: int, count: int) -> bool:
        """Have the first `count` steps of an unsealed chunk in memory; False where it was sealed meanwhile.

        A row that is not the wanted step was overwritten by a later one, which the writer does only after it sealed
        the wanted one and said so.
        """
        if index != self._tail_chunk:
            self._tail_chunk, self._tail_count = index, 0
        while self._tail_count < count:
            step = index * self._chunk + self._tail_count
            for _ in range(TRIES):
                content = self._tail.read_chunk(self._tail_count)
                if self._is_step(content, step):
                    break
                if self._sealed(True) > step:
                    return False
            else:
                raise DamageError(f"step {step} of this session is damaged in its tail: {self._path}")
            self._tail_rows[self._tail_count] = np.frombuffer(content, np.float32, offset=schema.TAIL_HEAD.itemsize)
            self._tail_count += 1
        return True

    def _is_step(self, content: bytes, step: int) -> bool:
        head = np.frombuffer(content, schema.TAIL_HEAD, 1)[0]
        size = schema.TAIL_HEAD.itemsize
        checksum = zlib.crc32(memoryview(content)[size:], zlib.crc32(content[: schema.TAIL_STEP_BYTES]))
        return bool(head["step"] == step and head["crc32"] == checksum)

    def _column(self, name: str, index: int, last: int) -> Array:
        """A chunk of a field. `last`: the last one that is wanted; those on the way there are read at once."""
        key = name, index
        if key not in self._cache:
            last = min(last, (self._sealed(False) - 1) // self._chunk, index + self._at_once[name] - 1)
            end = index + 1
            while end <= last and (name, end) not in self._cache:
                end += 1
            self._load(name, index, end)
        self._cache.move_to_end(key)
        return self._cache[key]

    def _load(self, name: str, first: int, end: int) -> None:
        """Read the chunks of a field from `first` to before `end` into the cache."""
        origin = first * self._chunk
        read = self._columns[name].read(origin, min(end * self._chunk, self._sealed(False)))
        self._checksums.grow(end)
        for index in range(first, end):
            values = read[index * self._chunk - origin : (index + 1) * self._chunk - origin]
            if zlib.crc32(values.data) != self._checksums.rows["fields"][index, self._numbers[name]]:
                start = index * self._chunk
                raise DamageError(
                    f"field {name!r} is damaged at steps {start} to {start + len(values) - 1} of the session: "
                    f"{self._path}"
                )
            if end - first > 1:
                values = values.copy()  # each can be forgotten by itself
            values.flags.writeable = False
            self._cache[name, index] = values
            self._cached_bytes += values.nbytes
        while self._cached_bytes > self._cache_bytes and len(self._cache) > 1:
            self._cached_bytes -= self._cache.popitem(last=False)[1].nbytes
