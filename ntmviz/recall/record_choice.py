"""The quiet line of the Cue panel that says which record what is stored next will be of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ntmviz.panels import ElidedLabel
from ntmviz.recall.records import place_of
from ntmviz.views.buttons import small_button

if TYPE_CHECKING:
    from ntm_core.recall.references import Reference

_NONE = "points to no record"


class RecordChoice(QWidget):
    """Holds the reference of what is stored next."""

    wished = Signal()  # choose a record

    def __init__(self) -> None:
        super().__init__()
        self.reference: Reference | None = None
        self.choose = small_button("Record…", "The record that what you store will point to")
        self.choose.clicked.connect(self.wished)
        self.drop = small_button("None", "What you store will point to no record")
        self.drop.clicked.connect(self._on_dropped)
        self._told = ElidedLabel()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.choose)
        layout.addWidget(self._told, 1)
        layout.addWidget(self.drop)
        self.take(None)

    def take(self, reference: Reference | None) -> None:
        """What is stored next is of this record."""
        self.reference = reference
        place = _NONE if reference is None else place_of(reference)
        self._told.setText(place)
        self._told.setToolTip(place)
        self.drop.setVisible(reference is not None)

    @property
    def told(self) -> str:
        """What it says."""
        return self._told.text()

    def _on_dropped(self) -> None:
        self.take(None)
