"""A word that is painted: ink and paper with the left button, unknown cells with the right one, or by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ntmviz import ink
from ntmviz.painting import draw
from ntmviz.recall.glyph_marks import cell_that_fits, glyph, size_of
from ntmviz.recall.glyphs import shape_of
from ntmviz.views.own_keys import OwnKeys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ntmviz.colours import Palette

    Floats = NDArray[np.float32]

_TALLEST = 128
_MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_UNKNOWN_KEYS = (Qt.Key.Key_X, Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class CueEditor(QWidget):
    """Holds a word and a mask of it."""

    edited = Signal()  # by the user

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._palette = palette
        self.word: Floats = np.full(64, -1, np.float32)
        self.mask: Floats = np.ones(64, np.float32)
        self._at = 0
        """The cell that keys set."""
        self._stroke: tuple[bool, float] | None = None
        """Whether a stroke sets the mask, and to what; else the word."""
        self._last: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("The cue, a picture of cells")
        self.setToolTip(
            "Drag to paint, with the right button to make cells unknown; with keys: arrows move, Space paints, "
            "X makes unknown"
        )
        OwnKeys(self, *_MOVES, Qt.Key.Key_Space, *_UNKNOWN_KEYS)

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        self.update()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return shape_of(self.word.size)

    def show_cue(self, word: Floats, mask: Floats | None = None) -> None:
        """Put a word into the editor. mask: all cells are known if None."""
        self.word = np.array(word, np.float32)
        self.mask = np.ones_like(self.word) if mask is None else np.array(mask, np.float32)
        self._at = min(self._at, self.word.size - 1)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, size_of(self.shape, cell_that_fits(self.shape, 196, _TALLEST))[1] + 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(100, self.sizeHint().height())

    @property
    def _cell(self) -> int:
        return cell_that_fits(self.shape, self.width() - 8, self.height() - 8)

    @property
    def _corner(self) -> tuple[int, int]:
        wide, tall = size_of(self.shape, self._cell)
        return (self.width() - wide) // 2, (self.height() - tall) // 2

    def centre_of(self, cell: int) -> QPoint:
        """Where a cell is."""
        row, column = divmod(cell, self.shape[1])
        x, y = self._corner
        return QPoint(x + column * self._cell + self._cell // 2, y + row * self._cell + self._cell // 2)

    def cell_at(self, x: float, y: float) -> int | None:
        """The cell at a place; None outside."""
        left, top = self._corner
        column, row = int((x - left) // self._cell), int((y - top) // self._cell)
        rows, columns = self.shape
        if not (0 <= column < columns and 0 <= row < rows):
            return None
        cell = row * columns + column
        return cell if cell < self.word.size else None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        cell, (x, y) = self._cell, self._corner
        limit = max(1.0, float(np.abs(self.word).max(initial=0)))
        frame = "text" if self.hasFocus() else "muted"
        draw(painter, glyph(x, y, cell, self.word, self.shape, limit=limit, mask=self.mask, frame=frame), self._palette)
        if self.hasFocus():
            row, column = divmod(self._at, self.shape[1])
            mark = ink.Box(x + column * cell, y + row * cell, cell - 1, cell - 1, stroke="accent", stroke_width=2)
            draw(painter, [mark], self._palette)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().x(), event.position().y())
        if cell is None or event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
            return
        is_mask = event.button() == Qt.MouseButton.RightButton
        if is_mask:
            self._stroke = True, 0.0 if self.mask[cell] > 0 else 1.0
        else:
            self._stroke = False, -1.0 if self.word[cell] > 0 and self.mask[cell] > 0 else 1.0
        self._last = cell
        self._at = cell
        self._set(cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position().x(), event.position().y())
        if self._stroke is None or cell is None or cell == self._last:
            return
        for each in self._between(cell):
            self._set(each)
        self._last = self._at = cell

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._stroke = self._last = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _MOVES:
            rows, columns = self.shape
            row, column = divmod(self._at, columns)
            down, right = _MOVES[key]
            at = min(max(row + down, 0), rows - 1) * columns + min(max(column + right, 0), columns - 1)
            self._at = min(at, self.word.size - 1)
            self.update()
        elif key == Qt.Key.Key_Space:
            self._stroke = False, -1.0 if self.word[self._at] > 0 and self.mask[self._at] > 0 else 1.0
            self._set(self._at)
            self._stroke = None
        elif key in _UNKNOWN_KEYS:
            self._stroke = True, 0.0 if self.mask[self._at] > 0 else 1.0
            self._set(self._at)
            self._stroke = None
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _between(self, cell: int) -> list[int]:
        """The cells that a fast stroke jumped over, and this one."""
        columns = self.shape[1]
        start = cell if self._last is None else self._last
        (r0, c0), (r1, c1) = divmod(start, columns), divmod(cell, columns)
        count = max(abs(r1 - r0), abs(c1 - c0), 1)
        ways = ((round(r0 + (r1 - r0) * k / count), round(c0 + (c1 - c0) * k / count)) for k in range(1, count + 1))
        return [row * columns + column for row, column in ways if row * columns + column < self.word.size]

    def _set(self, cell: int) -> None:
        assert self._stroke is not None
        is_mask, value = self._stroke
        if is_mask:
            self.mask[cell] = value
        else:
            self.word[cell], self.mask[cell] = value, 1.0
        self.update()
        self.edited.emit()
