"""What holds for every test: no display, settings and data of its own, and nothing left running afterwards."""

import contextlib
import gc
import os
import sys
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt

import hypothesis
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication

from tests.compiled import NETWORKS, compile_kernels

GRACE_S = 5.0
"""How long what a test has ended may take to be gone."""

# Inherited by every process that a test starts, at any depth, and so known again even when its parent is dead.
os.environ["NTMVIZ_TEST_RUN"] = uuid.uuid4().hex
MARK = b"NTMVIZ_TEST_RUN=" + os.environb[b"NTMVIZ_TEST_RUN"]

# The tests start hundreds of processes: where no bytecode is kept, each compiles all our sources anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Examples run beside a busy core: the time one takes says nothing about the code.
hypothesis.settings.register_profile("ntmviz", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("ntmviz")


def pytest_configure(config: pytest.Config) -> None:
    """Have the kernels compiled before several processes of tests start, each of which would compile them itself."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        compile_kernels(NETWORKS, "float", "double")


LONGEST = [
    f"tests/app/test_{name}.py" for name in ("soak", "window", "rescue", "parallel", "processes", "recall_shows", "cli")
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first: the last ones are short, and no process of tests works on alone in the end."""
    items.sort(key=lambda item: LONGEST.index(found) if (found := item.location[0]) in LONGEST else len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def home_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests, and the processes they start, away from the user's own settings, data and state."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


@pytest.fixture(scope="session", autouse=True)
def started_timers() -> Iterator[weakref.WeakSet[QTimer]]:
    """Every QTimer that Python code has started and something still holds."""
    started: weakref.WeakSet[QTimer] = weakref.WeakSet()
    start = QTimer.start

    def remember_and_start(timer: QTimer, *interval: int) -> None:
        started.add(timer)
        start(timer, *interval)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QTimer, "start", remember_and_start)
        yield started


@pytest.fixture(autouse=True)
def nothing_is_left(started_timers: weakref.WeakSet[QTimer]) -> Iterator[None]:
    """Fail a test that leaves a thread, a process at any depth, a window or a running timer behind."""
    older = _process_ids()
    finders = (_threads, lambda: _processes(older), _windows, lambda: _running(started_timers))
    before = [find() for find in finders]
    yield
    leaks = [leak for find, known in zip(finders, before, strict=True) for leak in _left(find, known)]
    assert not leaks, f"the test left behind: {'; '.join(leaks)}"


def _left(find: Callable[[], dict[object, str]], known: dict[object, str]) -> list[str]:
    """What `find` still finds beyond the known once its time to go is up."""
    deadline = time.monotonic() + GRACE_S
    while left := [name for key, name in find().items() if key not in known]:
        if time.monotonic() > deadline:
            break
        _let_go()
    return left


def _let_go() -> None:
    """Collect cycles and give Qt and other threads the time to end what was asked to end."""
    gc.collect()
    if QApplication.instance() is not None:
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    threading.Event().wait(0.05)


def _threads() -> dict[object, str]:
    # A dummy stands for a thread of a library's pool that once ran Python code; the kernels' pool stays, too.
    alive = (thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread))
    return {thread.ident: f"thread {thread.name!r}" for thread in alive if not thread.name.startswith("kernel_")}


def _process_ids() -> set[str]:
    """Of all that live; none where there is no /proc to read."""
    with contextlib.suppress(OSError):
        return {name for name in os.listdir("/proc") if name.isdecimal()}
    return set()


def _processes(older: set[str]) -> dict[object, str]:
    """Living processes that are our children or carry our mark, but for older ones: to read of all would take long."""
    found: dict[object, str] = {}
    for name in _process_ids() - older:
        directory = Path("/proc", name)
        with contextlib.suppress(OSError):  # it has ended meanwhile, or is another user's
            state, parent = (directory / "stat").read_bytes().rpartition(b")")[2].split()[:2]
            is_child = int(parent) == os.getpid() and state != b"Z"
            if is_child or MARK in (directory / "environ").read_bytes():
                command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[directory.name] = f"process {directory.name} {command.strip()!r}"
    return found


def _windows() -> dict[object, str]:
    if QApplication.instance() is None:
        return {}
    # By address in C++: a window that Qt made itself has a new wrapper each time it is asked for.
    return {shiboken6.getCppPointer(window)[0]: repr(window) for window in QApplication.topLevelWidgets()}


def _running(timers: weakref.WeakSet[QTimer]) -> dict[object, str]:
    active = (timer for timer in timers if shiboken6.isValid(timer) and timer.isActive())
    return {id(timer): f"running timer {timer!r}, child of {timer.parent()!r}" for timer in active}
