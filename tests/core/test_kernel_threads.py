"""How a batch is shared out among threads."""

from __future__ import annotations

import subprocess
import sys
import threading

import hypothesis.strategies as st
import pytest
from hypothesis import given

from ntm_core.kernels import threads


@pytest.fixture
def allowed():
    before = threads.allowed()
    yield threads.allow
    threads.allow(before)


@given(count=st.integers(1, 9), batch=st.integers(1, 200), multiple=st.integers(1, 8))
def test_every_sequence_is_computed_once_in_parts_that_are_worth_a_thread(count, batch, multiple):
    before, parts = threads.allowed(), []
    threads.allow(count)
    try:
        threads.share_out(lambda first, last: parts.append((first, last)), batch, multiple)
    finally:
        threads.allow(before)
    parts.sort()
    assert [first for first, _ in parts] == [0, *(last for _, last in parts[:-1])] and parts[-1][1] == batch
    assert len(parts) <= min(count, threads.MOST)
    assert all((last - first) % multiple == 0 for first, last in parts[:-1])
    assert len(parts) == 1 or parts[0][1] >= threads.LEAST_PART


@pytest.mark.parametrize(
    ("cores", "beside", "alone"), [(1, 1, 1), (2, 1, 2), (4, 3, 4), (16, threads.MOST, threads.MOST)]
)
def test_a_core_is_left_to_a_window_where_there_is_one_to_spare(cores, beside, alone, allowed, monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: cores)
    threads.leave_a_core(True)
    assert threads.allowed() == beside
    threads.leave_a_core(False)
    assert threads.allowed() == alone


def test_parts_run_at_the_same_time(allowed):
    allowed(2)
    both = threading.Barrier(2)
    threads.share_out(lambda first, last: both.wait(10), 2 * threads.LEAST_PART, 1)


@pytest.mark.parametrize("failing", [0, threads.LEAST_PART])
def test_what_a_part_raises_is_raised_once_all_are_done(failing, allowed):
    allowed(2)
    done = []

    def work(first, last):
        if first == failing:
            raise ValueError(first)
        done.append(first)

    with pytest.raises(ValueError, match=str(failing)):
        threads.share_out(work, 2 * threads.LEAST_PART, 1)
    assert done == [threads.LEAST_PART - failing]


FORKED = """
import os, threading
from ntm_core.kernels import threads

def compute():
    threads.allow(2)
    both = threading.Barrier(2)
    threads.share_out(lambda first, last: both.wait(10), 2 * threads.LEAST_PART, 1)

compute()
child = os.fork()
compute()
if not child:
    os._exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
"""


@pytest.mark.skipif(sys.platform == "win32", reason="processes fork on Unix only")
def test_a_fork_has_threads_of_its_own():
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
