"""By hand: the next input is the user's. Shows where that stands, and reports what is wished."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ntmviz import ink, vector_text
from ntmviz.panels import label, set_tone
from ntmviz.views.boxes import WrapRow, column, row, rule
from ntmviz.views.feed_button import FeedButton
from ntmviz.views.input_editor import InputEditor
from ntmviz.views.output_bits import OutputBits, OutputBitsView
from ntmviz.views.own_keys import OwnKeys
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from ntmviz.colours import Palette

BUSY_SHOWS_MS = 150
"""A step that takes less does not make the buttons flicker."""
_MOST_STEPS, _COUNT_WIDTH = 9999, 46


class HandState(StrEnum):
    """How far stepping by hand is."""

    EMPTY = "empty"
    """There is no episode to step."""
    ASLEEP = "asleep"
    """An episode is shown; no network runs."""
    NO_WEIGHTS = "no weights"
    """The network of this episode was not kept."""
    WAKING = "waking"
    AWAKE = "awake"
    BUSY = "busy"
    """Awake, and at work on a wish."""
    FAILED = "failed"


_RUNS = (HandState.WAKING, HandState.AWAKE, HandState.BUSY)
"""States with a network to feed, or one on its way."""
_WITHOUT_INPUT = (HandState.EMPTY, HandState.NO_WEIGHTS)


@dataclass(frozen=True, slots=True)
class Offer:
    """A button that leads out of a state in which nothing can be fed."""

    text: str
    key: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class HandStatus:
    """What the panel shows."""

    state: HandState
    step: int = 0
    """The step that the next input is for."""
    channels: int = 0
    are_bits: bool = True
    """Whether toggles can show the input."""
    delimiter: vector_text.Vector = ()
    """Empty where the task has none."""
    planned: vector_text.Vector | None = None
    """What the task would feed at this step; None where its sequence is over."""
    steps_left: int = 0
    """Steps of the task's sequence that are not run yet."""
    starts_fork: bool = False
    """Feeding here leaves the steps that were run."""
    can_go_back: bool = False
    message: str = ""
    tone: str = "muted"
    offers: tuple[Offer, ...] = ()
    """Shown while nothing can be fed."""


class ByHandPanel(QScrollArea):
    """Shows a HandStatus and OutputBits; keeps what the user edits until the step changes."""

    fed = Signal(object)  # the vector in the editor
    back_wished = Signal()
    run_wished = Signal(int)  # so many steps on the task's own inputs
    run_to_end_wished = Signal()
    offer_chosen = Signal(str)  # its key

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._status = HandStatus(HandState.EMPTY)
        self._is_edited = False
        self._looks_busy = False
        self._chance = np.random.default_rng()
        self._busy_timer = QTimer(self, singleShot=True, interval=BUSY_SHOWS_MS)
        self._busy_timer.timeout.connect(self._on_busy_long)
        self._make_input(palette)
        self._make_actions(palette)
        self._make_output(palette)
        self._lay_out()
        self.show_status(self._status)
        self.show_output(None)

    def _make_input(self, palette: Palette) -> None:
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setAccessibleName("At work")
        keeps = self._busy.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)
        self._busy.setSizePolicy(keeps)
        self._title = label(size=ink.STATEMENT, weight=ink.BOLD)
        self._editor = InputEditor(palette)
        self._editor.edited.connect(self._on_edited)
        self._plan = label(size=ink.SMALL, tone="muted")
        self._plan.setWordWrap(True)
        self._delimiter = self._button("Delimiter", "Fill in the delimiter that ends the task's input")
        self._delimiter.clicked.connect(lambda: self._fill(self._status.delimiter))
        self._random = self._button("Random", "Fill in a random input")
        self._random.clicked.connect(lambda: self._fill(self._random_input()))
        self._next = self._button("Next of the task", "Fill in what the task would feed at this step")
        self._next.clicked.connect(lambda: self._fill(self._status.planned or ()))

    def _make_actions(self, palette: Palette) -> None:
        self._feed = FeedButton(palette)
        self._feed.clicked.connect(self.feed)
        OwnKeys(self._feed, Qt.Key.Key_Space)
        self._back = self._button("Back", "Take the last step back, exactly (Left)")
        self._back.clicked.connect(self._on_back)
        self._count = QSpinBox()
        self._count.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._count.setRange(1, _MOST_STEPS)
        self._count.setValue(10)
        self._count.setProperty("small", "true")
        self._count.setFixedWidth(_COUNT_WIDTH)
        self._count.setAccessibleName("Steps to run on the task's own inputs")
        self._count.setToolTip("How many steps; Up and Down change it, Enter runs them")
        OwnKeys(self._count, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Return)
        self._count.lineEdit().returnPressed.connect(self._on_run)
        self._run = self._button("Run", "Run so many steps on the task's own inputs")
        self._run.clicked.connect(self._on_run)
        self._to_end = self._button("Run to end", "Run the rest of the task's sequence (Shift+Enter)")
        self._to_end.clicked.connect(self._on_to_end)
        self._message = label(size=ink.SMALL)
        self._reason = label(size=ink.BODY)
        for words in (self._message, self._reason):
            words.setWordWrap(True)

    def _make_output(self, palette: Palette) -> None:
        self._output_title = label(size=ink.STATEMENT, weight=ink.BOLD)
        self._sure = label("% sure", size=ink.SMALL, tone="muted")
        self._sure.setToolTip("The number under each bit; the bar goes from a guess, 50 %, to 100 %")
        self._bits = OutputBitsView(palette)
        self._note = label(size=ink.SMALL)
        self._note.setWordWrap(True)

    def _button(self, text: str, tip: str) -> QPushButton:
        made = QPushButton(text)
        made.setProperty("small", "true")
        made.setToolTip(tip)
        made.setAccessibleDescription(tip)
        OwnKeys(made, Qt.Key.Key_Space)
        return made

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._input = column(
            self._title,
            self._editor,
            self._plan,
            row(self._delimiter, self._random),
            WrapRow(self._next, self._editor.mode_button),
            spacing=4,
        )
        self._actions = column(
            row(self._feed, self._back),
            WrapRow(row(self._count, self._run), self._to_end),
            spacing=4,
        )
        self._offers = column(self._reason, spacing=6)
        self._output = column(rule(), WrapRow(self._output_title, self._sure), self._bits, self._note, spacing=5)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 3, 12, 8)
        layout.setSpacing(5)
        layout.addWidget(self._busy)
        for part in (self._input, self._actions, self._message, self._offers, self._output):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setWidget(inside)

    def sizeHint(self) -> QSize:
        return QSize(220, 330)

    def set_theme(self, palette: Palette) -> None:
        for part in (self._editor, self._feed, self._bits):
            part.set_theme(palette)

    @property
    def status(self) -> HandStatus:
        return self._status

    @property
    def input(self) -> vector_text.Vector:
        """The vector in the editor. Raises ValueError, with one line, where what was typed is none."""
        return self._editor.vector

    def set_input(self, values: vector_text.Vector) -> None:
        """Put a vector into the editor, as if the user had."""
        self._editor.set_vector(values)
        self._on_edited()

    def feed(self) -> None:
        """Report the vector in the editor, or say what is wrong with it. Nothing happens while it cannot be fed."""
        if self._status.state is not HandState.AWAKE:
            return
        try:
            values = self._editor.vector
        except ValueError as error:
            self._editor.refuse(str(error))
            return
        self.fed.emit(values)

    def show_status(self, status: HandStatus) -> None:
        old, self._status = self._status, status
        if status.state is not HandState.BUSY:
            self._busy_timer.stop()
            self._looks_busy = False
        elif old.state is not HandState.BUSY:
            self._busy_timer.start()
        self._show_input(old, status)
        self._show_actions(status)
        self._show_offers(old, status)
        self._show_enabled()

    def _show_input(self, old: HandStatus, status: HandStatus) -> None:
        has_input = status.channels > 0 and status.state not in _WITHOUT_INPUT
        self._input.setVisible(has_input)
        if not has_input:
            return
        self._title.setText(f"Next input, step {grouped(status.step)}")
        self._editor.show_channels(status.channels, are_bits=status.are_bits)
        if (status.step, status.channels) != (old.step, old.channels):
            self._is_edited = False
        if not self._is_edited:
            self._editor.set_vector(status.planned or (0.0,) * status.channels)
        self._delimiter.setVisible(bool(status.delimiter))
        self._say_plan()

    def _show_actions(self, status: HandStatus) -> None:
        self._actions.setVisible(status.state in _RUNS)
        self._feed.setText("Feed, fork" if status.starts_fork else "Feed")
        self._feed.setToolTip(
            "Feed this input; the steps run after this one stay, and a fork starts here (Enter)"
            if status.starts_fork
            else "Feed this input to the network: one step (Enter)"
        )

    def _show_offers(self, old: HandStatus, status: HandStatus) -> None:
        has_offers = status.state not in _RUNS
        self._reason.setText(status.message)
        self._reason.setVisible(bool(status.message))
        set_tone(self._reason, status.tone)
        self._message.setText(status.message)
        self._message.setVisible(bool(status.message) and not has_offers)
        set_tone(self._message, status.tone)
        self._offers.setMinimumHeight(self._actions.sizeHint().height())
        self._offers.setVisible(has_offers)
        if old.offers != status.offers:
            self._make_offers(status.offers)

    def _make_offers(self, offers: tuple[Offer, ...]) -> None:
        layout = self._offers.layout()
        assert layout is not None
        for button in self._offers.findChildren(QPushButton):
            layout.removeWidget(button)
            button.hide()
            button.deleteLater()
        for place, offer in enumerate(offers):
            button = self._button(offer.text, offer.tip)
            button.setProperty("primary", "false" if place else "true")
            button.clicked.connect(lambda _=False, key=offer.key: self.offer_chosen.emit(key))
            layout.addWidget(button)
            button.show()

    def _show_enabled(self) -> None:
        status = self._status
        is_awake = status.state in (HandState.AWAKE, HandState.BUSY)
        is_ready = is_awake and not self._looks_busy
        self._busy.setVisible(status.state is HandState.WAKING or self._looks_busy)
        for widget in (self._editor, self._editor.mode_button, self._delimiter, self._random):
            widget.setEnabled(is_awake)
        self._next.setEnabled(is_awake and status.planned is not None)
        self._feed.setEnabled(is_ready)
        self._back.setEnabled(is_ready and status.can_go_back)
        for widget in (self._count, self._run, self._to_end):
            widget.setEnabled(is_ready and status.steps_left > 0)

    def show_output(self, output: OutputBits | None) -> None:
        """None: no step is shown that has an output."""
        self._output.setVisible(output is not None)
        self._bits.show_output(output)
        if output is not None:
            self._output_title.setText(f"Output, step {grouped(output.step)}")
            self._note.setText(output.note)
            set_tone(self._note, output.tone)

    def _say_plan(self) -> None:
        status = self._status
        if status.planned is None:
            words = "the task's sequence is over"
        elif self._holds(status.planned):
            words = "the task would feed the same"
        else:
            words = f"the task would feed {vector_text.told(status.planned, status.delimiter)}"
        self._plan.setText(words)

    def _holds(self, values: vector_text.Vector) -> bool:
        try:
            return vector_text.is_same(self._editor.vector, values)
        except ValueError:
            return False

    def _random_input(self) -> vector_text.Vector:
        status = self._status
        if not status.are_bits:
            return tuple(self._chance.uniform(-1, 1, status.channels).round(3).tolist())
        bits = self._chance.integers(0, 2, status.channels).astype(float)
        if status.delimiter:
            bits[np.asarray(status.delimiter) != 0] = 0
        return tuple(bits.tolist())

    def _fill(self, values: vector_text.Vector) -> None:
        self._editor.set_vector(values)
        self._on_edited()

    def _on_edited(self) -> None:
        self._is_edited = True
        self._say_plan()

    def _on_back(self) -> None:
        if self._status.state is HandState.AWAKE:
            self.back_wished.emit()

    def _on_run(self) -> None:
        if self._status.state is HandState.AWAKE:
            self.run_wished.emit(self._count.value())

    def _on_to_end(self) -> None:
        if self._status.state is HandState.AWAKE:
            self.run_to_end_wished.emit()

    def _on_busy_long(self) -> None:
        self._looks_busy = True
        self._show_enabled()
