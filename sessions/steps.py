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


class StepReader:
    """Values by step, counted over the whole session; decodes a chunk of one field at a time.

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
        self._tail_chunk = -1
        self._tail_rows = np.empty((self._chunk, self._packing.size), np.float32)
        self._tail_count = 0

    def values(self, name: str, start: int, stop: int) -> Array:
        """One field from step start to before stop: (stop - start, *field.shape)."""
        self._checksums.grow(-(-self._sealed(False) // self._chunk))
        first, last = start // self._chunk, (stop - 1) // self._chunk
        if first == last:
            return self._part(name, first, start, stop)
        whole = np.empty((stop - start, *self._packing.shape(name)), np.float32)
        for index in range(first, last + 1):
            begin = max(start, index * self._chunk)
            end = min(stop, (index + 1) * self._chunk)
            whole[begin - start : end - start] = self._part(name, index, begin, end)
        return whole

    def _part(self, name: str, index: int, start: int, stop: int) -> Array:
        """Steps of one chunk, wherever they are now."""
        origin = index * self._chunk
        if stop > self._sealed(False) and self._read_tail(index, stop - origin):
            values = self._packing.column(self._tail_rows[start - origin : stop - origin], name).copy()
            values.flags.writeable = False
            return values
        return self._column(name, index)[start - origin : stop - origin]

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

    def _column(self, name: str, index: int) -> Array:
        key = name, index
        values = self._cache.get(key)
        if values is not None:
            self._cache.move_to_end(key)
            return values
        start = index * self._chunk
        stop = min(start + self._chunk, self._sealed(False))
        values = self._columns[name].read(start, stop)
        self._checksums.grow(index + 1)
        if zlib.crc32(values.data) != self._checksums.rows["fields"][index, self._numbers[name]]:
            raise DamageError(f"field {name!r} is damaged at steps {start} to {stop - 1} of the session: {self._path}")
        values.flags.writeable = False
        self._cache[key] = values
        self._cached_bytes += values.nbytes
        while self._cached_bytes > self._cache_bytes and len(self._cache) > 1:
            self._cached_bytes -= self._cache.popitem(last=False)[1].nbytes
        return values
