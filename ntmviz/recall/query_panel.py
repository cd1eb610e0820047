"""The Cue panel on a trained network's session: a key for one of its read heads, and how the head addresses with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ntmviz import ink, vector_text
from ntmviz.panels import label, set_tone
from ntmviz.recall.controls import NumberSlider
from ntmviz.recall.cue_editor import CueEditor
from ntmviz.recall.query import Query
from ntmviz.views.boxes import column, row, rule
from ntmviz.views.own_keys import OwnKeys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ntmviz.colours import Palette

_NOTE = "Computed from what was recorded; the network is not run."


class QueryPanel(QScrollArea):
    """Holds a Query; starts from what the head itself was told."""

    edited = Signal()
    emitted_wished = Signal()  # take what the head was told again
    head_wished = Signal(int)
    run_wished = Signal()  # go on with what this reads

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._query: Query | None = None
        self._shift_is_set = False
        """Whether the slider moved; until then the head's own kernel counts."""
        self.editor = CueEditor(palette)
        self.editor.edited.connect(self._on_painted)
        self.editor.setAccessibleName("The key, a picture of its numbers")
        self.heads = QComboBox()
        self.heads.setAccessibleName("Read head")
        self.heads.setToolTip("Which read head is asked with this key")
        self.heads.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        OwnKeys(self.heads, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space)
        self.heads.activated.connect(self.head_wished)
        self.numbers = QLineEdit()
        self.numbers.setAccessibleName("The key as numbers")
        self.numbers.setToolTip("The numbers of the key; Enter takes them")
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)
        OwnKeys(self.numbers, *keys)
        self.numbers.returnPressed.connect(self._on_typed)
        self._refusal = label(size=ink.SMALL, tone="warning")
        self._refusal.setWordWrap(True)
        self.take = _button("As the head did", "The key and the settings that the head itself emitted at this step")
        self.take.clicked.connect(self.emitted_wished)
        self.zero = _button("Zero", "A key of zeros fits all rows alike")
        self.zero.clicked.connect(self._on_zero)
        self._make_sliders()
        self.run = _button("Go on with this read", "The network runs on from here as if the head had read this: a fork")
        self.run.setProperty("primary", "true")
        self.run.clicked.connect(self.run_wished)
        self._note = label(_NOTE, size=ink.SMALL, tone="muted")
        self._note.setWordWrap(True)
        self._lay_out()

    def _make_sliders(self) -> None:
        self.strength = NumberSlider(
            "key strength β",
            "How sharply the likest row is preferred",
            highest=100,
            steps=400,
            value=10,
            shown=lambda value: f"{value:.2f}",
            power=2,
        )
        self.gate = NumberSlider(
            "gate g",
            "How much of the content lookup goes in; the rest is the weighting of the step before",
            highest=1,
            steps=200,
            value=1,
            shown=lambda value: f"{value:.3f}",
        )
        self.shift = NumberSlider(
            "shift s",
            "How far the focus moves: shares of one row back, none, and one row on",
            highest=2,
            steps=200,
            value=1,
            shown=lambda value: f"{value - 1:+.2f}".replace("-", "−"),
        )
        self.sharpening = NumberSlider(
            "sharpening γ",
            "An exponent; 1 leaves the weighting as it is",
            highest=20,
            steps=400,
            value=1,
            shown=lambda value: f"{max(1.0, value):.2f}",
            power=2,
        )
        for slider in (self.strength, self.gate, self.shift, self.sharpening):
            slider.changed.connect(self._on_slid)

    def _lay_out(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(14, 8, 14, 10)
        layout.setSpacing(7)
        title = label("Ask this memory", size=ink.STATEMENT, weight=ink.BOLD)
        for part in (
            title,
            self.heads,
            self.editor,
            self.numbers,
            self._refusal,
            row(self.take, self.zero),
            column(self.strength, self.gate, self.shift, self.sharpening, spacing=4),
            rule(),
            self._note,
            self.run,
        ):
            layout.addWidget(part)
        layout.addStretch(1)
        self._refusal.hide()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)

    def sizeHint(self) -> QSize:
        return QSize(250, 560)

    def set_theme(self, palette: Palette) -> None:
        self.editor.set_theme(palette)

    @property
    def query(self) -> Query | None:
        """What is asked now."""
        return self._query

    def show_heads(self, names: Sequence[str], current: int) -> None:
        """The read heads there are."""
        if [self.heads.itemText(at) for at in range(self.heads.count())] != list(names):
            self.heads.clear()
            self.heads.addItems(list(names))
        self.heads.setCurrentIndex(current)
        self.heads.setVisible(len(names) > 1)

    def show_query(self, query: Query) -> None:
        """What a head was told, to be changed from."""
        self._query, self._shift_is_set = query, False
        self.editor.show_cue(np.asarray(query.key, np.float32))
        self._tell_numbers()
        sliders = (self.strength, self.gate, self.shift, self.sharpening)
        reach = len(query.shift) // 2
        centre = sum(share * (offset - reach) for offset, share in enumerate(query.shift))
        for slider, value in zip(sliders, (query.strength, query.gate, centre + 1, query.sharpening), strict=True):
            slider.blockSignals(True)
            slider.value = value
            slider.blockSignals(False)

    def take_key(self, key: NDArray[np.floating]) -> None:
        """Ask with these numbers."""
        self.editor.show_cue(np.asarray(key, np.float32))
        self._on_painted()

    def show_running(self, can_run: bool, note: str) -> None:
        """Whether the network can go on with what this reads."""
        self.run.setEnabled(can_run)
        self._note.setText(note or _NOTE)

    def _on_painted(self) -> None:
        mask = self.editor.mask
        if not mask.all():  # a key has no unknown numbers: they are zeros
            self.editor.show_cue(self.editor.word * mask)
        self._tell_numbers()
        self._change(key=tuple(self.editor.word.tolist()))

    def _on_typed(self) -> None:
        try:
            values = vector_text.parse(self.numbers.text(), self.editor.word.size)
        except ValueError as error:
            self._refusal.setText(str(error))
            self._refusal.show()
            return
        self._refusal.hide()
        self.editor.show_cue(np.asarray(values, np.float32))
        self._change(key=values)

    def _on_zero(self) -> None:
        self.take_key(np.zeros_like(self.editor.word))

    def _on_slid(self) -> None:
        self._shift_is_set = self._shift_is_set or self.sender() is self.shift
        changes: dict[str, object] = {}
        moved = self.sender()
        if moved is self.strength:
            changes["strength"] = self.strength.value
        elif moved is self.gate:
            changes["gate"] = self.gate.value
        elif moved is self.sharpening:
            changes["sharpening"] = max(1.0, self.sharpening.value)
        else:
            changes["shift"] = _kernel(self.shift.value - 1)
        self._change(**changes)

    def _change(self, **changes: object) -> None:
        if self._query is not None:
            told = {name: getattr(self._query, name) for name in Query.__slots__}
            self._query = Query(**(told | changes))
            self.edited.emit()

    def _tell_numbers(self) -> None:
        set_tone(self.numbers, None)
        self._refusal.hide()
        self.numbers.setText(" ".join(f"{value:.3g}" for value in self.editor.word.tolist()))
        self.numbers.setCursorPosition(0)


def _kernel(offset: float) -> tuple[float, float, float]:
    """Shares of -1, 0 and +1 with this centre."""
    return max(0.0, -offset), 1 - abs(offset), max(0.0, offset)


def _button(text: str, tip: str) -> QPushButton:
    made = QPushButton(text)
    made.setProperty("small", "true")
    made.setToolTip(tip)
    made.setAccessibleDescription(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    OwnKeys(made, Qt.Key.Key_Space)
    return made
