"""Input vectors as text: what people type and paste is read, what is wrong is said in one line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmviz.vector_text import is_same, parse, told, written

ZEROS = (0.0,) * 4


@pytest.mark.parametrize(
    "text",
    [
        "0 1 0.5 -2",
        "0, 1, 0.5, -2",
        "0,1,0.5,−2",
        str(np.array([0, 1, 0.5, -2])),
        "[0, 1, 0.5, -2]\n",
        "(0; 1; 5e-1; -2)",
    ],
)
def test_numbers_are_read_however_they_are_separated(text):
    assert parse(text, 4) == (0, 1, 0.5, -2)


def test_bits_may_be_typed_without_separators():
    assert parse("0110", 4) == (0, 1, 1, 0)
    assert parse("[0110]", 4) == (0, 1, 1, 0)
    assert parse("10", 1) == (10,), "one channel takes a number"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "4 numbers were wanted; got 0"),
        ("1 2 3", "4 numbers were wanted; got 3"),
        ("01100", "4 numbers were wanted; got 5"),
        ("1 2 three 4", "numbers were wanted; got “three”"),
        ("1 2 3 nan", "finite numbers were wanted; got “nan”"),
        ("1 2 3 1e39", "finite numbers were wanted; got “1e39”"),
        ("1 2 3 " + "x" * 500, f"numbers were wanted; got “{'x' * 11}…”"),
    ],
)
def test_a_wrong_text_is_refused_in_one_line(text, words):
    with pytest.raises(ValueError) as refusal:
        parse(text, 4)
    assert str(refusal.value) == words


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=2, max_size=70))
def test_what_is_written_is_read_back_to_the_last_bit(values):
    assert is_same(parse(written(values), len(values)), values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (ZEROS, "all zeros"),
        ((0, 0, 0, 1), "the delimiter"),
        ((0, 1, 0, 0), "bit 1"),
        ((1, 0, 1, 1), "bits 0, 2, 3"),
        ((1,) * 6, "6 of 6 bits"),
        ((0.5, -1, 0, 0), "numbers from −1 to 0.5"),
    ],
)
def test_a_vector_is_told_in_words(values, words):
    assert told(values, delimiter=(0, 0, 0, 1)) == words
