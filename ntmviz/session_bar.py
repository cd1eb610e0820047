"""The line over the workspace: which session, live or replay, how fast and how large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from ntmviz import ink
from ntmviz.painting import font
from ntmviz.panels import ElidedLabel, label

if TYPE_CHECKING:
    from ntmviz.colours import Palette


class SessionBar(QWidget):
    """Name and network at the left, the mode in the middle, rates at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setFixedHeight(28)
        self._title = label(size=ink.STATEMENT, weight=ink.BOLD)
        self._network = ElidedLabel(size=ink.BODY)
        self.segment = ModeSegment()
        self.rates = ElidedLabel(size=ink.BODY)
        self.rates.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        left, right = QHBoxLayout(), QHBoxLayout()
        left.setSpacing(12)
        left.addWidget(self._title)
        left.addWidget(self._network, 1)
        right.addWidget(self.rates)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(16)
        layout.addLayout(left, 1)
        layout.addWidget(self.segment)
        layout.addLayout(right, 1)

    def name(self, title: str, network: str) -> None:
        """Say which session this is."""
        self._title.setText(title)
        self._network.setText(network)
        self._network.setToolTip(network)
        self.rates.setText("")


class ModeSegment(QWidget):
    """Live, replay or by hand: which of them the window does now. It tells, and its buttons change it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("segment")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.live = QPushButton("● Live")
        self.replay = QPushButton("Replay")
        self.by_hand = QPushButton("By hand")
        for button in (self.live, self.replay, self.by_hand):
            button.setFont(font(ink.BODY, ink.MEDIUM))
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setFixedHeight(24)
            button.setMinimumWidth(74)
            layout.addWidget(button)
        self.live.setToolTip("The session grows and its newest episode is shown (End)")
        self.replay.setToolTip("A recorded episode is shown")
        self.by_hand.setToolTip("The network runs as you feed it, from the step that is shown (Ctrl+2)")
        self.setFixedHeight(26)

    def sizeHint(self) -> QSize:
        return QSize(228, 26)

    def show_mode(
        self,
        palette: Palette,
        *,
        is_live: bool,
        is_following: bool,
        is_by_hand: bool = False,
        has_session: bool = True,
    ) -> None:
        """`is_live`: the session can still grow."""
        self.setVisible(has_session)
        self.live.setEnabled(is_live)
        follows = is_live and is_following
        for button, is_on in (
            (self.live, follows and not is_by_hand),
            (self.replay, not follows and not is_by_hand),
            (self.by_hand, is_by_hand),
        ):
            text = palette.text if is_on else palette.muted
            if button is self.live and is_on:
                text = palette.accent
            fill = palette.raised if is_on else "transparent"
            edge = palette.muted if is_on else "transparent"
            sheet = (
                f"QPushButton {{ color: {text}; background: {fill}; border: 1px solid {edge}; border-radius: 4px; "
                "min-height: 22px; padding: 0 8px; }"
            )
            if button.styleSheet() != sheet:
                button.setStyleSheet(sheet)
