"""Colour maps and tokens: values land on the colours that the legend shows, and all text can be read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmviz.colours import LEVELS, NOT_FINITE, PALETTES, Scale, lookup_table, paint

TEXTS = ("text", "muted", "read", "write", "accent", "warning")
SURFACES = ("background", "panel", "header", "raised", "well")


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("surface", SURFACES)
def test_every_text_can_be_read_on_every_surface(palette, text, surface):
    assert contrast(palette.colour(text), palette.colour(surface)) >= 4.5


@pytest.mark.parametrize("name", PALETTES)
@pytest.mark.parametrize("scale", [Scale.READ, Scale.WRITE, Scale.BITS])
def test_a_larger_weighting_is_never_closer_to_the_canvas(name, scale):
    table = lookup_table(name, scale)[:LEVELS]
    brightness = np.array([luminance(f"#{value & 0xFFFFFF:06X}") for value in table.tolist()])
    away = np.abs(brightness - brightness[0])
    assert (np.diff(away) >= -2e-3).all()
    assert away[-1] > 0.3


@pytest.mark.parametrize("name", PALETTES)
def test_what_is_no_number_has_a_colour_that_nothing_else_has(name):
    wanted = int("FF" + NOT_FINITE[1:], 16)
    for scale in Scale:
        table = lookup_table(name, scale)
        assert table[LEVELS] == wanted
        assert wanted not in table[:LEVELS]


def test_nan_and_both_infinities_are_painted_in_that_colour():
    table = lookup_table("dark", Scale.SIGNED)
    painted = paint(np.array([[np.nan, np.inf, -np.inf, 0.0]], np.float32), table, -1, 1)
    assert painted[0, :3].tolist() == [table[LEVELS]] * 3
    assert painted[0, 3] != table[LEVELS]


def test_limits_and_middle_land_on_the_ends_and_middle_of_the_map():
    table = lookup_table("dark", Scale.SIGNED)
    painted = paint(np.array([-2.0, -1.0, 0.0, 1.0, 5.0]), table, -1, 1)
    assert painted.tolist() == [table[0], table[0], table[128], table[255], table[255]]


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_a_larger_value_never_takes_an_earlier_colour(one, other):
    ramp = np.arange(LEVELS + 1, dtype=np.uint32)
    low, high = paint(np.array(sorted((one, other))), ramp, -3, 3)
    assert low <= high


def test_a_range_without_width_is_refused():
    with pytest.raises(ValueError, match="upper limit above the lower"):
        paint(np.zeros((1, 1)), lookup_table("dark", Scale.BITS), 1.0, 1.0)
