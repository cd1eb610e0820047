"""The layout of a session file, format 1: names, types, sizes. The only place that knows them; FORMAT.md explains.

Both the writer, which creates a file from `layout`, and the reader, which checks a file against it, work from here.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ntm_core.trace import EpisodeKind, TraceSpec
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 1
SIGNATURE = b"\x89HDF\r\n\x1a\n"
PRODUCT = "ntmviz session"

HEADER = "header"
PROGRESS = "progress"
TAIL = "tail"
COLUMNS = "columns"
INITIAL = "initial"
CHECKSUMS = "checksums"
EPISODES = "episodes"
METRICS = "metrics"
EVENTS = "events"
TEXTS = "texts"
CHECKPOINTS = "checkpoints"
TEXT_BYTES = "text_bytes"
CHECKPOINT_BYTES = "checkpoint_bytes"

METRIC_COLUMNS = 24
CHUNK_BYTES = 1 << 20
"""What one sealed chunk of all fields together is to hold, decoded."""
CHUNK_STEPS = 64
STEP_LIMIT = 1 << 28
"""Bytes of one step, above which nothing here is made for it."""
FIELD_LIMIT = 256
HEADER_LIMIT = 1 << 22
TEXT_LIMIT = 1 << 16
TABLE_CHUNK_BYTES = 1 << 13
TEXT_CHUNK = 1 << 12
CHECKPOINT_CHUNK = 1 << 16
COMPRESSION = 1
"""gzip level of columns. Levels 1 to 4 take the same time on a memory in training, 6 nearly twice that for 4 % less."""
NONE = -1
KINDS = {kind: number for number, kind in enumerate(EpisodeKind)}
TAIL_HEAD = np.dtype([("step", "<i8"), ("crc32", "<u4")])
"""What precedes the packed fields in a row of the tail; the checksum is of the step number, then the fields."""
TAIL_STEP_BYTES = TAIL_HEAD["step"].itemsize

Rows = NDArray[Any]


class State(IntEnum):
    """How the recording ended."""

    OPEN = 0
    """Not yet; or the writer was killed."""
    CLOSED = 1
    """As intended."""
    INTERRUPTED = 2
    """Whoever recorded is gone without a word; the writer sealed the file."""


class TextKind(IntEnum):
    """What a text is for. Metric names number the columns of the metrics table in the order they appear."""

    LABEL = 0
    EVENT = 1
    METRIC = 2


def _row(*fields: tuple[str, Any] | tuple[str, Any, Any]) -> np.dtype[Any]:
    """A row type that ends in its own checksum."""
    return np.dtype([*fields, ("crc32", "<u4")])


PROGRESS_ROW = _row(
    ("generation", "<i8"),
    ("steps", "<i8"),
    ("sealed", "<i8"),
    (EPISODES, "<i8"),
    (METRICS, "<i8"),
    (EVENTS, "<i8"),
    (TEXTS, "<i8"),
    (CHECKPOINTS, "<i8"),
    ("dropped_episodes", "<i8"),
    ("state", "<i8"),
    ("wall_time", "<f8"),
)
EPISODE_ROW = _row(
    ("start", "<i8"),
    ("length", "<i8"),
    ("kind", "<i8"),
    ("iteration", "<i8"),
    ("item", "<i8"),
    ("batch", "<i8"),
    ("seed", "<i8"),
    ("parent", "<i8"),
    ("parent_step", "<i8"),
    ("checkpoint", "<i8"),
    ("wall_time", "<f8"),
    ("loss", "<f8"),
    ("wrong_bits", "<f8"),
    ("label", "<i8"),
    ("initial_crc32", "<u4"),
)
EPISODE_NUMBERS = (
    "iteration",
    "item",
    "batch",
    "seed",
    "parent",
    "parent_step",
    "checkpoint",
    "wall_time",
    "loss",
    "wrong_bits",
)
"""Columns of the episode table that bear the name of what they hold of `EpisodeInfo`."""
METRIC_ROW = _row(("iteration", "<i8"), ("values", "<f8", (METRIC_COLUMNS,)))
EVENT_ROW = _row(
    ("kind", "S24"),
    ("episode", "<i8"),
    ("step", "<i8"),
    ("iteration", "<i8"),
    ("wall_time", "<f8"),
    ("text", "<i8"),
)
TEXT_ROW = _row(("kind", "<i8"), ("offset", "<i8"), ("length", "<i8"), ("content_crc32", "<u4"))
CHECKPOINT_ROW = _row(
    ("iteration", "<i8"),
    ("offset", "<i8"),
    ("length", "<i8"),
    ("wall_time", "<f8"),
    ("content_crc32", "<u4"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One dataset of the file. A `grows` part starts empty along its first axis; the others have their size at once."""

    path: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    grows: bool = True
    compressed: bool = False
    dims: tuple[str, ...] = ()
    about: str = ""


def chunk_steps(spec: TraceSpec) -> int:
    """Steps in one sealed chunk: a power of two, at most 64, and about a megabyte of all fields.

    Raises SessionError where the fields are more or larger than the format is made for.
    """
    size = 4 * spec.step_size
    if not 0 < size <= STEP_LIMIT or len(spec) > FIELD_LIMIT:
        raise SessionError(
            f"a step of 1 to {FIELD_LIMIT} fields and 1 to {STEP_LIMIT} bytes was wanted; got {len(spec)} fields, "
            f"{size} bytes"
        )
    steps = CHUNK_STEPS
    while steps > 1 and steps * size > CHUNK_BYTES:
        steps //= 2
    return steps


def checksum_row(spec: TraceSpec) -> np.dtype[Any]:
    """The CRC32 of each field's values in one sealed chunk."""
    return _row(("fields", "<u4", (len(spec),)))


def tables(spec: TraceSpec) -> dict[str, np.dtype[Any]]:
    """Table name -> type of its rows."""
    return {
        CHECKSUMS: checksum_row(spec),
        EPISODES: EPISODE_ROW,
        METRICS: METRIC_ROW,
        EVENTS: EVENT_ROW,
        TEXTS: TEXT_ROW,
        CHECKPOINTS: CHECKPOINT_ROW,
    }


def layout(spec: TraceSpec, steps: int) -> Iterator[Part]:
    """Every dataset but the header, for sealed chunks of so many steps."""
    byte = np.dtype(np.uint8)
    row = TAIL_HEAD.itemsize + 4 * spec.step_size
    yield Part(PROGRESS, PROGRESS_ROW, (1,), (1,), grows=False, about="what of all the others may be read")
    yield Part(TAIL, byte, (steps, row), (1, row), grows=False, about="the steps that do not fill a chunk yet")
    for name, dtype in tables(spec).items():
        yield Part(name, dtype, (), (max(TABLE_CHUNK_BYTES // dtype.itemsize, 1),))
    yield Part(TEXT_BYTES, byte, (), (TEXT_CHUNK,), about="UTF-8 texts, end to end; table 'texts' has the ranges")
    yield Part(CHECKPOINT_BYTES, byte, (), (CHECKPOINT_CHUNK,), about="safetensors; table 'checkpoints' has the ranges")
    number = np.dtype("<f4")
    for field in spec:
        yield Part(
            f"{COLUMNS}/{field.name}",
            number,
            field.shape,
            (steps, *field.shape),
            compressed=True,
            dims=("step", *field.dims),
        )
    for field in spec.carried:
        yield Part(
            f"{INITIAL}/{field.name}",
            number,
            field.shape,
            (1, *field.shape),
            compressed=True,
            dims=("episode", *field.dims),
        )


def seal(rows: Rows) -> Rows:
    """Write the checksum of each row into it; returns the rows."""
    rows["crc32"] = _checksums(rows)
    return rows


def intact(rows: Rows) -> NDArray[np.bool_]:
    """Which rows are what their checksum says."""
    return np.asarray(_checksums(rows) == rows["crc32"])


def _checksums(rows: Rows) -> NDArray[np.uint32]:
    """Of each row, all but its last four bytes."""
    layout = struct.Struct(f"{rows.dtype.itemsize - 4}s4x")
    content = layout.iter_unpack(rows.tobytes())
    return np.fromiter((zlib.crc32(row) for (row,) in content), np.uint32, len(rows))
