"""Parts of a batch side by side: compiled code lets go of the interpreter, so that it runs on several cores.

How many threads there may be is said here, not by torch: its own operations on a network of the usual size are slower
on two threads than on one, the kernels are not. Needs no numba.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 4
"""Threads of a batch, however many cores there are: a batch has few parts that are worth one."""
LEAST_PART = 8
"""Sequences that are worth a thread of their own."""


def cores() -> int:
    """Those that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def allow(count: int) -> None:
    """Use so many threads from now on, MOST of them at most."""
    global _allowed
    _allowed = max(1, min(count, MOST))


def leave_a_core(is_left: bool) -> None:
    """Use one core less than there are, for whoever looks on; or all of them. No number changes by it."""
    allow(cores() - is_left)


def allowed() -> int:
    """How many threads may be used."""
    return _allowed


def share_out(function: Callable[[int, int], None], batch: int, multiple: int) -> None:
    """Call a function for parts of a batch, from the first sequence to the last, each in a thread of its own.

    multiple: of it are the sequences in every part but the last. What a call raises is raised here.
    """
    count = max(1, min(_allowed, batch // LEAST_PART))
    part = -(-batch // (count * multiple)) * multiple
    others = [_pool.submit(function, first, min(first + part, batch)) for first in range(part, batch, part)]
    try:
        function(0, min(part, batch))
    finally:
        for other in others:
            other.result()


def _make_pool() -> None:
    """A thread starts when it is first needed, and waits for more."""
    global _pool
    _pool = ThreadPoolExecutor(MOST - 1, "kernel")


_allowed = 1
_pool: ThreadPoolExecutor
leave_a_core(False)
_make_pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_make_pool)  # no thread comes along
