"""A process that SIGSTOP holds does not see that its input has ended: whoever ends it has to wake it."""

from __future__ import annotations

import ctypes
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_PR_SET_PDEATHSIG = 1


def wake(process: subprocess.Popen[bytes]) -> None:
    """Let a stopped child go on; to one that runs it is nothing."""
    if sys.platform != "win32":
        process.send_signal(signal.SIGCONT)


def wake_when_parent_dies() -> None:
    """Have the kernel wake this process at the death of its parent. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)
