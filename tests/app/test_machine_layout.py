"""The machine's geometry: aligned, inside its view, for any size of memory and window."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmviz.views.machine_layout import GAP, HEADROOM, STRIP_HEIGHT, STRIP_PITCH, WEIGHTING_STRIP, arrange, index_ticks

SIZES = st.fixed_dictionaries(
    {
        "width": st.integers(420, 2600),
        "height": st.integers(300, 1600),
        "locations": st.integers(1, 5000),
        "columns": st.integers(1, 60),
        "write_heads": st.integers(0, 3),
        "read_heads": st.integers(0, 3),
        "row_pitch": st.integers(3, 24),
        "first_row": st.integers(-50, 6000),
    }
)


def arranged(size):
    above = 3 * size["write_heads"] + size["read_heads"]
    return arrange(**size, above=above, below=size["read_heads"])


@given(SIZES)
def test_rows_in_view_exist_and_stay_in_order(size):
    layout = arranged(size)
    rows = layout.rows
    assert 0 <= rows.first <= rows.last < size["locations"]
    assert rows.top >= HEADROOM
    assert rows.pitch >= size["row_pitch"]
    for location in (rows.first, rows.last):
        assert rows.at(rows.y(location)) == location
    assert rows.at(rows.top - 1) is None
    assert rows.at(rows.top + rows.height) is None


@given(SIZES)
def test_parts_stand_side_by_side_without_touching(size):
    layout = arranged(size)
    assert layout.write_strips_left == layout.write_bars_right + GAP
    assert layout.memory_left == layout.write_strips_left + WEIGHTING_STRIP * size["write_heads"] + GAP
    assert layout.read_strips_left == layout.memory_right + GAP
    assert layout.read_bars_left == layout.read_strips_left + WEIGHTING_STRIP * size["read_heads"] + GAP
    last_strip = layout.strips_top + (layout.above - 1) * STRIP_PITCH + STRIP_HEIGHT
    assert layout.above == 0 or last_strip <= layout.rows.top - GAP


@given(SIZES, st.floats(0, 1), st.floats(0, 1))
def test_a_point_in_the_memory_finds_its_cell_and_one_outside_finds_none(size, across, down):
    layout = arranged(size)
    x = layout.memory_left + across * (layout.memory_width - 1)
    y = layout.rows.top + down * (layout.rows.height - 1)
    location, word = layout.cell_at(x, y)
    assert layout.rows.y(location) <= y < layout.rows.y(location) + layout.rows.pitch
    assert layout.memory_left + word * layout.column_pitch <= x < layout.memory_left + (word + 1) * layout.column_pitch
    assert layout.cell_at(layout.memory_left - 1, y) is None
    assert layout.cell_at(layout.memory_right, y) is None


def test_the_default_window_has_the_pitches_of_the_design():
    layout = arrange(
        863, 460, locations=128, columns=20, write_heads=1, read_heads=1, above=4, below=1, row_pitch=10, first_row=0
    )
    assert layout.column_pitch == 24
    assert layout.rows.pitch == 10
    assert layout.rows.count >= 31
    assert layout.read_bars_left + layout.bar_width < 863


@pytest.mark.parametrize("count", [1, 2, 3, 20, 128, 1000])
def test_ticks_have_both_ends_and_room(count):
    ticks = index_ticks(count, 12.0)
    assert ticks[0] == 0
    assert ticks[-1] == count - 1
    assert all((right - left) * 12 >= 23 for left, right in itertools.pairwise(ticks)) or count <= 3
