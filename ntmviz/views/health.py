"""How a network uses its memory, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ntmviz import ink
from ntmviz.panels import label, set_tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QLabel

_WAITING = "How the memory is used is told here"


class HealthView(QScrollArea):
    """The first sentence is the verdict, the others say what it rests on."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        self._layout = QVBoxLayout(inside)
        self._layout.setContentsMargins(14, 12, 14, 12)
        self._layout.setSpacing(8)
        self._layout.addStretch(1)
        self._lines: list[QLabel] = []
        self.sentences: tuple[str, ...] = ()
        self.setWidget(inside)
        self.show_sentences(())

    def sizeHint(self) -> QSize:
        return QSize(340, 280)

    def show_sentences(self, sentences: Sequence[str], *, is_warning: bool = False) -> None:
        """is_warning: the verdict is that something is wrong."""
        self.sentences = tuple(sentences)
        shown = self.sentences or (_WAITING,)
        while len(self._lines) < len(shown):
            is_first = not self._lines
            line = label(size=ink.STATEMENT if is_first else ink.BODY, weight=ink.BOLD if is_first else ink.REGULAR)
            line.setWordWrap(True)
            self._layout.insertWidget(len(self._lines), line)
            self._lines.append(line)
        for index, line in enumerate(self._lines):
            line.setVisible(index < len(shown))
            line.setText(("▲ " if is_warning and index == 0 else "") + shown[index] if index < len(shown) else "")
        tone = "muted" if not self.sentences else "warning" if is_warning else None
        set_tone(self._lines[0], tone)
