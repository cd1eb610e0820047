"""Numbers as they stand on the screen."""

import math

import pytest

from ntmviz.wording import grouped, offset_label, share, short, signed, size_on_disk, tick
from sessions.errors import one_line


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1.00"),
        (0.0213, "0.0213"),
        (-0.5, "−0.500"),
        (12.34, "12.3"),
        (14850, "14\u2009850"),
        (1e-7, "1.00e−7"),
        (2.5e9, "2.50e9"),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
        (999.6, "1000"),
    ],
)
def test_three_significant_digits(value, text):
    assert short(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.9071, "0.907"), (0.0001, "< 0.001"), (0, "0.000"), (math.nan, "NaN")])
def test_weightings_have_three_decimals(value, text):
    assert share(value) == text


@pytest.mark.parametrize(("value", "text"), [(1.0, "1"), (0.5, "0.5"), (-1.5, "−1.5"), (20000, "20\u2009000")])
def test_an_axis_shows_no_more_digits_than_it_needs(value, text):
    assert tick(value) == text


def test_signs_groups_sizes_and_offsets():
    assert signed(0.538) == "+0.538"
    assert signed(-0.2) == "−0.200"
    assert grouped(1234567) == "1\u2009234\u2009567"
    assert [size_on_disk(count) for count in (12, 4096, 18_400_000, 2_000_000_000)] == [
        "12 B",
        "4.10 kB",
        "18.4 MB",
        "2.00 GB",
    ]
    assert [offset_label(offset) for offset in (-1, 0, 2)] == ["−1", "0", "+2"]


def test_numbers_in_groups_of_three_are_printed_as_they_are_and_what_a_file_says_in_one_line():
    assert one_line(f"{grouped(14850)} steps\nof \x1b[31m") == "14\u2009850 steps\\nof \\x1b[31m"
