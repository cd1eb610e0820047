"""A recorder in a process that lacks what one takes for granted, or calls it from unlikely places."""

import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import types
from pathlib import Path

import pytest

import sessions
from sessions import channel as channel_module
from sessions.errors import LostError
from tests.sessions.checks import check_session
from tests.sessions.runner import PRELUDE, run
from tests.sessions.scripts import new_recorder


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "<&-", "2>&-"])
def test_closed_standard_streams_do_not_become_those_of_the_recorder(path, closed):
    script = """
import contextlib

recorder = new_recorder(path)
for stream in 1, 2:
    with contextlib.suppress(OSError):
        os.write(stream, b"a library prints this")
record(recorder, 2)
assert recorder.flush(10)
for stream in range(3):
    assert os.readlink(f"/proc/{recorder.writer_pid}/fd/{stream}") == os.devnull
"""
    command = [sys.executable, "-c", PRELUDE + script]
    run("", path, way=["sh", "-c", f'exec "$0" "$@" {closed}', *command])
    check_session(path, 2)


def test_a_script_that_may_open_no_more_files_is_told_and_can_go_on(path):
    script = """
import resource

free = os.open(os.devnull, os.O_RDONLY)
limits = resource.getrlimit(resource.RLIMIT_NOFILE)
new_recorder(path + ".first").close()
os.close(free)
before = os.listdir("/proc/self/fd")
resource.setrlimit(resource.RLIMIT_NOFILE, (free + 2, limits[1]))
for _ in range(3):
    try:
        new_recorder(path)
    except sessions.SessionError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_NOFILE, (free + 10, limits[1]))
assert os.listdir("/proc/self/fd") == before
record(new_recorder(path))
"""
    done = run(script, path)
    assert done.stdout == f"a process to write the session was wanted; Too many open files: {sys.executable}\n" * 3
    check_session(path, 1)


def test_a_process_that_may_start_no_more_threads_is_told(path, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(sessions.SessionError, match="a thread to record with was wanted; can't start new thread"):
        new_recorder(path)
    assert not path.exists()


def test_a_folder_that_is_gone_is_told_where_it_matters(path):
    script = """
folder = os.path.dirname(path) + "/gone"
os.mkdir(folder)
os.chdir(folder)
os.rmdir(folder)
for look in (new_recorder, sessions.open):
    try:
        look("run.h5")
    except sessions.SessionError as error:
        print(error)
record(new_recorder(path))
"""
    told = "the folder that this process works in is gone; name the whole path: run.h5\n"
    done = run(script, path)
    assert (done.stdout, done.stderr) == (told * 2, "")
    check_session(path, 1)


def test_a_script_goes_on_when_the_folder_of_its_session_is_deleted(path):
    script = """
import shutil

recorder = new_recorder(path)
record(recorder)
assert recorder.flush(10)
shutil.rmtree(os.path.dirname(path))
record(recorder, 2)
recorder.close()
assert recorder.dropped_episodes == 0
"""
    folder = path.parent / "folder"
    folder.mkdir()
    assert run(script, folder / "run.h5").stderr == ""
    assert not folder.exists()


def test_a_writer_that_does_not_come_to_create_its_file_is_given_up(path, monkeypatch):
    monkeypatch.setattr(channel_module, "START_S", 2)
    waited = []
    with held(path.parent), pytest.raises(LostError, match="did not create it within 2 s"):
        new_recorder(path, on_wait=waited.append)
    assert waited == [1, 2]
    assert not path.exists()
    new_recorder(path).close()


def test_a_writer_killed_before_it_has_a_file_is_told(path, monkeypatch, wait_until):
    started = []

    class Popen(subprocess.Popen):
        def __init__(self, *words, **settings):
            super().__init__(*words, **settings)
            started.append(self.pid)

    monkeypatch.setattr(subprocess, "Popen", Popen)

    def kill():
        wait_until(lambda: started)
        os.kill(started[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with held(path.parent), pytest.raises(LostError, match=r"ended unexpectedly \(pid \d+\)$"):
        new_recorder(path)
    killer.join()
    new_recorder(path).close()


def test_a_writer_stopped_before_it_has_a_file_is_let_go_on(path, monkeypatch):
    class Popen(subprocess.Popen):
        def __init__(self, *words, **settings):
            super().__init__(*words, **settings)
            os.kill(self.pid, signal.SIGSTOP)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    monkeypatch.setattr(channel_module, "START_S", 10)
    new_recorder(path).close()


def test_an_interrupt_while_the_writer_starts_leaves_neither_process_nor_thread(path):
    with held(path.parent):
        interrupt = threading.Timer(0.1, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT))
        interrupt.start()
        with pytest.raises(KeyboardInterrupt):
            new_recorder(path)
        interrupt.join()


class held:
    """Holds the lock under which sessions are created in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        self._opened = os.open(self._folder, os.O_RDONLY)
        fcntl.flock(self._opened, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._opened)


def test_a_debugger_that_follows_new_processes_leaves_the_writer_alone(path, monkeypatch):
    followed, is_skipping = [], []

    class Popen(subprocess.Popen):
        def __init__(self, *words, **settings):
            followed.append(not is_skipping)
            super().__init__(*words, **settings)

    @contextlib.contextmanager
    def skip():
        is_skipping.append(True)
        yield
        is_skipping.clear()

    monkeypatch.setattr(subprocess, "Popen", Popen)
    monkeypatch.setitem(sys.modules, "pydevd", types.SimpleNamespace(skip_subprocess_arg_patch=skip))
    new_recorder(path).close()
    assert followed == [False]
    assert not is_skipping


def test_a_recorder_collected_by_its_own_thread_seals_its_session(path):
    script = """
import gc
import sessions.channel

joined = sessions.channel._joined

def collect_and_join(batch):
    gc.collect()
    return joined(batch)

sessions.channel._joined = collect_and_join
gc.disable()
cycle = {"recorder": new_recorder(path)}
cycle["cycle"] = cycle
thread = cycle["recorder"]._channel._thread
record(cycle["recorder"], 2)
del cycle
thread.join(10)
assert not thread.is_alive()
"""
    assert run(script, path).stderr == ""
    check_session(path, 2)


def test_a_handler_of_the_log_that_waits_for_a_thread_that_records_is_not_deadlocked(path, monkeypatch, wait_until):
    recorder = new_recorder(path)
    waited = []

    class Handler(logging.Handler):
        def emit(self, record):
            recording = threading.Thread(target=recorder.log, args=(1,), kwargs={"loss": 1.0})
            recording.start()
            recording.join(1)
            waited.append(recording.is_alive())

    handler = Handler()
    logging.getLogger("sessions").addHandler(handler)
    try:
        os.kill(recorder.writer_pid, signal.SIGKILL)
        wait_until(lambda: recorder.failure is not None)
        recorder.close()
    finally:
        logging.getLogger("sessions").removeHandler(handler)
    assert waited == [False]


def test_a_signal_handler_may_close_a_recorder_that_it_interrupts_anywhere(path):
    script = """
import collections

class Interrupting(collections.deque):
    def append(self, item):
        super().append(item)
        signal.raise_signal(signal.SIGTERM)

def leave(*_):
    recorder.close()
    sys.exit(3)

signal.signal(signal.SIGTERM, leave)
recorder = new_recorder(path)
record(recorder)
assert recorder.flush(10)
recorder._channel._waiting = Interrupting()
recorder.log(1, loss=1.0)
"""
    assert run(script, path, expected=3).stderr == ""
    check_session(path, 1)
