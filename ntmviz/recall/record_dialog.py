"""Which dataset of an HDF5 file a record is, and which row of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QComboBox, QDialog, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from ntmviz import ink
from ntmviz.panels import ElidedLabel, label
from ntmviz.views.buttons import answers

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHOLE = -1


class RecordDialog(QDialog):
    """Asks for `dataset` and `row`."""

    def __init__(self, path: str, tables: Mapping[str, int], parent: QWidget | None = None) -> None:
        """tables: how many rows each dataset has."""
        super().__init__(parent)
        self._tables = dict(tables)
        self.setWindowTitle("Record")
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(label("Which part of the file", size=ink.HEADLINE, weight=ink.BOLD))
        layout.addWidget(ElidedLabel(path))
        self.datasets = QComboBox()
        self.datasets.setAccessibleName("Dataset")
        self.datasets.addItems(list(self._tables))
        self.rows = QSpinBox()
        self.rows.setAccessibleName("Row")
        self.rows.setSpecialValueText("all rows")
        self.datasets.currentTextChanged.connect(self._on_dataset)
        form = QFormLayout()
        form.addRow("Dataset", self.datasets)
        form.addRow("Row", self.rows)
        layout.addLayout(form)
        buttons, self.take = answers(self, "Take it")
        layout.addWidget(buttons)
        self._on_dataset(self.datasets.currentText())
        self.rows.setValue(0)

    def sizeHint(self) -> QSize:
        return QSize(380, 220)

    @property
    def dataset(self) -> str:
        return self.datasets.currentText()

    @property
    def row(self) -> int | None:
        """None: the whole dataset."""
        row = self.rows.value()
        return None if row == _WHOLE else row

    def _on_dataset(self, name: str) -> None:
        self.rows.setRange(_WHOLE, max(0, self._tables.get(name, 0) - 1))
