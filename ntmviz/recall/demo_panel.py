"""The Demonstrations panel: a list of what can be shown, and one that plays, up to its picture and its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ntmviz import ink
from ntmviz.panels import label
from ntmviz.recall.chart import charts_marks
from ntmviz.views.boxes import row
from ntmviz.views.buttons import small_button
from ntmviz.views.canvas import Canvas

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from ntmviz.colours import Palette
    from ntmviz.recall.chart import Chart, Shown

PICTURE_HEIGHT, NARROW = 190, 330
_GROWS = 20
"""How much more of the room that is left the picture takes than what is below it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A demonstration in the list."""

    name: str
    title: str
    tip: str


DEMONSTRATIONS = (
    Entry("completion", "A part brings back the whole", "Error-correcting recall from partial and noisy cues"),
    Entry("prominence", "What is recalled often comes first", "Prominence, an extension"),
    Entry("priming", "One recall prepares the next", "Priming over what was recalled together, an extension"),
    Entry("availability", "What comes to mind seems frequent", "Availability beside the true frequency"),
    Entry("binding", "An event from one of its parts", "Fragments in different segments, linked in time"),
    Entry("segments", "Parts of memory, and a router", "Segments with a router that learns, an extension"),
    Entry("references", "Rows that point to records", "External references: blended, dangling, stale"),
    Entry("consolidation", "What is replayed lasts", "Short-term and long-term stores"),
    Entry("chaining", "A place brings back a day", "A context cue, and a chain with a stop rule"),
)
"""In the order of `ntm_core.recall.demonstrations.NAMES`, whose titles they have."""


PATIENTS = {
    "learned": ("Patient HM: a network that learned copy", "Writes off, reads off, controller reset: what is lost"),
    "trapped": ("Patient HM: a network that bypasses its memory", "The same table for one that is trapped by symmetry"),
    "open": ("Patient HM: the session that was open", "The same table for the network of the session shown before"),
}
"""Which networks lesions can be tried on, with their words."""


class ChartView(Canvas):
    """Charts side by side."""

    def __init__(self, palette: Palette) -> None:
        self.charts: tuple[Chart, ...] = ()
        super().__init__(palette)
        self.setMinimumHeight(PICTURE_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def show_charts(self, charts: tuple[Chart, ...]) -> None:
        self.charts = charts
        self._make_room()
        self.redraw()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """More height where there is too little width for charts side by side, or for a table."""
        is_narrow = 0 < self.width() < NARROW
        self.setMinimumHeight(PICTURE_HEIGHT + 120 if is_narrow else PICTURE_HEIGHT)

    def _redraw(self) -> None:
        area = self.area
        self.over.show_marks(area, charts_marks(self.charts, area.width(), area.height()), self.theme)


class DemoPanel(QStackedWidget):
    """Reports which demonstration is wished, and how it is to go on."""

    wished = Signal(str)
    pause_wished = Signal()
    next_wished = Signal()
    end_wished = Signal()
    left = Signal()
    patient_wished = Signal(str)  # of which network: one of PATIENTS

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setObjectName("demonstrations")
        self.buttons: dict[str, QPushButton] = {}
        self.chart = ChartView(palette)
        self.addWidget(_scrolled(self._make_list()))
        self.addWidget(_scrolled(self._make_player()))

    def _make_list(self) -> QWidget:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(4)
        intro = label("Each does what a hand would do, step by step, and ends in a picture.", tone="muted")
        intro.setWordWrap(True)
        layout.addWidget(intro)
        for number, entry in enumerate(DEMONSTRATIONS, 1):
            button = small_button(f"{number}   {entry.title}", entry.tip)
            button.setStyleSheet("text-align: left;")
            button.clicked.connect(self._wisher(entry.name))
            layout.addWidget(button)
            self.buttons[entry.name] = button
        for name, (text, tip) in PATIENTS.items():
            button = small_button(f"HM   {text}", tip)
            button.setStyleSheet("text-align: left;")
            button.clicked.connect(self._patient_wisher(name))
            layout.addWidget(button)
            self.buttons[f"patient {name}"] = button
        layout.addStretch(1)
        return inside

    def _make_player(self) -> QWidget:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(6)
        self.title = label(size=ink.STATEMENT, weight=ink.BOLD)
        self.idea = label(tone="muted")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("How far the demonstration is")
        self.caption = label(weight=ink.BOLD)
        self.result = label(tone="muted")
        self.pause = small_button("Pause", "Stand still, or go on")
        self.next = small_button("Next step", "One operation")
        self.end = small_button("To the end", "All that is left, at once")
        self.leave = small_button("All", "Back to the list of demonstrations")
        self.leave.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        for button, signal in (
            (self.pause, self.pause_wished),
            (self.next, self.next_wished),
            (self.end, self.end_wished),
            (self.leave, self.left),
        ):
            button.clicked.connect(signal)
        self.sentence = label(size=ink.STATEMENT, weight=ink.MEDIUM)
        self.note = label(size=ink.SMALL, tone="muted")
        for words in (self.idea, self.caption, self.result, self.sentence, self.note):
            words.setWordWrap(True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._controls = row(self.pause, self.next, self.end)
        for part in (
            row(self.title, self.leave),
            self.idea,
            self.progress,
            self.caption,
            self.result,
            self._controls,
            self.chart,
            self.sentence,
            self.note,
        ):
            layout.addWidget(part, _GROWS if part is self.chart else 0)
        layout.addStretch(1)
        return inside

    def set_theme(self, palette: Palette) -> None:
        self.chart.set_theme(palette)

    def show_list(self) -> None:
        self.setCurrentIndex(0)

    def show_start(self, title: str, idea: str) -> None:
        """A demonstration begins."""
        self.setCurrentIndex(1)
        self.title.setText(title)
        self.idea.setText(idea)
        self.show_step("", "", 0, 1)
        self.show_end(None)
        self._controls.show()

    def show_step(self, caption: str, result: str, done: int, steps: int) -> None:
        """What is being done, and what it came to."""
        self.progress.setRange(0, max(1, steps))
        self.progress.setValue(done)
        self.caption.setText(caption)
        self.result.setText(result)

    def show_paused(self, is_paused: bool) -> None:
        self.pause.setText("Go on" if is_paused else "Pause")

    def show_end(self, shown: Shown | None) -> None:
        """The picture and the sentence; None: not yet."""
        has_ended = shown is not None
        for part in (self.chart, self.sentence, self.note):
            part.setVisible(has_ended)
        for part in (self.caption, self.result, self._controls, self.progress):
            part.setVisible(not has_ended)
        self.chart.show_charts(() if shown is None else shown.charts)
        self.sentence.setText("" if shown is None else shown.sentence)
        self.note.setText("" if shown is None else shown.note)

    def _patient_wisher(self, network: str) -> object:
        def wish() -> None:
            self.patient_wished.emit(network)

        return wish

    def _wisher(self, name: str) -> object:
        def wish() -> None:
            self.wished.emit(name)

        return wish


def _scrolled(inside: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    return area
