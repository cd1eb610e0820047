"""Signals that end, stop or slow one of owner and writer: the other ends or goes on, and flushed steps are there."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import sessions
from ntm_core.trace import EpisodeInfo
from sessions import channel as channel_module
from tests.sessions.checks import check_all, check_session, is_over
from tests.sessions.runner import PRELUDE, ROOT
from tests.sessions.scripts import STEPS, new_recorder, record
from tests.sessions.traces import ntm_spec, numbered, still

OWNER = """
with new_recorder(path) as recorder:
    record(recorder, 3)
    assert recorder.flush(10)
    print(recorder.writer_pid, flush=True)
    idle()
"""
WHEN_ASKED_TO_GO = """
def go(*_):
    record(recorder)
    sys.exit(0)

signal.signal(signal.SIGTERM, go)
"""


WITH_A_WRITER_STOPPED_AT_BIRTH = """
from sessions.launch import start_writer

writer = start_writer()
while not {is_time}:
    pass
os.kill(writer.pid, signal.SIGSTOP)
print(writer.pid, flush=True)
idle()
"""


@contextlib.contextmanager
def owner_of(path, script):
    """A script that records, and the id of its writer; it must have ended by itself in the end."""
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, path],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    ) as owner:
        try:
            yield owner, int(owner.stdout.readline())
        except BaseException:
            owner.kill()
            raise


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_script_ended_by_a_signal_leaves_a_sealed_session(path, end, wait_until, is_gone):
    with owner_of(path, OWNER) as (owner, writer):
        owner.send_signal(end)
        assert owner.wait(10) == -end
        wait_until(lambda: is_gone(writer))
    check_session(path, 3, complete=False)


def test_an_interrupt_from_the_keyboard_ends_the_session_in_order(path):
    with owner_of(path, OWNER) as (owner, _):
        os.killpg(owner.pid, signal.SIGINT)
        assert "KeyboardInterrupt" in owner.communicate(timeout=10)[1]
    check_session(path, 3)


def test_a_script_that_is_asked_to_go_with_all_its_processes_still_records_how_it_goes(path):
    with owner_of(path, WHEN_ASKED_TO_GO + OWNER) as (owner, writer):
        for each in (signal.SIGUSR1, signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            os.kill(writer, each)
        os.kill(owner.pid, signal.SIGTERM)
        assert owner.communicate(timeout=10)[1] == ""
        assert owner.returncode == 0
    check_session(path, 4)


def test_an_owner_that_stands_still_for_a_while_loses_nothing(path, wait_until):
    with owner_of(path, WHEN_ASKED_TO_GO + OWNER) as (owner, _):
        owner.send_signal(signal.SIGSTOP)
        wait_until(lambda: is_stopped(owner.pid))
        assert not is_over(path)
        owner.send_signal(signal.SIGTERM)
        owner.send_signal(signal.SIGCONT)
        assert owner.wait(10) == 0
    check_session(path, 4)


def test_an_owner_killed_while_it_stands_still_leaves_a_sealed_session(path, wait_until, is_gone):
    with owner_of(path, OWNER) as (owner, writer):
        owner.send_signal(signal.SIGSTOP)
        wait_until(lambda: is_stopped(owner.pid))
        owner.kill()
        owner.wait(10)
        wait_until(lambda: is_gone(writer))
    check_session(path, 3, complete=False)


def test_nobody_waits_for_a_writer_whose_owner_is_gone(path, wait_until, is_gone):
    """Not even whoever reads what the owner prints. Once it can, the writer seals the session and ends."""
    with owner_of(path, OWNER) as (owner, writer):
        os.kill(writer, signal.SIGSTOP)
        try:
            owner.kill()
            assert owner.communicate(timeout=10) == ("", "")
            assert not is_gone(writer)
            with sessions.open(path) as recording:
                check_all(recording, STEPS * 3)
        finally:
            os.kill(writer, signal.SIGCONT)
        wait_until(lambda: is_gone(writer))
    check_session(path, 3, complete=False)


@pytest.mark.parametrize(
    "is_time", ["True", "os.getsid(writer.pid) == writer.pid"], ids=["before its first line", "before it listens"]
)
def test_a_writer_stopped_while_it_starts_ends_with_its_owner(is_time, path, wait_until, is_gone):
    with owner_of(path, WITH_A_WRITER_STOPPED_AT_BIRTH.format(is_time=is_time)) as (owner, writer):
        wait_until(lambda: is_stopped(writer))
        owner.kill()
        owner.wait(10)
        try:
            wait_until(lambda: is_gone(writer))
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(writer, signal.SIGKILL)


def is_stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_training_beside_a_writer_that_stands_still_keeps_its_pace_and_its_memory(path, monkeypatch):
    spec = ntm_spec()
    columns, initial = numbered(spec, 0, 41), still(spec)
    monkeypatch.setattr("sessions.recorder.QUEUE_LIMIT", 8 * 2**20)
    recorder = sessions.Recorder(path, spec)

    def seconds(episodes):
        start = time.perf_counter()
        for _ in range(episodes):
            recorder.begin_episode(EpisodeInfo(), initial)
            recorder.append_steps(columns)
            recorder.end_episode()
            recorder.log(1, loss=1.0)
        return time.perf_counter() - start

    os.kill(recorder.writer_pid, signal.SIGSTOP)
    try:
        seconds(20)
        assert recorder.dropped_episodes > 0
        queued, resident = recorder.queued_bytes, resident_bytes()
        assert seconds(2000) < 5
        assert recorder.queued_bytes - queued < 2000 * 1024
        assert resident_bytes() - resident < 16 * 2**20
    finally:
        os.kill(recorder.writer_pid, signal.SIGCONT)
    kept = 2020 - recorder.dropped_episodes
    recorder.close()
    with sessions.open(path) as recording:
        assert recording.complete
        assert (len(recording.episodes), recording.dropped_episodes) == (kept, 2020 - kept)
        assert len(recording.metrics.iterations()) == 2020


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_writer_that_comes_and_goes_loses_nothing(path, wait_until):
    recorder = new_recorder(path)
    is_enough = threading.Event()

    def flicker():
        while not is_enough.wait(0.01):
            os.kill(recorder.writer_pid, signal.SIGSTOP)
            is_enough.wait(0.02)
            os.kill(recorder.writer_pid, signal.SIGCONT)

    flickering = threading.Thread(target=flicker)
    flickering.start()
    try:
        for episodes in range(10, 151, 10):
            record(recorder, 10)
            assert recorder.flush(10)
            with sessions.open(path) as recording:
                assert recording.steps >= STEPS * episodes
    finally:
        is_enough.set()
        flickering.join()
    recorder.close()
    check_session(path, 150)


def test_closing_beside_a_writer_that_stands_still_takes_its_time_and_no_longer(path, monkeypatch, is_gone):
    monkeypatch.setattr("sessions.recorder.CLOSE_S", 0.5)
    recorder = new_recorder(path)
    record(recorder)
    assert recorder.flush(10)
    os.kill(recorder.writer_pid, signal.SIGSTOP)
    record(recorder, 2000)
    start = time.perf_counter()
    recorder.close()
    assert time.perf_counter() - start < 0.5 + channel_module.KILL_S
    assert is_gone(recorder.writer_pid)
    assert recorder.failure == "the writer did not finish within 0.5 s; what was flushed is kept"
    with sessions.open(path) as recording:
        check_all(recording, STEPS)
