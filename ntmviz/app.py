"""Starts the Qt application: the window on its welcome page, on a session, or just long enough for a picture."""

from __future__ import annotations

import gc
import os
import sys
import time
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QEventLoop, QSize, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

import sessions
from ntmviz import saving, theme
from ntmviz.allocator import return_large_blocks
from ntmviz.assets import asset
from ntmviz.cli import output
from ntmviz.errors import NtmvizError
from ntmviz.interrupt import Interrupt
from ntmviz.painting import png
from ntmviz.settings import Settings
from ntmviz.views.by_hand import HandState
from ntmviz.window import MainWindow
from sessions.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_INSTEAD = "use 'ntmviz FILE --screenshot PNG', 'ntmviz figure FILE' or 'ntmviz demo --headless' without one"
SPARE_AFTER_MS = 1000
"""After the window is there: the first picture comes before what is loaded in advance."""
HARMLESS = "This plugin does not support"
"""How messages begin that say no more than that Qt runs offscreen."""


_WAKING_S = 60
"""How long a picture of the Step workspace waits for its network."""


def has_display() -> bool:
    """Whether a window can be shown at all."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def application(*, offscreen: bool = False, scale: float | None = None) -> QApplication:
    """The one QApplication, made if there is none. `offscreen`: for pictures, which need no display.

    Where Qt cannot use the display it leaves no way but to end the process: with one line and exit code 1.
    """
    if existing := QApplication.instance():
        assert isinstance(existing, QApplication)
        return existing
    if offscreen and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if scale is not None:
        os.environ["QT_SCALE_FACTOR"] = str(scale)
    said: list[str] = []
    qInstallMessageHandler(_handler_at_start(said))
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(["ntmviz"])
    qInstallMessageHandler(_on_qt_message)
    for message in said:
        _on_qt_message(QtMsgType.QtWarningMsg, None, message)
    return_large_blocks()
    # What is imported stays: to look through it for garbage would hold the window for 30 ms, time and again.
    gc.collect()
    gc.freeze()
    app.setStyle("Fusion")
    app.setApplicationName("ntmviz")
    app.setDesktopFileName("ntmviz")
    app.setWindowIcon(QIcon(str(asset("icons/ntmviz.svg"))))
    pg.setConfigOptions(imageAxisOrder="row-major", antialias=True)
    return app


def _handler_at_start(said: list[str]) -> Callable[[QtMsgType, object, str], None]:
    """Holds back what Qt says, and says why in one line where Qt gives up: it would abort with a core dump."""

    def handle(kind: QtMsgType, context: object, message: str) -> None:
        if kind == QtMsgType.QtFatalMsg:
            why = one_line(said[0] if said else message).rstrip(" .")
            output.complain(f"a window needs a display, and Qt cannot use this one ({why}); {_INSTEAD}")
            os._exit(1)
        if kind != QtMsgType.QtDebugMsg:
            said.append(message)

    return handle


def _on_qt_message(kind: QtMsgType, context: object, message: str) -> None:
    if not message.startswith(HARMLESS) and kind != QtMsgType.QtDebugMsg:
        output.complain(f"Qt: {message}")


def make_window(theme_name: str | None = None, *, keeps_settings: bool = True) -> MainWindow:
    """The window in the theme of the settings or the one named."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    settings = Settings(is_read_only=not keeps_settings)
    palette = theme.chosen(theme_name or settings.theme)
    theme.apply(app, palette)
    window = MainWindow(settings, palette)
    window.dress(palette)
    return window


def run(files: Sequence[Path], *, trains: bool = False) -> int:
    """Show the window until it is closed; more than one file opens a window each. Returns the exit code."""
    if not has_display():
        raise NtmvizError(f"a window needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set; {_INSTEAD}")
    app = application()
    Interrupt(app)
    windows = []
    for path in files or (None,):
        window = make_window()
        if path is not None or trains:
            window.show_workspace()  # the welcome page would only flash
        window.show()
        windows.append(window)
        QTimer.singleShot(SPARE_AFTER_MS, window.desk.spare, window.desk.spare.keep)
        if path is not None:
            # From the event loop, so that the window is there to say what is wrong with the file.
            QTimer.singleShot(0, _opener(window, path))
        elif trains:
            QTimer.singleShot(0, window.commands.train_copy)
    return app.exec()


def _opener(window: MainWindow, path: Path) -> object:
    def open_it() -> None:
        window.commands.open_path(path)

    return open_it


def screenshot(
    path: Path | None,
    picture: Path,
    *,
    episode: int | None = None,
    step: int | None = None,
    workspace: str = "Watch",
    theme_name: str | None = None,
    size: tuple[int, int] = (1440, 900),
    scale: float = 2,
) -> None:
    """Draw the real window on a session (or the welcome page without one), save it as PNG, and leave.

    Raises NtmvizError where the picture cannot be written or the episode or step does not exist, SessionError where
    the session cannot be read.
    """
    if path is not None:
        sessions.open(path).close()  # what cannot be opened is told before a window is made for it
    app = application(offscreen=True, scale=scale)
    window = make_window(theme_name, keeps_settings=False)
    failures: list[str] = []
    for teller in (window.desk, window.presenter):
        teller.failed.disconnect(window.notice.show_failure)  # it is raised, and so told on standard error
        teller.failed.connect(failures.append)
    try:
        window.resize(QSize(*size))
        window.show()
        app.processEvents()
        if path is None:
            window.show_welcome()
        else:
            _look_at(window, path, episode, step)
            window.show_workspace(workspace)
            _wait_until_there(window, app)
        for _ in range(4):  # docks take their sizes in several rounds of layout
            app.processEvents()
            window.presenter.present()
        if failures:
            raise NtmvizError(failures[0])
        saving.save("the picture", picture, png(window.grab()))
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()


def _wait_until_there(window: MainWindow, app: QApplication) -> None:
    """Let a long session be read and drawn, and the network that the Step workspace wakes come up, or say why not."""
    window.presenter.present()
    deadline = time.monotonic() + _WAKING_S

    def is_there() -> bool:
        is_awake = window.by_hand.link.state is not HandState.WAKING
        return is_awake and not (window.desk.is_reading or window.presenter.is_behind)

    while not is_there() and time.monotonic() < deadline:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def _look_at(window: MainWindow, path: Path, episode: int | None, step: int | None) -> None:
    """Open a session at an episode and a step. Raises NtmvizError where there are no such."""
    if not window.desk.open(path) or (episode is None and step is None):
        return
    recording = window.desk.recording
    assert recording is not None
    if not len(recording.episodes):
        raise NtmvizError(f"this session has no episode yet; record one first: {path}")
    at = _checked("episode", episode, len(recording.episodes), path)
    at = window.store.state.episode if at is None else at
    source = recording.episodes[at]
    at_step = _checked("step", step, len(source), path)
    now_step = window.store.state.step if at_step is None else at_step
    window.store.update(episode=at, step=now_step, is_following=False)


def _checked(what: str, wished: int | None, count: int, path: Path) -> int | None:
    if wished is None:
        return None
    if not -count <= wished < count:
        raise NtmvizError(
            f"{'an' if what == 'episode' else 'a'} {what} from 0 to {count - 1} was wanted; got {wished}: {path}"
        )
    return wished % count
