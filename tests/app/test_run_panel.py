"""What the panel of a run says while it trains."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtWidgets import QApplication, QScrollArea

from ntmviz.views.run_panel import RunPanel, RunStatus

TRAINING = RunStatus("Learning copy", "8 bits, length 1 to 20", 170, 1250, 0.4, 3.0, 0.3, 0.18, is_training=True)


@pytest.fixture
def panel(qtbot):
    around = QScrollArea()
    around.setWidgetResizable(True)
    around.setWidget(made := RunPanel())
    qtbot.addWidget(around)
    around.resize(222, 277)  # as in the window
    around.show()
    made.show_status(TRAINING)
    QApplication.processEvents()
    yield made


def places(panel):
    return [label.geometry() for label in (*panel._names, *panel._numbers)]


def test_all_that_is_said_while_it_trains_has_room_without_scrolling(panel):
    assert panel.minimumSizeHint().height() <= 275


def test_newer_numbers_move_nothing(panel):
    before = places(panel)
    for iteration in range(171, 180):
        panel.show_status(dataclasses.replace(TRAINING, iteration=iteration, loss=0.5))
        assert places(panel) == before, "not even for a moment"
        QApplication.processEvents()
        assert places(panel) == before
