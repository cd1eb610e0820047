"""The sessions that the welcome page lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from ntmviz.welcome import FileRow

if TYPE_CHECKING:
    from ntmviz.window import MainWindow


def recent_rows(window: MainWindow) -> list[FileRow]:
    """All of them, once each has been looked into."""
    while window.welcome._listing.isActive():
        QApplication.processEvents()
    layout = window.welcome._recent
    widgets = (layout.itemAt(index).widget() for index in range(layout.count()))
    return [widget for widget in widgets if isinstance(widget, FileRow)]
