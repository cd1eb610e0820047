"""The colours on the screen are those of the numbers in the file."""

import numpy as np
import pytest

from ntmviz.colours import NOT_FINITE, PALETTES, Scale, lookup_table, paint
from ntmviz.figures import machine, signed_limit
from ntmviz.views.machine import MachineView
from ntmviz.views.machine_layout import STRIP_HEIGHT, WEIGHTING_STRIP


@pytest.fixture
def view(qapp):
    made = MachineView(PALETTES["dark"])
    made.resize(863, 460)
    made.show()
    yield made
    made.hide()  # not close(): pyqtgraph takes the viewport away there
    made.deleteLater()


def grabbed(view):
    return view.grab().toImage()


def pixel(image, x, y):
    return image.pixel(int(x), int(y)) & 0xFFFFFFFF


def expected(value, scale, low, high):
    return int(paint(np.array([value]), lookup_table("dark", scale), low, high)[0])


def test_every_cell_in_view_has_the_colour_of_its_value(view, recording):
    episode = recording.episodes[-1]
    limit = signed_limit(episode.series("memory"))
    figure = machine(episode, 8, limit)
    view.show_figure(figure, first_row=0, row_pitch=10)
    image, layout = grabbed(view), view.machine_layout
    peaks = {weighting.peak for weighting in figure.writes + figure.reads}
    compared = 0
    for location in range(layout.rows.first, layout.rows.last + 1):
        if location in peaks:
            continue  # its outline lies over it
        for word in range(figure.word_size):
            x = layout.memory_left + (word + 0.5) * layout.column_pitch
            y = layout.rows.y(location) + layout.rows.pitch / 2
            wanted = expected(figure.memory[location, word], Scale.SIGNED, -limit, limit)
            assert pixel(image, x, y) == wanted, (location, word)
            compared += 1
    assert compared > 100


def test_strips_and_weightings_stand_in_line_with_the_memory(view, recording):
    figure = machine(recording.episodes[-1], 5, 1.0)
    view.show_figure(figure, first_row=0, row_pitch=10)
    image, layout = grabbed(view), view.machine_layout
    add = next(strip for strip in figure.above if strip.label == "add")
    top = layout.strips_top + [strip.label for strip in figure.above].index("add") * 14
    for word in range(figure.word_size):
        x = layout.memory_left + (word + 0.5) * layout.column_pitch
        assert pixel(image, x, top + STRIP_HEIGHT // 2) == expected(add.values[word], Scale.SIGNED, -1, 1)
    write = figure.writes[0]
    for location in range(layout.rows.first, layout.rows.last + 1):
        x = layout.write_strips_left + WEIGHTING_STRIP / 2
        y = layout.rows.y(location) + layout.rows.pitch / 2
        assert pixel(image, x, y) == expected(write.values[location], Scale.WRITE, 0, 1)


def test_the_edges_between_cells_lie_on_whole_pixels(view, recording):
    figure = machine(recording.episodes[-1], 8, 1.0)
    view.show_figure(figure, first_row=0, row_pitch=10)
    image, layout = grabbed(view), view.machine_layout
    y = layout.rows.y(layout.rows.last) + layout.rows.pitch // 2
    for word in range(figure.word_size):
        left = layout.memory_left + word * layout.column_pitch
        colours = {pixel(image, x, y) for x in range(left, left + layout.column_pitch)}
        assert len(colours) == 1, word


def test_a_nan_is_yellow_with_black_lines(view, recording):
    from dataclasses import replace

    figure = machine(recording.episodes[-1], 3, 1.0)
    memory = figure.memory.copy()
    memory[2, 4] = np.nan
    view.show_figure(replace(figure, memory=memory), first_row=0, row_pitch=10)
    image, layout = grabbed(view), view.machine_layout
    left, top = layout.memory_left + 4 * layout.column_pitch, layout.rows.y(2)
    colours = [
        pixel(image, x, y) & 0xFFFFFF
        for x in range(left + 1, left + layout.column_pitch - 1)
        for y in range(top + 1, top + layout.rows.pitch - 1)
    ]
    assert int(NOT_FINITE[1:], 16) in colours
    assert min(colours) < 0x202020, "the hatch that a colour-blind reader needs"


def test_a_bar_is_as_long_as_its_weighting_says(view, recording):
    figure = machine(recording.episodes[-1], 5, 1.0)
    view.show_figure(figure, first_row=0, row_pitch=10)
    image, layout = grabbed(view), view.machine_layout
    blue = int("FF" + PALETTES["dark"].read[1:], 16)
    read = figure.reads[0]
    for location in range(layout.rows.first, layout.rows.last + 1):
        y = layout.rows.y(location) + layout.rows.pitch / 2
        length = 0
        while pixel(image, layout.read_bars_left + length, y) == blue:  # a number may stand further right
            length += 1
        value = float(read.values[location])
        assert length == (0 if value <= 0.002 else max(1, round(value * layout.bar_width))), location
