"""The engine process by itself: its orders, its news to a window that reads or does not, its signals."""

from __future__ import annotations

import fcntl
import os
import queue
import signal
import struct
import subprocess
import sys
import termios

import pytest

from ntmviz.outbox import Outbox
from ntmviz.worker import Worker
from sessions import bound
from sessions.framing import read_frame, write_frame
from tests.app.processes import check_kept, iterations_in, wait_for

PIPE_BYTES = 4096
"""The least that a pipe of Linux holds: some fifteen reports of progress."""


class Kept:
    """An outbox that keeps what it is told."""

    def __init__(self):
        self.news = []

    def tell(self, news, **more):
        self.news.append((news, more))


@pytest.fixture
def pipe():
    """Both ends of a pipe that holds little, unbuffered."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with open(reading, "rb", buffering=0) as read_end, open(writing, "wb", buffering=0) as write_end:
        yield read_end, write_end


def frames(stream, count):
    return [dict(read_frame(stream).head) for _ in range(count)]


def unread(stream):
    """Bytes that a pipe holds."""
    return struct.unpack("i", fcntl.ioctl(stream, termios.FIONREAD, bytes(4)))[0]


def test_what_waits_is_kept_in_order_but_only_the_newest_progress(pipe):
    read_end, write_end = pipe
    outbox = Outbox(write_end, on_broken=pytest.fail)
    outbox.tell("ready", path="x" * 2 * PIPE_BYTES)  # fills the pipe: nothing more goes out until it is read
    for iteration in range(1000):
        outbox.tell("progress", iteration=iteration, loss=float("nan"))
    outbox.tell("refused", message="no")
    outbox.tell("progress", iteration=1000)
    outbox.tell("over", result=None)
    heard = frames(read_end, 4)
    assert [frame["news"] for frame in heard] == ["ready", "refused", "progress", "over"]
    assert heard[2]["iteration"] == 1000
    outbox.close(10)


def test_an_outbox_with_nothing_to_say_gives_signs_of_life(pipe):
    read_end, write_end = pipe
    outbox = Outbox(write_end, on_broken=pytest.fail)
    assert frames(read_end, 1) == [{"news": "alive"}]
    outbox.close(10)


def test_an_outbox_closes_in_time_though_nobody_reads_and_says_when_nobody_can(pipe):
    read_end, write_end = pipe
    broken = []
    outbox = Outbox(write_end, on_broken=lambda: broken.append(True))
    outbox.tell("ready", path="x" * 2 * PIPE_BYTES)
    outbox.close(0.05)
    assert broken == []
    read_end.close()
    wait_for(lambda: broken == [True])


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ({"order": "dance"}, "got 'dance'"),
        ({}, "got None"),
        ({"order": "start"}, "the order 'start' gives options as dict; got None"),
        ({"order": "start", "options": {"nonsense": 1}}, "got nonsense"),
        ({"order": "keep_on", "is_on": "yes"}, "the order 'keep_on' gives is_on as bool; got 'yes'"),
    ],
    ids=["unknown", "nameless", "incomplete", "option", "kind"],
)
def test_an_order_that_cannot_be_is_refused_in_one_line_and_the_next_one_counts(order, said):
    kept, orders = Kept(), queue.SimpleQueue()
    for each in (order, {"order": "leave"}):
        orders.put(each)
    Worker(kept).serve(orders)
    ((news, more),) = kept.news
    assert news == "refused"
    assert more["message"].endswith(said)
    assert "\n" not in more["message"]


@pytest.mark.parametrize(
    ("then", "measured"),
    [(("stop",), 0), (("leave",), 0), (("record",), 3), (("keep_on", "leave"), 3), ((), 3)],
    ids=["stop again", "leave", "another", "leave kept on", "nothing"],
)
def test_a_second_order_to_end_leaves_out_what_is_not_measured_yet(then, measured, options, path):
    orders = queue.SimpleQueue()

    class Ending(Kept):
        def tell(self, news, **more):
            super().tell(news, **more)
            if news == "progress" and more["iteration"] and not asked:
                asked.append("stop")
                for name in ("stop", *then):
                    orders.put({"order": name, "is_on": True, "policy": "off"})

    asked, kept = [], Ending()
    orders.put({"order": "start", "options": options.to_json()})
    Worker(kept).serve(orders)
    ((result, failure),) = [(more["result"], more["failure"]) for news, more in kept.news if news == "over"]
    assert (len(result["bit_error_rate"]), failure) == (measured, None)
    check_kept(path, 1, complete=True)


def test_training_does_not_wait_for_a_window_that_does_not_read(options, path, pipe):
    read_end, write_end = pipe
    worker = subprocess.Popen(bound.command("ntmviz.worker"), stdin=subprocess.PIPE, stdout=write_end)
    try:
        write_frame(worker.stdin, {"order": "start", "options": options.to_json()})
        worker.stdin.flush()
        wait_for(lambda: iterations_in(path) > 0)
        write_end.close()
        wait_for(lambda: unread(read_end) > PIPE_BYTES - 512)
        then = iterations_in(path)
        wait_for(lambda: iterations_in(path) > then + 50)
        worker.terminate()
        assert worker.wait(20) == 0
        check_kept(path, 1, complete=True)
    finally:
        worker.kill()
        worker.communicate(timeout=10)


def test_an_engine_is_deaf_to_the_terminal_and_finishes_when_terminated_even_in_a_pause(start, options, path, qtbot):
    engine, heard = start(options)
    assert os.getsid(engine.pid) == engine.pid
    for number in (signal.SIGINT, signal.SIGHUP):
        os.kill(engine.pid, number)
    then = heard.progress[-1]["iteration"]
    qtbot.waitUntil(lambda: heard.progress[-1]["iteration"] > then + 20, timeout=20_000)
    engine.pause()
    qtbot.waitUntil(lambda: heard.progress[-1]["is_paused"], timeout=10_000)
    os.kill(engine.pid, signal.SIGTERM)
    qtbot.waitUntil(lambda: len(heard.ended) == 1, timeout=20_000)
    ((result, failure),) = heard.ended
    assert (failure, engine.has_died) == ("", False)
    assert result["bit_error_rate"]
    check_kept(path, 1, complete=True)


HELD_WHEN_TERMINATED = """
import os, queue, signal, threading, time
from ntmviz import worker

def kill_when_main_waits():
    deadline = time.monotonic() + 10
    stat = f"/proc/{os.getpid()}/stat"
    while open(stat).read().rpartition(")")[2].split()[0] != "S" and time.monotonic() < deadline:
        pass
    os.kill(os.getpid(), signal.SIGTERM)

waiting = queue.SimpleQueue()
worker.stop_when_terminated(waiting)
killer = threading.Thread(target=kill_when_main_waits)
killer.start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print(waiting.get(timeout=20))
"""
"""The signal comes to another thread, so that the wait is not interrupted: as if it had come just before it."""


def test_a_signal_that_does_not_interrupt_the_wait_for_orders_is_heard():
    done = subprocess.run([sys.executable, "-c", HELD_WHEN_TERMINATED], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "{'order': 'stop'}\n")
