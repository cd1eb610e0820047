"""What an open window costs the training that it follows: sequences per CPU second, with and without, in turn."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import sessions
from tests.app.processes import has_open, iterations_in, wait_for

LEAST_SHARE = 0.9
ROUNDS = 5
BATCH = 16
SEQUENCES = 1200
"""Of one turn; some five seconds."""
PROGRAM = [sys.executable, "-m", "ntmviz"]
TRAINING = (
    *("train", "copy", "--iterations", "1000000", "--device", "cpu", "--json"),
    # Sequences of one length and no checks: each is the same work.
    *("--set", "task.min_length=10", "--set", "task.max_length=10", "--set", "train.check_sequences=100000000"),
)
TICKS = os.sysconf("SC_CLK_TCK")


def test_training_keeps_nine_tenths_of_its_rate_while_a_window_is_open(tmp_path, tell):
    path = tmp_path / "run.ntmviz.h5"
    with subprocess.Popen([*PROGRAM, *TRAINING, "--out", str(path)], stdout=subprocess.PIPE) as training:
        try:
            wait_for(lambda: iterations_in(path) > 50, 60)
            rates = {False: [], True: []}
            window_cpu = []
            with sessions.open(path) as recording:
                for turn in range(2 * ROUNDS):
                    # on, off, off, on, on, off ...: what drifts touches both alike
                    if is_open := turn % 4 in (0, 3):
                        rate, share = rate_with_window(training.pid, recording)
                        window_cpu.append(share)
                    else:
                        rate = rate_of(training.pid, recording)
                    rates[is_open].append(rate)
            training.send_signal(signal.SIGINT)
            training.communicate(timeout=60)
        finally:
            training.kill()
    kept = median(rates[True]) / median(rates[False])
    tell(
        f"with a window open training keeps {kept:.1%} of its rate per CPU second: {median(rates[True]):.1f} of "
        f"{median(rates[False]):.1f} sequences per CPU second; the window takes {median(window_cpu):.0%} of a core"
    )
    assert kept >= LEAST_SHARE


def rate_with_window(pid, recording):
    """Training's rate while a window follows it, and the window's share of a core."""
    with subprocess.Popen([*PROGRAM, "follow", str(recording.path)], stdout=subprocess.DEVNULL) as window:
        try:
            wait_for(lambda: has_open(window.pid, recording.path))
            started, cpu = time.monotonic(), cpu_seconds(window.pid)
            rate = rate_of(pid, recording)
            share = (cpu_seconds(window.pid) - cpu) / (time.monotonic() - started)
            assert window.poll() is None
        finally:
            window.kill()
    return rate, share


def rate_of(pid, recording):
    """Sequences per CPU second of the training process over a turn."""
    done, cpu = sequences_in(recording), cpu_seconds(pid)
    wait_for(lambda: sequences_in(recording) - done >= SEQUENCES, 120)
    return (sequences_in(recording) - done) / (cpu_seconds(pid) - cpu)


def sequences_in(recording):
    recording.refresh()
    return BATCH * len(recording.metrics.iterations())


def cpu_seconds(pid):
    """What a process has used, by user and system."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / TICKS
