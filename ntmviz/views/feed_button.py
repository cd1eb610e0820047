"""The one primary button of stepping by hand, with its key written at its right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QStylePainter

from ntmviz import ink
from ntmviz.painting import draw, text_width

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from ntmviz.colours import Palette

_KEY = "Enter"
_INSET = 12


class FeedButton(QPushButton):
    """A primary button that says "Feed" at the left and "Enter" at the right."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self.setProperty("primary", "true")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        self.update()

    def sizeHint(self) -> QSize:
        width = text_width(self.text(), ink.BODY, ink.BOLD) + text_width(_KEY) + 2 * _INSET + 8
        return QSize(int(width), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        width = text_width(self.text(), ink.BODY, ink.BOLD) + 2 * _INSET
        return QSize(int(width), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        token = "panel" if self.isEnabled() else "muted"
        middle = self.height() / 2
        marks = [ink.Text(_INSET, middle, self.text(), token, ink.BODY, ink.BOLD)]
        if self.width() >= self.sizeHint().width():
            marks.append(ink.Text(self.width() - _INSET, middle, _KEY, token, align=ink.Align.RIGHT))
        draw(painter, marks, self._palette)
