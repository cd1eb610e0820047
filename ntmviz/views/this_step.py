"""Shows a step in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ntmviz import ink
from ntmviz.panels import label, set_tone

if TYPE_CHECKING:
    from ntmviz.step_words import StepWords


class ThisStepView(QScrollArea):
    """Shows StepWords; the button goes to the step that wrote what is read."""

    step_wished = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        self._statement = label(size=ink.STATEMENT, weight=ink.BOLD)
        self._statement.setWordWrap(True)
        layout.addWidget(self._statement)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        layout.addLayout(self._grid)
        layout.addStretch(1)
        buttons = QHBoxLayout()
        self._go = QPushButton()
        self._go.setProperty("primary", "true")
        self._go.setToolTip("Go to the step that last wrote the row read now")
        self._go.clicked.connect(self._on_go)
        buttons.addWidget(self._go)
        buttons.addStretch(1)
        layout.addLayout(buttons)
        self.setWidget(inside)
        self._cells: list[tuple[QLabel, QLabel]] = []
        self._words: StepWords | None = None
        self.show_words(None)

    def sizeHint(self) -> QSize:
        return QSize(340, 280)

    @property
    def words(self) -> StepWords | None:
        return self._words

    def show_words(self, words: StepWords | None) -> None:
        self._words = words
        rows = () if words is None else words.rows
        self._statement.setText("What happens at a step is told here" if words is None else words.statement)
        set_tone(self._statement, "muted" if words is None else None)
        while len(self._cells) < len(rows):
            pair = label(tone="muted"), label(weight=ink.MEDIUM)
            for column, cell in enumerate(pair):
                self._grid.addWidget(cell, len(self._cells), column)
            self._cells.append(pair)
        for index, (name, value) in enumerate(self._cells):
            is_used = index < len(rows)
            name.setVisible(is_used)
            value.setVisible(is_used)
            if is_used:
                name.setText(rows[index].name)
                value.setText(rows[index].value)
                value.setToolTip(rows[index].tip)
                set_tone(value, rows[index].tone)
        written_at = None if words is None else words.written_at
        self._go.setVisible(written_at is not None)
        self._go.setText(f"Go to step {written_at}")

    def _on_go(self) -> None:
        if self._words is not None and self._words.written_at is not None:
            self.step_wished.emit(self._words.written_at)
