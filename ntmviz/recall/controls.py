"""Small controls of the Recall workspace: a switch that slides, and a slider with its name and number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QSlider, QVBoxLayout, QWidget

from ntmviz import ink
from ntmviz.painting import draw, text_width
from ntmviz.panels import label
from ntmviz.views.boxes import row
from ntmviz.views.own_keys import OwnKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from ntmviz.colours import Palette

_TRACK = 24, 14


class Switch(QAbstractButton):
    """On or off, with its name beside it and a note at the right end."""

    def __init__(self, palette: Palette, text: str, tip: str) -> None:
        super().__init__()
        self._palette = palette
        self.note = ""
        self.setText(text)
        self.setCheckable(True)
        self.setToolTip(tip)
        self.setAccessibleName(text)
        self.setAccessibleDescription(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        OwnKeys(self, Qt.Key.Key_Space)

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        self.update()

    def say(self, note: str) -> None:
        """Change the note at the right end."""
        if note != self.note:
            self.note = note
            self.update()

    def sizeHint(self) -> QSize:
        width = _TRACK[0] + 14 + text_width(self.text(), ink.BODY) + text_width(self.note) + 10
        return QSize(int(width), 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(90, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        wide, tall = _TRACK
        y = (self.height() - tall) / 2
        is_on = self.isChecked()
        knob = wide - tall if is_on else 0
        edge = "text" if self.hasFocus() else "accent" if is_on else "muted"
        marks: list[ink.Mark] = [
            ink.Box(1, y, wide, tall, fill="accent" if is_on else "well", stroke=edge, radius=tall / 2),
            ink.Marker(1 + knob + tall / 2, y + tall / 2, ink.Shape.DOT, "panel" if is_on else "muted", tall - 6),
            ink.Text(wide + 12, self.height() / 2, self.text(), "text" if self.isEnabled() else "muted", ink.BODY),
        ]
        if self.note:
            marks.append(ink.Text(self.width() - 1, self.height() / 2, self.note, "muted", align=ink.Align.RIGHT))
        painter = QPainter(self)
        draw(painter, marks, self._palette)


class NumberSlider(QWidget):
    """A number to be set: its name and symbol, its value, and a slider."""

    changed = Signal()

    def __init__(
        self,
        text: str,
        tip: str,
        *,
        highest: float,
        steps: int,
        value: float,
        shown: Callable[[float], str],
        power: float = 1.0,
    ) -> None:
        """power: above 1 gives small numbers more of the slider's way."""
        super().__init__()
        self._highest, self._steps, self._power, self._shown = highest, steps, power, shown
        self._number = label(weight=ink.MEDIUM)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, steps)
        self._slider.setAccessibleName(text)
        self._slider.setAccessibleDescription(tip)
        self._slider.setPageStep(max(1, steps // 10))
        self._slider.setFixedHeight(16)
        self._keys = OwnKeys(
            self._slider,
            *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End),
        )
        self.setToolTip(tip)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight)
        layout.addWidget(row(label(text, tone="muted"), self._number))
        layout.addWidget(self._slider)
        self._slider.valueChanged.connect(self._on_moved)
        self.value = value

    @property
    def value(self) -> float:
        return self._highest * (self._slider.value() / self._steps) ** self._power

    @value.setter
    def value(self, value: float) -> None:
        place = round(self._steps * (min(max(value, 0.0), self._highest) / self._highest) ** (1 / self._power))
        self._slider.setValue(place)
        self._say()

    @property
    def slider(self) -> QSlider:
        return self._slider

    def _say(self) -> None:
        self._number.setText(self._shown(self.value))

    def _on_moved(self) -> None:
        self._say()
        self.changed.emit()
