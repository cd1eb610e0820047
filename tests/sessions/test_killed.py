"""Whoever dies, what was flushed can be read, and nobody is left behind."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import sessions
from ntm_core.trace import EpisodeInfo, EpisodeKind
from tests.sessions.checks import check_all
from tests.sessions.traces import at, numbered, still, tiny_spec

ROOT = Path(__file__).parents[2]

OWNER = """
import sys
import sessions
from ntm_core.trace import EpisodeInfo
from tests.sessions.traces import numbered, still, tiny_spec

spec = tiny_spec()
recorder = sessions.Recorder(sys.argv[1], spec)
print(recorder.writer_pid, flush=True)
steps = 0
while True:
    recorder.begin_episode(EpisodeInfo(), still(spec))
    recorder.append_steps(numbered(spec, steps, 41))
    steps += 41
    recorder.end_episode(loss=1.0)
    recorder.log(steps, loss=1.0)
    if recorder.flush(10):
        print(steps, flush=True)
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_writer_loses_no_flushed_step(path, seed, caplog, wait_until):
    spec = tiny_spec()
    generator = np.random.default_rng(seed)
    recorder = sessions.Recorder(path, spec)
    killer = threading.Timer(generator.uniform(0, 0.3), os.kill, (recorder.writer_pid, signal.SIGKILL))
    killer.start()
    steps = flushed = 0
    while recorder.failure is None:
        recorder.begin_episode(EpisodeInfo(kind=EpisodeKind.MANUAL), still(spec))
        for _ in range(int(generator.integers(0, 90))):
            recorder.append(at(numbered(spec, steps, 1), 0))
            steps += 1
        recorder.end_episode()
        if recorder.flush(10):
            flushed = steps
    killer.join()
    assert recorder.begin_episode(EpisodeInfo(), still(spec)) is None
    recorder.append_steps(numbered(spec, steps, 5))
    recorder.end_episode()
    recorder.log(3, loss=1.0)
    assert recorder.checkpoint(b"weights", 3) == -1
    assert recorder.dropped_episodes >= 1
    assert "ended unexpectedly" in recorder.failure
    recorder.close()
    assert len([record for record in caplog.records if "recording has stopped" in record.message]) == 1
    with sessions.open(path) as recording:
        assert (recording.complete, recording.is_live) == (False, False)
        check_all(recording, flushed)


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_owner_loses_no_flushed_step_and_its_writer_ends(path, seed, wait_until, is_gone):
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        lines = [owner.stdout.readline() for _ in range(int(np.random.default_rng(seed).integers(1, 60)))]
        owner.kill()
        lines += owner.stdout.readlines()
    wait_until(lambda: is_gone(pid))
    with sessions.open(path) as recording:
        assert (recording.complete, recording.is_live) == (False, False)
        check_all(recording, int(lines[-1]))


def test_an_owner_that_forgets_to_close_leaves_a_complete_session(path, wait_until, is_gone):
    script = OWNER.replace("while True:", "for _ in range(3):").replace("if recorder.flush(10)", "if False")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    wait_until(lambda: is_gone(int(done.stdout)))
    with sessions.open(path) as recording:
        assert recording.complete
        check_all(recording, 123)


def test_a_recorder_nobody_holds_any_more_closes_its_session(path, wait_until, is_gone):
    recorder = sessions.Recorder(path, tiny_spec())
    pid = recorder.writer_pid
    recorder.log(1, loss=1.0)
    del recorder
    wait_until(lambda: is_gone(pid))
    with sessions.open(path) as recording:
        assert recording.complete
        assert recording.metrics["loss"].tolist() == [1.0]


def test_an_interrupt_of_the_terminal_does_not_reach_the_writer(path):
    with sessions.Recorder(path, tiny_spec()) as recorder:
        assert os.getpgid(recorder.writer_pid) != os.getpgid(0)
        assert os.getsid(recorder.writer_pid) != os.getsid(0)


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="the system weighs no sessions of processes")
def test_the_writer_of_a_nice_process_is_as_nice(path):
    """A session of its own weighs as any other would, so its process's own niceness counted for nothing."""
    script = """
import os, sys
import sessions
from tests.sessions.traces import tiny_spec
os.nice(3)
with sessions.Recorder(sys.argv[1], tiny_spec()) as recorder:
    print(open(f"/proc/{recorder.writer_pid}/autogroup").read())
"""
    told = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout.split()[1:] == ["nice", str(os.nice(0) + 3)]


def test_a_forked_child_does_not_keep_the_writer_alive(path, wait_until, is_gone):
    script = OWNER.replace(
        "steps = 0",
        "import os, signal\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    assert recorder.begin_episode(EpisodeInfo(), still(spec)) is None\n"
        "    recorder.close()\n"
        "    os.write(1, f'dropped {recorder.dropped_episodes} {os.getpid()}\\n'.encode())\n"  # in one piece
        "    os.close(1)\n"
        "    signal.pause()\n"
        "steps = 0",
    ).replace("while True:", "for _ in range(3):")
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        lines = owner.stdout.read().split("\n")
    child = int(next(line for line in lines if line.startswith("dropped 1")).split()[-1])
    try:
        assert not is_gone(child)
        wait_until(lambda: is_gone(pid))
    finally:
        os.kill(child, signal.SIGKILL)
    with sessions.open(path) as recording:
        assert recording.complete
        check_all(recording, 123)


def test_an_idle_recorder_notices_that_its_writer_died(path, wait_until):
    recorder = sessions.Recorder(path, tiny_spec())
    assert recorder.failure is None
    os.kill(recorder.writer_pid, signal.SIGKILL)
    wait_until(lambda: recorder.failure is not None)
    recorder.close()
