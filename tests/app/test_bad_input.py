"""Bad input gets one clear line, whichever way it comes in; what is open stays open, and what is there stays there."""

import dataclasses
import os
import queue
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMenu

import ntmviz
import sessions
from ntmviz import notes, session_commands
from ntmviz.errors import NtmvizError
from ntmviz.run_options import RunOptions
from ntmviz.settings import Recent
from ntmviz.worker import Worker
from tests.app.bad_files import BAD_FILES, cut_to
from tests.app.command_line import TINY
from tests.app.conftest import record_one
from tests.app.lines import check_failed, check_line, check_told
from tests.app.recent_rows import recent_rows
from tests.sessions.traces import tiny_spec

# What cannot be opened


def made(files, folder, session):
    """Each of these files with its path, in a folder of its own."""
    for number, bad in enumerate(files):
        own = folder / str(number)
        own.mkdir()
        yield bad.make(own, session), bad


@pytest.mark.parametrize(
    "words",
    [
        ("info", "{}"),
        ("info", "{}", "--json"),
        ("follow", "{}"),
        ("figure", "{}", "-o", "out.png"),
        ("{}", "--screenshot", "out.png"),
        (*TINY, "--out", "out.h5", "--resume", "{}"),
    ],
    ids=["info", "info --json", "follow", "figure", "--screenshot", "train --resume"],
)
def test_a_command_says_in_one_line_why_a_file_cannot_be_opened(words, call, session, tmp_path, monkeypatch, qapp):
    monkeypatch.chdir(tmp_path)
    for path, bad in made(BAD_FILES, tmp_path, session):
        before = sorted(tmp_path.rglob("*"))
        code, out, err = call(*(word.replace("{}", str(path)) for word in words))
        check_failed(code, err, bad.said)
        assert (out, sorted(tmp_path.rglob("*"))) == ([], before), bad.name


@pytest.mark.parametrize("reader", [sessions.open, ntmviz.load_model])
def test_a_function_says_in_one_line_why_a_file_cannot_be_opened(reader, session, tmp_path):
    for path, bad in made(BAD_FILES, tmp_path, session):
        with pytest.raises(sessions.SessionError) as caught:
            reader(path)
        check_line(str(caught.value), bad.said)


def test_a_name_with_a_zero_byte_is_said_in_one_line():
    with pytest.raises(sessions.SessionError) as caught:
        sessions.open("a\0b.h5")
    check_line(str(caught.value), "null byte", r"a\x00b.h5")


@pytest.fixture
def gone_folder(tmp_path, monkeypatch):
    """The folder that this process stands in, deleted."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()


@pytest.mark.parametrize(
    "words", [("info", "a.h5"), ("figure", "a.h5"), TINY, ("a.h5",), ("a.h5", "--screenshot", "a.png")]
)
def test_a_command_says_that_its_folder_is_gone(words, call, gone_folder):
    code, out, err = call(*words)
    check_failed(code, err, "the folder that this was started in is gone")
    assert out == []


@pytest.mark.parametrize("reader", [sessions.open, lambda path: sessions.Recorder(path, tiny_spec())])
def test_a_function_says_that_its_folder_is_gone(reader, gone_folder):
    with pytest.raises(sessions.SessionError) as caught:
        reader("a.h5")
    check_line(str(caught.value), "the folder that this process works in is gone", "a.h5")


def open_it(window, path):
    window.commands.open_path(path)


def drop_it(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(
            QPointF(100, 100),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def choose_it_among_the_recent(window, path):
    window.welcome.show_recent([Recent(path, 0.0)], [])
    recent_rows(window)[0].wished.emit(path)


@pytest.mark.parametrize("way", [open_it, drop_it, choose_it_among_the_recent])
def test_the_welcome_page_stays_and_says_why_a_file_cannot_be_opened(way, window, session, tmp_path):
    for path, bad in made(BAD_FILES, tmp_path, session):
        if way is drop_it and not path.name.isprintable():
            continue  # what is dropped is named by a URL, which holds text
        window.notice.hide()
        way(window, path)
        check_told(window, bad.said)
        assert window.stack.currentWidget() is window.welcome


@pytest.mark.parametrize("way", [open_it, drop_it])
def test_an_open_session_stays_open_when_another_cannot_be(way, open_window, session, tmp_path):
    window = open_window(session)
    window.navigation.go_to_step(0)
    for path, bad in made(BAD_FILES, tmp_path, session):
        if way is drop_it and not path.name.isprintable():
            continue  # what is dropped is named by a URL, which holds text
        window.notice.hide()
        way(window, path)
        check_told(window, bad.said)
        assert window.desk.recording.path == session
        step = window.presenter.now.step
        window.actions_by_name["next_step" if step == 0 else "previous_step"].trigger()
        assert window.presenter.now.step == window.views.machine.figure.step == 1 - step


@pytest.mark.parametrize("bad", [None, cut_to(0.5)], ids=["missing", "cut short"])
def test_a_sample_that_cannot_be_opened_is_said_in_one_line(bad, window, session, tmp_path, monkeypatch):
    def asset(name):
        if bad is None:
            raise FileNotFoundError(f"the installation lacks its file {name!r}; reinstall ntmviz")
        return bad(tmp_path, session)

    monkeypatch.setattr(session_commands, "asset", asset)
    samples = next(menu for menu in window.menus["File"].findChildren(QMenu) if menu.title() == "Open a sample")
    samples.actions()[0].trigger()
    check_told(window, "reinstall ntmviz" if bad is None else "cut short")
    assert window.stack.currentWidget() is window.welcome


def walk(window):
    """Go to every step of every episode; yields the step's memory as it is shown, None where nothing is."""
    for index in range(len(window.desk.recording.episodes)):
        window.navigation.go_to_episode(index)
        for step in range(len(window.desk.recording.episodes[index])):
            window.navigation.go_to_step(step)
            figure = window.views.machine.figure
            yield index, step, None if figure is None else figure.memory


def memories(path):
    with sessions.open(path) as recording:
        return [each.series("memory") for each in recording.episodes]


def test_a_session_cut_anywhere_shows_what_is_true_or_says_why_not(window, session, tmp_path, qtbot):
    whole = memories(session)
    size = session.stat().st_size
    for length in np.linspace(1, size - 1, 12).astype(int):
        window.notice.hide()
        window.commands.open_path(cut_to(length / size)(tmp_path, session))
        if window.desk.recording is None:
            check_told(window)
        else:
            for index, step, memory in walk(window):
                assert memory is None or np.array_equal(memory, whole[index][step])


def test_a_damaged_label_is_said_in_one_line_and_the_session_can_be_closed(window, qtbot, tmp_path):
    path = tmp_path / "labelled.h5"
    with sessions.Recorder(path, tiny_spec()) as recorder:
        record_one(recorder, label="a label")
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        file["text_bytes"][0] = 7
    window.commands.open_path(path)
    qtbot.waitUntil(window.notice.isVisible)
    check_told(window, "text 0 is damaged", str(path))
    window.actions_by_name["close_session"].trigger()
    assert window.stack.currentWidget() is window.welcome


# What vanishes while it is open


@dataclasses.dataclass(frozen=True)
class Vanishing:
    name: str
    happen: Callable[[Path], object]
    is_lost: bool
    """Whether the open file itself is changed, not only what bears its name."""


def replace_by(content):
    def happen(path):
        other = path.with_name("other")
        other.write_bytes(content)
        os.replace(other, path)

    return happen


def overwrite(path):
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xaa" * (path.stat().st_size - 4096))


VANISHINGS = [
    Vanishing("deleted", Path.unlink, is_lost=False),
    Vanishing("replaced by rubbish", replace_by(b"rubbish" * 1000), is_lost=False),
    Vanishing("replaced by nothing", replace_by(b""), is_lost=False),
    Vanishing("overwritten by rubbish", overwrite, is_lost=True),
    Vanishing("cut to nothing", lambda path: os.truncate(path, 0), is_lost=True),
    Vanishing("cut in the middle", lambda path: os.truncate(path, path.stat().st_size // 2), is_lost=True),
]


@pytest.mark.parametrize("vanishing", VANISHINGS, ids=lambda each: each.name)
def test_the_window_goes_on_when_the_open_file_is(vanishing, open_window, mine, tmp_path, monkeypatch):
    whole, content = memories(mine), mine.read_bytes()
    window = open_window(mine)
    vanishing.happen(mine)
    lost = 0
    for index, step, memory in walk(window):
        assert (window.presenter.now.episode, window.presenter.now.step) == (index, step)
        if memory is None:
            lost += 1
            check_told(window, str(mine))
        else:
            np.testing.assert_array_equal(memory, whole[index][step])
    assert bool(lost) == vanishing.is_lost
    if not vanishing.is_lost:
        assert window.notice.isHidden()
        saved = tmp_path / "saved.h5"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(saved), ""))
        window.actions_by_name["save_copy"].trigger()
        assert saved.read_bytes() == content
    window.notice.hide()
    window.actions_by_name["copy_values"].trigger()
    window.actions_by_name["close_session"].trigger()
    assert window.stack.currentWidget() is window.welcome


def test_a_session_that_is_deleted_while_it_grows_is_followed_on(open_window, recorder, qtbot):
    window = open_window(recorder.path)
    assert window.desk.is_live
    recorder.path.unlink()
    record_one(recorder)
    qtbot.waitUntil(lambda: len(window.desk.recording.episodes) == 2)
    assert window.notice.isHidden()


def test_a_session_that_is_cut_while_it_grows_is_said_in_one_line(open_window, recorder, qtbot):
    window = open_window(recorder.path)
    os.truncate(recorder.path, 1000)
    qtbot.waitUntil(window.notice.isVisible)
    check_told(window, str(recorder.path))
    assert not window.desk.is_live


# Notes beside a session


@dataclasses.dataclass(frozen=True)
class BadNotes:
    name: str
    make: Callable[[Path], object]
    said: str


def text(content):
    return lambda path: path.write_text(content)


def large(path):
    path.touch()
    os.truncate(path, 20_000_000)


BAD_NOTES = [
    BadNotes("rubbish", text("{]"), "Expecting property name"),
    BadNotes("bytes", lambda path: path.write_bytes(b"\xff\xfe\x00"), "can't decode"),
    BadNotes("empty", text(""), "Expecting value"),
    BadNotes("of another kind", text("[1, 2]"), "list indices"),
    BadNotes("newer", text('{"format": 2, "bookmarks": []}'), "format 2"),
    BadNotes("infinite", text('{"format": 1, "bookmarks": [{"episode": Infinity, "step": 0}]}'), "infinity"),
    BadNotes("nested without end", text("[" * 100_000), "recursion"),
    BadNotes("large", large, "a file of 20000000 bytes"),
    BadNotes("a folder", Path.mkdir, "a folder, a pipe or a device"),
    BadNotes("a pipe", os.mkfifo, "a folder, a pipe or a device"),
]


@pytest.mark.parametrize("bad", BAD_NOTES, ids=lambda bad: bad.name)
def test_notes_that_cannot_be_read_are_said_in_one_line_and_stay(bad, open_window, mine):
    path = notes.notes_path(mine)
    bad.make(path)
    before = untouched(path)
    window = open_window(mine)
    check_told(window, "notes of format 1 were wanted", bad.said, str(path))
    window.notice.hide()
    window.actions_by_name["bookmark"].trigger()
    check_told(window, "notes of format 1 were wanted")
    assert (window.desk.bookmarks, untouched(path)) == (frozenset(), before)


def untouched(path):
    """What stays of a file as long as nobody writes it; to read it changes its time of access."""
    found = path.stat()
    return found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns


def test_a_session_whose_name_leaves_no_room_for_notes_opens_without(open_window, session, tmp_path):
    path = Path(shutil.copy(session, tmp_path / f"{'x' * 250}.h5"))
    window = open_window(path)
    assert window.notice.isHidden()
    window.actions_by_name["bookmark"].trigger()
    check_told(window, "the bookmark could not be kept (File name too long)")


# Options that the window's engine refuses

BAD_TRAININGS = {
    "task": ({"task": "juggling"}, "priority_sort, repeat_copy; got 'juggling'"),
    "key": ({"model_settings": {"colour": 1}}, "a setting of model 'ntm' is one of"),
    "device": ({"device": "abacus"}, "device is auto or one of"),
    "value": ({"model_settings": {"locations": 0}}, "locations is a whole number, at least 1; got 0"),
    "hidden_size": ({"model_settings": {"hidden_size": 10**11}}, f"make hidden_size, {10**11}, smaller"),
    "bits": ({"task_settings": {"bits": 10**10}}, f"make task.bits, {10**10}, smaller"),
    "batch": ({"train": {"batch": 10**12}}, f"make the batch, {10**12}, smaller"),
}


@pytest.mark.parametrize("bad", BAD_TRAININGS)
def test_an_engine_says_in_one_line_why_a_training_cannot_be(bad, path):
    changed, said = BAD_TRAININGS[bad]
    told, orders = [], queue.SimpleQueue()
    options = RunOptions(**{"out": str(path), "device": "cpu", **changed})
    orders.put({"order": "start", "options": options.to_json()})
    Worker(SimpleNamespace(tell=lambda news, **more: told.append((news, more)))).serve(orders)
    ((news, more),) = told
    assert news == "failed"
    check_line(more["message"], said)
    assert not path.exists()


@pytest.mark.parametrize("bad", ["task", "batch"])
def test_the_window_says_in_one_line_why_a_training_cannot_be(bad, window, qtbot, forked_engines, path):
    changed, said = BAD_TRAININGS[bad]
    window.desk.train(RunOptions(**{"out": str(path), "device": "cpu", **changed}))
    qtbot.waitUntil(lambda: not window.desk.is_training, timeout=30_000)
    check_told(window, said)
    assert window.stack.currentWidget() is window.welcome
    assert not path.exists()


# Episodes and steps that do not exist


@pytest.mark.parametrize("number", [99, -99])
def test_an_episode_a_step_or_a_checkpoint_that_does_not_exist_is_said_in_python(number, recording, session):
    with pytest.raises(IndexError) as caught:
        recording.episodes[number]
    check_line(str(caught.value), str(number))
    with pytest.raises(IndexError) as caught:
        recording.episodes[0].record(number)
    check_line(str(caught.value), str(number))
    with pytest.raises(sessions.SessionError) as caught:
        ntmviz.load_model(session, checkpoint=number)
    check_line(str(caught.value), f"got {number}", str(session))


def test_a_session_without_an_episode_is_said_in_one_line(call, folder, qapp):
    with sessions.Recorder("none.h5", tiny_spec()):
        pass
    code, _, err = call("figure", "none.h5", "-o", "out.png")
    check_failed(code, err, "no episode yet", "none.h5")
    code, _, err = call("none.h5", "--screenshot", "out.png", "--episode", "0")
    check_failed(code, err, "no episode yet", "none.h5")
    with pytest.raises(sessions.SessionError):
        ntmviz.load_model("none.h5")


def test_an_error_is_one_line_whatever_a_name_holds():
    check_line(str(NtmvizError("first\nsecond\x1b[2J\udce9\x07")), r"first\nsecond\x1b[2J\udce9\x07")
