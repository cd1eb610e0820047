"""The recorder's line to its writer: a child process, a queue bounded in bytes, and the thread that empties it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from sessions.errors import FrameError, LostError, SessionError
from sessions.framing import encode, read_frame, send
from sessions.launch import start_writer
from sessions.slots import LEAST, Slot, Slots

if TYPE_CHECKING:
    import io

START_S = 60
"""How long the writer may take to create the file, in whole seconds."""
KILL_S = 2.0
"""How long a writer that was killed may take to be gone."""
FLUSH_S = 0.05
"""Time between flushes while training."""
QUEUE_LIMIT = 64 * 2**20
"""Bytes waiting above which new episodes are dropped."""
HARD_LIMIT = 4 * QUEUE_LIMIT
"""Bytes waiting above which everything is dropped, once the writer is behind by QUEUE_LIMIT."""
EAGER_BYTES = QUEUE_LIMIT // 8
"""Bytes waiting that are sent without waiting for the clock, and what frames are joined up to."""
OVERHEAD = 512
"""What a waiting frame is counted for beside its arrays."""

_log = logging.getLogger(__name__)
_open_channels: weakref.WeakSet[Channel] = weakref.WeakSet()
_forking = threading.RLock()
"""Held where a fork would inherit a line that it does not know to drop."""

Array = NDArray[Any]
Waiting = tuple[Mapping[str, Any], Sequence[Array], int, Slot | None]
"""Head, arrays and size of a frame that waits, and the slot that it tells of."""


class Channel:
    """Frames in, a session file out.

    `put` never waits. The thread sends what waits every FLUSH_S, or at once when asked, then has the writer flush and
    waits for its answer; so what is on its way is bounded, and a writer that is gone is noticed. A process that forks
    has no part in it: the child drops the line, so that the writer still sees the end of its input.

    on_wait: called at every second that the file is not there yet, with their number.
    Raises SessionError where the file cannot be created, LostError where nobody says why.
    """

    def __init__(self, create: Mapping[str, Any], on_wait: Callable[[int], None] | None = None) -> None:
        self._has_work = threading.Condition()
        self._waiting: deque[Waiting] = deque()
        self._waiting_bytes = 0
        self._asked = self._flushed = 0
        self._owed_since: float | None = None
        self._is_ready = self._is_urgent = self._is_closing = self._is_over = False
        self.failure: str | None = None
        self._is_lost = False
        self._is_foreign = False
        with _forking:
            self._slots, shared = _shared_memory()
            create = {**create, **shared}
            try:
                self._process = start_writer([each["descriptor"] for each in shared.values()])
            finally:
                for each in shared.values():
                    os.close(each["descriptor"])
            assert self._process.stdin is not None and self._process.stdout is not None
            self._orders, self._answers = self._process.stdin, cast("io.FileIO", self._process.stdout)
            _open_channels.add(self)
        self._thread = threading.Thread(target=self._run, args=(create,), name="session recorder", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self._end_process()
            raise SessionError(f"a thread to record with was wanted; {error}: end some, or raise the limit") from None
        self._wait_for_file(on_wait)

    @property
    def waiting_bytes(self) -> int:
        """Bytes put and not yet written."""
        return self._waiting_bytes

    @property
    def silent_s(self) -> float:
        """How long the writer has owed an answer, in seconds."""
        since = self._owed_since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def pid(self) -> int:
        return self._process.pid

    def take(self, steps: int, size: int) -> Slot | None:
        """A slot to fill and to `put` next; None where there is none, or where to send them costs less."""
        if self._slots is None or 4 * steps * size < LEAST:
            return None
        with self._has_work:
            return self._slots.take(steps, size)

    def put(
        self,
        head: Mapping[str, Any],
        arrays: Sequence[Array] = (),
        *,
        urgent: bool = False,
        slot: Slot | None = None,
    ) -> bool:
        """Queue a frame; the arrays must not change any more. False where it was dropped.

        A single frame of any size is taken as long as the writer is not behind.   slot: one that it tells of.
        """
        size = OVERHEAD + sum(each.nbytes for each in arrays) + (0 if slot is None else slot.rows.nbytes)
        with self._has_work:
            is_behind = self._waiting_bytes >= QUEUE_LIMIT and self._waiting_bytes + size > HARD_LIMIT
            if self.failure is not None or self._is_closing or is_behind:
                if slot is not None and self._slots is not None:
                    self._slots.give_back(slot)
                return False
            was_idle = not self._waiting
            self._waiting.append((head, arrays, size, slot))
            self._waiting_bytes += size
            self._is_urgent |= urgent or self._waiting_bytes > EAGER_BYTES
            if was_idle or self._is_urgent:
                self._has_work.notify_all()
        return True

    def flush(self, wait_s: float) -> bool:
        """Send and flush now what waits; True where the writer has flushed it within so many seconds."""
        with self._has_work:
            if self.failure is not None or self._is_closing:
                return False
            self._asked += 1
            ticket = self._asked
            self._is_urgent = True
            self._has_work.notify_all()
            if wait_s > 0:
                self._has_work.wait_for(lambda: self._flushed >= ticket or self.failure is not None, wait_s)
            return self._flushed >= ticket

    def check(self) -> None:
        """Notice a writer that died while there was nothing to send."""
        if self.failure is None and not self._is_closing and self._process.poll() is not None:
            self.flush(1.0)

    def close(self, timeout_s: float) -> None:
        """Send what waits, let the writer seal the file, wait for its end; kill it where the time runs out."""
        if self._is_foreign:
            return
        with self._has_work:
            self._is_closing = True
            self._has_work.notify_all()
            self._wake()
            if threading.current_thread() is self._thread:
                return  # the garbage collector happened to run there; the thread ends by itself
            # Waiting lets go of the lock, also where a signal's handler closes what it has interrupted in `put`.
            is_over = self._has_work.wait_for(lambda: self._is_over, timeout_s)
        if not is_over:
            self._fail(f"the writer did not finish within {timeout_s:g} s; what was flushed is kept")
            self._process.kill()
        self._thread.join(KILL_S)

    def _wake(self) -> None:
        """Let a writer go on that SIGSTOP holds; to one that runs it is nothing."""
        if sys.platform != "win32":
            self._process.send_signal(signal.SIGCONT)

    def _wait_for_file(self, on_wait: Callable[[int], None] | None) -> None:
        """Return when the writer has created the file. SessionError, and no writer, where it cannot.

        One that is stopped is let go on: without a file there is nothing that anybody could want to hold.
        """
        try:
            for seconds in range(1, START_S + 1):
                with self._has_work:
                    if self._has_work.wait_for(lambda: self._is_ready or self._is_over, 1.0):
                        break
                self._wake()
                if on_wait is not None:
                    on_wait(seconds)
            with self._has_work:
                if not self._is_ready and self.failure is None:
                    self._is_lost = True
                    self.failure = f"the process that writes the session did not create it within {START_S} s"
                if not self._is_ready:
                    raise (LostError if self._is_lost else SessionError)(str(self.failure))
        finally:
            if not self._is_ready:
                self._process.kill()
                self._thread.join(KILL_S)

    def _run(self, create: Mapping[str, Any]) -> None:
        try:
            self._send([(create, ())])
            self._receive("ready")
            with self._has_work:
                self._is_ready = True
                self._has_work.notify_all()
            while self._send_next():
                pass
            self._send([({"op": "close"}, ())])
            self._orders.close()
            self._receive(None)
            self._process.wait()
        except (OSError, FrameError, SessionError) as error:
            self._is_lost = isinstance(error, LostError)
            self._fail(str(error))
        except Exception as error:
            # Whatever it was, whoever records must not go on filling a queue that nobody empties.
            self._fail(f"{type(error).__name__}: {' '.join(str(error).split())}")
        finally:
            self._end_process()
            _open_channels.discard(self)
            with self._has_work:
                self._is_over = True
                self._has_work.notify_all()

    def _send_next(self) -> bool:
        """One round: wait for work, send it, wait until it is flushed. False when closing and all is sent."""
        with self._has_work:
            self._has_work.wait_for(lambda: self._waiting or self._is_urgent or self._is_closing)
            if not self._is_closing:
                self._has_work.wait_for(lambda: self._is_urgent or self._is_closing, FLUSH_S)
            batch = list(self._waiting)
            self._waiting.clear()
            self._is_urgent = False
            ticket = self._asked
            is_last = self._is_closing
        self._owed_since = time.monotonic()
        if batch or ticket > self._flushed:
            self._send(chain(_joined(batch), [({"op": "flush", "ticket": ticket}, ())]))
            self._receive("flushed")
        self._owed_since = None
        with self._has_work:
            for *_, size, slot in batch:
                self._waiting_bytes -= size
                if slot is not None and self._slots is not None:
                    self._slots.free(slot)
            self._flushed = ticket
            self._has_work.notify_all()
        return not is_last

    def _send(self, frames: Iterable[tuple[Mapping[str, Any], Sequence[Array]]]) -> None:
        """frames: head and arrays of each."""
        try:
            send(self._orders, (part for frame in frames for part in encode(*frame)))
        except BrokenPipeError:
            # The writer is gone; its last answer says why.
            self._receive("an answer")

    def _receive(self, wanted: str | None) -> None:
        """The writer's next answer, or with None its end. SessionError where it failed or is gone too early."""
        answer = read_frame(self._answers)
        if answer is None:
            if wanted is not None:
                raise LostError(f"the process that writes the session ended unexpectedly (pid {self.pid})")
        elif answer.head["op"] == "failed":
            raise SessionError(answer.head["message"])
        elif answer.head["op"] != wanted:
            self._receive(wanted)

    def _fail(self, reason: str) -> None:
        with self._has_work:
            is_news = self._is_ready and self.failure is None
            self.failure = self.failure or reason
            self._waiting.clear()
            self._waiting_bytes = 0
            self._owed_since = None
            self._has_work.notify_all()
        if is_news:
            # Without the lock: a handler of the log may wait for a thread that records.
            _log.warning("recording has stopped: %s", self.failure)

    def _end_process(self) -> None:
        """Leave neither process nor pipe behind."""
        self._process.kill()
        self._process.wait()
        self._orders.close()
        self._answers.close()

    def drop_in_fork(self) -> None:
        """In a forked child: the line belongs to the parent."""
        self._is_foreign = True
        self._has_work = threading.Condition()
        self.failure = "a session is recorded by the process that opened it; this is a fork of that"
        self._waiting.clear()
        self._slots = None
        self._process.returncode = 0
        self._orders.close()
        self._answers.close()


def _shared_memory() -> tuple[Slots | None, Mapping[str, Mapping[str, int]]]:
    """Memory to share with the writer, and how that is told of it; None and nothing where there is none."""
    try:
        slots = Slots()
    except OSError:
        return None, {}
    return slots, {"shared": {"descriptor": slots.descriptor, "size": slots.size}}


def _joined(batch: Iterable[Waiting]) -> Iterator[tuple[Mapping[str, Any], list[Array]]]:
    """Neighbours that share their head, the very object, as one up to EAGER_BYTES: their arrays end to end."""
    items: list[Waiting] = []
    total = 0
    for item in batch:
        if items and (item[0] is not items[0][0] or total + item[2] > EAGER_BYTES):
            yield _one(items)
            items, total = [], 0
        items.append(item)
        total += item[2]
    if items:
        yield _one(items)


def _one(items: Sequence[Waiting]) -> tuple[Mapping[str, Any], list[Array]]:
    columns = zip(*(arrays for _, arrays, _, _ in items), strict=True)
    return items[0][0], [each[0] if len(each) == 1 else np.concatenate(each) for each in columns]


def _drop_all_in_fork() -> None:
    for channel in list(_open_channels):
        channel.drop_in_fork()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_forking.acquire, after_in_parent=_forking.release, after_in_child=_drop_all_in_fork)
