"""What is painted again when marks change: enough that the picture is what it would be if all were painted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from ntmviz import damage, ink
from ntmviz.colours import DARK, Scale
from ntmviz.painting import draw

WIDTH, HEIGHT = 120, 90
numbers = st.floats(-10, 110, width=16)
sizes = st.floats(0, 60, width=16)
tokens = st.sampled_from(["text", "muted", "read", "write"])
points = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=4)
MARKS = {
    ink.Text: st.builds(
        ink.Text,
        numbers,
        numbers,
        st.sampled_from(["row 17", "0.25", "β", "", "WÅgj"]),
        tokens,
        st.sampled_from([ink.SMALL, ink.NUMBER]),
        st.sampled_from([ink.REGULAR, ink.BOLD]),
        st.sampled_from(ink.Align),
        st.booleans(),
    ),
    ink.Box: st.builds(
        ink.Box, numbers, numbers, sizes, sizes, st.none() | tokens, st.none() | tokens, st.sampled_from([1, 2, 3]),
        st.sampled_from([0, 4]),
    ),
    ink.Line: st.builds(ink.Line, numbers, numbers, numbers, numbers, tokens, st.sampled_from([1, 2, 5])),
    ink.Marker: st.builds(ink.Marker, numbers, numbers, st.sampled_from(ink.Shape), tokens, st.floats(1, 20, width=16)),
    ink.Hatch: st.builds(ink.Hatch, numbers, numbers, sizes, sizes, tokens, st.none() | tokens),
    ink.Frames: st.builds(
        ink.Frames, points.map(lambda corners: np.array(corners)), st.floats(1, 30), st.floats(1, 30), tokens
    ),
    ink.Image: st.builds(
        ink.Image, numbers, numbers, sizes, sizes, st.just(np.eye(3)), st.just(Scale.READ), st.just(0.0), st.just(1.0)
    ),
    ink.Path: st.builds(
        ink.Path, points.filter(lambda many: many[-1] != many[-2]).map(tuple), tokens, st.sampled_from([1, 3]),
        st.just(False), st.booleans(), st.booleans(),
    ),
}  # fmt: skip
marks = st.one_of(*MARKS.values())
pytestmark = pytest.mark.usefixtures("qapp")


def painted(under, shown, clip=None):
    """The marks on a ground, or, with a clip, over what lies under."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32) if under is None else QImage(under)
    painter = QPainter(image)
    if clip is not None:
        painter.setClipRegion(clip)
    painter.fillRect(QRect(0, 0, WIDTH, HEIGHT), QColor(DARK.panel))
    draw(painter, shown, DARK)
    painter.end()
    return image


def again(old, new):
    """The picture of the old marks, with what has changed painted again as a canvas does it."""
    where = damage.between(old, new)
    if where is None:
        return painted(painted(None, old), new)
    where = damage.widened(where, new)
    near = [mark for mark in new if where.intersects(damage.bounds(mark))]
    return painted(painted(None, old), near, where)


@settings(max_examples=300, deadline=None)
@given(st.lists(marks, max_size=8), st.data())
def test_what_is_painted_again_makes_the_picture_that_painting_all_makes(old, data):
    new = list(old)
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(new)))
        match data.draw(st.sampled_from(["insert", "remove", "change", "turn"])):
            case "insert":
                new.insert(at, data.draw(marks))
            case "remove":
                del new[at : at + 1]
            case "change":
                new[at : at + 1] = [data.draw(marks)]
            case "turn":
                new[at : at + 3] = new[at : at + 3][::-1]
    assert again(old, new) == painted(None, new)


@pytest.mark.parametrize("kind", MARKS, ids=lambda kind: kind.__name__)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_mark_touches_no_pixel_outside_its_bounds(kind, data):
    mark = data.draw(MARKS[kind])
    outside = QRegion(0, 0, WIDTH, HEIGHT) - damage.bounds(mark)
    assert painted(painted(None, []), [mark], outside if not outside.isEmpty() else QRegion(0, 0, 0, 0)) == painted(
        None, []
    )


def test_where_nothing_changes_nothing_is_painted():
    shown = [ink.Text(10, 10, "row 17"), ink.Box(0, 0, 20, 20, fill="read")]
    assert damage.between(shown, list(shown)).isEmpty()


def test_where_most_marks_change_all_are_painted():
    first, second = ([ink.Text(10, 20.0 * row, text) for row in range(40)] for text in ("one", "two"))
    assert damage.between(first, second) is None
    assert damage.between(first, [*second[:3], *first[3:]]) is not None


def test_of_many_marks_only_the_one_that_changes_is_near():
    shown = [ink.Text(10, 24.0 * row, f"row {row}") for row in range(4)]
    changed = [*shown[:2], ink.Text(10, 48, "row 9"), shown[3]]
    where = damage.between(shown, changed)
    assert [mark for mark in changed if where.intersects(damage.bounds(mark))] == [changed[2]]
