"""What every process of a training but the first does: it learns from its share of each batch, and keeps nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntm_core import commands, events
from ntmviz.preparing import memory_told, start_of

if TYPE_CHECKING:
    from ntm_core.parallel import Group
    from ntmviz.run_options import RunOptions

_SLICE = 8
"""Iterations between two looks at whether it was interrupted."""


class Helper:
    """Takes part in a `runs.Run` of another process, and is over after the same update. Raises as that does."""

    def __init__(self, options: RunOptions, group: Group) -> None:
        self._start = start_of(options, group)
        self._engine = self._start.engine()
        self.failure: str | None = None
        """Why training stopped before its end, in one line."""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to train."""
        return self.failure is not None or self._start.is_enough(self._engine.trainer)

    def end_soon(self) -> None:
        """Be over early, after an update that all processes make."""
        self._start.group.wish_to_end()

    def advance(self) -> None:
        """Train a few iterations, or fewer where the run is over before."""
        left = self._start.iterations - self._engine.trainer.iteration
        with memory_told():
            happened = self._engine.handle(commands.Train(max(1, min(_SLICE, left))))
        for event in happened:
            if isinstance(event, events.GaveUp | events.Failed):
                self.failure = event.message
