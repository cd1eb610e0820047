"""The engine process: does as the window orders, and says how it goes. `python -m sessions.bound ntmviz.worker`.

Frames on standard input: {"order": "prepare"} loads kernels before they are needed; {"order": "start", "options":
{...}} begins a training; {"order": "pause" | "resume" | "stop"}, {"order": "record", "policy": "every:10"} and
{"order": "keep_on", "is_on": bool} steer it. Frames on standard output: {"news": "waiting", "seconds"} until the
session's file is there, {"news": "ready", "path"}, {"news": "compiling"} where kernels never ran on this machine,
{"news": "progress", ...}, {"news": "solved", ...}, {"news": "over", "result", "failure"}, {"news": "refused",
"message"}, {"news": "failed", "message", "is_lost"} and, while there is nothing else to say, {"news": "alive"}. The
orders of stepping by hand and their news are those of `hand_orders`.

The end of the input is the end of the process: weights are kept, the session is sealed, nothing is orphaned. A training
that is to be kept on goes on to its own end instead, and the next window finds it in `running`. SIGTERM is the order to
stop. A second order to stop, or the end of the input, cuts the measuring at the end short.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time
from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from ntm_core import devices, kernels
from ntm_core.errors import CoreError
from ntm_core.kernels import threads
from ntm_core.kernels.warming import Warming
from ntmviz import running
from ntmviz.errors import NtmvizError, UsageError
from ntmviz.hand_orders import HandOrders
from ntmviz.outbox import Outbox
from ntmviz.run_options import RunOptions
from ntmviz.runs import Run
from sessions import bound
from sessions.errors import LostError, SessionError
from sessions.framing import FrameError, read_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import RawIOBase
    from pathlib import Path

    from sessions import Recorder

SLICE_S = 0.05
"""How long it trains between two looks at its orders."""
NEWS_S = 0.1
"""Time between two reports of progress."""
GIVE_WAY = 5
"""How much nicer than the window: beside a window that draws without pause it still gets a quarter of a core."""
LAST_NEWS_S = 2.0
"""How long the end of the process waits for a window to read the last news."""

_log = logging.getLogger(__name__)
_END = {"order": "leave"}
_STOP = {"order": "stop"}
_OURS = (NtmvizError, CoreError, SessionError)

Orders = queue.SimpleQueue["Mapping[str, Any]"]
_Part = TypeVar("_Part")


class Worker:
    """Carries out orders one after the other; while a training goes on, trains a slice between two of them."""

    def __init__(self, outbox: Outbox) -> None:
        self._tell = outbox.tell
        self._run: Run | None = None
        self._is_paused = self._is_leaving = self._keeps_on = self._is_detached = False
        self._waiting: Orders = queue.SimpleQueue()
        self._early: deque[Mapping[str, Any]] = deque()
        """Orders that came while there was no file yet to train into."""
        self._told = 0.0
        self._compiles = self._has_told_compiling = False
        self._orders: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "prepare": self._prepare,
            "start": self._start,
            "pause": self._pause,
            "resume": self._resume,
            "record": self._record,
            "keep_on": self._keep_on,
            "stop": self._stop,
            "leave": self._leave,
        }
        self._by_hand = HandOrders(outbox.tell, self._recorder_of, self._wait_on)
        self._orders |= dict.fromkeys(self._by_hand.orders, self._by_hand.carry_out)

    def serve(self, waiting: Orders) -> None:
        """Until the training is over or an order ends it; whatever happens, its weights are kept."""
        self._waiting = waiting
        try:
            with kernels.telling(self._tell_compiling):
                while not self._is_leaving:
                    if self._is_training and waiting.empty() and not self._early:
                        self._train_a_slice()
                    else:
                        self._carry_out(self._next(waiting))
        finally:
            self._by_hand.close()
            if self._run is not None:
                self._run.leave()

    @property
    def _is_training(self) -> bool:
        return self._run is not None and not self._is_paused

    def _next(self, waiting: Orders) -> Mapping[str, Any]:
        if self._early:
            return self._early.popleft()
        asked = time.perf_counter()
        order = waiting.get()
        if self._run is not None and self._is_paused:
            self._run.rest(time.perf_counter() - asked)
        return order

    def _carry_out(self, order: Mapping[str, Any]) -> None:
        name = order.get("order")
        try:
            if name not in self._orders:
                raise UsageError(f"an order is one of {', '.join(self._orders)}; got {name!r}")
            self._orders[name](order)
        except _OURS as error:
            if self._is_leaving:
                raise
            self._tell("refused", message=str(error))
        if self._run is not None and not self._is_leaving:
            self._run.recorder.flush()
            self._tell_progress()
            self._has_told_compiling = False  # the progress looked as if it went on

    def _prepare(self, order: Mapping[str, Any]) -> None:
        """Load the kernels that most trainings need, or compile them, while nothing else is to be done."""
        Warming(None, devices.choose())

    def _start(self, order: Mapping[str, Any]) -> None:
        if self._run is not None:
            raise UsageError("a training goes on here already; finish it before another one starts")
        options = RunOptions.from_json(_part(order, "options", dict))
        try:
            self._run = Run(options, on_wait=self._wait_on)
        except _OURS as error:
            self._tell("failed", message=str(error), is_lost=isinstance(error, LostError))
            self._is_leaving = True
            return
        self._tell("ready", path=str(self._run.recorder.path))

    def _wait_on(self, seconds: int) -> None:
        """Tell that there is no file yet, and look whether this is to end: by NtmvizError, as nobody waits for it."""
        self._tell("waiting", seconds=seconds)
        while not self._waiting.empty():
            order = self._waiting.get()
            name = order.get("order")
            if name == "keep_on":
                self._carry_out(order)
            elif name == "stop" or (name == "leave" and not self._keeps_on):
                self._is_leaving = True
                raise NtmvizError("it was ended before the recorder had made the session's file")
            else:
                self._early.append(order)

    def _pause(self, order: Mapping[str, Any]) -> None:
        self._is_paused = True

    def _resume(self, order: Mapping[str, Any]) -> None:
        self._by_hand.rest()
        self._is_paused = False

    def _record(self, order: Mapping[str, Any]) -> None:
        if self._run is not None:
            self._run.set_recording(_part(order, "policy", str))

    def _stop(self, order: Mapping[str, Any]) -> None:
        """The end that somebody waits for: the network is measured before the session is sealed."""
        self._is_leaving = True
        self._by_hand.close()
        if self._run is not None:
            self._run.finish(self._is_hurried)
            self._tell_progress()
            self._tell("over", result=self._run.result(), failure=self._run.failure)

    def _is_hurried(self) -> bool:
        """Whether, while the network is measured, nobody waits for that any more."""
        while not self._waiting.empty():
            order = self._waiting.get()
            match order.get("order"):
                case "keep_on":
                    self._carry_out(order)
                case "stop":
                    return True
                case "leave" if not self._keeps_on:
                    return True
        return False

    def _keep_on(self, order: Mapping[str, Any]) -> None:
        """Whether training goes on without the window, however that ends."""
        self._keeps_on = _part(order, "is_on", bool)

    def _leave(self, order: Mapping[str, Any]) -> None:
        if self._run is None or not self._keeps_on:
            self._is_leaving = True
        elif not self._is_detached:
            self._is_detached = True
            self._by_hand.close()
            self._is_paused = False  # nobody could let it go on later
            threads.leave_a_core(False)
            _go_on_alone(self._run.recorder.path)

    def _recorder_of(self, path: Path) -> Recorder | None:
        """The recorder of the training here, if it writes that session: it pauses, so that hands can write too."""
        if self._run is None or self._run.recorder.path != path:
            return None
        self._is_paused = True
        return self._run.recorder

    def _train_a_slice(self) -> None:
        assert self._run is not None
        started = time.perf_counter()
        was_solved = self._run.is_solved
        if not self._run.advance_for(SLICE_S):
            if self._compiles and not self._has_told_compiling:
                self._tell_compiling()
            return
        if self._run.is_solved and not was_solved:
            self._tell("solved", **asdict(self._run.progress()))
        if self._run.is_over:
            self._stop(_STOP)
        elif started - self._told >= NEWS_S:
            self._told = started
            self._tell_progress()

    def _tell_compiling(self) -> None:
        self._compiles = self._has_told_compiling = True
        self._tell("compiling")

    def _tell_progress(self) -> None:
        assert self._run is not None
        told = asdict(self._run.progress())
        self._tell("progress", is_paused=self._is_paused, recording=self._run.recording, **told)


def _give_way() -> None:
    """Let the window have a core before this process whenever it wants one: a hand never waits for a training."""
    threads.leave_a_core(True)
    bound.give_way(os.nice(GIVE_WAY))


def _go_on_alone(session: Path) -> None:
    """Let the next window find this process, and let go of the terminal, which may close."""
    try:
        running.register(session)
    except OSError as error:
        _log.warning("the next window is not told of this training (%s); its session is %s", error.strerror, session)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())


def main() -> int:
    """Serve the orders of the standard streams. Returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    _give_way()
    # Unbuffered: a thread that waits in a buffered stream keeps its lock, and the interpreter could not end.
    orders, news = open(sys.stdin.fileno(), "rb", buffering=0), open(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing that prints may garble the frames
    waiting: Orders = queue.SimpleQueue()
    stop_when_terminated(waiting)
    threading.Thread(target=_listen, args=(orders, waiting), daemon=True, name="orders").start()
    outbox = Outbox(news, on_broken=lambda: waiting.put(_END))
    try:
        Worker(outbox).serve(waiting)
        return 0
    except _OURS as error:
        outbox.tell("failed", message=str(error))
    except Exception as error:
        _log.exception("the engine failed")
        outbox.tell("failed", message=f"the engine met an error of its own: {type(error).__name__}: {error}")
    finally:
        outbox.close(LAST_NEWS_S)
    return 1


def stop_when_terminated(waiting: Orders) -> None:
    """Make SIGTERM an order to stop.

    Python runs a handler in the main thread once that runs again. A signal that comes between its last instruction and
    its wait for orders would go unheard until another order came; so what the system wakes is a thread.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.signal(signal.SIGTERM, lambda *_: None)  # without a handler of Python's own nothing is told
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    threading.Thread(target=_hear, args=(heard, waiting), daemon=True, name="signals").start()


def _hear(signals: int, waiting: Orders) -> None:
    while numbers := os.read(signals, 1):
        if signal.SIGTERM in numbers:
            waiting.put(_STOP)


def _listen(orders: RawIOBase, waiting: Orders) -> None:
    """Hand on what comes in; the end of the input, or nonsense on it, is an order to leave."""
    try:
        while (frame := read_frame(orders)) is not None:
            waiting.put(frame.head)
    except (FrameError, OSError, ValueError) as error:
        _log.warning("the engine's orders ended badly: %s", error)
    waiting.put(_END)


def _part(order: Mapping[str, Any], name: str, kind: type[_Part]) -> _Part:
    """What an order says under a name. UsageError where that is missing or of another kind."""
    found = order.get(name)
    if not isinstance(found, kind):
        raise UsageError(f"the order {order['order']!r} gives {name} as {kind.__name__}; got {found!r}")
    return found
