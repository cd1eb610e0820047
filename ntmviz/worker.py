"""The engine process: trains as the window tells it, and says how it goes. `python -m ntmviz.worker`.

Frames on standard input: {"order": "start", "options": {...}} first, then {"order": "pause" | "resume" | "stop"} and
{"order": "record", "policy": "every:10"}. Frames on standard output: {"news": "ready", "path"}, {"news": "progress",
...}, {"news": "solved", ...}, {"news": "over", "result", "failure"}, {"news": "refused" | "failed", "message"}. The
end of the input is the end of the process: weights are kept, the session is sealed, nothing is orphaned.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ntm_core.errors import CoreError
from ntmviz.errors import NtmvizError
from ntmviz.run_options import RunOptions
from ntmviz.runs import Run
from sessions import SessionError
from sessions.framing import FrameError, read_frame, write_frame

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import RawIOBase

SLICE_S = 0.05
"""How long it trains between two looks at its orders."""
NEWS_S = 0.1
"""Time between two reports of progress."""

_log = logging.getLogger(__name__)
_END = {"order": "leave"}
Orders = queue.SimpleQueue["Mapping[str, Any]"]


def main() -> int:
    """Serve one run over the standard streams."""
    # Unbuffered: a thread that waits in a buffered stream keeps its lock, and the interpreter could not end.
    orders, news = open(sys.stdin.fileno(), "rb", buffering=0), open(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing that prints may garble the frames
    try:
        first = read_frame(orders)
        if first is None:
            return 0
        return _serve(RunOptions.from_json(first.head["options"]), orders, news)
    except (NtmvizError, CoreError, SessionError, FrameError) as error:
        _tell(news, news_="failed", message=str(error))
    except BrokenPipeError:
        return 1
    except Exception as error:
        _log.exception("the engine failed")
        _tell(news, news_="failed", message=f"the engine met an error of its own: {type(error).__name__}: {error}")
    return 1


def _serve(options: RunOptions, orders: RawIOBase, news: RawIOBase) -> int:
    run = Run(options)
    waiting: Orders = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders, waiting), daemon=True, name="orders").start()
    try:
        _tell(news, news_="ready", path=str(run.recorder.path))
        _train(run, waiting, news)
        return 0
    finally:
        run.leave()  # whatever happened, the weights are kept


def _train(run: Run, waiting: Orders, news: RawIOBase) -> None:
    is_paused, told = False, 0.0
    while not run.is_over:
        while is_paused or not waiting.empty():
            paused_at = time.perf_counter()
            order = waiting.get()
            run.rest(time.perf_counter() - paused_at if is_paused else 0.0)
            match order.get("order"):
                case "stop":
                    run.finish()
                    _tell(news, news_="over", result=run.result(), failure=run.failure)
                    return
                case "leave":
                    run.leave()
                    return
                case "pause":
                    is_paused = True
                case "resume":
                    is_paused = False
                case "record":
                    try:
                        run.set_recording(str(order.get("policy")))
                    except SessionError as error:
                        _tell(news, news_="refused", message=str(error))
            run.recorder.flush()
            _tell(news, news_="progress", is_paused=is_paused, recording=run.recording, **asdict(run.progress()))
        started = time.perf_counter()
        was_solved = run.is_solved
        run.advance_for(SLICE_S)
        if run.is_solved and not was_solved:
            _tell(news, news_="solved", **asdict(run.progress()))
        if started - told >= NEWS_S:
            told = started
            _tell(news, news_="progress", is_paused=False, recording=run.recording, **asdict(run.progress()))
    run.finish()
    _tell(news, news_="progress", is_paused=False, recording=run.recording, **asdict(run.progress()))
    _tell(news, news_="over", result=run.result(), failure=run.failure)


def _listen(orders: RawIOBase, waiting: Orders) -> None:
    """Hand on what comes in; the end of the input, or nonsense on it, is an order to leave."""
    try:
        while (frame := read_frame(orders)) is not None:
            waiting.put(frame.head)
    except (FrameError, OSError, ValueError):
        _log.exception("the engine's orders ended badly")
    waiting.put(_END)


def _tell(news: RawIOBase, *, news_: str, **more: object) -> None:
    write_frame(news, {"news": news_} | _finite(more))


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: what is none is left null."""
    return {name: None if isinstance(value, float) and value != value else value for name, value in values.items()}


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the window, which then ends our input
    code = main()
    sys.stdout.flush()
    sys.exit(code)
