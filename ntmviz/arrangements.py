"""Where the docks of each workspace stand: at first as designed, then as they were left, also over a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from ntmviz.workspace_tabs import WORKSPACES

if TYPE_CHECKING:
    from PySide6.QtCore import QByteArray
    from PySide6.QtWidgets import QMainWindow

    from ntmviz.settings import Settings
    from ntmviz.workspace import Views

LAYOUT_VERSION = 6
LAB = "Recall"
"""The workspace that shares no dock but one with the others."""


class Arrangements(QObject):
    """Changes from workspace to workspace, and to none, the welcome page."""

    def __init__(self, window: QMainWindow, views: Views, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._views, self._settings = window, views, settings
        self._left: dict[str, QByteArray] = {}
        self.current: str | None = None
        """The workspace that is shown; None on the welcome page."""
        views.arrange(window, WORKSPACES[0])
        self._hide_all()

    def show(self, workspace: str | None) -> None:
        """Go to a workspace, or to none."""
        self._leave()
        had_docks = self.current is not None
        if workspace is not None and LAB in (workspace, self.current):
            # Tabs of docks that only the other one shows would stay where they were: Qt forgets them when docks leave.
            self._views.arrange(self._window, workspace)
        self.current = workspace
        if workspace is None:
            self._hide_all()
            return
        state = self._left.get(workspace) or self._settings.bytes_of(_key(workspace))
        if state is None or not self._window.restoreState(state, LAYOUT_VERSION) or not self._shows_any():
            self.reset()
            if not had_docks:
                QTimer.singleShot(0, self, self.reset)  # at the window's own size, which docks take only when shown

    def reset(self) -> None:
        """Put every dock of the workspace where it was at first."""
        if self.current is not None:
            self._views.arrange(self._window, self.current)

    def save(self) -> None:
        """For the next start."""
        self._leave()
        for workspace, state in self._left.items():
            self._settings.keep(_key(workspace), state)

    def _leave(self) -> None:
        if self.current is not None:
            self._left[self.current] = self._window.saveState(LAYOUT_VERSION)

    def _shows_any(self) -> bool:
        return any(not dock.isHidden() for dock in self._views.docks.values())

    def _hide_all(self) -> None:
        for dock in self._views.docks.values():
            dock.hide()


def _key(workspace: str) -> str:
    return f"docks-{workspace.lower()}"
