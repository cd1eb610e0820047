"""Puts marks on a Qt surface: a widget's scene, an image, an SVG or a PDF."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QImage,
    QPaintEngine,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
    QStaticText,
    QTransform,
)

from ntmviz import ink
from ntmviz.colours import NOT_FINITE, Palette, lookup_table, paint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@cache
def family() -> str:
    """Inter where it is installed, else DejaVu Sans, else what the system has."""
    installed = set(QFontDatabase.families())
    return next((name for name in ("Inter", "DejaVu Sans") if name in installed), QFont().defaultFamily())


@cache
def font(size: int, weight: int = ink.REGULAR) -> QFont:
    """The application's typeface in pixels, with figures of equal width."""
    result = QFont(family())
    result.setPixelSize(size)
    result.setWeight(QFont.Weight(weight))
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


@cache
def metrics(size: int, weight: int = ink.REGULAR) -> QFontMetricsF:
    return QFontMetricsF(font(size, weight))


@cache
def _half_capital(size: int, weight: int) -> float:
    """From the middle of a line of text down to what its letters stand on."""
    return metrics(size, weight).capHeight() / 2


_SHARE_BEFORE = {ink.Align.LEFT: 0.0, ink.Align.CENTRE: 0.5, ink.Align.RIGHT: 1.0}
"""The share of a text's width that lies before its x."""


@lru_cache(4096)
def text_width(text: str, size: int = ink.SMALL, weight: int = ink.REGULAR) -> float:
    return metrics(size, weight).horizontalAdvance(text)


def text_before(mark: ink.Text) -> float:
    """How much of a text lies before its x."""
    return text_width(mark.text, mark.size, mark.weight) * _SHARE_BEFORE[mark.align]


def whole_pixels(area: QRectF) -> QRectF:
    """An area whose edges lie between pixels: else cells stretched over it fall on others where they are clipped."""
    x, y = round(area.x()), round(area.y())
    return QRectF(x, y, round(area.right()) - x, round(area.bottom()) - y)


def as_image(packed: NDArray[np.uint32]) -> QImage:
    """A QImage over the very bytes of a (rows, columns) array; the array must outlive it."""
    rows, columns = packed.shape
    return QImage(packed.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32)


def png(picture: QPixmap) -> bytes:
    """A picture as the content of a PNG file."""
    content = QBuffer()
    content.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(content, "PNG")
    return content.data().data()


@cache
def colour(palette: Palette, token: str) -> QColor:
    """The colour of a token; beside those of the palette there are not_finite and black."""
    fixed = {"not_finite": NOT_FINITE, "black": "#000000"}
    return QColor(fixed.get(token) or palette.colour(token))


def draw(painter: QPainter, marks: Iterable[ink.Mark], palette: Palette) -> None:
    """Draw marks in their order."""
    is_on_screen = painter.paintEngine().type() == QPaintEngine.Type.Raster  # the others want texts, not letters
    for mark in marks:
        match mark:
            case ink.Text():
                _draw_text(painter, mark, palette, is_on_screen)
            case ink.Box():
                _draw_box(painter, mark, palette)
            case ink.Line():
                painter.setPen(_pen(palette, mark.token, mark.width))
                half = 0.5 if mark.width == 1 else 0.0  # a hairline lies on whole pixels
                painter.drawLine(QLineF(mark.x0 + half, mark.y0 + half, mark.x1 + half, mark.y1 + half))
            case ink.Marker():
                _draw_marker(painter, mark, palette)
            case ink.Image():
                packed = np.ascontiguousarray(
                    paint(mark.values, lookup_table(palette.name, mark.scale), mark.low, mark.high)
                )
                area = QRectF(mark.x, mark.y, mark.width, mark.height)
                painter.drawImage(whole_pixels(area) if is_on_screen else area, as_image(packed))
            case ink.Hatch():
                _draw_hatch(painter, mark, palette)
            case ink.Frames():
                painter.setPen(_pen(palette, mark.token, 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                size = (mark.width - 1, mark.height - 1)
                painter.drawRects([QRectF(x, y, *size) for x, y in (mark.corners + 0.5).tolist()])
            case ink.Path():
                _draw_path(painter, mark, palette)


@cache
def _pen(palette: Palette, token: str, width: float) -> QPen:
    pen = QPen(colour(palette, token), width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


def _draw_text(painter: QPainter, mark: ink.Text, palette: Palette, is_on_screen: bool) -> None:
    shift = -text_before(mark)
    drop = _half_capital(mark.size, mark.weight)
    painter.setFont(font(mark.size, mark.weight))
    painter.setPen(colour(palette, mark.token))
    if mark.turned:
        painter.save()
        painter.translate(mark.x, mark.y)
        painter.rotate(-90)
        painter.drawText(QPointF(shift, drop), mark.text)
        painter.restore()
        return
    x, y = round(mark.x + shift), round(mark.y + drop)
    if is_on_screen:
        above, laid_out = _laid_out(mark.text, mark.size, mark.weight)
        painter.drawStaticText(QPointF(x, y - above), laid_out)
    else:
        painter.drawText(QPointF(x, y), mark.text)


@lru_cache(4096)
def _laid_out(text: str, size: int, weight: int) -> tuple[float, QStaticText]:
    """A text whose letters have their places, and how far its baseline is below its top."""
    made = QStaticText(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    made.prepare(QTransform(), font(size, weight))
    return metrics(size, weight).ascent(), made


def _draw_box(painter: QPainter, mark: ink.Box, palette: Palette) -> None:
    area = QRectF(mark.x, mark.y, mark.width, mark.height)
    if mark.fill and not (mark.stroke or mark.radius):
        painter.fillRect(area, colour(palette, mark.fill))
        return
    painter.setBrush(QBrush(colour(palette, mark.fill)) if mark.fill else Qt.BrushStyle.NoBrush)
    if mark.stroke:
        inset = mark.stroke_width / 2
        area.adjust(inset, inset, -inset, -inset)
        painter.setPen(_pen(palette, mark.stroke, mark.stroke_width))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
    if mark.radius:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.drawRoundedRect(area, mark.radius, mark.radius)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    else:
        painter.drawRect(area)


def _draw_marker(painter: QPainter, mark: ink.Marker, palette: Palette) -> None:
    half = mark.size / 2
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour(palette, mark.token))
    centre = QPointF(mark.x, mark.y)
    if mark.shape is ink.Shape.DOT:
        painter.drawEllipse(centre, half, half)
    else:
        corners = {
            ink.Shape.DIAMOND: [(0, -half), (half, 0), (0, half), (-half, 0)],
            ink.Shape.TRIANGLE: [(0, -half), (half, half * 0.8), (-half, half * 0.8)],
            ink.Shape.SQUARE: [(-half, -half), (half, -half), (half, half), (-half, half)],
        }[mark.shape]
        painter.drawPolygon(QPolygonF([centre + QPointF(x, y) for x, y in corners]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _draw_hatch(painter: QPainter, mark: ink.Hatch, palette: Palette) -> None:
    area = QRectF(mark.x, mark.y, mark.width, mark.height)
    painter.save()
    painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    if mark.fill:
        painter.fillRect(area, colour(palette, mark.fill))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(_pen(palette, mark.token, 1))
    at = -mark.height
    while at < mark.width:
        painter.drawLine(QLineF(mark.x + at, mark.y + mark.height, mark.x + at + mark.height, mark.y))
        at += 4
    painter.restore()


def _draw_path(painter: QPainter, mark: ink.Path, palette: Palette) -> None:
    points = [QPointF(x, y) for x, y in mark.points]
    path = QPainterPath(points[0])
    if mark.is_curved:
        path.cubicTo(*points[1:])
    else:
        for point in points[1:]:
            path.lineTo(point)
    pen = QPen(_pen(palette, mark.token, mark.width))
    if mark.is_dashed:
        pen.setDashPattern([4 / mark.width, 3 / mark.width])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    if mark.has_arrow:
        end, before = points[-1], points[-2]
        towards = QLineF(before, end).unitVector()
        along = QPointF(towards.dx(), towards.dy())
        aside = QPointF(-along.y(), along.x())
        size = 3.0 + mark.width
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(palette, mark.token))
        painter.drawPolygon(QPolygonF([end + along, *(end - along * size + aside * half for half in (3.0, -3.0))]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
