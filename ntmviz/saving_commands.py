"""What the window writes for others: a copy of the session, weights, figures, pictures, the clipboard."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QFileDialog

from ntm_core.trace import Role
from ntmviz import paper, saving, weights
from ntmviz.errors import NtmvizError
from ntmviz.painting import png
from sessions import SessionError
from sessions.errors import reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ntmviz.window import MainWindow
    from sessions import Recording

_SESSIONS = "Sessions (*.h5 *.hdf5);;All files (*)"


class SavingCommands(QObject):
    """Each asks where to, and tells in one line where that is impossible."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        for name, slot in {
            "save_copy": self.save_copy,
            "save_figure": self.save_figure,
            "save_weights": self.save_weights,
            "save_window": self.save_window,
            "copy_values": self.copy_values,
        }.items():
            window.actions_by_name[name].triggered.connect(slot)

    def save_copy(self) -> None:
        """Copy the session file; a growing one is copied when it has ended."""
        window = self._window
        recording = window.desk.recording
        if recording is None:
            return
        if window.desk.is_live:
            window.notice.show_failure("the session still grows; finish or wait for the training, then save a copy")
            return
        start = str(Path.home() / recording.path.name)
        chosen, _ = QFileDialog.getSaveFileName(window, "Save a copy", start, _SESSIONS)
        if chosen:
            with self._telling():
                _copy(recording, Path(chosen))

    def save_weights(self) -> None:
        """The checkpoint of the episode that is shown, for another program or another session."""
        window, now = self._window, self._window.presenter.now
        recording = window.desk.recording
        kept = None if now is None or recording is None else weights.own(recording, now.episode)
        if recording is None or kept is None:
            window.notice.show_failure("the weights of this episode are not kept; choose one that names its checkpoint")
            return
        start = str(Path.home() / f"iteration-{kept.iteration}.safetensors")
        chosen, _ = QFileDialog.getSaveFileName(window, "Save the weights", start, "Weights (*.safetensors)")
        if chosen:
            with self._telling():
                saving.save("the weights", Path(chosen), recording.checkpoints[kept.checkpoint].read())

    def save_figure(self) -> None:
        """The paper's picture of the episode that is shown."""
        window = self._window
        now = window.presenter.now
        if now is None:
            return
        chosen, _ = QFileDialog.getSaveFileName(
            window, "Save the episode as a figure", str(Path.home() / "figure.png"), "Pictures (*.png *.svg *.pdf)"
        )
        if chosen:
            with self._telling():
                paper.save(now.source, Path(chosen))

    def save_window(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Save a picture of the window", str(Path.home() / "window.png"), "Pictures (*.png)"
        )
        if chosen:
            with self._telling():
                saving.suffix_of("a picture", Path(chosen), (".png",))
                saving.save("the picture", Path(chosen), png(self._window.grab()))

    def copy_values(self) -> None:
        """Put the memory of this step on the clipboard, tabs between words."""
        now = self._window.presenter.now
        if now is None:
            return
        field = now.source.spec.with_role(Role.MEMORY)
        if field is not None:
            with self._telling():
                memory = now.source.record(now.step)[field.name]
                lines = ("\t".join(f"{value:.9g}" for value in row) for row in np.asarray(memory))
                QApplication.clipboard().setText("\n".join(lines))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell what goes wrong inside in the notice."""
        try:
            yield
        except (NtmvizError, SessionError) as error:
            self._window.notice.show_failure(str(error))


def _copy(recording: Recording, path: Path) -> None:
    """Write a copy of an open session. Raises NtmvizError where that is impossible, SessionError on a damaged one."""
    try:
        if path.exists() and path.resolve() == recording.path.resolve():
            raise NtmvizError(f"a copy under another name was wanted; this is the session itself: {path}")
        with saving.whole_file(path) as file:
            recording.copy_to(file)
    except OSError as error:
        raise NtmvizError(
            f"the copy could not be written ({reason(error)}); the session itself is untouched, choose another place: "
            f"{path}"
        ) from None
