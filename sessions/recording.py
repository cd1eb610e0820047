"""Look at a session file, finished or growing: `with sessions.open("run.ntmviz.h5") as recording: ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sessions import schema
from sessions.container import Container
from sessions.contents import Checkpoint, Checkpoints, Event, Events, Metrics, Texts
from sessions.episodes import Episode, Episodes
from sessions.errors import DamageError
from sessions.paths import absolute
from sessions.schema import State
from sessions.steps import StepReader
from sessions.tables import Table, read_progress

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from types import TracebackType
    from typing import BinaryIO

    from ntm_core.trace import TraceSpec
    from sessions.info import SessionInfo

CACHE_BYTES = 64 * 2**20

Array = NDArray[Any]


def open(path: str | os.PathLike[str], *, cache_bytes: int = CACHE_BYTES, metric_rows: int | None = None) -> Recording:
    """Open a session for reading. SessionError, in one line, where that is impossible.

    metric_rows: so many rows of metrics are read at once at most, and with each `refresh` as many more: for whoever
    cannot wait for the millions that a long training has. None: all of them.
    """
    return Recording(path, cache_bytes=cache_bytes, metric_rows=metric_rows)


class Recording:
    """A session file, read lazily and never changed.

    What it shows stays as it is until `refresh`, which takes in what was flushed since. Decoded steps are kept up to
    `cache_bytes`. One thread at a time.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, cache_bytes: int = CACHE_BYTES, metric_rows: int | None = None
    ) -> None:
        """See `open`."""
        self.path = absolute(path)
        self._metric_rows = metric_rows
        self._container = Container(self.path)
        try:
            datasets = self._container.datasets
            self._progress = read_progress(datasets[schema.PROGRESS], self.path)
            self._tables = {
                name: Table(name, datasets[name], dtype, self.path)
                for name, dtype in schema.tables(self.spec).items()
                if name != schema.CHECKSUMS
            }
            self._steps = StepReader(self._container, self._sealed_steps, self.path, cache_bytes)
            texts = Texts(self._tables[schema.TEXTS], datasets[schema.TEXT_BYTES], self.path)
            self._episodes = Episodes(self._container, self._tables[schema.EPISODES], texts, self._steps, self.path)
            self._metrics = Metrics(self._tables[schema.METRICS], texts)
            self._events = Events(self._tables[schema.EVENTS], texts)
            self._checkpoints = Checkpoints(
                self._tables[schema.CHECKPOINTS], datasets[schema.CHECKPOINT_BYTES], self.path
            )
            self._take_in(self._progress)
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def info(self) -> SessionInfo:
        return self._container.info

    @property
    def spec(self) -> TraceSpec:
        return self._container.spec

    @property
    def episodes(self) -> Sequence[Episode]:
        return self._episodes

    @property
    def episode_iterations(self) -> NDArray[np.int64]:
        """The training iteration of each episode, -1 where it has none: (episodes,)."""
        return self._episodes.iterations

    @property
    def episode_checkpoints(self) -> NDArray[np.int64]:
        """The checkpoint that each episode ran on, -1 where its weights are not kept: (episodes,)."""
        return self._episodes.checkpoints

    @property
    def by_hand(self) -> NDArray[np.int64]:
        """Indices of the episodes that were worked by hand: drawn sequences, forks, lesions."""
        return self._episodes.by_hand

    @property
    def metrics(self) -> Metrics:
        return self._metrics

    @property
    def events(self) -> Sequence[Event]:
        return self._events

    @property
    def checkpoints(self) -> Sequence[Checkpoint]:
        return self._checkpoints

    @property
    def steps(self) -> int:
        """Steps of all episodes."""
        return int(self._progress["steps"][0])

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return self._container.bytes

    @property
    def checkpoint_bytes(self) -> int:
        return int(self._tables[schema.CHECKPOINTS].rows["length"].sum())

    @property
    def dropped_episodes(self) -> int:
        """Episodes that the recorder had to leave out."""
        return int(self._progress["dropped_episodes"][0])

    @property
    def complete(self) -> bool:
        """Whether whoever recorded it closed it."""
        return bool(self._progress["state"][0] == State.CLOSED)

    @property
    def is_live(self) -> bool:
        """Whether it can still grow: its writer, on this machine, runs."""
        return bool(self._progress["state"][0] == State.OPEN) and self.info.writer.runs

    @property
    def is_whole(self) -> bool:
        """Whether all that had been flushed at the last look is taken in; see `metric_rows` of `open`."""
        return len(self._tables[schema.METRICS].rows) >= int(self._progress[schema.METRICS][0])

    def refresh(self) -> bool:
        """Take in what was flushed since, or more of the metrics; True where that is anything, else in microseconds."""
        progress = self._progress
        if progress["state"][0] == State.OPEN:
            progress = read_progress(self._container.datasets[schema.PROGRESS], self.path)
        if progress["generation"] == self._progress["generation"] and self.is_whole:
            return False
        self._take_in(progress)
        return True

    def copy_to(self, target: BinaryIO) -> None:
        """Write the file as it was opened, also where it has been deleted or replaced since."""
        self._container.copy_to(target)

    def close(self) -> None:
        self._container.close()

    def _take_in(self, progress: Array) -> None:
        steps, sealed = int(progress["steps"][0]), int(progress["sealed"][0])
        if not 0 <= sealed <= steps <= sealed + self._container.chunk_steps:
            raise DamageError(f"this session claims {steps} steps, {sealed} of them sealed: {self.path}")
        for name, table in self._tables.items():
            # The last episode known was perhaps still open when it was read.
            again = len(table.rows) - 1 if name == schema.EPISODES and len(table.rows) else None
            length = int(progress[name][0])
            if name == schema.METRICS and self._metric_rows is not None:
                length = min(length, len(table.rows) + self._metric_rows)
            table.grow(length, again_from=again)
        self._progress = progress
        self._episodes.steps = steps

    def _sealed_steps(self, look: bool) -> int:
        """Steps in the columns as far as known; with `look` as the file says now."""
        if look:
            found = read_progress(self._container.datasets[schema.PROGRESS], self.path)
            sealed = np.maximum(found["sealed"], self._progress["sealed"])
            self._progress = self._progress.copy()
            self._progress["sealed"] = sealed
        return int(self._progress["sealed"][0])
