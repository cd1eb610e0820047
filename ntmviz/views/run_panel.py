"""The run: what is learned, how far it is, and the few buttons that steer it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QGridLayout, QLabel, QMenu, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ntmviz import ink
from ntmviz.panels import label, set_tone
from ntmviz.wording import grouped, short

POLICIES = (
    ("auto", "Record as time allows"),
    ("all", "Record every iteration"),
    ("every:10", "Record every 10"),
    ("every:50", "Record every 50"),
    ("every:250", "Record every 250"),
    ("off", "Record nothing"),
)


@dataclass(frozen=True, slots=True)
class RunStatus:
    """What the panel says. The numbers belong to the iteration that is looked at, or the newest while following."""

    headline: str
    """Such as "Learning copy"."""
    settings: str
    iteration: int
    iterations: int | None
    """Where training would end; None where unknown."""
    loss: float
    wrong_bits: float
    gradient_norm: float
    wrong_share: float = float("nan")
    """Wrong bits as a share of the scored ones."""
    is_training: bool = False
    is_starting: bool = False
    """The engine process is on its way; there is nothing to press yet."""
    is_detached: bool = False
    """It is trained without a window: it can be finished, but not paused."""
    is_paused: bool = False
    policy: str = "auto"
    verdict: str = ""
    """A sentence about how it ended, or ""."""
    is_good: bool = True
    """Whether the verdict is good news."""


class RunPanel(QWidget):
    """Shows a RunStatus; the buttons report what is wished."""

    pause_wished = Signal()
    resume_wished = Signal()
    stop_wished = Signal()
    policy_wished = Signal(str)
    new_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(5)
        self._headline = label(size=ink.HEADLINE, weight=ink.BOLD)
        self._settings = label(size=ink.SMALL, tone="muted")
        self._settings.setWordWrap(True)
        self._iteration = label(size=ink.NUMBER, weight=ink.BOLD)
        self._of = label(size=ink.SMALL, tone="muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._verdict = label(size=ink.SMALL)
        self._verdict.setWordWrap(True)
        layout.addWidget(self._headline)
        layout.addWidget(self._settings)
        layout.addWidget(self._iteration)
        layout.addWidget(self._of)
        layout.addWidget(self._bar)
        layout.addSpacing(4)
        self._numbers: list[QLabel] = []
        self._names: list[QLabel] = []
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        for row, (name, tip) in enumerate(
            (
                ("loss", "Cross-entropy in nats, mean over the scored bits of the batch"),
                (
                    "wrong bits",
                    "Mean over the sequences of the batch, and their share of all scored bits",
                ),
                ("gradient norm", "Of all parameters together, before clipping"),
            )
        ):
            value = label(weight=ink.BOLD)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            name_label = label(name, tone="muted")
            self._names.append(name_label)
            name_label.setToolTip(tip)
            value.setToolTip(tip)
            grid.addWidget(name_label, row, 0)
            grid.addWidget(value, row, 1)
            grid.setColumnStretch(0, 1)
            self._numbers.append(value)
        layout.addLayout(grid)
        layout.addWidget(self._verdict)
        layout.addSpacing(4)
        self._main = QPushButton()
        self._main.setProperty("primary", "true")
        self._main.clicked.connect(self._on_main)
        self._record = QPushButton()
        self._record.setToolTip("How often an episode of training is recorded")
        menu = QMenu(self)
        self._policies = QActionGroup(self)
        for policy, text in POLICIES:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setData(policy)
            self._policies.addAction(action)
        self._policies.triggered.connect(self._on_policy)
        self._record.setMenu(menu)
        self._stop = QPushButton("Finish now")
        self._stop.setToolTip("End the training here: it is measured, kept and sealed")
        self._stop.clicked.connect(self.stop_wished)
        for button in (self._main, self._record, self._stop):
            layout.addWidget(button)
        layout.addStretch(1)
        self._status: RunStatus | None = None
        self.show_status(None)

    def sizeHint(self) -> QSize:
        return QSize(220, 290)

    @property
    def status(self) -> RunStatus | None:
        return self._status

    def show_status(self, status: RunStatus | None) -> None:
        self._status = status
        if status is None:
            self._headline.setText("No session")
            self._settings.setText("Start a training or open a session; it is described here")
        for widget in (self._iteration, *self._numbers, *self._names):
            widget.setVisible(status is not None)
        # Each is told once what it comes to: one that is shown and hidden again has the others laid out without room.
        self._of.setVisible(status is not None and status.iteration >= 0)
        self._bar.setVisible(status is not None and status.iterations is not None)
        self._verdict.setVisible(status is not None and bool(status.verdict))
        is_training = status is not None and status.is_training
        self._record.setVisible(is_training)
        self._stop.setVisible(is_training or (status is not None and status.is_detached))
        if status is None:
            self._main.setText("Train a network")
            self._main.setEnabled(True)
            return
        self._headline.setText(status.headline)
        self._settings.setText(status.settings)
        self._iteration.setText(grouped(status.iteration) if status.iteration >= 0 else "by hand")
        self._of.setText(
            "iterations" if status.iterations is None else f"of at most {grouped(status.iterations)} iterations"
        )
        share = 1.0 if not status.iterations else min(1.0, max(0, status.iteration) / status.iterations)
        if self._bar.value() != round(1000 * share):  # a bar lays itself out anew even for the same value
            self._bar.setUpdatesEnabled(False)  # it would paint at once, and with it all that waits in the window
            self._bar.setValue(round(1000 * share))
            self._bar.setUpdatesEnabled(True)
        for value, number in zip(self._numbers, (status.loss, status.wrong_bits, status.gradient_norm), strict=True):
            value.setText("–" if number != number else short(number))
        if status.wrong_share == status.wrong_share:
            self._numbers[1].setText(f"{short(status.wrong_bits)} ({short(100 * status.wrong_share)} %)")
        self._verdict.setText(("✓ " if status.is_good else "▲ ") + status.verdict)
        set_tone(self._verdict, "accent" if status.is_good else "warning")
        self._main.setEnabled(not status.is_starting)
        if status.is_starting:
            self._main.setText("Starting…")
        elif not is_training:
            self._main.setText("Train another")
        else:
            self._main.setText("Go on" if status.is_paused else "Pause training")
        for action in self._policies.actions():
            action.setChecked(action.data() == status.policy)
            if action.data() == status.policy:
                self._record.setText(action.text())

    def _on_main(self) -> None:
        if self._status is None or not self._status.is_training:
            self.new_wished.emit()
        elif self._status.is_paused:
            self.resume_wished.emit()
        else:
            self.pause_wished.emit()

    def _on_policy(self, action: object) -> None:
        self.policy_wished.emit(action.data())  # type: ignore[attr-defined]
