"""A guard for the PySide6 that is installed: some releases lose a reference to None on every void call (Python < 3.12).

Such a release aborts the process ("deallocating None") after a minute or so of heatmaps, which no short test would see.
From Python 3.12 on None is immortal and cannot be lost.
"""

import subprocess
import sys

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

REDRAWS = 200
SOAK_REDRAWS = 3000
SOAK_SECONDS = 10

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal from Python 3.12 on")


class _Panel(QWidget):
    """Paints as our views do: a kept image, a line, text; each call but the constructors returns nothing."""

    image = QImage(16, 16, QImage.Format.Format_RGB32)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("black"))
        painter.drawImage(self.rect(), self.image)
        painter.setPen(QColor("white"))
        painter.drawLine(0, 0, self.width(), self.height())
        painter.drawText(2, 12, "step")
        painter.end()


class _Item(pg.GraphicsObject):
    def boundingRect(self) -> pg.QtCore.QRectF:
        return pg.QtCore.QRectF(0, 0, 16, 16)

    def paint(self, painter: QPainter, *_: object) -> None:
        painter.fillRect(self.boundingRect(), QColor("red"))
        painter.drawLine(0, 0, 16, 16)


class _Window(QWidget):
    """A painted panel above a pyqtgraph plot with a curve and an item of our own kind."""

    def __init__(self) -> None:
        super().__init__()
        self.panel, self.plot, self.item = _Panel(), pg.PlotWidget(), _Item()
        self.curve = self.plot.plot()
        self.plot.addItem(self.item)
        layout = QVBoxLayout(self)
        layout.addWidget(self.panel)
        layout.addWidget(self.plot)
        self.resize(160, 160)

    def redraw(self, times: int) -> None:
        for step in range(times):
            self.panel.image.fill(step)
            self.panel.repaint()
            self.curve.setData(np.array([0.0, step % 7, 1.0]))
            self.item.update()
            self.plot.viewport().repaint()


def test_redrawing_gives_back_every_reference_to_none(qtbot):
    window = _Window()
    qtbot.addWidget(window)
    window.show()
    window.redraw(20)  # what is made once and kept
    before = sys.getrefcount(None)
    window.redraw(REDRAWS)
    lost = before - sys.getrefcount(None)
    assert lost < REDRAWS / 2, f"{lost} references to None lost in {REDRAWS} redraws: this PySide6 aborts after a while"


def test_three_thousand_redraws_do_not_abort_the_process():
    soak = subprocess.run([sys.executable, __file__], capture_output=True, text=True, timeout=SOAK_SECONDS)
    assert soak.returncode == 0, soak.stderr


if __name__ == "__main__":
    application = QApplication([])
    window = _Window()
    window.show()
    window.redraw(SOAK_REDRAWS)
