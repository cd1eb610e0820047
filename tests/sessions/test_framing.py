"""Messages cross a pipe whole, or are refused."""

import io
import os
import struct
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from sessions.errors import FrameError, SessionError
from sessions.framing import MAGIC, encode, read_frame, take_frame, write_frame
from tests.contracts import same_bits

heads = st.dictionaries(
    st.text(max_size=5).filter(lambda key: key != "arrays"),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)
arrays = st.lists(
    npst.arrays(
        st.sampled_from(["<f4", "<f8", "<i8", "|u1", "|b1", "<u4"]),
        npst.array_shapes(min_dims=0, min_side=0, max_side=4),
    ),
    max_size=4,
)


def frame_bytes(head=b'{"arrays":[]}', body=b"", magic=MAGIC, head_length=None, body_length=None):
    lengths = (len(head) if head_length is None else head_length, len(body) if body_length is None else body_length)
    return struct.pack("<4sIQ", magic, *lengths) + head + body


@given(head=heads, sent=arrays)
def test_any_frame_comes_out_as_it_went_in(head, sent):
    stream = io.BytesIO()
    write_frame(stream, head, sent)
    write_frame(stream, {"op": "next"})
    stream.seek(0)
    frame = read_frame(stream)
    assert frame is not None
    assert frame.head == head
    assert len(frame.arrays) == len(sent)
    assert all(same_bits(left, right) for left, right in zip(frame.arrays, sent, strict=True))
    following = read_frame(stream)
    assert following is not None and following.head == {"op": "next"}
    assert read_frame(stream) is None


def test_frames_are_taken_out_of_bytes_that_come_in_pieces():
    stream = io.BytesIO()
    for number in range(3):
        write_frame(stream, {"n": number}, [np.arange(number)])
    buffer = bytearray()
    taken = []
    for byte in stream.getvalue():
        buffer.append(byte)
        while (frame := take_frame(buffer)) is not None:
            taken.append((frame.head["n"], frame.arrays[0].tolist()))
    assert taken == [(0, []), (1, [0]), (2, [0, 1])]
    assert not buffer
    with pytest.raises(FrameError, match="something else writes"):
        take_frame(bytearray(b"Traceback (most recent call last)"))


def test_a_frame_larger_than_the_pipe_crosses_it(wait_until):
    array = np.random.default_rng(0).random((500, 1000))
    received = []
    reading, writing = os.pipe()
    with io.FileIO(reading) as source, io.FileIO(writing, "w") as sink:
        thread = threading.Thread(target=lambda: received.append(read_frame(source)))
        thread.start()
        write_frame(sink, {"n": 1}, [array, array[::2, ::3]])
        thread.join()
    assert same_bits(received[0].arrays[0], array)
    assert same_bits(received[0].arrays[1], array[::2, ::3])


def test_numbers_of_the_other_byte_order_keep_their_values():
    stream = io.BytesIO()
    write_frame(stream, {}, [np.arange(5, dtype=">i4")])
    stream.seek(0)
    assert read_frame(stream).arrays[0].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"NTM", "ended within a frame: 3 of 16 bytes"),
        (b"Traceback (most recent call last)", "something else writes to this pipe"),
        (frame_bytes()[:-2], "ended within a frame"),
        (frame_bytes(b'{"arrays":[["<f4",[2]]]}', b"1234567"), "names 8 bytes of arrays; its body has 7"),
        (frame_bytes(b'{"arrays":[["<f4",[2]]]}', b"1234567", body_length=8), "ended within a frame: 7 of 8"),
        (frame_bytes(b'{"arrays":[["O",[1]]]}', b"12345678"), "no array of dtype 'O'"),
        (frame_bytes(b'{"arrays":[["<f4",[-1,-2]]]}', b"12345678"), "no array of dtype '<f4' and shape"),
        (frame_bytes(b'{"arrays":[["<f4",[0,1000000000000]]]}'), "no array of dtype"),
        (frame_bytes(b'{"arrays":[["<f4",[1e400]]]}'), "lists its arrays"),
        (frame_bytes(b"{}"), "lists its arrays; 'arrays'"),
        (frame_bytes(b"[1]"), "lists its arrays"),
        (frame_bytes(b"\xff\xfe"), "lists its arrays"),
        (frame_bytes(b"[" * 100_000), "lists its arrays"),
        (frame_bytes(head_length=2**32 - 1), "at most"),
        (frame_bytes(body_length=2**63), "at most"),
    ],
)
def test_what_is_no_frame_is_refused(sent, told):
    with pytest.raises(FrameError) as caught:
        read_frame(io.BytesIO(sent))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("head", "sent", "told"),
    [
        ({"arrays": []}, [], "keeps the key 'arrays' for itself"),
        ({"path": object()}, [], "plain JSON"),
        ({}, [np.array(["text"])], "got dtype '<U4'"),
        ({}, [np.array([object()])], "got dtype 'object'"),
    ],
)
def test_what_cannot_cross_is_refused_before_it_is_sent(head, sent, told):
    with pytest.raises(SessionError, match=told):
        encode(head, sent)
