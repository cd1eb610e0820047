"""Marks: the text, lines, boxes and images that a picture is made of, as plain values.

A layout function turns a figure (numbers) into marks (positions in pixels, colours by token); `painting.draw` puts them
on any Qt surface: a view, a PNG, an SVG or a PDF. So what is drawn can be tested without a window.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ntmviz.colours import Scale

SMALL, BODY, STATEMENT, HEADLINE, NUMBER = 11, 12, 13, 16, 22
REGULAR, MEDIUM, BOLD = 400, 500, 600


class Align(StrEnum):
    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Shape(StrEnum):
    DIAMOND = "diamond"
    TRIANGLE = "triangle"
    SQUARE = "square"
    DOT = "dot"


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; `x` is its left, middle or right by `align`, `y` the middle of its height."""

    x: float
    y: float
    text: str
    token: str = "text"
    size: int = SMALL
    weight: int = REGULAR
    align: Align = Align.LEFT
    turned: bool = False
    """Read from bottom to top."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, filled, outlined or both. The outline lies inside."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    stroke: str | None = None
    stroke_width: float = 1
    radius: float = 0


@dataclass(frozen=True, slots=True)
class Line:
    x0: float
    y0: float
    x1: float
    y1: float
    token: str = "grid"
    width: float = 1


@dataclass(frozen=True, slots=True)
class Marker:
    """A small symbol centred on a point."""

    x: float
    y: float
    shape: Shape
    token: str
    size: float = 8


@dataclass(frozen=True, slots=True)
class Image:
    """Values of shape (rows, columns) stretched over a rectangle without smoothing, one flat colour a value."""

    x: float
    y: float
    width: float
    height: float
    values: NDArray[np.floating]
    scale: Scale
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Hatch:
    """A field of diagonal lines: something that is not there, or not a number."""

    x: float
    y: float
    width: float
    height: float
    token: str
    fill: str | None = None


@dataclass(frozen=True, slots=True)
class Frames:
    """Equal frames at many places, which is one mark: thousands would take as many turns."""

    corners: NDArray[np.floating]
    """(frames, 2): left and top of each."""
    width: float
    height: float
    token: str


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points; a curved one is the cubic Bezier curve of its four points."""

    points: tuple[tuple[float, float], ...]
    token: str = "muted"
    width: float = 1
    is_curved: bool = False
    is_dashed: bool = False
    has_arrow: bool = False
    """Whether its end is the tip of an arrow."""


Mark = Text | Box | Line | Marker | Image | Hatch | Frames | Path
