"""Panels: a header (title, one muted sentence, a place for controls) over a view, and the dock that carries one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ntmviz import ink
from ntmviz.painting import draw, font, text_width
from ntmviz.wording import tick

if TYPE_CHECKING:
    from ntmviz.colours import Palette, Scale

HEADER_HEIGHT = 28
_SHORTEST = 56
"""Pixels of a sentence that are still worth showing."""


class ElidedLabel(QLabel):
    """A sentence that gives way when there is no room.

    Its layout gives it the room that is left, whatever it says: no other text makes a window lay itself out anew.
    """

    def __init__(
        self, text: str = "", *, size: int = ink.SMALL, weight: int = ink.REGULAR, tone: str | None = "muted"
    ) -> None:
        super().__init__(" ")  # as high as a line
        self._text, self._ink = "", (size, weight)
        self.setText(text)
        if tone is not None:
            self.setProperty("tone", tone)
        self.setFont(font(size, weight))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def text(self) -> str:
        return self._text

    def setText(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.width() < min(_SHORTEST, text_width(self._text, *self._ink)):
            return  # an ellipsis alone says nothing
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), self.alignment(), text)


class PanelHeader(QWidget):
    """A title, a sentence, and at the right whatever belongs to the panel."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("panelHeader")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEADER_HEIGHT)
        self._title = QLabel(title)
        self._title.setFont(font(ink.BODY, ink.BOLD))
        self._sentence = ElidedLabel()
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(12, 0, 8, 0)
        self._layout.setSpacing(10)
        self._layout.addStrut(HEADER_HEIGHT)  # a dock asks for this, not for the fixed height
        self._layout.addWidget(self._title)
        self._layout.addWidget(self._sentence, 1)

    def say(self, sentence: str) -> None:
        """Change the muted sentence."""
        if sentence != self._sentence.text():
            self._sentence.setText(sentence)
            self._sentence.setToolTip(sentence)

    @property
    def sentence(self) -> str:
        return self._sentence.text()

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Put a control at the right end; with `stretch` it shares the room with the sentence."""
        self._layout.addWidget(widget, stretch)


def _body(view: QWidget) -> QFrame:
    """A view in the frame that hangs from a header."""
    frame = QFrame()
    frame.setObjectName("panelBody")
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(1, 0, 1, 1)
    layout.addWidget(view)
    return frame


class Panel(QWidget):
    """A header over a view."""

    def __init__(self, title: str, view: QWidget) -> None:
        super().__init__()
        self.header = PanelHeader(title)
        self.view = view
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(_body(view), 1)


class Dock(QDockWidget):
    """A panel that can be moved, torn off, closed and brought back from the View menu; its header is the handle."""

    def __init__(self, title: str, view: QWidget, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setObjectName(f"dock {title.lower()}")
        self.header = PanelHeader(title)
        self.view = view
        self.setTitleBarWidget(self.header)
        self.setWidget(_body(view))
        self._close = QToolButton()
        self._close.setIconSize(QSize(10, 10))
        self._close.setToolTip(f"Close {title.lower()}; the View menu brings it back")
        self._close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._close.clicked.connect(self.close)

    def finish_header(self) -> None:
        """Add the button that closes, after all other controls."""
        self.header.add(self._close)

    def set_close_icon(self, picture: QIcon) -> None:
        self._close.setIcon(picture)


class Legend(QWidget):
    """The colour bars of a view, with their numbers."""

    _RAMP = 40

    def __init__(self, palette: Palette, *, names_nan: bool = True) -> None:
        super().__init__()
        self._palette = palette
        self._names_nan = names_nan
        self._entries: list[tuple[str, str, Scale, float, float]] = []
        self.setToolTip("Colour ranges stay fixed over an episode")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, HEADER_HEIGHT)  # a narrow window has room for fewer entries

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        self.update()

    def set_entries(self, entries: list[tuple[str, str, Scale, float, float]]) -> None:
        """Entries of (name, colour token of the name, map, lower limit, upper limit)."""
        if entries != self._entries:
            self._entries = entries
            self.updateGeometry()
            self.update()

    def _marks(self, room: float = math.inf) -> tuple[list[ink.Mark], float]:
        """The marks of as many entries as there is room for, and where they end."""
        y = HEADER_HEIGHT / 2
        if not self._entries:
            return [], 0.0
        marks: list[ink.Mark] = []
        x = 0.0
        if self._names_nan:
            marks += [ink.Hatch(0, y - 4, 10, 8, "black", fill="not_finite"), ink.Text(14, y, "NaN", "muted")]
            x = 14 + text_width("NaN") + 12
        for name, token, scale, low, high in self._entries:
            before, start = len(marks), x
            weight = ink.REGULAR if token == "muted" else ink.BOLD
            marks.append(ink.Text(x, y, name, token, weight=weight))
            x += text_width(name, weight=weight) + 8
            for text, is_after in ((tick(low), False), (tick(high), True)):
                if is_after:
                    ramp = np.linspace(low, high, self._RAMP)[np.newaxis]
                    marks.append(ink.Image(x, y - 4, self._RAMP, 8, ramp, scale, low, high))
                    x += self._RAMP + 5
                marks.append(ink.Text(x, y, text, "muted"))
                x += text_width(text) + 5
            x += 9
            if x - 9 > room:
                return marks[:before], start
        return marks, x

    def sizeHint(self) -> QSize:
        return QSize(int(self._marks()[1]), HEADER_HEIGHT - 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(QRectF(self.rect()))
        draw(painter, self._marks(self.width())[0], self._palette)


def label(text: str = "", *, size: int = ink.BODY, weight: int = ink.REGULAR, tone: str | None = None) -> QLabel:
    """A label in the window's type."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)  # whatever a file is called
    made.setFont(font(size, weight))
    if tone is not None:
        made.setProperty("tone", tone)
    return made


def set_tone(widget: QWidget, tone: str | None) -> None:
    """Change the colour of a label made with a tone."""
    if widget.property("tone") != tone:
        widget.setProperty("tone", tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def chooser(tip: str) -> QToolButton:
    """A button in a header that opens a menu of what can be shown there."""
    button = QToolButton()
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setFont(font(ink.BODY, ink.BOLD))
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setToolTip(tip)
    return button
