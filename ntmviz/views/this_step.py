"""The step that is looked at, in words: where each head is, when that location was written, what came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ntm_core.trace import Order, Role
from ntmviz import ink
from ntmviz.figures import WRITTEN, Head, HeadKind, Weighting, effective_rows, heads, last_write, weighting_of
from ntmviz.panels import label, set_tone
from ntmviz.wording import grouped, share, short, tick

if TYPE_CHECKING:
    from ntm_core.trace import Source


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a name, what is so, and the colour of what is so."""

    name: str
    value: str
    tone: str | None = None
    tip: str = ""


@dataclass(frozen=True, slots=True)
class StepWords:
    """What is said of a step."""

    statement: str
    rows: tuple[Row, ...]
    written_at: int | None
    """The step that last wrote the location read now."""


def describe(source: Source, step: int, head: Head) -> StepWords:
    """Put a step into words; `head` is the one the statement is about. Step -1 is before the first."""
    if step < 0:
        return StepWords("Before the first step: the memory as the network starts", (), None)
    spec = source.spec
    record = source.record(step)
    rows = []
    statement, written_at = "", None
    for each in heads(spec):
        field = spec.with_role(each.kind.weighting)
        assert field is not None
        weighting = weighting_of(record[field.name][each.index], each, spec)
        shown = f"row {grouped(weighting.peak)}, {share(weighting.peak_value)}"
        rows.append(Row(weighting.label, shown, each.kind.value, "Its largest weighting"))
        rows.append(
            Row("its spread", spread(weighting.values), None, "Effective rows: e to the entropy of the weighting")
        )
        if each == head:
            statement, written_at = _statement(source, step, weighting)
    rows.append(_output(source, step))
    return StepWords(statement, tuple(rows), written_at)


def _statement(source: Source, step: int, weighting: Weighting) -> tuple[str, int | None]:
    """Where a head is, and for a read head the step that last wrote there."""
    name, at = weighting.label.capitalize(), grouped(weighting.peak)
    name = name if name[-1].isdecimal() else f"The {weighting.label}"
    if weighting.is_diffuse:
        over = spread(weighting.values)
        return f"{name} is spread over {over}; its largest share is {share(weighting.peak_value)}, at row {at}", None
    if weighting.head.kind is HeadKind.WRITE:
        return f"{name} is at row {at}", None
    # A step that reads first saw what earlier steps wrote.
    written_at = last_write(source, step - 1 if source.spec.order is Order.READ_FIRST else step, weighting.peak)
    if written_at is None:
        return f"{name} looks at row {at}, where no write was above {tick(WRITTEN)} yet", None
    return f"{name} looks at row {at}, last written at step {written_at}", written_at


def spread(weighting: np.ndarray) -> str:
    """How many rows a weighting is effectively spread over, in words."""
    rows = effective_rows(weighting)
    if np.isnan(rows):
        return "no row: it has no mass"
    return f"{short(rows)} row" if rows < 1.005 else f"{short(rows)} rows"


def _output(source: Source, step: int) -> Row:
    spec = source.spec
    output, target, mask = (spec.with_role(role) for role in (Role.OUTPUT, Role.TARGET, Role.MASK))
    if output is None or target is None:
        return Row("output", "none")
    record = source.record(step)
    if mask is not None and not np.any(record[mask.name]):
        return Row("output", "not scored here", "muted", "The task asks for nothing at this step")
    wrong = int(((record[output.name] > 0.5) != (record[target.name] > 0.5)).sum())
    count = output.size
    if wrong:
        return Row("output", f"▲ {wrong} of {count} bits wrong", "warning")
    sure = float(np.abs(record[output.name] - 0.5).min() + 0.5)
    return Row("output", f"all {count} bits right", None, f"The least certain bit is {short(100 * sure)} % sure")


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
