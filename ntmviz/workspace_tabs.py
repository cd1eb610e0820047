"""The workspaces by name, at the right end of the menu bar."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

WORKSPACES = ("Watch", "Step", "Recall")


class WorkspaceTabs(QWidget):
    """One flat button a workspace; the current one is underlined."""

    wished = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 12, 0)
        layout.setSpacing(4)
        self._buttons = {}
        for number, name in enumerate(WORKSPACES, 1):
            button = QPushButton(name)
            button.setObjectName("tab")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip(f"The {name} workspace (Ctrl+{number})")
            button.clicked.connect(self._on_clicked)
            layout.addWidget(button)
            self._buttons[name] = button

    def show_current(self, current: str | None) -> None:
        """Underline one, or none."""
        for name, button in self._buttons.items():
            button.setProperty("on", "true" if name == current else "false")
            button.style().unpolish(button)
            button.style().polish(button)

    def _on_clicked(self) -> None:
        button = self.sender()
        assert isinstance(button, QPushButton)
        self.wished.emit(button.text())
