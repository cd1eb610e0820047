"""The session file as its writer sees it: append, flush, close. FORMAT.md says in which order things become visible."""

from __future__ import annotations

import os
import time
import zlib
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sessions import schema
from sessions.info import SessionInfo, encode_header
from sessions.packing import Packing, Rows
from sessions.schema import Part, State, TextKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.trace import EpisodeInfo, TraceSpec

Array = NDArray[Any]


class SessionFile:
    """A new session file that readers may look at from its first moment (SWMR).

    Nothing added shows before `flush`. Not for several threads. OSError wherever the disk does not take it; after
    that the file must be left as it is, by `os._exit`: the HDF5 library can crash in closing it.
    """

    def __init__(self, path: str, spec: TraceSpec, info: SessionInfo) -> None:
        self._chunk = schema.chunk_steps(spec)
        self._file = h5py.File(path, "w", libver=("v110", "v110"), rdcc_nbytes=0, locking=False)
        _write_header(self._file, spec, info, self._chunk)
        parts = {part.path: _create(self._file, part) for part in schema.layout(spec, self._chunk)}
        for field in spec:
            attributes = self._file[f"{schema.COLUMNS}/{field.name}"].attrs
            attributes["role"] = np.bytes_(field.role.value)
            attributes["unit"] = np.bytes_(field.unit.encode())
            if field.limits is not None:
                attributes["limits"] = np.array(field.limits, np.float64)
        self._columns = {field.name: _Growing(parts[f"{schema.COLUMNS}/{field.name}"]) for field in spec}
        self._initial = {field.name: _Growing(parts[f"{schema.INITIAL}/{field.name}"]) for field in spec.carried}
        self._tables = {name: _Table(parts[name], dtype) for name, dtype in schema.tables(spec).items()}
        self._texts = _Growing(parts[schema.TEXT_BYTES])
        self._checkpoints = _Growing(parts[schema.CHECKPOINT_BYTES])
        self._tail = parts[schema.TAIL].id
        self._progress = parts[schema.PROGRESS].id
        self._progress_row = np.zeros(1, schema.PROGRESS_ROW)
        self._packing = Packing.of_steps(spec)
        self._start_packing = Packing.of_start(spec)
        self._checksum_row = schema.checksum_row(spec)
        self._unsealed = np.empty((self._chunk, self._packing.size), np.float32)
        self._steps = self._sealed = self._in_tail = 0
        self._is_dirty = True
        self._open_episode: Array | None = None
        self.dropped_episodes = 0
        self._publish(0)
        self._file.swmr_mode = True
        self.flush()

    @property
    def status(self) -> os.stat_result:
        """Of the open file itself, whatever its name is now."""
        return os.fstat(self._file.id.get_vfd_handle())

    def begin_episode(self, info: EpisodeInfo, initial: Rows) -> None:
        """Start an episode. One that is still open ends here, as its recorder could not say how.

        initial: the carried fields packed, (1, size).
        """
        if self._open_episode is not None:
            self.end_episode(float("nan"), float("nan"))
        row = np.zeros(1, schema.EPISODE_ROW)
        for name in schema.EPISODE_NUMBERS:
            row[name] = getattr(info, name)
        row["kind"] = schema.KINDS[info.kind]
        row["start"] = self._steps
        row["length"] = schema.NONE
        row["label"] = self.text(TextKind.LABEL, info.label) if info.label else schema.NONE
        row["initial_crc32"] = zlib.crc32(initial.data)
        for name, dataset in self._initial.items():
            dataset.append(self._start_packing.column(initial, name))
        self._tables[schema.EPISODES].append(row)
        self._open_episode = row
        self._is_dirty = True

    def append_steps(self, rows: Rows) -> None:
        """rows: packed steps, (steps, size)."""
        done = 0
        while done < len(rows):
            start = self._steps - self._sealed
            taken = min(self._chunk - start, len(rows) - done)
            self._unsealed[start : start + taken] = rows[done : done + taken]
            self._steps += taken
            done += taken
            if start + taken == self._chunk:
                self._seal()

    def end_episode(self, loss: float, wrong_bits: float) -> None:
        row = self._open_episode
        assert row is not None
        row["length"] = self._steps - row["start"][0]
        row["loss"] = loss
        row["wrong_bits"] = wrong_bits
        self._tables[schema.EPISODES].replace_last(row)
        self._open_episode = None
        self._is_dirty = True

    def text(self, kind: TextKind, text: str) -> int:
        """Keep a text; returns its number."""
        content = text.encode("utf-8", "replace")[: schema.TEXT_LIMIT]
        row = np.zeros(1, schema.TEXT_ROW)
        row["kind"] = kind
        row["offset"] = self._texts.length
        row["length"] = len(content)
        row["content_crc32"] = zlib.crc32(content)
        self._texts.append(np.frombuffer(content, np.uint8))
        self._is_dirty = True
        return self._tables[schema.TEXTS].append(row)

    def log(self, iterations: Array, values: Array) -> None:
        """Rows of the metrics table; values: (rows, METRIC_COLUMNS), NaN where there is none."""
        rows = np.zeros(len(iterations), schema.METRIC_ROW)
        rows["iteration"] = iterations
        rows["values"] = values
        self._tables[schema.METRICS].append(rows)
        self._is_dirty = True

    def event(self, kind: str, text: str, places: Mapping[str, int], wall_time: float) -> None:
        """places: episode, step and iteration, -1 where it has none."""
        row = np.zeros(1, schema.EVENT_ROW)
        row["kind"] = kind.encode()
        row["wall_time"] = wall_time
        row["text"] = self.text(TextKind.EVENT, text) if text else schema.NONE
        for name, value in places.items():
            row[name] = value
        self._tables[schema.EVENTS].append(row)
        self._is_dirty = True

    def checkpoint(self, weights: Array, iteration: int, wall_time: float) -> None:
        """weights: the bytes, uint8."""
        row = np.zeros(1, schema.CHECKPOINT_ROW)
        row["iteration"] = iteration
        row["wall_time"] = wall_time
        row["offset"] = self._checkpoints.length
        row["length"] = len(weights)
        row["content_crc32"] = zlib.crc32(weights.data)
        self._checkpoints.append(weights)
        self._tables[schema.CHECKPOINTS].append(row)
        self._is_dirty = True

    def flush(self) -> None:
        """Let readers see everything so far, in the order that never shows them what is not there yet."""
        if self._is_dirty:
            for table in self._tables.values():
                table.write()
            self._file.flush()
            if self._progress_row["sealed"][0] < self._sealed:
                # Before the tail's rows are used again, whoever looks for their old steps must find them in columns.
                self._publish(self._sealed)
            self._is_dirty = False
        for index in range(self._in_tail, self._steps - self._sealed):
            self._tail.write_direct_chunk((index, 0), self._tail_row(index))
        self._in_tail = self._steps - self._sealed
        self._publish(self._steps)

    def close(self, state: State) -> None:
        """Seal what is left in the tail, end the open episode, say how the recording ended, close the file."""
        if self._open_episode is not None:
            self.end_episode(float("nan"), float("nan"))
        if self._steps > self._sealed:
            self._seal()
        self.flush()
        self._progress_row["state"] = state
        self._publish(self._steps)
        self._file.close()

    def _seal(self) -> None:
        rows = self._unsealed[: self._steps - self._sealed]
        row = np.zeros(1, self._checksum_row)
        for number, (name, dataset) in enumerate(self._columns.items()):
            values = np.ascontiguousarray(self._packing.column(rows, name))
            row["fields"][0, number] = zlib.crc32(values.data)
            dataset.append(values)
        self._tables[schema.CHECKSUMS].append(row)
        self._sealed = self._steps
        self._in_tail = 0
        self._is_dirty = True

    def _tail_row(self, index: int) -> bytes:
        content = self._unsealed[index].tobytes()
        step = self._sealed + index
        checksum = zlib.crc32(content, zlib.crc32(step.to_bytes(schema.TAIL_STEP_BYTES, "little")))
        head = np.array([(step, checksum)], schema.TAIL_HEAD)
        return b"".join((head.tobytes(), content))

    def _publish(self, steps: int) -> None:
        row = self._progress_row
        row["generation"] += 1
        row["steps"] = steps
        row["sealed"] = self._sealed
        for name in (schema.EPISODES, schema.METRICS, schema.EVENTS, schema.TEXTS, schema.CHECKPOINTS):
            row[name] = self._tables[name].length
        row["dropped_episodes"] = self.dropped_episodes
        row["wall_time"] = time.time()
        self._progress.write_direct_chunk((0,), schema.seal(row).tobytes())


class _Growing:
    """A dataset that only ever grows, along its first axis."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        self._id = dataset.id
        self._type = h5py.h5t.py_create(dataset.dtype)
        self._rest: tuple[int, ...] = dataset.shape[1:]
        self.length = 0

    def append(self, values: Array) -> None:
        """values: (more, *rest), of the dataset's own type."""
        if not len(values):
            return
        start, self.length = self.length, self.length + len(values)
        self._id.set_extent((self.length, *self._rest))
        self.rewrite(start, values)

    def rewrite(self, start: int, values: Array) -> None:
        place = self._id.get_space()
        place.select_hyperslab((start, *(0 for _ in self._rest)), values.shape)
        self._id.write(h5py.h5s.create_simple(values.shape), place, np.ascontiguousarray(values), self._type)


class _Table:
    """Rows that wait for the next flush, and the dataset they go to: one write, however many they are."""

    def __init__(self, dataset: h5py.Dataset, dtype: np.dtype[Any]) -> None:
        self._dataset = _Growing(dataset)
        self._waiting: list[Array] = []
        self._replaced: Array | None = None
        self._dtype = dtype
        self.length = 0

    def append(self, rows: Array) -> int:
        """Returns the number of the first."""
        first, self.length = self.length, self.length + len(rows)
        self._waiting.append(rows.copy())
        return first

    def replace_last(self, row: Array) -> None:
        if self._waiting:
            self._waiting[-1] = row.copy()
        else:
            self._replaced = row.copy()

    def write(self) -> None:
        if self._replaced is not None:
            self._dataset.rewrite(self._dataset.length - 1, schema.seal(self._replaced))
            self._replaced = None
        if self._waiting:
            self._dataset.append(schema.seal(np.concatenate(self._waiting)))
            self._waiting.clear()


def _write_header(file: h5py.File, spec: TraceSpec, info: SessionInfo, chunk_steps: int) -> None:
    text = encode_header(spec, info, chunk_steps)
    header = file.create_dataset(schema.HEADER, data=np.frombuffer(text, np.uint8))
    header.attrs["crc32"] = np.uint32(zlib.crc32(text))
    file.attrs["product"] = np.bytes_(schema.PRODUCT)
    file.attrs["format"] = np.int64(schema.FORMAT)
    file.attrs["order"] = np.bytes_(spec.order.value)
    file.attrs["write_order"] = np.bytes_(spec.write_order.value)


def _create(file: h5py.File, part: Part) -> h5py.Dataset:
    """A dataset as the schema wants it; one of fixed size gets its room in the file now, so that it never moves."""
    create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    create.set_chunk(part.chunks)
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    if part.compressed:
        create.set_shuffle()
        create.set_deflate(schema.COMPRESSION)
    if part.grows:
        shape = (0, *part.shape)
        space = h5py.h5s.create_simple(shape, (h5py.h5s.UNLIMITED, *part.shape))
    else:
        create.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        space = h5py.h5s.create_simple(part.shape)
    kind = h5py.h5t.py_create(part.dtype, logical=True)
    h5py.h5d.create(file.id, part.path.encode(), kind, space, create, links)
    dataset = file[part.path]
    for axis, name in enumerate(part.dims):
        dataset.dims[axis].label = name
    if part.about:
        dataset.attrs["about"] = np.bytes_(part.about.encode())
    return dataset
