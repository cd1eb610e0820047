"""Length-framed messages over a pipe: a JSON head, then raw array bytes. Nothing is ever unpickled.

A frame on the wire, little-endian: magic `NTM1`, head length (u32), body length (u64), the head (UTF-8 JSON object
whose key "arrays" lists dtype and shape of each array), the body (the arrays' bytes in that order, C order).
"""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sessions.errors import FrameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAGIC = b"NTM1"
HEAD_LIMIT = 16 * 2**20
BODY_LIMIT = 2 * 2**30
_SMALL = 2**14
"""Bytes of what costs less to copy than to send by itself."""
_PREFIX = struct.Struct("<4sIQ")
_KINDS = "fiub"

Array = NDArray[Any]


class Writable(Protocol):
    """What a frame is written to: a raw or a buffered binary stream."""

    def write(self, data: memoryview, /) -> int | None: ...


class Readable(Protocol):
    """What a frame is read from: a raw or a buffered binary stream."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One message: what it says and the numbers that go with it."""

    head: Mapping[str, Any]
    arrays: tuple[Array, ...] = ()


def encode(head: Mapping[str, Any], arrays: Iterable[Array] = ()) -> list[memoryview]:
    """The parts of a frame in the order they go out; the arrays are not copied.

    head: plain JSON values, without the key "arrays".   arrays: bool, integer or float.
    Raises FrameError where the head is not JSON, an array is of another kind or a limit is passed.
    """
    whole = [np.asarray(each, order="C") for each in arrays]
    plain = dict(head)
    if "arrays" in plain:
        raise FrameError("a frame's head keeps the key 'arrays' for itself; name yours otherwise")
    for each in whole:
        if each.dtype.kind not in _KINDS:
            raise FrameError(f"a frame carries bool, integer and float arrays; got dtype {str(each.dtype)!r}")
    plain["arrays"] = [[each.dtype.newbyteorder("<").str, list(each.shape)] for each in whole]
    try:
        text = json.dumps(plain, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise FrameError(f"a frame's head is plain JSON; {error}") from None
    bodies = [each.astype(each.dtype.newbyteorder("<"), copy=False) for each in whole if each.size]
    length = sum(each.nbytes for each in bodies)
    _check_lengths(len(text), length)
    prefix = memoryview(_PREFIX.pack(MAGIC, len(text), length) + text)
    return [prefix, *(each.reshape(-1).view(np.uint8).data for each in bodies)]


def write_frame(stream: Writable, head: Mapping[str, Any], arrays: Iterable[Array] = ()) -> None:
    """Write one frame; a buffered stream is flushed by its owner. OSError where the other end is gone."""
    send(stream, encode(head, arrays))


def send(stream: Writable, parts: Iterable[memoryview]) -> None:
    """Write encoded parts whole, also where the stream takes a piece at a time; small neighbours at once."""
    for is_small, group in groupby(parts, lambda part: len(part) < _SMALL):
        for whole in (b"".join(group),) if is_small else group:
            rest = memoryview(whole)
            while rest:
                rest = rest[stream.write(rest) or 0 :]


def read_frame(stream: Readable) -> Frame | None:
    """The next frame, or None where the stream ended between two frames.

    Raises FrameError where it ended within one, or where the bytes are no frame or pass a limit; after that the
    stream is of no further use.
    """
    prefix = _read(stream, _PREFIX.size, may_end=True)
    if prefix is None:
        return None
    magic, head_length, body_length = _PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise FrameError(f"a frame starts with {MAGIC!r}; got {bytes(magic)!r}: something else writes to this pipe")
    _check_lengths(head_length, body_length)
    head_bytes = _read(stream, head_length)
    assert head_bytes is not None
    head, shapes = _parse(bytes(head_bytes))
    wanted = sum(dtype.itemsize * count for dtype, _, count in shapes)
    if wanted != body_length:
        raise FrameError(f"the head of a frame names {wanted} bytes of arrays; its body has {body_length}")
    body = _read(stream, body_length)
    assert body is not None
    arrays = []
    start = 0
    for dtype, shape, count in shapes:
        arrays.append(np.frombuffer(body, dtype, count, start).reshape(shape))
        start += dtype.itemsize * count
    return Frame(head, tuple(arrays))


def take_frame(buffer: bytearray) -> Frame | None:
    """Take the first frame out of bytes that arrived so far, or None while it is not whole.

    Raises FrameError where the bytes are no frame or pass a limit; after that the buffer is of no further use.
    """
    if len(buffer) < _PREFIX.size:
        return None
    magic, head_length, body_length = _PREFIX.unpack_from(buffer)
    if magic == MAGIC:
        _check_lengths(head_length, body_length)
        if len(buffer) < _PREFIX.size + head_length + body_length:
            return None
    stream = io.BytesIO(buffer)
    frame = read_frame(stream)
    del buffer[: stream.tell()]
    return frame


def _parse(text: bytes) -> tuple[dict[str, Any], list[tuple[np.dtype[Any], tuple[int, ...], int]]]:
    """The head without its arrays, and dtype, shape and number of elements of each array."""
    try:
        head = json.loads(text)
        shapes = []
        for name, shape in head.pop("arrays"):
            dtype = np.dtype(str(name))
            sizes = tuple(int(size) for size in shape)
            if dtype.kind not in _KINDS or not all(0 <= size <= BODY_LIMIT for size in sizes):
                raise ValueError(f"no array of dtype {name!r} and shape {shape!r}")
            count = 1
            for size in sizes:
                count *= size
            shapes.append((dtype, sizes, count))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise FrameError(f"the head of a frame is a JSON object that lists its arrays; {error}") from None
    return head, shapes


def _check_lengths(head: int, body: int) -> None:
    if head > HEAD_LIMIT or body > BODY_LIMIT:
        raise FrameError(
            f"a head of at most {HEAD_LIMIT} and a body of at most {BODY_LIMIT} bytes were wanted; got {head}, {body}"
        )


def _read(stream: Readable, length: int, *, may_end: bool = False) -> bytearray | None:
    """Exactly so many bytes; None where the stream ends before the first and may."""
    buffer = bytearray(length)
    view = memoryview(buffer)
    filled = 0
    while filled < length:
        count = stream.readinto(view[filled:])
        if not count:
            if may_end and filled == 0:
                return None
            raise FrameError(f"the stream ended within a frame: {filled} of {length} bytes came")
        filled += count
    return buffer
