"""Asks for a record in the folder of records: a file, and of an HDF5 file a dataset and a row, read by the engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from ntm_core.recall.references import Reference, ReferenceKind
from ntmviz.errors import NtmvizError
from ntmviz.recall.record_dialog import RecordDialog
from ntmviz.recall.records import kind_of, within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ntmviz.recall.inquiry import Inquiry
    from ntmviz.window import MainWindow

    Taker = Callable[[Reference], None]


class RecordAsking(QObject):
    """Comes to a reference with the hash of what is there now, or to one line why not."""

    def __init__(self, window: MainWindow, inquiry: Inquiry) -> None:
        super().__init__(window)
        self._window, self._inquiry = window, inquiry

    def ask(self, folder: Path, take: Taker) -> None:
        """Choose a file, and hand its reference on once it was read."""
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Record", str(folder), "All files (*)")
        if chosen:
            self.refer(folder, Path(chosen), take)

    def refer(self, folder: Path, path: Path, take: Taker) -> None:
        """Hand the reference to a file on once it was read; of an HDF5 file the dataset is asked for before."""
        try:
            place = within(folder, path)
        except NtmvizError as error:
            self._fail(str(error))
            return
        if kind_of(place) is ReferenceKind.DATASET:

            def choose(news: Mapping[str, Any]) -> None:
                dialog = RecordDialog(place, news["tables"], self._window)
                if dialog.exec():
                    self.sign(folder, Reference(ReferenceKind.DATASET, place, dialog.dataset, dialog.row), take)
                dialog.deleteLater()

            self._inquiry.ask("tables", choose, self._fail, path=place, folder=str(folder))
        else:
            self.sign(folder, Reference(kind_of(place), place), take)

    def sign(self, folder: Path, reference: Reference, take: Taker) -> None:
        """Hand a reference on with the hash of what is there now."""
        self._inquiry.ask(
            "sign",
            lambda news: take(Reference.from_json(news["reference"])),
            self._fail,
            folder=str(folder),
            reference=reference.to_json(),
        )

    def _fail(self, message: str) -> None:
        self._window.notice.show_failure(message)
