"""The Cue panel on a trained network's session: a key for one of its heads, and how the head addresses with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from ntmviz import ink, vector_text
from ntmviz.panels import label, set_tone
from ntmviz.recall.cue_editor import CueEditor
from ntmviz.recall.query import Query
from ntmviz.recall.query_sliders import QuerySliders
from ntmviz.views.boxes import row, rule
from ntmviz.views.buttons import small_button
from ntmviz.views.own_keys import OwnKeys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ntmviz.colours import Palette
    from ntmviz.recall.askable import Way

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
        self.editor = CueEditor(palette)
        self.editor.edited.connect(self._on_painted)
        self.editor.setAccessibleName("The key, a picture of its numbers")
        self.heads = QComboBox()
        self.heads.setAccessibleName("Head")
        self.heads.setToolTip("Which head is asked with this key")
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
        self.take = small_button(
            "As the head did", "The key and the settings that the head itself emitted at this step"
        )
        self.take.clicked.connect(self.emitted_wished)
        self.zero = small_button("Zero", "A key of zeros fits all rows alike")
        self.zero.clicked.connect(self._on_zero)
        self.sliders = QuerySliders()
        self.sliders.changed.connect(self._on_slid)
        self.run = small_button(
            "Go on with this read", "The network runs on from here as if the head had read this: a fork"
        )
        self.run.setProperty("primary", "true")
        self.run.clicked.connect(self.run_wished)
        self._note = label(_NOTE, size=ink.SMALL, tone="muted")
        self._note.setWordWrap(True)
        self._lay_out()

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
            self.sliders,
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
        """The heads that can be asked."""
        if [self.heads.itemText(at) for at in range(self.heads.count())] != list(names):
            self.heads.clear()
            self.heads.addItems(list(names))
        self.heads.setCurrentIndex(current)
        self.heads.setVisible(len(names) > 1)

    def show_query(self, query: Query) -> None:
        """What a head was told, to be changed from."""
        self._query = query
        self.editor.show_cue(np.asarray(query.key, np.float32))
        self._tell_numbers()
        self.sliders.show_query(query)

    def take_key(self, key: NDArray[np.floating]) -> None:
        """Ask with these numbers."""
        self.editor.show_cue(np.asarray(key, np.float32))
        self._on_painted()

    def show_controls(self, way: Way, *, has_strength: bool) -> None:
        """What the chosen head is told beside its key."""
        self.sliders.show_controls(way, has_strength=has_strength)

    def show_running(self, can_run: bool, note: str) -> None:
        """Whether the network can go on with what this reads. note: more than that nothing is run."""
        self.run.setEnabled(can_run)
        self._note.setText(f"{_NOTE} {note}".strip())

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

    def _on_slid(self, changes: dict[str, object]) -> None:
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
