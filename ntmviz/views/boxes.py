"""Boxes of widgets: side by side, one below the other, or what there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QBoxLayout, QFrame, QSizePolicy, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent


def row(*widgets: QWidget) -> QWidget:
    """Widgets side by side."""
    return _box(QBoxLayout.Direction.LeftToRight, widgets, 6)


def column(*widgets: QWidget, spacing: int) -> QWidget:
    """Widgets one below the other."""
    return _box(QBoxLayout.Direction.TopToBottom, widgets, spacing)


def _box(direction: QBoxLayout.Direction, widgets: tuple[QWidget, ...], spacing: int) -> QWidget:
    made = QWidget()
    layout = QBoxLayout(direction, made)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    return made


def rule() -> QFrame:
    """A thin line between two parts of a panel."""
    made = QFrame()
    made.setObjectName("rule")
    made.setFixedHeight(1)
    return made


class WrapRow(QWidget):
    """A row of widgets that becomes a column where it has no room. The first takes the room that is left."""

    def __init__(self, *widgets: QWidget, spacing: int = 6) -> None:
        super().__init__()
        self._widgets = widgets
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(spacing)
        for place, widget in enumerate(widgets):
            self._row.addWidget(widget, 0 if place else 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        widest = max(widget.minimumSizeHint().width() for widget in self._widgets)
        return QSize(widest, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._turn()
        return super().event(event)

    def _turn(self) -> None:
        shown = [widget.sizeHint().width() for widget in self._widgets if not widget.isHidden()]
        needed = sum(shown) + self._row.spacing() * (len(shown) - 1)
        directions = QBoxLayout.Direction
        direction = directions.LeftToRight if needed <= self.width() else directions.TopToBottom
        if direction != self._row.direction():
            self._row.setDirection(direction)
            self.updateGeometry()
