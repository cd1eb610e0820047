"""What cannot be written is one clear line and leaves no half file: bad places, full disks, files that others write."""

import dataclasses
import json
import os
import resource
import shutil
import subprocess
from contextlib import contextmanager

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog

import sessions
from ntmviz import notes
from ntmviz.notes import Bookmark
from tests.app.command_line import PROGRAM, TINY
from tests.app.conftest import record_one
from tests.app.lines import check_failed, check_line, check_told
from tests.sessions.traces import tiny_spec


@dataclasses.dataclass(frozen=True)
class BadPlace:
    name: str
    path: str
    """A name without its suffix, in a folder where "folder" is a folder and "text.h5" is a file."""
    said: str


BAD_PLACES = [
    BadPlace("a folder that is missing", "nowhere/out", "No such file or directory"),
    BadPlace("a folder itself", "folder", "folder."),
    BadPlace("under a file", "text.h5/out", "Not a directory"),
    BadPlace("a read-only place", "/proc/out", "No such file or directory" if os.geteuid() == 0 else ""),
    BadPlace("a name of 300 letters", "x" * 300, "File name too long"),
    BadPlace("a name of two lines", "nowhere/a\nb", r"nowhere/a\nb"),
]
WRITERS = {
    "figure .png": (("figure", "{session}", "-o"), ".png"),
    "figure .svg": (("figure", "{session}", "-o"), ".svg"),
    "figure .pdf": (("figure", "{session}", "-o"), ".pdf"),
    "--screenshot": (("{session}", "--screenshot"), ".png"),
    "train --out": ((*TINY, "--out"), ".h5"),
}


def placed(folder, place, suffix):
    """The path of a bad place; where that is to be a folder, there is one."""
    path = folder / f"{place.path}{suffix}"
    if place.path == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize("writer", WRITERS)
def test_a_command_says_in_one_line_that_it_cannot_write_there(writer, call, folder, session, qapp):
    words, suffix = WRITERS[writer]
    for place in BAD_PLACES:
        path = placed(folder, place, suffix)
        before = sorted(folder.rglob("*"))
        code, out, err = call(*(word.format(session=session) for word in words), path)
        check_failed(code, err, place.said)
        assert (out, sorted(folder.rglob("*"))) == ([], before), place.name


SAVERS = {"save_copy": ".h5", "save_figure": ".svg", "save_window": ".png"}


@pytest.mark.parametrize("saver", SAVERS)
def test_the_window_says_in_one_line_that_it_cannot_write_there(saver, open_window, folder, session, monkeypatch):
    window = open_window(session)
    for place in BAD_PLACES:
        path = placed(folder, place, SAVERS[saver])
        before = sorted(folder.rglob("*"))
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (str(path), ""))
        window.notice.hide()
        window.actions_by_name[saver].trigger()
        check_told(window, place.said)
        assert sorted(folder.rglob("*")) == before
    assert window.desk.recording.path == session


@pytest.mark.parametrize("saver", SAVERS)
def test_a_device_is_not_replaced_by_a_file(saver, open_window, session, tmp_path, monkeypatch):
    path = tmp_path / f"pipe{SAVERS[saver]}"
    os.mkfifo(path)
    window = open_window(session)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.actions_by_name[saver].trigger()
    check_told(window, "Permission denied", str(path))
    assert path.is_fifo()


def test_a_session_is_not_copied_over_itself(open_window, mine, monkeypatch):
    window = open_window(mine)
    before = mine.stat()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(mine), ""))
    window.actions_by_name["save_copy"].trigger()
    check_told(window, "this is the session itself")
    assert (mine.stat().st_ino, mine.stat().st_size) == (before.st_ino, before.st_size)


def test_a_picture_is_never_written_over_a_session(call, mine, qapp):
    before = mine.read_bytes()
    code, _, err = call(mine, "--screenshot", mine)
    check_failed(code, err, "a picture's name ends in .png; got '.h5'", wanted_code=2)
    assert mine.read_bytes() == before


# A disk that is full


@contextmanager
def disk_full_after(size):
    """No file grows beyond so many bytes, in this process and those it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("writer", [name for name in WRITERS if name != "train --out"])
def test_a_picture_that_a_full_disk_does_not_take_leaves_nothing(writer, call, folder, session, qapp):
    words, suffix = WRITERS[writer]
    earlier = folder / f"out{suffix}"
    earlier.write_text("what was there before")
    before = sorted(folder.iterdir())
    with disk_full_after(5000):
        code, out, err = call(*(word.format(session=session) for word in words), earlier)
    check_failed(code, err, "could not be written (File too large)", str(earlier))
    assert (out, sorted(folder.iterdir()), earlier.read_text()) == ([], before, "what was there before")


@pytest.mark.parametrize("saver", SAVERS)
def test_the_window_says_that_a_full_disk_does_not_take_a_file(saver, open_window, folder, session, monkeypatch):
    window = open_window(session)
    before = sorted(folder.iterdir())
    path = folder / f"out{SAVERS[saver]}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    with disk_full_after(5000):
        window.actions_by_name[saver].trigger()
    check_told(window, "could not be written (File too large)", str(path))
    assert sorted(folder.iterdir()) == before


def test_a_bookmark_that_a_full_disk_does_not_take_loses_none_of_the_others(open_window, mine):
    kept = frozenset(Bookmark(0, step) for step in range(500))
    notes.save(mine, kept)
    window = open_window(mine)
    with disk_full_after(5000):
        window.actions_by_name["bookmark"].trigger()
    check_told(window, "the bookmark could not be kept (File too large)")
    assert window.desk.bookmarks == notes.load(mine) == kept


def test_a_training_that_finds_no_room_for_its_session_leaves_nothing(call, folder):
    before = sorted(folder.iterdir())
    with disk_full_after(5000):
        code, out, err = call(*TINY, "--out", "run.h5")
    check_failed(code, err, "File too large", "run.h5")
    assert (out, sorted(folder.iterdir())) == ([], before)


def test_a_training_on_a_full_disk_goes_on_and_keeps_what_was_flushed_and_its_weights(call, folder):
    with disk_full_after(300_000):
        code, out, err = call(*TINY, "--record", "all", "--iterations", "80", "--out", "run.h5", "--json")
    weights = folder / "run.h5.safetensors"
    check_failed(code, err, "nothing more can be written to the session (File too large)", str(weights))
    assert json.loads(out[-1])["iterations"] == 80
    assert weights.stat().st_size > 1000
    check_kept(folder / "run.h5")


def check_kept(path):
    with sessions.open(path) as recording:
        assert not recording.complete
        assert recording.steps == sum(len(each) for each in recording.episodes) > 0
        for each in recording.episodes:
            assert np.isfinite(each.series("memory")).all()


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=420k none "$1" || exit 77
shift
"$@"
code=$?
cp -r disk kept
exit $code
"""


def test_a_training_on_a_disk_of_420_kilobytes_says_that_it_is_full(folder):
    (folder / "disk").mkdir()
    words = (*TINY, "--record", "all", "--iterations", "300", "--out", "disk/run.h5")
    enter = ["unshare", "--map-root-user", "--mount", "sh", "-c", ON_A_SMALL_DISK, "sh", "disk"]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare, so no file system of its own")
    done = subprocess.run([*enter, *PROGRAM, *words], capture_output=True, text=True, timeout=60)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"a file system of its own is not allowed here: {done.stderr.strip()}")
    check_failed(done.returncode, done.stderr.splitlines(), "No space left on device", "weights are lost")
    assert "training goes on without a record" in done.stdout
    assert sorted(each.name for each in (folder / "kept").iterdir()) == ["run.h5"]
    check_kept(folder / "kept" / "run.h5")


# Two writers


def test_a_session_that_is_being_recorded_is_not_written_by_another(call, recorder):
    code, _, err = call(*TINY, "--out", recorder.path)
    check_failed(code, err, "never replaces a file", str(recorder.path))
    for overwrite in (False, True):
        with pytest.raises(sessions.SessionError) as caught:
            sessions.Recorder(recorder.path, tiny_spec(), overwrite=overwrite)
        check_line(str(caught.value), "this session is being recorded" if overwrite else "there is a file of this name")
    record_one(recorder)
    recorder.close()
    with sessions.open(recorder.path) as recording:
        assert (recording.complete, len(recording.episodes)) == (True, 2)


def test_a_demo_does_not_replace_the_session_of_another_that_runs(call, folder, recorder):
    path = recorder.path.rename(folder / "copy.ntmviz.h5")
    code, _, err = call("demo", "--headless", "--out", folder)
    check_failed(code, err, "this session is being recorded", str(path))
    assert path.exists()
