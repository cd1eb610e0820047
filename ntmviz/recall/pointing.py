"""Keeps the Record panel true to the row that is shown, and to what lies in the folder of records."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QFileDialog, QMenu

from ntm_core.recall.references import Reference, Status
from ntmviz.recall.figure import standing
from ntmviz.recall.inquiry import Inquiry
from ntmviz.recall.record_asking import RecordAsking
from ntmviz.recall.record_figure import Opened, RecordFigure, pointed_at
from ntmviz.recall.records import table_of
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntmviz.recall.record_figure import Pointed
    from ntmviz.window import MainWindow

LOOK_MS = 60
"""How long a row is shown before its record is read: none is while one plays past them."""
FOLDER = "records_folder"
"""Name of the folder among the settings."""
_LETTERS = 18
"""Of the folder's name in a header."""
_NO_FOLDER = "no folder of records is chosen, and none is opened but what lies in it: Records folder… chooses one"
_NO_ITEM = "this row was stored as no item, and only items point to records"


class RecordPresenter(QObject):
    """Shows what a row points to, and attaches records to items."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._panel = window.views.lab.record
        self._inquiry = Inquiry(window.by_hand.link, self)
        self.asking = RecordAsking(window, self._inquiry)
        self.figure: RecordFigure | None = None
        self.table: dict[int, Reference] = {}
        """The reference of each item that has one."""
        self._table_key: tuple[object, ...] = ()
        self._key: tuple[object, ...] = ()
        """What was looked for last."""
        self._place: tuple[object, ...] = ()
        self._chosen: int | None = None
        """The row that was clicked; None where the one that is recalled is meant."""
        self._ticket = 0
        self._soon = QTimer(self, singleShot=True, interval=LOOK_MS)
        self._soon.timeout.connect(self._look)
        kept = window.settings.text_of(FOLDER)
        self.folder: Path | None = Path(kept) if kept else None
        self._show_folder()
        self._connect()

    def _connect(self) -> None:
        window, panel, cue = self._window, self._panel, self._window.views.lab.cue
        window.recall.shown.connect(self.show)
        cue.edited.connect(self._on_edited)
        window.views.lab.memory.row_pressed.connect(self.show_row)
        panel.attach_wished.connect(self.attach)
        cue.record.wished.connect(self.choose_for_cue)
        for name, slot in {
            "attach_record": self.attach,
            "detach_record": self.detach,
            "records_folder": self.choose_folder,
            "look_again": self.look_again,
        }.items():
            window.actions_by_name[name].triggered.connect(slot)
        menu = QMenu(window.views.lab.folder_button)
        for name in ("records_folder", "look_again", "detach_record"):
            menu.addAction(window.actions_by_name[name])
        window.views.lab.folder_button.setMenu(menu)

    def enable(self) -> None:
        """Let only those commands be chosen that have a row to act on."""
        actions, figure = self._window.actions_by_name, self.figure
        is_ready = self._window.recall.is_ready
        actions["attach_record"].setEnabled(is_ready and figure is not None and figure.pointed.item >= 0)
        has_record = figure is not None and figure.pointed.reference is not None
        actions["detach_record"].setEnabled(is_ready and has_record)
        actions["look_again"].setEnabled(self._window.recall.is_shown and has_record)

    def show(self) -> None:
        """Bring the panel up to date with the row that is shown."""
        try:
            pointed = self._pointed()
        except SessionError as error:
            self._window.notice.show_failure(str(error))
            pointed = None
        if pointed is None:
            self._key = ()
            self._forget_answer()
            self._show(None)
            return
        now = self._window.presenter.now
        assert now is not None
        key = (self._table_key, now.episode, now.step, pointed, self.folder)
        if key == self._key:
            return
        self._key = key
        self._forget_answer()
        before = self.figure
        if pointed.reference is None:
            opened: Opened | None = Opened(Status.NONE, _NO_ITEM if pointed.item < 0 else "")
        elif self.folder is None:
            opened = Opened(Status.REFUSED, _NO_FOLDER)
        else:
            is_same = before is not None and before.pointed.reference == pointed.reference
            opened = before.opened if is_same and before is not None else None
            self._soon.start()
        self._show(RecordFigure(pointed, opened))

    def show_row(self, row: int) -> None:
        """Show what this row points to, until another step or cue is shown."""
        figure = self._window.recall.figure
        if figure is not None and figure.names[row]:
            self._chosen = row
            self.show()

    def look_again(self) -> None:
        """Read the record once more."""
        if self.figure is not None and self.figure.pointed.reference is not None:
            self._key = ()
            self.show()

    def choose_folder(self) -> Path | None:
        """Choose the one folder in which records are looked for; it is remembered."""
        start = str(self.folder or Path.home())
        chosen = QFileDialog.getExistingDirectory(self._window, "Records folder", start)
        if not chosen:
            return None
        self.use_folder(Path(chosen))
        return self.folder

    def use_folder(self, folder: Path) -> None:
        """Look for records in this folder from now on."""
        self.folder = folder
        self._window.settings.keep(FOLDER, str(folder))
        self._show_folder()
        self.show()

    def attach(self) -> None:
        """Choose the record that the item of the row which is shown points to."""
        figure, session = self.figure, self._session
        if figure is None or figure.pointed.item < 0:
            return
        item, folder = figure.pointed.item, self.folder or self.choose_folder()

        def take(reference: Reference) -> None:
            if self._session == session:
                self.point(item, reference)
            else:
                self._window.notice.show_failure(
                    "another session is shown by now, so nothing was attached; attach the record again where it belongs"
                )

        if folder is not None:
            self.asking.ask(folder, take)

    def detach(self) -> None:
        """Have the item of the row point to nothing."""
        if self.figure is not None and self.figure.pointed.reference is not None:
            self.point(self.figure.pointed.item, None)

    def choose_for_cue(self) -> None:
        """Choose the record of what is stored next."""
        folder = self.folder or self.choose_folder()
        if folder is not None:
            self.asking.ask(folder, self._window.views.lab.cue.record.take)

    def point(self, item: int, reference: Reference | None) -> None:
        """Have an item point to a record from here on; the session keeps it."""
        by_hand = self._window.by_hand
        if not (self._window.recall.is_ready or by_hand.is_at_work):
            self._window.notice.show_failure(
                "the memory is not awake, so nothing was attached; wait until Recall can be pressed, then attach again"
            )
            return
        by_hand.when_free(lambda: by_hand.carry_out(pointers={item: reference}))
        self._window.views.lab.docks["Record"].raise_()

    @property
    def _session(self) -> Path | None:
        recording = self._window.desk.recording
        return None if recording is None else recording.path

    def _pointed(self) -> Pointed | None:
        window = self._window
        lab, now, recording = window.recall, window.presenter.now, window.desk.recording
        figure = lab.figure
        if figure is None or lab.config is None or now is None or recording is None:
            self._chosen = None
            return None
        key = (recording.path, len(recording.events))
        if key != self._table_key:
            self._table_key, self.table = key, table_of(recording)
        place = (recording.path, now.episode, now.step)
        if self._place != place:
            self._place, self._chosen = place, None
        rows = (self._chosen, figure.read_row, figure.stored_row)
        row = next((each for each in rows if each is not None and figure.names[each]), None)
        return None if row is None else pointed_at(standing(now.source, figure.step), row, lab.names, self.table)

    def _show_folder(self) -> None:
        button, folder = self._window.views.lab.folder_button, self.folder
        name = "no folder" if folder is None else folder.name or str(folder)
        button.setText(f"{name if len(name) <= _LETTERS else name[: _LETTERS - 1] + '…'}  ▾")
        button.setToolTip(f"Records are looked for in {folder or 'no folder yet'}")

    def _look(self) -> None:
        figure = self.figure
        if figure is None or figure.pointed.reference is None or self.folder is None:
            return
        pointed = figure.pointed
        self._ticket = self._inquiry.ask(
            "look_up",
            self._on_found,
            self._on_refused,
            folder=str(self.folder),
            reference=figure.pointed.reference.to_json(),
            row=pointed.row,
            item=pointed.item,
            share=pointed.share,
        )

    def _on_found(self, news: Mapping[str, Any]) -> None:
        image = b64decode(news["image"])
        self._take(Opened(Status(news["status"]), news["message"], news["preview"], image))

    def _on_refused(self, failure: str) -> None:
        self._take(Opened(Status.REFUSED, failure))

    def _take(self, opened: Opened) -> None:
        if self.figure is not None:
            self._show(replace(self.figure, opened=opened))

    def _forget_answer(self) -> None:
        self._soon.stop()
        self._inquiry.forget(self._ticket)

    def _show(self, figure: RecordFigure | None) -> None:
        self.figure = figure
        self._panel.show_figure(figure)
        header = self._window.views.lab.docks["Record"].header
        header.say("" if figure is None else f"row {figure.pointed.row}, {figure.pointed.name or 'no item'}")
        self.enable()

    def _on_edited(self) -> None:
        self._chosen = None
