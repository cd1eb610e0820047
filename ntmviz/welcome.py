"""The first page: a door for each use, then what was open before and what comes along."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

import sessions
from ntmviz import ink
from ntmviz.assets import asset
from ntmviz.door_pictures import DoorPictures
from ntmviz.painting import draw, font
from ntmviz.panels import ElidedLabel, label, set_tone
from ntmviz.wording import grouped, size_on_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ntmviz.colours import Palette
    from ntmviz.running import Detached
    from ntmviz.settings import Recent
    from sessions import Recording

SAMPLES = (("copy.ntmviz.h5", "Copy, learned", "the write and read walk"),)
_WIDEST, _MARGIN, _GAP = 1200, 32, 24
_NAME_WIDTH, _MOMENT_WIDTH = 264, 84
"""Columns of a list of sessions, so that its rows stand under each other."""


@dataclass(frozen=True, slots=True)
class Door:
    """One of the ways in."""

    name: str
    title: str
    sentence: str
    details: str
    button: str
    key: str


DOORS = (
    Door(
        "watch",
        "Watch a network learn",
        "It learns to copy sequences before your eyes.",
        "Copy, 8 bits, memory 128 × 20. Episodes are recorded as time allows; each can be replayed step by step.",
        "Start",
        "1",
    ),
    Door("replay", "Replay a session", "Scrub through every recorded step, live or not.", "", "Open a file…", "2"),
    Door(
        "recall",
        "Recall by hand",
        "Paint a cue and see a memory complete it.",
        "Letters, digits and signs are stored ready. Every recall is kept; step back, and fork from any of them.",
        "Open the lab",
        "3",
    ),
)


class Picture(QWidget):
    """Marks at the middle of a card."""

    def __init__(self, palette: Palette, marks: Callable[[float, float], list[ink.Mark]]) -> None:
        super().__init__()
        self.setObjectName("cardPicture")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(220)
        self._palette = palette
        self._marks = marks

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setClipRect(QRectF(self.rect()))
        draw(painter, self._marks(self.width(), self.height()), self._palette)


class Card(QFrame):
    """A door: a picture, what lies behind it, and the button that opens it."""

    chosen = Signal()

    def __init__(self, door: Door, picture: Picture, *, is_primary: bool) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setProperty("primary", "true" if is_primary else "false")
        self.picture = picture
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 20)
        layout.setSpacing(0)
        layout.addWidget(picture)
        inside = QVBoxLayout()
        inside.setContentsMargins(23, 20, 23, 0)
        inside.setSpacing(6)
        inside.addWidget(label(door.title, size=20, weight=ink.BOLD))
        sentence = label(door.sentence, size=ink.STATEMENT, tone="muted")
        sentence.setWordWrap(True)
        inside.addWidget(sentence)
        inside.addSpacing(4)
        self.extra: QLabel = label(door.details, tone="muted")
        self.extra.setMinimumHeight(38)
        self.extra.setWordWrap(True)
        if not door.details:
            self.extra.setObjectName("dropZone")
            self.extra.setText("or drop a session file anywhere")
            self.extra.setAlignment(Qt.AlignmentFlag.AlignCenter)
            set_tone(self.extra, None)
        inside.addWidget(self.extra)
        inside.addStretch(1)
        inside.addSpacing(8)
        self.button = QPushButton(door.button)
        self.button.setProperty("primary", "true" if is_primary else "false")
        self.button.setMinimumHeight(34)
        self.button.setToolTip(f"{door.title} ({door.key})")
        self.button.setAccessibleName(f"{door.title}: {door.button}")
        key = label(door.key, tone=None if is_primary else "muted")
        if is_primary:
            key.setStyleSheet("color: palette(window);")
        over = QHBoxLayout(self.button)
        over.setContentsMargins(0, 0, 12, 0)
        over.addStretch(1)
        over.addWidget(key)
        inside.addWidget(self.button)
        layout.addLayout(inside, 1)
        self.button.clicked.connect(self.chosen)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit()


class FileRow(QPushButton):
    """A session in a list, as wide as the list."""

    wished = Signal(object)  # Path

    def __init__(
        self, path: Path, name: str, *, middle: str = "", state: str = "", right: str = "", tone: str = "muted"
    ) -> None:
        super().__init__()
        self.setObjectName("fileRow")
        self.path = path
        self.setFixedHeight(38)
        self.setToolTip(str(path))
        self.setAccessibleName(f"Open {name}")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 14, 0)
        layout.setSpacing(18)
        title, note = label(name, weight=ink.BOLD), label(right, tone="muted")
        note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(title, 0 if middle else 1)
        if middle:
            title.setText(title.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, _NAME_WIDTH))
            title.setFixedWidth(_NAME_WIDTH)
            note.setMinimumWidth(_MOMENT_WIDTH)
            about = ElidedLabel(middle)
            about.setFont(font(ink.BODY))
            layout.addWidget(about, 1)
        if state:
            layout.addWidget(label(state, tone=tone))
        layout.addWidget(note)
        self.clicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        self.wished.emit(self.path)


class WelcomePage(QScrollArea):
    """What is seen before any session."""

    shown = Signal()
    door_chosen = Signal(str)  # a Door's name
    session_wished = Signal(object)  # Path

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._page = QWidget()
        self._page.setObjectName("welcome")
        self._pictures = DoorPictures()
        outer = QHBoxLayout(self._page)
        outer.setContentsMargins(_MARGIN, 32, _MARGIN, 24)
        outer.addStretch(1)
        column = QWidget()
        column.setMaximumWidth(_WIDEST)
        outer.addWidget(column, 1000)
        outer.addStretch(1)
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addStretch(1)
        layout.addWidget(label("ntmviz", size=28, weight=ink.BOLD))
        layout.addWidget(label("See what a memory network writes, where it looks, and why.", size=16, tone="muted"))
        layout.addSpacing(18)
        doors = QHBoxLayout()
        doors.setSpacing(_GAP)
        self.cards: dict[str, Card] = {}
        for door in DOORS:
            card = Card(door, Picture(palette, self._pictures.of(door.name)), is_primary=door is DOORS[0])
            card.chosen.connect(self._chooser(door.name))
            doors.addWidget(card, 1)
            self.cards[door.name] = card
        layout.addLayout(doors)
        layout.addSpacing(16)
        lists = QHBoxLayout()
        lists.setSpacing(_GAP)
        self._recent, self._samples = QVBoxLayout(), QVBoxLayout()
        self._looks: Iterator[Callable[[], FileRow]] = iter(())
        self._listing = QTimer(self, interval=0, singleShot=True)
        self._listing.timeout.connect(self._list_next)
        self._samples_column = QWidget()
        samples = QVBoxLayout(self._samples_column)
        samples.setContentsMargins(0, 0, 0, 0)
        recent = QVBoxLayout()
        for column, title, rows in ((recent, "Recent", self._recent), (samples, "Samples", self._samples)):
            rows.setSpacing(4)
            column.setSpacing(6)
            column.addWidget(label(title, weight=ink.BOLD))
            column.addLayout(rows)
            column.addStretch(1)
        lists.addLayout(recent, 1)
        lists.addWidget(self._samples_column)
        layout.addLayout(lists)
        layout.addSpacing(8)
        layout.addWidget(label("Ctrl+O: open     F1: keys     Ctrl+K: all commands", size=ink.SMALL, tone="muted"))
        layout.addStretch(2)
        self.setWidget(self._page)
        for file, name, note in SAMPLES:
            try:
                row = FileRow(asset(file), name, right=note)
            except FileNotFoundError:
                continue
            row.wished.connect(self.session_wished)
            self._samples.addWidget(row)
        self._samples.addStretch(1)

    def sizeHint(self) -> QSize:
        return QSize(1440, 800)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        column = min(_WIDEST, self.viewport().width() - 2 * _MARGIN)
        self._samples_column.setFixedWidth((column - 2 * _GAP) // len(DOORS))  # under the last door

    def set_theme(self, palette: Palette) -> None:
        for card in self.cards.values():
            card.picture.set_theme(palette)

    def show_recent(self, recent: Sequence[Recent], detached: Sequence[Detached]) -> None:
        """List trainings that went on without a window, then what was open before; a damaged one says so."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        kept_on = [each for each in detached if each.session.is_file()]
        others = [each for each in recent if each.path not in {kept.session for kept in kept_on}]
        looks = [*(partial(_kept_on, each) for each in kept_on), *(partial(_described, each) for each in others)]
        self._looks = iter(looks[: max(3, len(kept_on))])
        if not looks:
            self._recent.addWidget(label("Sessions that you open are listed here", tone="muted"))
        self._listing.start()

    def _list_next(self) -> None:
        """Look into the next session of the list. Each has a turn of its own: a large one takes a while."""
        look = next(self._looks, None)
        if look is None:
            self._recent.addStretch(1)
            return
        row = look()
        row.wished.connect(self.session_wished)
        self._recent.addWidget(row)
        self._listing.start()

    def _chooser(self, name: str) -> Callable[[], None]:
        def choose() -> None:
            self.door_chosen.emit(name)

        return choose


def _described(recent: Recent) -> FileRow:
    def state_of(recording: Recording) -> tuple[str, str]:
        if recording.complete or recording.is_live:
            return "complete" if recording.complete else "live", "muted"
        return "stopped early", "warning"

    return _row(recent.path, recent.opened, state_of, metric_rows=0)


def _kept_on(detached: Detached) -> FileRow:
    def state_of(recording: Recording) -> tuple[str, str]:
        iterations = recording.metrics.iterations()
        at = f"at iteration {grouped(int(iterations[-1]) if len(iterations) else 0)}"
        if detached.runs:
            return f"● still training, {at}", "accent"
        if not recording.complete:
            return f"stopped early {at}", "warning"
        is_solved = any(event.kind == "solved" for event in recording.events)
        return (f"✓ solved {at}", "accent") if is_solved else (f"ended {at}", "muted")

    return _row(detached.session, detached.since, state_of)


def _row(
    path: Path, moment: float, state_of: Callable[[Recording], tuple[str, str]], *, metric_rows: int | None = None
) -> FileRow:
    """What is said of a session; `state_of` gives its state in words and their tone, from so many rows of metrics."""
    try:
        with sessions.open(path, metric_rows=metric_rows) as recording:
            info = recording.info
            count = f"{grouped(len(recording.episodes))} episodes"
            middle = f"{info.model.upper()}, {info.task}, {count}, {size_on_disk(recording.bytes)}"
            state, tone = state_of(recording)
    except sessions.SessionError:
        middle, state, tone = "", "cannot be read", "warning"
    return FileRow(path, path.name, middle=middle, state=state, right=when(moment), tone=tone)


def when(moment: float, now: float | None = None) -> str:
    """A moment as people say it: "today, 14:02", "yesterday", "Tuesday", "3 March 2026"."""
    then, today = time.localtime(moment), time.localtime(now)
    days = (time.mktime(today[:3] + (0,) * 5 + (-1,)) - time.mktime(then[:3] + (0,) * 5 + (-1,))) / 86400
    if round(days) == 0:
        return time.strftime("today, %H:%M", then)
    if round(days) == 1:
        return "yesterday"
    return time.strftime("%A", then) if 0 < days < 7 else f"{then.tm_mday} {time.strftime('%B %Y', then)}"
