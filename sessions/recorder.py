"""Record episodes to a session file from any process: `with Recorder("run.ntmviz.h5", spec) as recorder: ...`.

Nothing here waits for the disk. The file is written by a process of its own (`sessions.writer`), which is fed by a
thread (`sessions.channel`) and ends with this one.
"""

from __future__ import annotations

import logging
import math
import operator
import os
import time
import weakref
from typing import TYPE_CHECKING, Any, SupportsFloat, SupportsIndex

import numpy as np

from sessions import schema
from sessions.channel import QUEUE_LIMIT, Channel
from sessions.errors import SessionError
from sessions.framing import BODY_LIMIT
from sessions.packing import Packing, Rows
from sessions.paths import absolute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from numpy.typing import NDArray

    from ntm_core.trace import Columns, EpisodeInfo, EpisodeKind, TraceSpec
    from sessions.slots import Slot

CLOSE_S = 30.0
"""How long `close` waits for the writer."""
_STEPS: Mapping[str, Any] = {"op": "steps"}

_log = logging.getLogger(__name__)


class Recorder:
    """A `trace.Sink` that writes a session file. One thread at a time.

    It never crashes the training that it records: where the disk fills up or the writer dies it says so once, by a
    warning of the logger and by `failure`, and counts every episode after that as dropped. Episodes worked by hand
    are flushed at every step, others about 20 times a second.

    info: title, model, model_config, task, task_settings, train, device, seed, parent; JSON values, none obligatory.
    overwrite: replace a file that is there; a session that is still being recorded is never replaced.
    on_wait: called at every second that the file is not there yet, with their number.
    Raises SessionError where the file cannot be created, or is there and may not be replaced; LostError, one of these,
    where the writer did not say why.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        spec: TraceSpec,
        info: Mapping[str, Any] | None = None,
        *,
        overwrite: bool = False,
        on_wait: Callable[[int], None] | None = None,
    ) -> None:
        self.path = absolute(path)
        self._packing = Packing.of_steps(spec)
        self._start_packing = Packing.of_start(spec)
        self._channel = Channel(
            {
                "op": "create",
                "path": str(self.path),
                "spec": spec.to_json(),
                "info": dict(info or {}),
                "overwrite": overwrite,
            },
            on_wait,
        )
        self._finish = weakref.finalize(self, self._channel.close, CLOSE_S)
        self._log_heads: dict[tuple[str, ...], Mapping[str, Any]] = {}
        self._metrics: set[str] = set()
        self._left_out: set[str] = set()
        self._episodes = self._checkpoints = 0
        self._dropped = self._reported = 0
        self._bytes = 0
        self._kind: EpisodeKind | None = None
        self._is_kept = False

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def failure(self) -> str | None:
        """Why nothing is recorded any more, in one line; None while all is well."""
        self._channel.check()
        return self._channel.failure

    @property
    def bytes_written(self) -> int:
        """Size of the file, in bytes, as last known."""
        try:
            self._bytes = os.stat(self.path).st_size
        except OSError:
            pass
        return self._bytes

    @property
    def dropped_episodes(self) -> int:
        """Episodes that are not in the file, or not whole, because the writer was behind or gone."""
        return self._dropped

    @property
    def recorded_episodes(self) -> int:
        """Episodes begun and not dropped at once."""
        return self._episodes

    @property
    def queued_bytes(self) -> int:
        """What waits to be written."""
        return self._channel.waiting_bytes

    @property
    def silent_s(self) -> float:
        """How long the writer has owed an answer, in seconds: it is stopped, or its disk is slow."""
        return self._channel.silent_s

    @property
    def writer_pid(self) -> int:
        return self._channel.pid

    def begin_episode(self, info: EpisodeInfo, initial: Columns) -> int | None:
        """Start an episode and end the one that is open; returns its index in the file, or None where it is dropped.

        info: one without a time gets that of now.   initial: each carried field before the first step, `field.shape`.
        SessionError where a field or a number is not what the format takes; then no episode is open.
        """
        if self._kind is not None:
            self.end_episode()
        start = self._start_packing.pack({name: np.asarray(values)[None] for name, values in initial.items()})
        plain = _plain(info)
        is_kept = self.failure is None and self._channel.waiting_bytes < QUEUE_LIMIT
        if is_kept:
            # Before the episode is open: what is missing belongs to none that is there.
            self._report_drops()
        self._kind, self._is_kept = info.kind, is_kept
        if not is_kept:
            self._dropped += 1
            return None
        if not self._put({"op": "begin", "info": plain}, start):
            return None
        self._episodes += 1
        return self._episodes - 1

    def append(self, record: Mapping[str, Any]) -> None:
        """One step; each field has its own shape."""
        self._append(self._packing.pack({name: np.asarray(values)[None] for name, values in record.items()}))

    def append_steps(self, columns: Columns) -> None:
        """Consecutive steps at once, time first, up to 2 GiB of them. The arrays are copied."""
        taken: list[Slot] = []

        def new(steps: int, size: int) -> Rows:
            slot = self._channel.take(steps, size) if self._is_kept and self._kind is not None else None
            if slot is None:
                return np.empty((steps, size), np.float32)
            taken.append(slot)
            return slot.rows

        rows = self._packing.pack(columns, new)
        if taken:
            self._put({"op": "slot", "slot": taken[0].told}, slot=taken[0])
        else:
            self._append(rows)

    def end_episode(self, *, loss: float = math.nan, wrong_bits: float = math.nan) -> None:
        if self._kind is None:
            raise SessionError("no episode is open; begin one first")
        told = {"op": "end", "loss": _number("loss", loss), "wrong_bits": _number("wrong_bits", wrong_bits)}
        if self._is_kept:
            self._put(told)
        self._kind = None

    def log(self, iteration: int, **metrics: float) -> None:
        """Numbers of one training iteration; up to 24 names in a session, others are left out with a warning."""
        at = _whole("iteration", iteration)
        for name in metrics.keys() - self._metrics:
            if len(self._metrics) < schema.METRIC_COLUMNS:
                self._metrics.add(name)
                continue
            metrics.pop(name)
            if name not in self._left_out:
                self._left_out.add(name)
                _log.warning("a session has up to %d metrics; %r is left out", schema.METRIC_COLUMNS, name)
        names = tuple(metrics)
        head = self._log_heads.setdefault(names, {"op": "log", "names": names})
        values = np.array([[_number(name, value) for name, value in metrics.items()]], np.float64)
        self._channel.put(head, (np.array([at], np.int64), values))

    def event(self, kind: str, *, text: str = "", step: int = -1, iteration: int = -1) -> None:
        """Something happened: at a step of the open episode, at an iteration. kind: one word of up to 24 letters."""
        if not kind.isidentifier() or not kind.isascii() or len(kind) > schema.EVENT_ROW["kind"].itemsize:
            raise SessionError(f"the kind of an event is one word of up to 24 letters; got {kind!r}")
        episode = self._episodes - 1 if self._kind is not None and self._is_kept else schema.NONE
        places = {"episode": episode, "step": _whole("step", step), "iteration": _whole("iteration", iteration)}
        told = str(text)[: schema.TEXT_LIMIT]
        self._channel.put({"op": "event", "kind": kind, "text": told, "places": places, "wall_time": time.time()})

    def checkpoint(self, weights: bytes, iteration: int) -> int:
        """Keep a safetensors blob; returns its index, or -1 where it is dropped."""
        content = np.frombuffer(weights, np.uint8)
        head = {"op": "checkpoint", "iteration": _whole("iteration", iteration), "wall_time": time.time()}
        if content.nbytes > BODY_LIMIT:
            _log.warning("a checkpoint has up to %d bytes; one of %d is left out", BODY_LIMIT, content.nbytes)
            return schema.NONE
        if not self._channel.put(head, (content,)):
            return schema.NONE
        self._checkpoints += 1
        return self._checkpoints - 1

    def flush(self, wait_s: float = 0.0) -> bool:
        """Have everything so far flushed now; True where that was done within so many seconds."""
        return self._channel.flush(wait_s)

    def close(self) -> None:
        """End the open episode, let the writer seal the file and wait for it. Nothing can be recorded after."""
        if not self._finish.alive:
            return
        if self._kind is not None:
            self.end_episode()
        self._report_drops()
        self._finish()

    def _append(self, rows: NDArray[np.float32]) -> None:
        if self._kind is None:
            raise SessionError("no episode is open; begin one first")
        if rows.nbytes > BODY_LIMIT:
            raise SessionError(
                f"steps of at most {BODY_LIMIT} bytes at once were wanted; got {rows.nbytes}: append them in parts"
            )
        if self._is_kept:
            self._put(_STEPS, rows)

    def _put(self, head: Mapping[str, Any], *arrays: NDArray[Any], slot: Slot | None = None) -> bool:
        """Send something of the open episode; where that is refused, the rest of the episode is dropped."""
        is_urgent = self._kind is not None and self._kind.is_by_hand
        self._is_kept = self._channel.put(head, arrays, urgent=is_urgent, slot=slot)
        if not self._is_kept:
            self._dropped += 1
        return self._is_kept

    def _report_drops(self) -> None:
        """Write to the file how many episodes are missing, once for each time that some are."""
        if self._dropped > self._reported:
            self._channel.put({"op": "dropped", "episodes": self._dropped})
            self.event("dropped", text=f"{self._dropped - self._reported} episodes dropped: the writer was behind")
            self._reported = self._dropped


def _plain(info: EpisodeInfo) -> dict[str, Any]:
    """An episode's info as plain JSON of numbers that its row can hold."""
    plain: dict[str, Any] = {"kind": info.kind.value, "label": str(info.label)[: schema.TEXT_LIMIT]}
    for name, checked in _CHECKED.items():
        plain[name] = checked(name, getattr(info, name))
    return plain | {"wall_time": plain["wall_time"] or time.time()}


def _whole(name: str, value: SupportsIndex) -> int:
    """A Python integer of what may be one of NumPy."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or not -(2**63) <= number < 2**63:
        raise SessionError(f"{name}: a whole number of up to 64 bits was wanted; got {value!r}")
    return number


def _number(name: str, value: SupportsFloat) -> float:
    """A Python float of what may be a number of NumPy."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise SessionError(f"{name}: a number was wanted; got {value!r}") from None


_CHECKED: Mapping[str, Callable[[str, Any], Any]] = {
    name: _whole if schema.EPISODE_ROW[name].kind == "i" else _number for name in schema.EPISODE_NUMBERS
}
"""What makes a plain number of each that an episode's row holds."""
