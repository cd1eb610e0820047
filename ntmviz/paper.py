"""The paper's picture of an episode (NTM paper, fig. 6): inputs, outputs, adds, reads, write and read weightings over
time, with axes and colour bars, as PNG, SVG or PDF.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QImage, QPageLayout, QPageSize, QPaintDevice, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from ntm_core.trace import Role
from ntmviz import ink, saving
from ntmviz.colours import LIGHT, Palette, Scale
from ntmviz.episode_figures import rows_to_show, sequence
from ntmviz.errors import NtmvizError
from ntmviz.figures import signed_limit, strongest
from ntmviz.painting import draw
from ntmviz.views.machine_layout import index_ticks
from ntmviz.wording import grouped, tick

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from ntm_core.trace import Source

SUFFIXES = (".png", ".svg", ".pdf")
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 84, 46, 34
_COLUMN_GAP, _ROW_GAP = 40, 44
_PNG_SCALE = 2


@dataclass(frozen=True, slots=True)
class Plot:
    """One field over the steps."""

    title: str
    values: NDArray[np.floating]
    """(rows, steps)"""
    scale: Scale
    low: float
    high: float
    axis: str
    """What a row is."""
    first_row: int = 0
    height: int = 96


def plots(source: Source) -> list[list[Plot]]:
    """The plots of a figure, in two columns: what is written at the left, what is read at the right."""
    figure = sequence(source)
    spec = source.spec
    left, right = [], []
    if figure.inputs is not None:
        left.append(_plot("inputs", figure.inputs, "channel"))
    if figure.outputs is not None:
        right.append(_plot("outputs", np.where(figure.scored, figure.outputs, 0), "channel"))
    adds, reads = (_series(source, role) for role in (Role.ADD, Role.READ_VECTOR))
    limit = signed_limit(adds, reads)
    for values, title, column in ((adds, "adds", left), (reads, "reads", right)):
        for head in range(0 if values is None else values.shape[1]):
            assert values is not None
            name = title if values.shape[1] == 1 else f"{title}, head {head + 1}"
            column.append(Plot(name, values[:, head].T, Scale.SIGNED, -limit, limit, "word"))
    memory = spec.with_role(Role.MEMORY)
    locations = 0 if memory is None else memory.shape[0]
    visible = min(locations, 64)
    first = rows_to_show(figure, visible, locations)
    for weightings, kind, column in ((figure.writes, "write", left), (figure.reads, "read", right)):
        for head, values in enumerate(weightings):
            name = f"{kind} weighting" if len(weightings) == 1 else f"{kind} weighting, head {head + 1}"
            shown = values[first : first + visible]
            column.append(Plot(name, shown, Scale(kind), 0.0, 1.0, "location", first, 192))
    return [left, right]


def _plot(title: str, values: NDArray[np.floating], axis: str) -> Plot:
    is_signed = bool(values.size and values.min() < 0)
    limit = signed_limit(values) if is_signed else 1.0
    return Plot(title, values, Scale.SIGNED if is_signed else Scale.BITS, -limit if is_signed else 0.0, limit, axis)


def _series(source: Source, role: Role) -> NDArray[np.floating] | None:
    field = source.spec.with_role(role)
    return None if field is None else source.series(field.name)


def marks(source: Source, title: str = "") -> tuple[list[ink.Mark], QSize]:
    """The marks of a figure and its size in pixels. Raises NtmvizError for an episode without a step."""
    steps = len(source)
    if not steps:
        raise NtmvizError("an episode with at least one step was wanted; this one has none yet. Choose another")
    columns = plots(source)
    pitch = max(1.0, min(16.0, 560 / steps))
    width = round(max(280.0, min(900.0, steps * pitch)))
    drawn: list[ink.Mark] = [ink.Text(_LEFT, 20, title, size=ink.STATEMENT, weight=ink.BOLD)]
    bottom = 0
    for place, column in enumerate(columns):
        x = _LEFT + place * (width + _LEFT + _RIGHT + _COLUMN_GAP)
        y = _TOP + 14
        for index, plot in enumerate(column):
            drawn += _draw_plot(plot, x, y, width, steps, names_steps=index == len(column) - 1)
            y += plot.height + _ROW_GAP
        bottom = max(bottom, y - _ROW_GAP)
    total = 2 * (_LEFT + width + _RIGHT) + _COLUMN_GAP
    return drawn, QSize(total, bottom + _BOTTOM + 8)


def _draw_plot(plot: Plot, x: int, y: int, width: int, steps: int, *, names_steps: bool) -> list[ink.Mark]:
    rows = plot.values.shape[0]
    tall = plot.height
    drawn: list[ink.Mark] = [
        ink.Text(x, y - 13, plot.title, size=ink.BODY, weight=ink.BOLD),
        ink.Image(x, y, width, tall, _fitted(plot.values, tall, 2 * width), plot.scale, plot.low, plot.high),
        ink.Box(x - 1, y - 1, width + 2, tall + 2, stroke="muted"),
        ink.Text(x - 48, y + tall / 2, plot.axis, "muted", align=ink.Align.CENTRE, turned=True),
    ]
    each = tall / max(1, rows)
    for row in index_ticks(rows, each, 24):
        middle = y + (row + 0.5) * each
        drawn.append(ink.Line(x - 4, round(middle), x - 1, round(middle), token="muted"))
        drawn.append(ink.Text(x - 8, middle, grouped(plot.first_row + row), "muted", align=ink.Align.RIGHT))
    for step in index_ticks(steps, width / steps, 40):
        middle = x + (step + 0.5) * width / steps
        drawn.append(ink.Line(round(middle), y + tall + 1, round(middle), y + tall + 4, token="muted"))
        drawn.append(ink.Text(middle, y + tall + 12, grouped(step), "muted", align=ink.Align.CENTRE))
    if names_steps:
        drawn.append(ink.Text(x + width / 2, y + tall + 27, "step", "muted", align=ink.Align.CENTRE))
    return drawn + _colour_bar(plot, x + width + 14, y, tall)


def _fitted(values: NDArray[np.floating], rows: int, columns: int) -> NDArray[np.floating]:
    return strongest(strongest(values, rows), columns, axis=1)


def _colour_bar(plot: Plot, x: int, y: int, tall: int) -> list[ink.Mark]:
    high = min(tall, 96)
    ramp = np.linspace(plot.high, plot.low, 64)[:, np.newaxis]
    middle = (plot.low + plot.high) / 2
    drawn: list[ink.Mark] = [
        ink.Image(x, y, 10, high, ramp, plot.scale, plot.low, plot.high),
        ink.Box(x - 1, y - 1, 12, high + 2, stroke="muted"),
    ]
    for value, at in ((plot.high, 5), (middle, high / 2), (plot.low, high - 5)):
        drawn.append(ink.Text(x + 16, y + at, tick(value), "muted"))
    return drawn


def save(source: Source, path: Path, title: str = "", palette: Palette = LIGHT) -> None:
    """Write the figure of an episode; the suffix of the path decides the format.

    Raises UsageError for another suffix, NtmvizError where the file cannot be written.
    """
    suffix = saving.suffix_of("a figure", path, SUFFIXES)
    drawn, size = marks(source, title)
    content = QBuffer()
    content.open(QIODevice.OpenModeFlag.WriteOnly)
    {".png": _write_png, ".svg": _write_svg, ".pdf": _write_pdf}[suffix](content, drawn, size, palette)
    saving.save("the figure", path, content.data().data())


def _write_png(device: QIODevice, drawn: list[ink.Mark], size: QSize, palette: Palette) -> None:
    image = QImage(size * _PNG_SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_PNG_SCALE)
    _draw_on(image, drawn, size, palette)
    image.save(device, "PNG")


def _write_svg(device: QIODevice, drawn: list[ink.Mark], size: QSize, palette: Palette) -> None:
    page = QSvgGenerator()
    page.setOutputDevice(device)
    page.setSize(size)
    page.setViewBox(QRectF(0, 0, size.width(), size.height()))
    page.setTitle("ntmviz: an episode")
    _draw_on(page, drawn, size, palette)


def _write_pdf(device: QIODevice, drawn: list[ink.Mark], size: QSize, palette: Palette) -> None:
    writer = QPdfWriter(device)
    writer.setTitle("ntmviz: an episode")
    writer.setResolution(72)
    page = QPageSize(QSizeF(size.width(), size.height()), QPageSize.Unit.Point)
    writer.setPageLayout(QPageLayout(page, QPageLayout.Orientation.Portrait, QMarginsF(0, 0, 0, 0)))
    _draw_on(writer, drawn, size, palette)


def _draw_on(surface: QPaintDevice, drawn: list[ink.Mark], size: QSize, palette: Palette) -> None:
    painter = QPainter(surface)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(palette.panel))
    draw(painter, drawn, palette)
    painter.end()
