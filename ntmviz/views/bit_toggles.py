"""A row of square switches, one a channel: click, drag, or walk with the arrow keys and press Space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from ntmviz import ink
from ntmviz.painting import draw
from ntmviz.views import bit_grid
from ntmviz.views.own_keys import OwnKeys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ntmviz.colours import Palette

_BELOW = 17
"""Pixels for the index under a square."""
_MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}


class BitToggle(QAbstractButton):
    """The switch of one channel. The mouse belongs to the row, so that one stroke can set several."""

    def __init__(self, channel: int, palette: Palette, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = palette
        self._channel = channel
        self.setCheckable(True)
        self.setAccessibleName(f"Bit {channel} of the next input")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        OwnKeys(self, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.parentWidget()
        if event.key() in _MOVES and isinstance(row, BitToggles):
            row.move_focus(self._channel, _MOVES[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        draw(QPainter(self), self._marks(), self.theme)

    def _marks(self) -> Iterator[ink.Mark]:
        width, tall = self.width(), bit_grid.BOX_HEIGHT
        is_on, is_live, has_focus = self.isChecked(), self.isEnabled(), self.hasFocus()
        strong = "text" if is_live else "muted"
        edge = "text" if has_focus else "muted" if is_live else "border"
        ground = ("text" if is_live else "border") if is_on else "well"
        yield ink.Box(0, 0, width, tall, fill=ground, stroke=edge, stroke_width=2 if has_focus else 1, radius=4)
        if is_on and has_focus:
            yield ink.Box(3, 3, width - 6, tall - 6, stroke="panel", stroke_width=1.5, radius=2)
        digit = "panel" if is_on and is_live else strong
        middle = width / 2
        yield ink.Text(middle, tall / 2, str(int(is_on)), digit, ink.BODY, ink.BOLD, align=ink.Align.CENTRE)
        yield ink.Text(middle, tall + 9, str(self._channel), "muted", align=ink.Align.CENTRE)


class BitToggles(QWidget):
    """The switches of a vector of bits."""

    changed = Signal()  # by the user

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self._toggles: list[BitToggle] = []
        self._stroke: tuple[int, bool] | None = None  # the channel under the pressed mouse, and what it paints
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setToolTip("Click or drag over bits to set them; Left and Right move, Space sets")

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        for toggle in self._toggles:
            toggle.theme = palette
            toggle.update()

    @property
    def toggles(self) -> tuple[BitToggle, ...]:
        return tuple(self._toggles)

    @property
    def values(self) -> tuple[float, ...]:
        return tuple(float(toggle.isChecked()) for toggle in self._toggles)

    def show_values(self, values: Sequence[float]) -> None:
        """Set the switches, as many as there are values."""
        if len(values) != len(self._toggles):
            self._make(len(values))
        for toggle, value in zip(self._toggles, values, strict=True):
            toggle.setChecked(bool(value))

    def move_focus(self, channel: int, by: int) -> None:
        """Put the focus on the switch `by` places further, if there is one."""
        if 0 <= channel + by < len(self._toggles):
            self._focus(channel + by)

    def _focus(self, channel: int) -> None:
        """Focus a switch; Tab comes back to this one, and leaves the row from it."""
        for place, toggle in enumerate(self._toggles):
            toggle.setFocusPolicy(Qt.FocusPolicy.TabFocus if place == channel else Qt.FocusPolicy.NoFocus)
        self._toggles[channel].setFocus(Qt.FocusReason.OtherFocusReason)

    def _make(self, channels: int) -> None:
        for toggle in self._toggles:
            toggle.hide()
            toggle.deleteLater()
        self._toggles = [BitToggle(channel, self._palette, self) for channel in range(channels)]
        for toggle in self._toggles:
            toggle.clicked.connect(self.changed)
            toggle.show()
        if self._toggles:
            self._toggles[0].setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._place()
        self.updateGeometry()

    def _grid(self) -> bit_grid.BitGrid:
        return bit_grid.arrange(len(self._toggles), self.width(), _BELOW)

    def _place(self) -> None:
        grid = self._grid()
        for channel, toggle in enumerate(self._toggles):
            x, y = grid.corner(channel)
            toggle.setGeometry(QRect(x, y, grid.box_width, grid.row_height))

    def sizeHint(self) -> QSize:
        return QSize(bit_grid.PITCH * min(len(self._toggles), bit_grid.MOST_COLUMNS), self._grid().height)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self._grid().height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        channel = self._grid().channel_at(event.position().x(), event.position().y())
        if event.button() != Qt.MouseButton.LeftButton or channel is None:
            return
        self._stroke = channel, not self._toggles[channel].isChecked()
        self._focus(channel)
        self._paint_to(channel)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        channel = self._grid().channel_at(event.position().x(), event.position().y())
        if self._stroke is not None and channel is not None:
            self._paint_to(channel)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._stroke = None

    def _paint_to(self, channel: int) -> None:
        """Set this switch and those that a fast stroke jumped over in its row."""
        assert self._stroke is not None
        last, value = self._stroke
        columns = self._grid().columns
        start = last if last // columns == channel // columns else channel
        for passed in range(min(start, channel), max(start, channel) + 1):
            self._toggles[passed].setChecked(value)
        self._stroke = channel, value
        self.changed.emit()
