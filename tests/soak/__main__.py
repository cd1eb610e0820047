"""Puts the real window under load and says how it bears it: `make soak`, or `python -m tests.soak --minutes 2`.

The exit code is 1 where a verdict of the report is FAILED. With DISPLAY set and QT_QPA_PLATFORM=xcb it runs in a real
window; otherwise offscreen.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import sys
import tempfile
import traceback
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, QtMsgType, qInstallMessageHandler

from ntmviz.app import HARMLESS, application, make_window
from tests.soak import acts, files
from tests.soak.blocks import Pulse
from tests.soak.driver import Driver
from tests.soak.hand import Hand
from tests.soak.pace import Pace
from tests.soak.report import Report
from tests.soak.resources import AtRest, Memory

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

WARM_UP_S = 5.0
"""Blocks count from here on, and memory after the first round of all acts."""
GRACE_S = 180.0
"""How long the first round and the last rest may take beyond the minutes asked for."""


class Complaints:
    """Hears whatever Qt or Python says that nobody else hears."""

    def __init__(self, app: QApplication) -> None:
        self.heard: list[str] = []
        self._app = app
        qInstallMessageHandler(self._on_qt_message)
        sys.excepthook = self._on_exception
        sys.unraisablehook = lambda told: self.heard.append(f"unraisable: {told.exc_value!r} in {told.object!r}")

    def stop(self) -> None:
        """Leave what comes now to those who heard it before."""
        sys.excepthook, sys.unraisablehook = sys.__excepthook__, sys.__unraisablehook__

    def _on_qt_message(self, kind: QtMsgType, context: object, message: str) -> None:
        if not message.startswith(HARMLESS) and kind != QtMsgType.QtDebugMsg:
            self.heard.append(f"Qt: {message}")

    def _on_exception(self, kind: type[BaseException], error: BaseException, where: object) -> None:
        """An exception in a slot; it may be the driver's own, so the run ends here."""
        self.heard.append("".join(traceback.format_exception(error)))
        self._app.exit()


def drive(folder: Path, minutes: float, seed: int) -> Report:
    """One run; what it opens and trains lies in the folder."""
    opened = files.make(folder)
    app = application()
    complaints, memory, pace, rests = Complaints(app), Memory(), Pace(), list[AtRest]()
    window = make_window("dark")
    window.resize(1440, 900)
    window.show()
    pulse = Pulse(WARM_UP_S, pace)
    driver = Driver(Hand(window), pulse, acts.table(opened), acts.REST, seconds=60 * minutes, seed=seed)

    def rest() -> None:
        with pulse.excused():
            rests.append(AtRest())
            if len(rests) == 1:
                memory.forget()
            memory.sample(pulse.seconds)

    def sample() -> None:
        with pulse.excused():
            memory.sample(pulse.seconds)
            pace.sample()

    def give_up() -> None:
        complaints.heard.append(f"the run did not end in {GRACE_S:g} s beyond its time; it stood at {pulse.doing!r}")
        app.exit()

    sample()
    sampler = QTimer()
    sampler.timeout.connect(sample)
    sampler.start(1000)
    deadline = QTimer(singleShot=True)
    deadline.timeout.connect(give_up)
    deadline.start(round(1000 * (60 * minutes + GRACE_S)))
    driver.rested.connect(rest)
    driver.done.connect(app.exit)  # quit would close the window, which is no part of the run
    QTimer.singleShot(0, driver.start)
    app.exec()
    seconds = pulse.seconds
    for each in (sampler, deadline, pulse):
        each.stop()
    window.close()
    complaints.stop()
    return Report(seconds, seed, dict(driver.counts), pulse.blocks, memory, pace, rests, complaints.heard)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Put the window under load.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/soak"), help="folder of the report")
    options = parser.parse_args()
    faulthandler.enable()
    with tempfile.TemporaryDirectory(prefix="ntmviz-soak-") as home:
        # Settings, recent files and sessions of nobody's.
        os.environ |= {f"XDG_{name}_HOME": f"{home}/{name.lower()}" for name in ("CONFIG", "DATA", "STATE")}
        report = drive(Path(home), options.minutes, options.seed)
    report.save(options.out)
    print(report, end="")
    print(f"\nThe report is {options.out / 'report.txt'}, for programs {options.out / 'report.json'}")
    return 0 if all(report.verdicts().values()) else 1


if __name__ == "__main__":
    sys.exit(main())
