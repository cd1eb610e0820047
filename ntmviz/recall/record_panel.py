"""The Record panel: what the row that is shown points to, what became of it, and a look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ntm_core.recall.references import PREVIEW
from ntmviz import ink
from ntmviz.painting import draw, text_width
from ntmviz.panels import ElidedLabel, label, set_tone
from ntmviz.recall.preview import small_picture
from ntmviz.recall.record_figure import LEAST
from ntmviz.views.boxes import column
from ntmviz.views.buttons import small_button

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QImage

    from ntmviz.colours import Palette
    from ntmviz.recall.record_figure import Opened, Pointed, RecordFigure

LEAST_HEIGHT = 48
"""Pixels of an image, however low the panel is."""
ABSENCE = "What the row that is recalled points to is shown here. Recall something, or click a row."
_WORDS = 122
"""Pixels that the words above and below an image take."""
_LINES = 8
"""Of a text that is shown."""
_BAR, _NAMES = 10, 18


class OwnershipBar(QWidget):
    """How much of the row each item has: bars end to end, with names and shares below, what is of none hatched."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self._pointed: Pointed | None = None
        self.setFixedHeight(_BAR + _NAMES)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        self.update()

    def show_pointed(self, pointed: Pointed | None) -> None:
        self._pointed = pointed
        told = "" if pointed is None else ", ".join(f"{share:.0%} of {name}" for name, share in parts_of(pointed))
        self.setToolTip(f"This row is {told}" if told else "")
        self.setAccessibleName(self.toolTip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._pointed is not None:
            painter = QPainter(self)
            draw(painter, bar_marks(self._pointed, self.width()), self._palette)


def parts_of(pointed: Pointed) -> list[tuple[str, float]]:
    """Of what a row is, with what is of none at the end."""
    rest = pointed.rest
    return [*pointed.shares, *([("none", rest)] if rest >= LEAST else [])]


def bar_marks(pointed: Pointed, width: float) -> Iterator[ink.Mark]:
    """The bar and, as far as there is room, the names under it; what has no room is counted."""
    x, name_end = 0.0, 0.0
    parts = parts_of(pointed)
    for place, (name, share) in enumerate(parts):
        wide = share * width
        if name == "none" and place == len(pointed.shares):
            yield ink.Hatch(x, 0, wide, _BAR, "muted", fill="well")
        else:
            yield ink.Box(x, 0, max(1.0, wide - 1), _BAR, fill="text" if not place else "muted")
        told = f"{name} {share:.0%}"
        start = max(x, name_end)
        if name_end >= 0 and start + text_width(told) <= width:
            weight = ink.BOLD if not place else ink.REGULAR
            yield ink.Text(start, _BAR + _NAMES / 2 + 1, told, "text" if not place else "muted", weight=weight)
            name_end = start + text_width(told, weight=weight) + 12
        x += wide


class RecordPanel(QScrollArea):
    """Shows a RecordFigure; without one, what would be there and how to get it."""

    attach_wished = Signal()

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._data, self._told = b"", ""
        self._image: QImage | None = None
        self.bar = OwnershipBar(palette)
        self.status = label(size=ink.STATEMENT, weight=ink.BOLD)
        self.place = ElidedLabel(size=ink.BODY, weight=ink.MEDIUM, tone=None)
        self.sentence = label(size=ink.SMALL, tone="muted")
        self.text = label(size=ink.BODY)
        for each in (self.sentence, self.text):
            each.setWordWrap(True)
            each.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.picture = QLabel()
        self.picture.setAccessibleName("The image")
        self.attach = small_button("Record…", "Choose the record that this row's item points to (Ctrl+R)")
        self.attach.clicked.connect(self.attach_wished)
        self._lay_out()
        self.show_figure(None)

    def _lay_out(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(6)
        first = QHBoxLayout()
        first.addWidget(self.status, 1)
        first.addWidget(self.attach)
        layout.addLayout(first)
        layout.addWidget(column(self.place, self.sentence, spacing=2))
        for part in (self.bar, self.picture, self.text):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)

    def minimumSizeHint(self) -> QSize:
        return QSize(236, 120)

    def sizeHint(self) -> QSize:
        return QSize(360, 300)

    def set_theme(self, palette: Palette) -> None:
        self.bar.set_theme(palette)

    def show_figure(self, figure: RecordFigure | None) -> None:
        """None: no row that could point to a record is shown."""
        self.bar.show_pointed(None if figure is None else figure.pointed)
        self.bar.setVisible(figure is not None and figure.is_shared)
        self.attach.setVisible(figure is not None and figure.pointed.item >= 0)
        words, tone = ("", "muted") if figure is None else figure.status
        self.status.setText(words)
        self.status.setVisible(bool(words))
        set_tone(self.status, tone)
        place = "" if figure is None else figure.place
        self.place.setText(place)
        self.place.setToolTip(place)
        self.place.setVisible(bool(place))
        self.sentence.setText(ABSENCE if figure is None else figure.sentence)
        self._show_preview(None if figure is None else figure.opened)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_image()

    def _show_preview(self, opened: Opened | None) -> None:
        text = "" if opened is None else shortened(opened.preview)
        data = b"" if opened is None else opened.image
        if data != self._data:  # the same image is shown while one steps
            self._data, (self._image, self._told) = data, small_picture(data) if data else (None, "")
        if data:
            text = f"{text}; {self._told}" if text else self._told
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self._show_image()

    def _show_image(self) -> None:
        """As large as there is room for beside the words, and never larger than it is."""
        self.picture.setVisible(self._image is not None)
        if self._image is None:
            self.picture.clear()
            return
        above = self.bar.height() if not self.bar.isHidden() else 0
        room = QSize(max(80, self.width() - 36), max(LEAST_HEIGHT, self.height() - _WORDS - above))
        pixels = QPixmap.fromImage(self._image)
        if pixels.width() > room.width() or pixels.height() > room.height():
            smooth = Qt.TransformationMode.SmoothTransformation
            pixels = pixels.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, smooth)
        self.picture.setPixmap(pixels)


def shortened(text: str) -> str:
    """A text as a preview has room for it: some lines, without what cannot be printed."""
    lines = text[:PREVIEW].splitlines() or [""]
    kept = ["".join(each if each.isprintable() else "·" for each in line) for line in lines[:_LINES]]
    return "\n".join(kept) + ("…" if len(lines) > _LINES or len(text) >= PREVIEW else "")
