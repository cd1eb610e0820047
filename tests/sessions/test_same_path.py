"""Several recorders that want one name: one that records is never hurt, a session that is over may be replaced."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

import sessions
from tests.sessions.checks import check_all, check_session
from tests.sessions.runner import PRELUDE, ROOT
from tests.sessions.scripts import STEPS, new_recorder, record


@pytest.mark.parametrize(
    ("overwrite", "told"),
    [
        (False, r"there is a file of this name; take another, or ask for overwrite: .*run\.ntmviz\.h5$"),
        (True, r"this session is being recorded \(by process \d+\); close it first, or take another name: .*\.h5$"),
    ],
)
def test_a_second_recorder_does_not_take_the_place_of_one_that_records(path, overwrite, told):
    with new_recorder(path) as first:
        record(first)
        with pytest.raises(sessions.SessionError, match=told):
            new_recorder(path, overwrite=overwrite)
        record(first)
    check_session(path, 2)


@pytest.mark.parametrize("before", [None, "a session that is over", "no session"])
def test_of_recorders_that_come_at_once_exactly_one_wins(path, before):
    match before:
        case "a session that is over":
            new_recorder(path).close()
        case "no session":
            path.write_text("a text")
    script = """
print(flush=True)
sys.stdin.readline()
try:
    with new_recorder(path, overwrite=True) as recorder:
        record(recorder)
        print("won", flush=True)
        sys.stdin.readline()
except sessions.SessionError as error:
    print(error, flush=True)
"""
    scripts = [
        subprocess.Popen(
            [sys.executable, "-c", PRELUDE + script, path],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        for _ in range(3)
    ]
    for each in scripts:
        each.stdout.readline()
    for each in scripts:
        each.stdin.write("go\n")
    told = sorted(each.stdout.readline() for each in scripts)
    for each in scripts:
        each.communicate(timeout=10)
        assert each.returncode == 0
    assert [line.startswith("this session is being recorded") for line in told] == [True, True, False]
    assert told[2] == "won\n"
    check_session(path, 1)


@pytest.fixture
def abandoned(path, wait_until, is_gone):
    """A session whose owner and writer were killed, both at once."""
    script = """
recorder = new_recorder(path)
record(recorder, 2)
recorder.flush(10)
print(recorder.writer_pid, flush=True)
idle()
"""
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        writer = int(owner.stdout.readline())
        os.kill(writer, signal.SIGKILL)
        owner.kill()
    wait_until(lambda: is_gone(writer))
    return path


def test_a_session_whose_processes_were_killed_can_be_read_and_copied_at_once(abandoned):
    copy = abandoned.with_name("copy.h5")
    shutil.copy(abandoned, copy)
    for each in abandoned, copy:
        with sessions.open(each) as recording:
            assert (recording.complete, recording.is_live) == (False, False)
            check_all(recording, 2 * STEPS)


def test_a_session_whose_processes_were_killed_can_be_replaced_and_deleted_at_once(abandoned):
    with sessions.open(abandoned) as before:
        with new_recorder(abandoned, overwrite=True) as recorder:
            record(recorder, 3)
        check_all(before, 2 * STEPS)
    check_session(abandoned, 3)
    abandoned.unlink()
    with new_recorder(abandoned) as recorder:
        record(recorder)
    check_session(abandoned, 1)


@pytest.mark.parametrize("length", [0, 4000])
def test_what_a_writer_left_that_was_killed_while_it_made_the_file_is_replaced(path, length):
    new_recorder(path).close()
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(sessions.SessionError, match=r"run\.ntmviz\.h5$"):
        sessions.open(path)
    with pytest.raises(sessions.SessionError, match="ask for overwrite"):
        new_recorder(path)
    with new_recorder(path, overwrite=True) as recorder:
        record(recorder)
    check_session(path, 1)
