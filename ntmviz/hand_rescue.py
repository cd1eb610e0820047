"""When a process that steps a network by hand is stopped or slow: one line that says so, and the click that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from ntmviz.child import is_stopped
from ntmviz.rescue import GO_ON, let_go_on

if TYPE_CHECKING:
    from pathlib import Path

    from ntmviz.desk import Desk
    from ntmviz.hand_link import HandLink
    from ntmviz.notice import Notice


class HandRescue(QObject):
    """Watches the link's own engine and the recorder of what is fed, and tells of them by the notice."""

    def __init__(self, link: HandLink, desk: Desk, notice: Notice, parent: QObject) -> None:
        super().__init__(parent)
        self._link, self._desk, self._notice = link, desk, notice
        self._said_of_engine = self._said_of_recorder = ""
        link.fell_silent.connect(self._on_fell_silent)
        link.spoke_again.connect(self._on_engine_told)
        link.forsaken.connect(self._on_engine_told)
        link.fell_behind.connect(self._on_fell_behind)
        desk.grew.connect(self._on_grew)

    def _on_fell_silent(self, what: str) -> None:
        self._said_of_engine = what
        if self._link.is_stopped:
            self._notice.show_offer(what, GO_ON, self._link.go_on)
        else:
            self._notice.show_failure(what)

    def _on_engine_told(self) -> None:
        self._notice.withdraw(self._said_of_engine)

    def _on_fell_behind(self, session: Path) -> None:
        recording = self._desk.recording
        later = "what was fed is shown as soon as it is in the session"
        if recording is not None and recording.path == session and is_stopped(recording.info.writer.pid):
            writer = recording.info.writer
            self._said_of_recorder = f"the recorder was stopped by a signal (SIGSTOP); {later}"
            self._notice.show_offer(self._said_of_recorder, GO_ON, lambda: let_go_on(writer))
        else:
            self._said_of_recorder = f"the recorder is behind; {later}"
            self._notice.show_failure(self._said_of_recorder)

    def _on_grew(self) -> None:
        self._notice.withdraw(self._said_of_recorder)
