"""The window's end of the engine process: tells it what to do, hears how it goes, notices when it falls silent.

The data never comes this way: it goes to the session file, which the window follows like any other.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from ntmviz import waiting
from ntmviz.child import Child
from ntmviz.spare import ENGINE
from ntmviz.wording import COMPILING

if TYPE_CHECKING:
    from ntmviz.run_options import RunOptions
    from ntmviz.spare import Spare

END_S = 10.0
"""How long an engine that is to leave may take: for the iteration under way and for sealing, which takes a second after
a healthy one. What was flushed outlives a kill."""
TICK_MS = 1000
SILENT_S = 3
"""Seconds without news, which come at least once a second, after which something is said."""
STARTING_S = 20
"""Likewise while it starts: a cold disk takes long to load torch from."""


class EngineProcess(QObject):
    """One engine process. It ends with this object or with its run, unless it is let go.

    spare: where one may wait that has loaded what it needs. Raises NtmvizError where none can be started.
    """

    ready = Signal(str)  # path of the session, which exists now
    progressed = Signal(dict)  # the fields of runs.Progress, is_paused, recording
    solved = Signal(dict)
    refused = Signal(str)  # why an order was not carried out, in one line
    by_hand = Signal(dict)  # news of stepping by hand, see hand_orders
    fell_silent = Signal(str)  # what is known of it, in one line; again after twice the time
    answered = Signal()  # it was silent and is no longer
    ended = Signal(object, str)  # result or None, and why it ended in one line ("" where it was meant to)

    def __init__(self, parent: QObject | None = None, spare: Spare | None = None) -> None:
        super().__init__(parent)
        self._child = Child(ENGINE, self) if spare is None else spare.take(self)
        self._child.heard.connect(self._on_heard)
        self._child.garbled.connect(self._on_garbled)
        self._child.ended.connect(self._on_ended)
        self._result: dict[str, Any] | None = None
        self._failure = ""
        self.has_died = False
        """Whether it ended unasked, for nothing that another try would meet again."""
        self._is_waiting = self._is_lost = False
        self._is_ready = self._is_ending = self._is_over = False
        self._silent_s, self._patience_s = 0, STARTING_S
        self._is_silent = False
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._on_tick)
        self._clock.start()

    @property
    def is_running(self) -> bool:
        return self._child.is_running

    @property
    def is_stopped(self) -> bool:
        """Whether a signal holds it."""
        return self._child.is_stopped

    @property
    def pid(self) -> int:
        return self._child.pid

    def train(self, options: RunOptions, *, keeps_on: bool = False) -> None:
        """Start a training; with `keeps_on` it outlives this process."""
        self.keep_on(keeps_on)
        self._order("start", options=options.to_json())

    def pause(self) -> None:
        self._order("pause")

    def resume(self) -> None:
        """Go on after a pause, also one by SIGSTOP."""
        self.go_on()
        self._order("resume")

    def go_on(self) -> None:
        """Go on after a SIGSTOP."""
        self._child.send_signal(signal.SIGCONT)

    def record(self, policy: str) -> None:
        """Change which iterations are recorded."""
        self._order("record", policy=policy)

    def order_by_hand(self, name: str, **more: object) -> None:
        """An order of stepping by hand, see `hand_orders`; `by_hand` tells what came of it."""
        self._order(name, **more)

    def keep_on(self, is_on: bool) -> None:
        """Change whether the training goes on without this process."""
        self._order("keep_on", is_on=is_on)

    def stop(self) -> None:
        """End the training; what is trained so far is measured, kept and sealed."""
        self._child.send_signal(signal.SIGCONT)
        self._order("stop")

    def end(self) -> None:
        """Have it keep its weights, seal the session and end; `ended` tells when. One that does not is killed."""
        if self._is_ending or not self.is_running:
            return
        self._is_ending = True
        self._clock.stop()
        self._order("keep_on", is_on=False)
        self._child.close_input()
        self._child.send_signal(signal.SIGCONT)
        QTimer.singleShot(int(END_S * 1000), self, self._kill)

    def abandon(self) -> None:
        """End it at once: it has nothing to keep, and may still be loading torch."""
        self._is_ending = True
        self._clock.stop()
        self._kill()

    def close(self) -> None:
        """`end` in silence, and wait for it."""
        self.blockSignals(True)
        self.end()
        self._child.wait(END_S)

    def let_go(self) -> None:
        """Let the process go on without this object, as the last `keep_on` says."""
        self.blockSignals(True)
        self._clock.stop()
        self._child.let_go()

    def _kill(self) -> None:
        self._child.send_signal(signal.SIGKILL)

    def _order(self, name: str, **more: object) -> None:
        if self.is_running:
            self._child.send(order=name, **more)

    def _on_heard(self, news: dict[str, Any]) -> None:
        name = news.pop("news", None)
        self._silent_s, self._patience_s = 0, SILENT_S
        self._is_waiting = name in ("waiting", "compiling") or (self._is_waiting and name == "alive")
        if self._is_silent and not self._is_waiting:
            self._is_silent = False
            self.answered.emit()
        match name:
            case "over":
                self._result, self._failure = news["result"], news["failure"] or ""
                self._is_over = True
            case "failed":
                self._failure, self._is_lost = news["message"], news.get("is_lost", False)
            case _ if self._is_ending:
                pass
            case "waiting" if news["seconds"] in waiting.SAID_AT_S:
                self._is_silent = True
                self.fell_silent.emit(waiting.no_file_yet(news["seconds"]))
            case "compiling":
                self._is_silent = True
                self.fell_silent.emit(f"{COMPILING}; training starts then")
            case "ready":
                self._is_ready = True
                self.ready.emit(news["path"])
            case "progress":
                self.progressed.emit(news)
            case "solved":
                self.solved.emit(news)
            case "refused":
                self.refused.emit(news["message"])
            case "done":
                self._is_ready = True  # it has a session, and what was fed is there
                self.by_hand.emit({"news": name, **news})
            case "awake" | "unable" | "noise" | "scenes" | "shown" | "answer":
                self.by_hand.emit({"news": name, **news})

    def _on_tick(self) -> None:
        # Ticks are counted and not the time: a window that was itself stopped has missed ticks, not news.
        self._silent_s += 1
        if self._silent_s < self._patience_s and not (self._silent_s == SILENT_S and self._child.is_stopped):
            return
        self._patience_s = max(self._patience_s, 2 * self._silent_s)
        self._is_silent = True
        self.fell_silent.emit(self._silence_in_words())

    def _silence_in_words(self) -> str:
        if self._child.is_stopped:
            return "the engine was stopped by a signal (SIGSTOP)"
        return f"the engine has not answered for {self._silent_s} s; wait for it"

    def _on_garbled(self, what: str) -> None:
        self._failure = f"the engine said something that is no message ({what}); start the training again"

    def _on_ended(self, code: int) -> None:
        self._clock.stop()
        is_silent = code != 0 and not (self._failure or self._is_ending or self._is_over)
        self.has_died = is_silent or self._is_lost
        if is_silent:
            kept = (
                "; every step that was flushed is in the session" if self._is_ready else " before there was a session"
            )
            self._failure = f"the engine process ended by itself{kept}"
        self.ended.emit(self._result, self._failure)
