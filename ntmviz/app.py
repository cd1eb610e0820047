"""Starts the Qt application: the window on its welcome page, on a session, or just long enough for a picture."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from ntmviz import theme
from ntmviz.assets import asset
from ntmviz.errors import NtmvizError
from ntmviz.interrupt import Interrupt
from ntmviz.settings import Settings
from ntmviz.window import MainWindow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_HARMLESS = ("This plugin does not support propagateSizeHints", "This plugin does not support raise()")


def has_display() -> bool:
    """Whether a window can be shown at all."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def application(*, offscreen: bool = False, scale: float | None = None) -> QApplication:
    """The one QApplication, made if there is none. Without a display it must be `offscreen`."""
    if existing := QApplication.instance():
        assert isinstance(existing, QApplication)
        return existing
    if offscreen:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if scale is not None:
        os.environ["QT_SCALE_FACTOR"] = str(scale)
    qInstallMessageHandler(_on_qt_message)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(["ntmviz"])
    app.setApplicationName("ntmviz")
    app.setDesktopFileName("ntmviz")
    app.setWindowIcon(QIcon(str(asset("icons/ntmviz.svg"))))
    pg.setConfigOptions(imageAxisOrder="row-major", antialias=True)
    return app


def _on_qt_message(kind: QtMsgType, context: object, message: str) -> None:
    if not message.startswith(_HARMLESS) and kind != QtMsgType.QtDebugMsg:
        print(f"ntmviz: Qt: {message}", file=sys.stderr)


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
        raise NtmvizError(
            "a window needs a display, and neither DISPLAY nor WAYLAND_DISPLAY is set; "
            "use 'ntmviz FILE --screenshot PNG', 'ntmviz figure FILE' or 'ntmviz demo --headless' without one"
        )
    app = application()
    Interrupt(app)
    windows = []
    for path in files or (None,):
        window = make_window()
        if path is not None or trains:
            window.show_workspace()  # the welcome page would only flash
        window.show()
        windows.append(window)
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
    theme_name: str | None = None,
    size: tuple[int, int] = (1440, 900),
    scale: float = 2,
) -> None:
    """Draw the real window on a session (or the welcome page without one), save it as PNG, and leave.

    Raises NtmvizError where the picture cannot be written or the episode or step does not exist, SessionError where
    the session cannot be read.
    """
    app = application(offscreen=not has_display(), scale=scale)
    window = make_window(theme_name, keeps_settings=False)
    try:
        window.resize(QSize(*size))
        window.show()
        app.processEvents()
        window.views.arrange(window)
        if path is None:
            window.show_welcome()
        else:
            _look_at(window, path, episode, step)
        for _ in range(4):  # docks take their sizes in several rounds of layout
            app.processEvents()
            window.presenter.present()
        if not window.grab().save(str(picture), "PNG"):
            raise NtmvizError(f"the picture could not be written; choose another place: {picture}")
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()


def _look_at(window: MainWindow, path: Path, episode: int | None, step: int | None) -> None:
    failures: list[str] = []
    window.desk.failed.disconnect(window.notice.show_failure)  # it is raised, and so told on standard error
    window.desk.failed.connect(failures.append)
    if not window.desk.open(path):
        raise NtmvizError(failures[0])
    recording = window.desk.recording
    assert recording is not None
    if episode is not None or step is not None:
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
