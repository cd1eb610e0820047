"""Items from a file, in a new lab or in the one that is open; the engine process reads the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QInputDialog

from ntm_core.errors import CoreError
from ntmviz.errors import NtmvizError
from ntmviz.recall import ready, records
from ntmviz.recall.adding import addition
from ntmviz.recall.importing import ENDINGS, FILTER
from ntmviz.recall.inquiry import Inquiry
from ntmviz.recall.ready import NewItem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ntm_core.recall.references import Reference
    from ntmviz.window import MainWindow

    Taker = Callable[[Path, Sequence[NewItem], Mapping[int, Reference]], None]

_TITLE = "Items from a file"


class ItemImport(QObject):
    """Asks for a file, and of an HDF5 file for a dataset, and stores what is in it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._inquiry = Inquiry(window.by_hand.link, self)
        window.actions_by_name["import_items"].triggered.connect(lambda: self._ask(self._open))
        window.actions_by_name["add_items"].triggered.connect(lambda: self._ask(self._adder()))

    def open_items(self, path: Path, dataset: str = "") -> None:
        """A lab of the items of a file."""
        self._read(path, dataset, self._open)

    def add_items(self, path: Path, dataset: str = "") -> None:
        """The items of a file in the lab that is open, where they fit and rows are free."""
        self._read(path, dataset, self._adder())

    def _ask(self, take: Taker) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self._window, _TITLE, str(Path.home()), FILTER)
        if not chosen:
            return
        path = Path(chosen)
        if ENDINGS.get(path.suffix.lower()) != "HDF5":
            self._read(path, "", take)
            return

        def choose(news: Mapping[str, Any]) -> None:
            there, dataset, is_given = list(news["tables"]), "", True
            if len(there) > 1:
                words = "Dataset, one item a row"
                dataset, is_given = QInputDialog.getItem(self._window, _TITLE, words, there, 0, False)
            if is_given:
                self._read(path, dataset, take)

        self._inquiry.ask("tables", choose, self._fail, path=str(path), folder=None)

    def _read(self, path: Path, dataset: str, take: Taker) -> None:
        def took(news: Mapping[str, Any]) -> None:
            items = [NewItem(name, segment, tuple(word)) for name, segment, word in news["items"]]
            pointers = {place: each for place, each in records.from_json(news["records"]).items() if each is not None}
            try:
                take(path, items, pointers)
            except (NtmvizError, CoreError) as error:
                self._fail(str(error))

        folder = self._window.records.folder
        told = None if folder is None else str(folder)
        self._inquiry.ask("items", took, self._fail, path=str(path), dataset=dataset, folder=told)

    def _open(self, path: Path, items: Sequence[NewItem], pointers: Mapping[int, Reference]) -> None:
        self._window.recall_by_hand.open_lab(ready.of_items(f"recall lab: {path.stem}", items), pointers)

    def _adder(self) -> Taker:
        """What stores items in the lab that is open now."""
        lab, session = self._window.recall, self._session

        def add(path: Path, items: Sequence[NewItem], pointers: Mapping[int, Reference]) -> None:
            if self._session != session:
                raise NtmvizError(
                    "another session is shown by now, so nothing was added; add the items again where they belong"
                )
            if lab.config is None or lab.figure is None or not (lab.is_ready or self._window.by_hand.is_at_work):
                raise NtmvizError(
                    "a lab that is open and awake was wanted to add items to; open one, then add them again"
                )
            self._window.recall_by_hand.add(addition(items, pointers, lab.config, lab.names, lab.figure.free))

        return add

    @property
    def _session(self) -> Path | None:
        recording = self._window.desk.recording
        return None if recording is None else recording.path

    def _fail(self, message: str) -> None:
        self._window.notice.show_failure(message)
