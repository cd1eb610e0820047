"""Kernels that are made ready while something else goes on."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ntm_core import kernels

if TYPE_CHECKING:
    import torch

    from ntm_core.network import MemoryNetwork


class Warming:
    """`kernels.warm_up` in a thread: loading takes a second or two, compiling half a minute, once on a machine.

    Nothing need wait for it: a sequence that is run meanwhile does. What goes wrong is told by that, too.
    """

    def __init__(self, model: MemoryNetwork[Any, Any] | None, device: torch.device) -> None:
        """model: as in `kernels.warm_up`.

        device: where the model is going to run; but for a CPU nothing is compiled, and it is over at once.
        """
        self._is_over = threading.Event()
        if device.type != "cpu":
            self._is_over.set()
            return
        try:
            threading.Thread(target=self._run, args=(model,), name="warming").start()
        except RuntimeError:  # no more threads here
            self._is_over.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it is over, at once or within so many seconds; None waits for that."""
        return self._is_over.wait(seconds)

    def _run(self, model: MemoryNetwork[Any, Any] | None) -> None:
        try:
            with suppress(Exception):
                kernels.warm_up(model)
        finally:
            self._is_over.set()
