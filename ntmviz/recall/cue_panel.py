"""The Cue panel: what is asked with, how much each term counts, where it is looked, and what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QLineEdit,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ntmviz import ink
from ntmviz.panels import label, set_tone
from ntmviz.recall import glyphs
from ntmviz.recall.cue_editor import CueEditor
from ntmviz.recall.figure import Asked
from ntmviz.recall.items import LONGEST
from ntmviz.recall.ready import noisy
from ntmviz.recall.record_choice import RecordChoice
from ntmviz.recall.settings import RecallSettings
from ntmviz.views.boxes import column, row, rule
from ntmviz.views.buttons import small_button
from ntmviz.views.feed_button import FeedButton
from ntmviz.views.own_keys import OwnKeys
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ntm_core.recall.operations import Prime, Recall
    from ntmviz.colours import Palette

    Floats = NDArray[np.float32]

NOISE = 0.1
"""Share of the known cells that one press of a button turns over."""


class CuePanel(QWidget):
    """Holds what the next recall is; reports what is wished."""

    edited = Signal()  # the cue or a control, by the user
    recall_wished = Signal()
    store_wished = Signal(str, int)  # name, segment
    lab_wished = Signal(str)  # which lab that comes ready

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._items: dict[str, Floats] = {}
        self._base = ""
        """The item that the cue was made from."""
        self._chance = np.random.default_rng(2)
        self._make_cue(palette)
        self.settings = RecallSettings(palette)
        self.settings.changed.connect(self.edited)
        self._make_store(palette)
        self._lay_out()
        self.show_items({}, ())
        self.set_enabled(False, "")

    def _make_cue(self, palette: Palette) -> None:
        self.editor = CueEditor(palette)
        self.editor.edited.connect(self._on_edited)
        self._title = label(size=ink.BODY, weight=ink.BOLD)
        self._note = label(size=ink.SMALL, tone="muted")
        for each in (self._title, self._note):
            each.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.choose = small_button("Choose…", "Take an item, or a picture that comes ready, as the cue")
        self._menu = QMenu(self)
        self.choose.setMenu(self._menu)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.erase = small_button("Erase half", "Make the lower half unknown: hatched cells are not compared (E)")
        self.noise = small_button("Add noise", "Turn one in ten of the known cells over (N)")
        self.clear = small_button("Clear", "Paper everywhere, every cell known (C)")
        self.erase.clicked.connect(self.erase_half)
        self.noise.clicked.connect(self.add_noise)
        self.clear.clicked.connect(self.clear_cue)

    def _make_store(self, palette: Palette) -> None:
        self.name = QLineEdit()
        self.name.setPlaceholderText("name")
        self.name.setMaxLength(LONGEST)
        self.name.setAccessibleName("Name of what is stored")
        self.name.setToolTip("What the painted pattern is called; Enter stores it")
        OwnKeys(self.name, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        self.name.returnPressed.connect(self._on_store)
        self.into = QComboBox()
        self.into.setToolTip("The segment that it is stored in")
        self.into.setAccessibleName("Segment to store in")
        self.into.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        OwnKeys(self.into, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space)
        self.store = small_button("Store", "Write the painted pattern to a free row (Ctrl+Enter)")
        self.store.clicked.connect(self._on_store)
        self.record = RecordChoice()
        self.recall = FeedButton(palette)
        self.recall.setText("Recall")
        self.recall.setToolTip("Recall with this cue, and on until it settles (Enter)")
        self.recall.clicked.connect(self.recall_wished)
        OwnKeys(self.recall, Qt.Key.Key_Space)
        self._message = label(size=ink.SMALL, tone="muted")
        self._message.setWordWrap(True)

    def _lay_out(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(14, 6, 14, 6)
        layout.setSpacing(5)
        for part in (
            self.editor,
            column(self._title, self._note, spacing=1),
            column(row(self.choose, self.erase), row(self.noise, self.clear), spacing=6),
            column(row(self.name, self.into, self.store), self.record, spacing=4),
            rule(),
            self.settings,
        ):
            layout.addWidget(part)
        layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        foot = QWidget()
        below = QVBoxLayout(foot)
        below.setContentsMargins(14, 6, 14, 10)
        below.setSpacing(4)
        below.addWidget(self._message)
        below.addWidget(self.recall)
        outer.addWidget(foot)

    def sizeHint(self) -> QSize:
        return QSize(250, 640)

    def set_theme(self, palette: Palette) -> None:
        for part in (self.editor, self.recall, self.settings):
            part.set_theme(palette)

    @property
    def asked(self) -> Asked:
        """The recall that Enter does."""
        mask = None if bool((self.editor.mask == 1).all()) else tuple(self.editor.mask.tolist())
        cue = tuple((self.editor.word * self.editor.mask).tolist())
        return Asked(self.settings.recall(cue, mask), self.settings.below.value)

    @property
    def word(self) -> tuple[float, ...]:
        """The painted pattern; cells that are unknown are paper."""
        return tuple(np.where(self.editor.mask > 0, self.editor.word, -1).tolist())

    def show_cue(self, word: Floats, mask: Floats | None = None, title: str = "") -> None:
        """Put a cue into the editor, as if it had been chosen."""
        self.editor.show_cue(word, mask)
        self._base = title
        self._tell_cue()

    def show_asked(self, asked: Recall | Prime) -> None:
        """Show how a recall was asked, controls and all."""
        assert asked.cue is not None
        word = np.asarray(asked.cue, np.float32)
        mask = np.ones_like(word) if asked.mask is None else np.asarray(asked.mask, np.float32)
        same = self.editor.word.size == word.size and bool(
            ((self.editor.word * self.editor.mask == word * mask) & (self.editor.mask == mask)).all()
        )
        if not same:
            self._base = self._likest(word, mask)
            self.editor.show_cue(np.where(mask > 0, word, -1), mask)
        self.settings.show_asked(asked)
        self._tell_cue()

    def item(self, name: str) -> Floats | None:
        """The pattern of an item."""
        return self._items.get(name)

    def _likest(self, word: Floats, mask: Floats) -> str:
        """The item that a cue is a part of; "" where it is of none."""
        for name, held in self._items.items():
            if held.size == word.size and bool((np.sign(held) == np.sign(word))[mask > 0].all()) and (mask > 0).any():
                return name
        return ""

    def show_items(self, items: dict[str, Floats], segments: Sequence[str], *, is_routed: bool = False) -> None:
        """What can be chosen as a cue, the segments there are, and whether a router chooses among them."""
        self._items = items
        if self.settings.show_segments(segments, is_routed=is_routed):
            self.into.clear()
            self.into.addItems(list(segments))
            self.into.setVisible(len(segments) > 1)

    def set_enabled(self, is_on: bool, message: str, tone: str = "muted") -> None:
        """Whether something can be recalled now, and a line about it."""
        self.recall.setEnabled(is_on)
        self.store.setEnabled(is_on)
        self.record.setEnabled(is_on)
        self._message.setText(message)
        set_tone(self._message, tone)
        self._message.setVisible(bool(message))

    def erase_half(self) -> None:
        """Make the lower half unknown; again: known."""
        rows, columns = self.editor.shape
        mask = self.editor.mask.copy()
        lower = np.arange(mask.size) >= rows // 2 * columns
        mask[lower] = 0.0 if mask[lower].any() else 1.0
        self.editor.show_cue(self.editor.word, mask)
        self._on_edited()

    def add_noise(self) -> None:
        known = self.editor.mask > 0
        word = self.editor.word.copy()
        word[known] = noisy(word[known], NOISE, self._chance)
        self.editor.show_cue(word, self.editor.mask)
        self._on_edited()

    def clear_cue(self) -> None:
        self._base = ""
        self.editor.show_cue(np.full(self.editor.word.size, -1, np.float32))
        self._on_edited()

    def choose_item(self, name: str) -> None:
        """Take an item of the memory, or a picture that comes ready, as a whole cue."""
        word = self._items[name] if name in self._items else glyphs.ready(name)
        self._base = name
        self.editor.show_cue(word)
        self._on_edited()

    def _fill_menu(self) -> None:
        self._menu.clear()
        own = list(self._items)
        for name in own:
            self._menu.addAction(self._choice(name))
        if self.editor.word.size == glyphs.SIDE**2:
            more = self._menu.addMenu("Pictures that come ready")
            for name in glyphs.READY:
                if name not in own:
                    more.addAction(self._choice(name))
        if not self._menu.actions():
            self._menu.addAction("Nothing is stored yet").setEnabled(False)

    def _choice(self, name: str) -> QAction:
        action = QAction(name, self._menu)
        action.triggered.connect(lambda: self.choose_item(name))
        return action

    def _tell_cue(self) -> None:
        editor = self.editor
        known = int((editor.mask > 0).sum())
        base = self._base
        truth = self._items.get(base)
        if truth is None and base in glyphs.READY and editor.word.size == glyphs.SIDE**2:
            truth = glyphs.ready(base)
        wrong = 0
        if truth is not None:
            wrong = int(((np.sign(truth) != np.sign(editor.word)) & (editor.mask > 0)).sum())
        parts = []
        if known < editor.word.size:
            parts.append("partly erased")
        if wrong:
            parts.append(f"{grouped(wrong)} cell{'' if wrong == 1 else 's'} changed")
        self._title.setText(", ".join([base or "your own cue", *parts]))
        unknown = editor.word.size - known
        self._note.setText(f"{unknown} hatched cells are unknown" if unknown else "every cell is known")
        if truth is not None and not self.name.hasFocus():
            self.name.setPlaceholderText("name")

    def _on_edited(self) -> None:
        self._tell_cue()
        self.edited.emit()

    def _on_store(self) -> None:
        self.store_wished.emit(self.name.text().strip(), max(0, self.into.currentIndex()))
