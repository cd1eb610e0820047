"""Another theme: a piece in each turn, and every widget has it in the end, seen or not."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QLabel

from ntmviz import theme
from ntmviz.colours import DARK, LIGHT

POLISHED = Qt.WidgetAttribute.WA_WState_Polished


def inks(window):
    """The colours of the text of plain labels, in all workspaces."""
    labels = [each for each in window.findChildren(QLabel) if each.text()]
    labels = [each for each in labels if not (each.property("tone") or each.styleSheet())]
    assert len(labels) > 40
    return {each.palette().color(QPalette.ColorRole.WindowText).name() for each in labels}


@pytest.fixture
def window(open_window, session):
    window = open_window(session)
    for name in ("Step", "Recall", "Watch"):
        window.show_workspace(name)
        QApplication.processEvents()
    return window


def test_every_widget_has_it_in_the_end_seen_or_not(window, qtbot):
    window.set_theme("light")
    qtbot.waitUntil(lambda: inks(window) == {LIGHT.text.lower()})
    window.set_theme("dark")
    window.set_theme("light")  # in place of the one that has just begun
    QApplication.processEvents()
    window.set_theme("dark")
    window.show_workspace("Step")  # in the midst of it
    qtbot.waitUntil(lambda: inks(window) == {DARK.text.lower()})
    qtbot.waitUntil(window.updatesEnabled)


def test_what_is_out_of_sight_is_not_restyled_in_the_turn_of_what_is_in_sight(window, qtbot, monkeypatch):
    unseen = []
    apply = theme.apply

    def watched(app, palette):
        unseen.extend(each for each in app.allWidgets() if not each.isVisible() and each.testAttribute(POLISHED))
        apply(app, palette)

    monkeypatch.setattr(theme, "apply", watched)
    window.set_theme("light")
    qtbot.waitUntil(lambda: inks(window) == {LIGHT.text.lower()})
    assert not unseen


def test_a_widget_that_goes_meanwhile_is_passed_over(window, qtbot):
    goes = QLabel("a label that goes", window)
    window.set_theme("light")
    QApplication.processEvents()
    goes.deleteLater()
    qtbot.waitUntil(lambda: inks(window) == {LIGHT.text.lower()})
