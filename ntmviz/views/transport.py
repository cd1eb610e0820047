"""The buttons that move the play head, and where it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from ntmviz import ink
from ntmviz.icons import icon
from ntmviz.painting import text_width
from ntmviz.panels import ElidedLabel
from ntmviz.wording import grouped, tick

if TYPE_CHECKING:
    from PySide6.QtGui import QAction


class Transport(QWidget):
    """First, back, play, on, last; then the step and the speed. The buttons are the window's actions."""

    def __init__(self, actions: dict[str, QAction]) -> None:
        super().__init__()
        layout = self._layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self._buttons: list[tuple[QToolButton, str]] = []
        for name, picture in (
            ("first_step", "first"),
            ("previous_step", "previous"),
            ("play", "play"),
            ("next_step", "next"),
            ("last_step", "last"),
        ):
            button = QToolButton()
            button.setDefaultAction(actions[name])
            actions[name].setIconVisibleInMenu(False)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setIconSize(QSize(12, 12))
            button.setFixedSize(28, 22)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setProperty("primary" if name == "play" else "boxed", "true")
            layout.addWidget(button)
            self._buttons.append((button, picture))
        layout.addSpacing(10)
        self._step = ElidedLabel(size=ink.BODY, weight=ink.BOLD, tone=None)
        self._step.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._range = ElidedLabel()
        self._speed = ElidedLabel()
        self._speed.setToolTip("Speed of playing: comma slower, period faster")
        layout.addWidget(self._step)
        layout.addWidget(self._range, 3)
        layout.addWidget(self._speed, 2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._is_playing = False
        self.refresh_icons()

    def refresh_icons(self) -> None:
        """Redraw the icons in the colours of the theme."""
        on_primary = self.palette().color(self.backgroundRole()).name()
        for button, picture in self._buttons:
            if picture == "play":
                button.defaultAction().setIcon(icon("pause" if self._is_playing else "play", on_primary))
            else:
                button.defaultAction().setIcon(icon(picture))

    def show_position(self, step: int | None, steps: int) -> None:
        """None: there is no step; -1: before the first."""
        text = "no step yet" if step is None else f"step {grouped(step)}" if step >= 0 else "before step 0"
        longest = max(text_width(each, ink.BODY, ink.BOLD) for each in (text, f"step {grouped(steps)}"))
        self._step.setText(text)
        width = math.ceil(longest) + 2
        if width != self._step.width():
            self._step.setFixedWidth(width)
            self._layout.activate()  # else what is beside it stands in its way till the next turn
        self._range.setText("" if step is None else f"of 0 to {grouped(steps - 1)}" if steps else "")

    def show_playing(self, direction: int, speed: float) -> None:
        backwards = ", backwards" if direction < 0 else ""
        self._speed.setText(f"speed {tick(speed)}×{backwards}")
        if self._is_playing != bool(direction):
            self._is_playing = bool(direction)
            self.refresh_icons()
