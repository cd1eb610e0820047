"""Paths and waiting, for tests of sessions."""

import time

import pytest


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.ntmviz.h5"


@pytest.fixture
def wait_until():
    """Wait for a condition, and fail where it does not come true within ten seconds."""

    def wait(condition, deadline_s=10.0):
        deadline = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true in time"
            time.sleep(0.005)

    return wait


@pytest.fixture
def is_gone():
    """Whether a process has ended; one that nobody has waited for yet counts as ended."""

    def gone(pid):
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                return file.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")
        except OSError:
            return True

    return gone
