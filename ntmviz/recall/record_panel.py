"""The Record panel: what the row that is shown points to, what became of it, and a look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ntm_core.recall.references import PREVIEW
from ntmviz import ink
from ntmviz.painting import draw, text_width
from ntmviz.panels import ElidedLabel, label, set_tone
from ntmviz.recall.preview import small_picture
from ntmviz.recall.record_choice import small_button
from ntmviz.views.boxes import column, row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ntmviz.colours import Palette
    from ntmviz.recall.record_figure import Pointed, RecordFigure

PICTURE_HEIGHT = 132
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
    return [*pointed.shares, *([("none", rest)] if rest >= 0.005 else [])]


def bar_marks(pointed: Pointed, width: float) -> Iterator[ink.Mark]:
    """The bar and, as far as there is room, the names under it; what has no room is counted."""
    x, name_end = 0.0, 0.0
    parts = parts_of(pointed)
    for place, (name, share) in enumerate(parts):
        wide = share * width
        if name == "none" and place == len(parts) - 1 and pointed.rest >= 0.005:
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


class RecordPanel(QWidget):
    """Shows a RecordFigure; without one, what would be there and how to get it."""

    attach_wished = Signal()
    detach_wished = Signal()
    folder_wished = Signal()
    again_wished = Signal()

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.bar = OwnershipBar(palette)
        self.status = label(size=ink.STATEMENT, weight=ink.BOLD)
        self.place = ElidedLabel(size=ink.BODY, weight=ink.MEDIUM, tone=None)
        self.sentence = label(size=ink.SMALL, tone="muted")
        self.sentence.setWordWrap(True)
        self.text = label(size=ink.BODY)
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.picture = QLabel()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.picture.setAccessibleName("The image")
        self.attach = small_button("Record…", "Choose the record that this row's item points to (Ctrl+R)")
        self.detach = small_button("Take away", "This row's item points to no record any more; the file stays")
        self.again = small_button("Look again", "Read the record once more (Shift+R)")
        self.folder = small_button("Records folder…", "The one folder in which records are looked for")
        self._where = ElidedLabel()
        self.attach.clicked.connect(self.attach_wished)
        self.detach.clicked.connect(self.detach_wished)
        self.again.clicked.connect(self.again_wished)
        self.folder.clicked.connect(self.folder_wished)
        self._lay_out()
        self.show_folder(None)
        self.show_figure(None)

    def _lay_out(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 8, 12, 6)
        layout.setSpacing(6)
        layout.addWidget(column(self.status, self.place, self.sentence, spacing=2))
        for part in (self.bar, self.text, self.picture):
            layout.addWidget(part)
        layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        foot = QWidget()
        below = QVBoxLayout(foot)
        below.setContentsMargins(12, 4, 12, 8)
        below.setSpacing(6)
        below.addWidget(row(self.attach, self.detach, self.again))
        place = row(self.folder, self._where)
        held = place.layout()
        assert held is not None
        self._where.setMinimumWidth(60)
        below.addWidget(place)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(foot)

    def minimumSizeHint(self) -> QSize:
        return QSize(236, 120)

    def sizeHint(self) -> QSize:
        return QSize(360, 300)

    def set_theme(self, palette: Palette) -> None:
        self.bar.set_theme(palette)

    def show_folder(self, folder: Path | None) -> None:
        """The folder in which records are looked for."""
        told = "none is chosen" if folder is None else str(folder)
        self._where.setText(told)
        self._where.setToolTip(told)

    @property
    def folder_told(self) -> str:
        """What is said of the folder."""
        return self._where.text()

    def show_figure(
        self, figure: RecordFigure | None, absence: str = "A row that is recalled can point to a record."
    ) -> None:
        """absence: the line where there is no row to speak of."""
        has_record = figure is not None and figure.pointed.reference is not None
        self.bar.show_pointed(None if figure is None else figure.pointed)
        self.bar.setVisible(figure is not None and bool(figure.pointed.shares))
        self.attach.setEnabled(figure is not None and figure.pointed.item >= 0)
        self.detach.setVisible(has_record)
        self.again.setVisible(has_record)
        if figure is None:
            words, tone, sentence, place = "", "muted", absence, ""
        else:
            (words, tone), sentence, place = figure.status, figure.sentence, figure.place
        self.status.setText(words)
        self.status.setVisible(bool(words))
        set_tone(self.status, tone)
        self.place.setText(place)
        self.place.setToolTip(place)
        self.place.setVisible(bool(place))
        self.sentence.setText(sentence)
        self._show_preview(figure)

    def _show_preview(self, figure: RecordFigure | None) -> None:
        opened = None if figure is None else figure.opened
        text = "" if opened is None else shortened(opened.preview)
        pixels = QPixmap()
        if opened is not None and opened.image:
            image, told = small_picture(opened.image)
            text = f"{text}; {told}" if text else told
            if image is not None:
                pixels = QPixmap.fromImage(image)
                room = QSize(max(80, self.width() - 40), PICTURE_HEIGHT)
                if pixels.width() > room.width() or pixels.height() > room.height():
                    smooth = Qt.TransformationMode.SmoothTransformation
                    pixels = pixels.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, smooth)
        self.picture.setPixmap(pixels)
        self.picture.setVisible(not pixels.isNull())
        self.text.setText(text)
        self.text.setVisible(bool(text))


def shortened(text: str) -> str:
    """A text as a preview has room for it: some lines, without what cannot be printed."""
    lines = text[:PREVIEW].splitlines() or [""]
    kept = ["".join(each if each.isprintable() else "·" for each in line) for line in lines[:_LINES]]
    return "\n".join(kept) + ("…" if len(lines) > _LINES or len(text) >= PREVIEW else "")
