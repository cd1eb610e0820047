"""The one place where the window says that something went wrong, and what one click can do about it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from ntmviz.icons import icon
from ntmviz.panels import label

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDEST = 920

_log = logging.getLogger(__name__)


class Notice(QFrame):
    """A line over the lower edge, at most one thing to do, and a button that puts it away; a newer one replaces it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.setSpacing(12)
        layout.addWidget(label("▲", tone="warning"))
        self._text = label()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(self._text, 1)
        self._said = ""
        self._offered: Callable[[], None] | None = None
        self.button = QPushButton()
        self.button.setProperty("primary", "true")
        self.button.clicked.connect(self._accept)
        layout.addWidget(self.button)
        self._close = QToolButton()
        self._close.setIconSize(QSize(10, 10))
        self._close.setToolTip("Put this away")
        self._close.clicked.connect(self.hide)
        layout.addWidget(self._close)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def show_failure(self, text: str) -> None:
        """Say what happened, what it means for the data, what to do."""
        self._say(text, "", None)

    def show_offer(self, text: str, button: str, accept: Callable[[], None]) -> None:
        """Say what happened beside a button that mends it: a click puts the notice away and calls `accept`."""
        self._say(text, button, accept)

    def withdraw(self, text: str) -> None:
        """Put it away where it still says this, which holds no longer."""
        if text == self._said:
            self.hide()

    def _accept(self) -> None:
        accept, self._offered = self._offered, None
        self.hide()
        if accept is not None:
            accept()

    def _say(self, text: str, button: str, accept: Callable[[], None] | None) -> None:
        _log.warning("%s", text)
        self._said, self._offered = text, accept
        self.button.setText(button)
        self.button.setVisible(accept is not None)
        self._close.setIcon(icon("close"))
        self._text.setText(text[:1].upper() + text[1:])
        self.show()
        self.raise_()
        self._place()

    def _place(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        layout = self.layout()
        beside_text = layout.sizeHint().width() - self._text.sizeHint().width()
        needed = self._text.fontMetrics().horizontalAdvance(self._text.text()) + beside_text + 4
        width = min(needed, _WIDEST, parent.width() - 40)
        self.setFixedWidth(width)
        height = max(40, layout.heightForWidth(width) if layout.hasHeightForWidth() else self.sizeHint().height())
        self.setFixedHeight(height)
        self.move((parent.width() - width) // 2, parent.height() - height - 36)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)
