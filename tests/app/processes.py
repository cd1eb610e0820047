"""Looking at processes and growing sessions from outside, and waiting for them with a deadline."""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

import sessions
from ntmviz.live import EngineProcess
from tests.contracts import check_source


def wait_for(condition: Callable[[], object], deadline_s: float = 30.0) -> None:
    """Wait until the condition holds; fail where it does not in time."""
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, f"{condition} did not come true in {deadline_s:g} s"
        threading.Event().wait(0.02)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def children(pid: int) -> dict[int, str]:
    """The living children of a process: id -> command line."""
    found = {}
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            state, parent = (directory / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state not in "ZX":
                found[int(directory.name)] = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def child_running(pid: int, module: str) -> int | None:
    """The child of a process that is bound to it and runs a module, or None."""
    return next((child for child, command in children(pid).items() if f"-m sessions.bound {module}" in command), None)


def iterations_in(path: Path) -> int:
    """How many iterations a session has by now; 0 while there is no session."""
    try:
        with sessions.open(path) as recording:
            return len(recording.metrics.iterations())
    except sessions.SessionError:
        return 0


def has_open(pid: int, path: Path) -> bool:
    """Whether a process holds a file open."""
    for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):  # it was closed meanwhile
            if descriptor.readlink() == path:
                return True
    return False


def steps_in(path: Path) -> int:
    """Steps that a session has by now; 0 while there is no session."""
    try:
        with sessions.open(path) as recording:
            return recording.steps
    except sessions.SessionError:
        return 0


def check_kept(path: Path, steps: int, *, complete: bool) -> None:
    """At least so many steps are in the session, every one of them can be looked at, and nobody writes any more."""
    with sessions.open(path) as recording:
        assert (recording.complete, recording.is_live) == (complete, False)
        assert recording.steps >= steps > 0
        assert sum(len(episode) for episode in recording.episodes) == recording.steps
        for episode in recording.episodes:
            check_source(episode)
        assert len(recording.checkpoints) >= 1


class Heard:
    """What an engine process has said so far."""

    def __init__(self, engine: EngineProcess) -> None:
        self.paths, self.progress, self.ended, self.silences, self.answers = [], [], [], [], []
        engine.ready.connect(self.paths.append)
        engine.progressed.connect(self.progress.append)
        engine.fell_silent.connect(self.silences.append)
        engine.answered.connect(lambda: self.answers.append(len(self.silences)))
        engine.ended.connect(lambda result, failure: self.ended.append((result, failure)))
