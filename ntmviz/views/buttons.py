"""Buttons as panels and dialogs have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox, QPushButton

from ntmviz.views.own_keys import OwnKeys

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog


def small_button(text: str, tip: str) -> QPushButton:
    """A button of a panel: a click leaves the keys where they are."""
    made = QPushButton(text)
    made.setProperty("small", "true")
    made.setToolTip(tip)
    made.setAccessibleDescription(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    OwnKeys(made, Qt.Key.Key_Space)
    return made


def answers(dialog: QDialog, text: str) -> tuple[QDialogButtonBox, QPushButton]:
    """The two answers to a dialog, to cancel it and what it is for, and the button of the latter."""
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    button = box.addButton(text, QDialogButtonBox.ButtonRole.AcceptRole)
    button.setProperty("primary", "true")
    button.setDefault(True)
    box.accepted.connect(dialog.accept)
    box.rejected.connect(dialog.reject)
    return box, button
