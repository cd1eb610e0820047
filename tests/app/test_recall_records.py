"""The Record panel with a real engine process: attach, look, fork, replay, add items; and files that are no records."""

import h5py
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from ntm_core.recall.operations import Store
from ntm_core.recall.references import Reference, ReferenceKind, Status
from ntmviz.recall import record_dialog, records
from tests.app.test_recall_lab import WAKING_MS, Hand
from tests.app.test_records import png


class Clerk(Hand):
    """A person at the Recall workspace who keeps records."""

    def __init__(self, window, qtbot, folder):
        super().__init__(window, qtbot)
        self.folder, self.records, self.panel = folder, window.records, window.views.lab.record
        self.qtbot = qtbot

    @property
    def said(self):
        return self.window.notice.text.lower() if self.window.notice.isVisible() else ""

    def row(self, name):
        return self.figure.names.index(name)

    def is_told(self, line):
        """Wait for a line about what could not be done."""
        self.qtbot.waitUntil(lambda: line.lower() in self.said, timeout=30_000)

    def look_at(self, name):
        """Click the row of an item, and wait until its record was looked for."""
        view = self.window.views.lab.memory
        at = view.layout_now
        y = at.y_of(at.shown.index(self.row(name))) + at.pitch / 2
        self.cue.choose_item("T")
        self.settle()
        view.pressed.emit(at.item, y)
        self.settle()
        assert self.records.figure.pointed.row == self.row(name)
        self.answered()

    def answered(self):
        self.qtbot.waitUntil(
            lambda: self.records.figure is not None and self.records.figure.opened is not None and self.is_quiet
        )

    @property
    def is_quiet(self):
        return not self.records._soon.isActive() and not self.records._inquiry._open

    def attach(self, name, path):
        """Click the row, then choose a file for it."""
        item = self.lab.names.index(name)
        self.look_at(name)
        before = self.records.table.get(item)
        self.choose(path)
        self.panel.attach.click()
        self.qtbot.waitUntil(lambda: self.records.table.get(item) != before and self.lab.is_ready, timeout=WAKING_MS)
        self.look_at(name)

    def choose(self, path):
        self.monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))

    @property
    def status(self):
        return self.panel.status.text()


@pytest.fixture
def clerk(window, qtbot, tmp_path, monkeypatch):
    """In a lab of letters, with a folder of records."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "a.txt").write_text("Dear Emma")
    (folder / "face.png").write_bytes(png())
    (tmp_path / "secret.txt").write_text("secret")
    with h5py.File(folder / "rows.h5", "w") as file:
        file["rows"] = np.where(np.arange(192).reshape(3, 64) % 3, 1.0, -1.0)
        file["wide"] = np.ones((2, 65))
    made = Clerk(window, qtbot, folder)
    made.monkeypatch = monkeypatch
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    window.welcome.cards["recall"].button.click()
    made.wait()
    window.actions_by_name["records_folder"].trigger()
    return made


def test_a_row_is_given_a_record_and_shows_what_becomes_of_it(clerk, qtbot):
    clerk.look_at("B")
    assert clerk.status == "○ No record"
    clerk.attach("B", clerk.folder / "a.txt")
    assert (clerk.status, clerk.panel.place.text(), clerk.panel.text.text()) == ("● Found", "a.txt", "Dear Emma")
    assert clerk.panel.status.property("tone") == "accent"
    assert not clerk.panel.status.isHidden()
    (clerk.folder / "a.txt").write_text("Dear Paul")
    clerk.window.actions_by_name["look_again"].trigger()
    clerk.answered()
    assert (clerk.status, clerk.panel.text.text()) == ("◆ Stale", "Dear Paul")
    (clerk.folder / "a.txt").unlink()
    clerk.window.actions_by_name["look_again"].trigger()
    clerk.answered()
    assert clerk.status == "■ Dangling"
    assert "there is none: a.txt" in clerk.panel.sentence.text()
    assert clerk.panel.text.isHidden()
    clerk.window.actions_by_name["detach_record"].trigger()
    qtbot.waitUntil(lambda: not clerk.records.table and clerk.lab.is_ready)
    clerk.look_at("B")
    assert clerk.status == "○ No record"


def test_a_row_that_was_written_over_is_blended_and_tells_the_shares(clerk):
    clerk.attach("P", clerk.folder / "a.txt")
    step = clerk.now.step
    over = Store(tuple(-clerk.cue.item("P")), item=clerk.lab.names.index("T"), location=clerk.row("P"), gate=0.4)
    clerk.window.recall_by_hand._carry_out(over)
    clerk.qtbot.waitUntil(lambda: clerk.now.step > step and clerk.lab.is_ready)
    clerk.answered()
    assert clerk.status == "▲ Blended"
    assert clerk.panel.status.property("tone") == "warning"
    assert "60%" in clerk.panel.sentence.text()
    assert not clerk.panel.bar.isHidden()
    assert clerk.panel.bar.toolTip() == "This row is 60% of P, 40% of T"


def test_an_image_is_a_picture_and_one_that_is_damaged_a_line(clerk):
    clerk.attach("K", clerk.folder / "face.png")
    assert clerk.panel.picture.pixmap().size().toTuple() == (40, 30)
    assert "40×30 pixels" in clerk.panel.text.text()
    (clerk.folder / "face.png").write_bytes(png()[:40])
    clerk.records.look_again()
    clerk.qtbot.waitUntil(lambda: clerk.status == "◆ Stale")
    assert clerk.panel.picture.isHidden()
    assert "cut short or damaged" in clerk.panel.text.text()


def test_a_file_outside_the_folder_is_one_line_and_attaches_nothing(clerk, qtbot):
    clerk.look_at("B")
    (clerk.folder / "link.txt").symlink_to(clerk.folder.parent / "secret.txt")
    for path, told in (
        (clerk.folder.parent / "secret.txt", "a file in the folder of records"),
        (clerk.folder / ".." / "secret.txt", "a file in the folder of records"),
        (clerk.folder / "link.txt", "a path without symbolic links was wanted"),
        (clerk.folder / "gone.txt", "a file was wanted; there is none"),
    ):
        clerk.window.notice.hide()
        clerk.choose(path)
        clerk.panel.attach.click()
        clerk.is_told(told)
    assert not clerk.records.table
    assert not [event for event in clerk.window.desk.recording.events if event.kind == records.EVENT]


def test_what_is_stored_takes_the_record_that_was_chosen_for_it_and_a_row_of_a_dataset_can_be_one(clerk, qtbot):
    def choose_row(dialog):
        dialog.datasets.setCurrentText("rows")
        dialog.rows.setValue(2)
        return True

    clerk.monkeypatch.setattr(record_dialog.RecordDialog, "exec", choose_row)
    clerk.choose(clerk.folder / "rows.h5")
    clerk.cue.record.choose.click()
    qtbot.waitUntil(lambda: clerk.cue.record.reference is not None)
    assert clerk.cue.record.told == "rows.h5, rows, row 2"
    clerk.cue.name.setText("note")
    clerk.step_on(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert clerk.cue.record.reference is None
    item = clerk.lab.names.index("note")
    assert clerk.records.table[item].row == 2
    clerk.answered()
    assert clerk.records.figure.pointed.name == "note", "the row that was stored is shown"
    assert clerk.status == "● Found"
    assert clerk.panel.text.text().startswith("float64 (64,): ")


def test_a_session_that_is_opened_again_and_one_that_is_begun_from_it_know_the_records(clerk, qtbot):
    clerk.attach("B", clerk.folder / "a.txt")
    path, table = clerk.window.desk.recording.path, dict(clerk.records.table)
    clerk.window.desk.close()
    qtbot.waitUntil(lambda: not clerk.window.by_hand.link._leaving, timeout=WAKING_MS)
    assert clerk.records.figure is None
    clerk.window.commands.open_path(path)
    clerk.wait()
    assert clerk.records.table == table
    clerk.window.store.update(step=15)
    clerk.wait()
    clerk.attach("D", clerk.folder / "face.png")
    begun = clerk.window.desk.recording.path
    assert begun != path
    assert set(clerk.records.table) == {clerk.lab.names.index("B"), clerk.lab.names.index("D")}
    clerk.look_at("B")
    assert clerk.status == "● Found"


def test_the_folder_is_remembered_and_without_one_nothing_is_opened(clerk, qtbot):
    assert clerk.window.settings.text_of("records_folder") == str(clerk.folder)
    assert clerk.window.views.lab.folder_button.text().startswith("library")
    clerk.attach("B", clerk.folder / "a.txt")
    clerk.records.folder = None
    clerk.records.look_again()
    assert clerk.status == "✕ Refused"
    assert "no folder of records is chosen" in clerk.panel.sentence.text().lower()


def test_items_of_a_dataset_are_added_to_the_lab_that_is_open_and_point_to_their_rows(clerk, qtbot):
    path, names = clerk.window.desk.recording.path, clerk.lab.names
    clerk.window.item_import.add_items(clerk.folder / "rows.h5", "rows")
    qtbot.waitUntil(lambda: len(clerk.lab.names) == len(names) + 3 and clerk.lab.is_ready, timeout=WAKING_MS)
    assert clerk.window.desk.recording.path == path
    assert clerk.lab.names[len(names) :] == ("rows 0", "rows 1", "rows 2")
    assert [clerk.records.table[len(names) + at].row for at in range(3)] == [0, 1, 2]
    clerk.look_at("rows 1")
    assert clerk.status == "● Found"
    assert clerk.panel.place.text() == "rows.h5, rows, row 1"


def test_items_that_do_not_fit_the_open_lab_are_one_line_and_none_is_stored(clerk, qtbot):
    steps = len(clerk.now.source)
    np.save(clerk.folder / "many.npy", np.ones((40, 64)))
    for path, dataset, told in (
        ("rows.h5", "wide", "items of 64 numbers were wanted for this lab; these have 65"),
        ("many.npy", "", "40 free rows were wanted; this lab has 12"),
        ("a.txt", "", "a table (.csv), an array (.npy) or HDF5 (.h5) was wanted"),
    ):
        clerk.window.notice.hide()
        clerk.window.item_import.add_items(clerk.folder / path, dataset)
        clerk.is_told(told)
    assert len(clerk.now.source) == steps


def test_a_new_lab_of_a_dataset_points_to_its_rows(clerk, qtbot):
    path = clerk.window.desk.recording.path
    clerk.choose(clerk.folder / "rows.h5")
    clerk.monkeypatch.setattr("ntmviz.recall.item_import.QInputDialog.getItem", lambda *_: ("rows", True))
    clerk.window.actions_by_name["import_items"].trigger()
    qtbot.waitUntil(
        lambda: (
            clerk.window.desk.recording is not None
            and clerk.window.desk.recording.path != path
            and clerk.lab.names == ("rows 0", "rows 1", "rows 2")
            and clerk.lab.is_ready
        ),
        timeout=WAKING_MS,
    )
    assert {item: each.row for item, each in clerk.records.table.items()} == {0: 0, 1: 1, 2: 2}


def test_an_engine_that_is_gone_leaves_a_line_and_not_a_panel_that_waits(clerk, qtbot):
    clerk.attach("B", clerk.folder / "a.txt")
    refused = []
    clerk.records._inquiry._open[999] = (refused.append, refused.append)
    clerk.window.by_hand.link._own._kill()
    qtbot.waitUntil(lambda: bool(refused), timeout=WAKING_MS)
    assert "ask again" in refused[0]


def test_a_record_that_was_read_once_another_session_is_shown_is_attached_to_nothing(clerk):
    clerk.look_at("B")
    asked = []
    clerk.monkeypatch.setattr(clerk.records.asking, "ask", lambda folder, take: asked.append(take))
    clerk.panel.attach.click()
    clerk.monkeypatch.setattr(type(clerk.records), "_session", None)
    asked[0](Reference(ReferenceKind.TEXT, "a.txt"))
    clerk.is_told("another session is shown by now")
    assert not clerk.window.by_hand.is_at_work


def test_items_that_were_read_once_another_session_is_shown_are_added_to_nothing(clerk):
    steps = len(clerk.now.source)
    clerk.window.item_import.add_items(clerk.folder / "rows.h5", "rows")
    clerk.monkeypatch.setattr(type(clerk.window.item_import), "_session", None)
    clerk.is_told("another session is shown by now")
    assert len(clerk.now.source) == steps


def test_a_reference_of_a_session_that_leads_out_of_the_folder_is_refused(clerk, qtbot):
    item = clerk.lab.names.index("B")
    clerk.records.point(item, Reference(ReferenceKind.TEXT, "../secret.txt"))
    qtbot.waitUntil(lambda: item in clerk.records.table and clerk.lab.is_ready)
    clerk.look_at("B")
    assert clerk.status == "✕ Refused"
    assert clerk.records.figure.opened.status is Status.REFUSED
    assert clerk.panel.text.isHidden()
