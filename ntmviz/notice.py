"""The one place where the window says that something went wrong: a line over the lower edge that goes when read."""

from __future__ import annotations

import logging

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from ntmviz.icons import icon
from ntmviz.panels import label

_log = logging.getLogger(__name__)


class Notice(QFrame):
    """One line with a button that puts it away; a newer one takes its place."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.addWidget(label("▲", tone="warning"))
        self._text = label()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(self._text, 1)
        self._close = QToolButton()
        self._close.setIconSize(QSize(10, 10))
        self._close.setToolTip("Put this away")
        self._close.clicked.connect(self.hide)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        return self._text.text()

    def show_failure(self, text: str) -> None:
        """Say what happened, what it means for the data, what to do."""
        _log.warning("%s", text)
        self._close.setIcon(icon("close"))
        self._text.setText(text[:1].upper() + text[1:])
        self.show()
        self.raise_()
        self._place()

    def _place(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        width = min(760, parent.width() - 40)
        self.setFixedWidth(width)
        height = max(
            40, self.layout().heightForWidth(width) if self.layout().hasHeightForWidth() else self.sizeHint().height()
        )
        self.setFixedHeight(height)
        self.move((parent.width() - width) // 2, parent.height() - height - 36)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)
