"""A child process that is never orphaned, whatever holds it: `python -m sessions.bound MODULE` runs a module's `main`.

The end of its input ends such a process, but SIGSTOP keeps it from seeing that. So it is woken when its parent dies:
until it runs code of its own by the kernel, which sends SIGHUP and SIGCONT to a stopped group of processes that nobody
of its session is the parent of any more (POSIX, orphaned process groups); from then on by the signal that it asks for
here, before it imports anything that takes time. Hence `GROUP`, and hence this module imports next to nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import signal
import sys

GROUP = 0
"""`process_group` for subprocess.Popen: a group of its own, in the session of its parent."""
_PR_SET_PDEATHSIG = 1
_FOR_OTHERS = ("SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
"""Signals that terminals and schedulers send to every process of a job, to which the parent may answer by going on."""


def command(module: str) -> list[str]:
    """What starts the module in a child process."""
    return [sys.executable, "-P", "-m", __name__, module]


def give_way(nice: int) -> None:
    """Have the system weigh this process's session as it weighs a process that is so nice, where it weighs sessions."""
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as weight:
        weight.write(str(nice))


def main() -> None:
    """Run the module that the command line names. Leaves with what its `main` returns."""
    for name in _FOR_OTHERS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)
    if sys.platform != "win32":
        with contextlib.suppress(OSError):  # the parent is gone, and the input has ended
            # The leader of a group may not leave its session.
            os.setpgid(0, os.getpgid(os.getppid()))
            os.setsid()
            give_way(os.nice(0))
    sys.exit(importlib.import_module(sys.argv[1]).main())


if __name__ == "__main__":
    main()
