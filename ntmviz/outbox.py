"""What the engine tells the window: sent by a thread, so that training never waits for a window that does not read."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from sessions.framing import encode, send

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessions.framing import Writable

ALIVE_S = 1.0
"""Time without news after which a sign of life goes out."""


class Outbox:
    """News in the order they were told, except that progress which still waits gives way to newer progress.

    While there are none, {"news": "alive"} goes out every second, also during a long iteration: so the window tells
    a process that computes from one that was stopped. What waits is bounded, as all but progress comes once a run or
    in answer to an order. Once the stream is broken, `on_broken` is called and nothing is sent any more.
    """

    def __init__(self, stream: Writable, on_broken: Callable[[], None]) -> None:
        self._stream = stream
        self._on_broken = on_broken
        self._has_work = threading.Condition()
        self._waiting: deque[tuple[str, list[memoryview]]] = deque()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="news", daemon=True)
        self._thread.start()

    def tell(self, news: str, **more: object) -> None:
        """Have something sent; returns at once. FrameError where it is no JSON."""
        parts = encode({"news": news} | _finite(more))
        with self._has_work:
            if news == "progress":
                self._waiting = deque(each for each in self._waiting if each[0] != news)
            self._waiting.append((news, parts))
            self._has_work.notify_all()

    def close(self, timeout_s: float) -> None:
        """Send what waits, for so long at most: whoever does not read by then does not hear it."""
        with self._has_work:
            self._is_closing = True
            self._has_work.notify_all()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while (parts := self._next()) is not None:
                send(self._stream, parts)
        except OSError:
            self._on_broken()

    def _next(self) -> list[memoryview] | None:
        """What goes out next, or None where that was all."""
        with self._has_work:
            self._has_work.wait_for(lambda: self._waiting or self._is_closing, ALIVE_S)
            if self._waiting:
                return self._waiting.popleft()[1]
            return None if self._is_closing else encode({"news": "alive"})


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: what is none is left null."""
    return {name: None if isinstance(value, float) and value != value else value for name, value in values.items()}
