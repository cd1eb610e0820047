"""Where two pictures made of marks look different, so that only that is painted again."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect
from PySide6.QtGui import QRegion

from ntmviz import ink
from ntmviz.painting import metrics, text_before, text_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARGIN = 2
"""Pixels that smoothing, or a letter that leans out, may reach beyond a mark's own edge."""
_MITRE = 4
"""How many widths of a line a corner of it may reach out."""
_FEW = 20
"""Changed marks that are quickly told apart from the others, however many these are."""
_WITH_ARRAYS = (ink.Image, ink.Frames)
"""They are told apart by being the same object: nobody compares them in full."""


def between(old: Sequence[ink.Mark], new: Sequence[ink.Mark]) -> QRegion | None:
    """The pixels in which one list of marks looks different from another, or a few more; None: so many that it is
    quicker to paint them all.
    """
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and _is_same(old[start], new[start]):
        start += 1
    end = 0
    while end < shorter - start and _is_same(old[-1 - end], new[-1 - end]):
        end += 1
    region = QRegion()
    gone, came = old[start : len(old) - end], new[start : len(new) - end]
    if len(gone) == len(came):
        pairs = [(a, b) for a, b in zip(gone, came, strict=True) if not _is_same(a, b)]
        changed = [mark for pair in pairs for mark in pair]
    else:
        before, after = {_key(mark): mark for mark in gone}, {_key(mark): mark for mark in came}
        changed = [mark for key, mark in before.items() if key not in after]
        changed += [mark for key, mark in after.items() if key not in before]
        is_in_order = [key for key in before if key in after] == [key for key in after if key in before]
        if not is_in_order or len(before) < len(gone) or len(after) < len(came):
            changed = [*gone, *came]  # what lay below lies above, or what is smooth was drawn twice
    if len(changed) > max(_FEW, (len(old) + len(new)) // 2):
        return None
    for mark in changed:
        region += bounds(mark)
    return region


def _key(mark: ink.Mark) -> object:
    return id(mark) if isinstance(mark, _WITH_ARRAYS) else mark


def widened(region: QRegion, marks: Iterable[ink.Mark]) -> QRegion:
    """A region and all lines that lie partly in it, but for hairlines that are level or upright.

    A part of them that is painted alone falls on other pixels.
    """
    delicate = [bounds(mark) for mark in marks if _is_delicate(mark)]
    while near := [area for area in delicate if region.intersects(area)]:
        for area in near:
            delicate.remove(area)
            region = region + area
    return region


def _is_delicate(mark: ink.Mark) -> bool:
    if isinstance(mark, ink.Line):
        return mark.width != 1 or (mark.x0 != mark.x1 and mark.y0 != mark.y1)
    return isinstance(mark, ink.Path)


def bounds(mark: ink.Mark) -> QRect:
    """The pixels that a mark may touch. What it returns is not to be changed."""
    return _bounds(mark) if isinstance(mark, _WITH_ARRAYS) else _known_bounds(mark)


@lru_cache(maxsize=4096)
def _known_bounds(mark: ink.Mark) -> QRect:
    return _bounds(mark)


def _bounds(mark: ink.Mark) -> QRect:
    match mark:
        case ink.Text():
            font, before = metrics(mark.size, mark.weight), text_before(mark)
            width, above = text_width(mark.text, mark.size, mark.weight), font.ascent() - font.capHeight() / 2
            if mark.turned:
                return _around(mark.x - above, mark.y + before - width, font.height(), width)
            return _around(mark.x - before, mark.y - above, width, font.height())
        case ink.Line():
            return _about([(mark.x0, mark.y0), (mark.x1, mark.y1)], mark.width)
        case ink.Marker():
            return _about([(mark.x, mark.y)], mark.size)
        case ink.Frames():
            corners = mark.corners.tolist()
            return _about([*corners, *((x + mark.width, y + mark.height) for x, y in corners)], 1)
        case ink.Path():
            arrow = 2 * (3 + mark.width) if mark.has_arrow else 0
            return _about(mark.points, _MITRE * mark.width + arrow)
        case ink.Box(stroke=str()):
            is_thin = min(mark.width, mark.height) < 2 * mark.stroke_width
            edge = 2 * mark.stroke_width if is_thin else 0  # else the outline lies inside
            return _around(mark.x - edge, mark.y - edge, mark.width + 2 * edge, mark.height + 2 * edge)
        case ink.Box() | ink.Image() | ink.Hatch():
            return _around(mark.x, mark.y, mark.width, mark.height)


def _is_same(old: ink.Mark, new: ink.Mark) -> bool:
    if old is new:
        return True
    return type(old) is type(new) and not isinstance(old, _WITH_ARRAYS) and old == new


def _about(points: Sequence[Sequence[float]], width: float) -> QRect:
    """Around points, and half a width beyond."""
    if not points:
        return QRect()
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    left, top = min(xs) - width / 2, min(ys) - width / 2
    return _around(left, top, max(xs) - left + width / 2, max(ys) - top + width / 2)


def _around(x: float, y: float, width: float, height: float) -> QRect:
    left, top = math.floor(x) - _MARGIN, math.floor(y) - _MARGIN
    right, bottom = math.ceil(x + width) + _MARGIN, math.ceil(y + height) + _MARGIN
    return QRect(left, top, right - left, bottom - top)
