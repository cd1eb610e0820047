"""The engine process that waits to be needed."""

from __future__ import annotations

import os
import signal

import pytest
from PySide6.QtCore import QObject

from ntmviz.live import EngineProcess
from ntmviz.run_options import RunOptions
from ntmviz.spare import Spare
from tests.app.conftest import SMALL
from tests.app.processes import is_gone, wait_for

STARTING_MS = 60_000


@pytest.fixture
def spare(qapp):
    made = Spare()
    yield made
    made.shut_down()


def test_nothing_is_started_before_one_is_to_be_kept(spare):
    assert spare.pid is None
    owner = QObject()
    child = spare.take(owner)
    assert child.parent() is owner
    child.send_signal(signal.SIGKILL)
    child.wait(1)
    assert spare.pid is None


def test_the_one_that_waits_is_taken_and_another_waits_once_that_has_ended(spare, qtbot):
    spare.keep()
    waiting = spare.pid
    engine = EngineProcess(spare=spare)
    assert engine.pid == waiting
    assert spare.pid is None, "beside one that runs there is none"
    with qtbot.waitSignal(engine.ended, timeout=STARTING_MS):
        engine.abandon()
    assert spare.pid not in (None, waiting)


def test_one_that_dies_is_not_handed_on(spare, qtbot):
    spare.keep()
    dead = spare.pid
    os.kill(dead, signal.SIGKILL)
    qtbot.waitUntil(lambda: spare.pid is None)
    engine = EngineProcess(spare=spare)
    assert engine.pid != dead
    engine.close()


def test_nobody_is_left_behind(spare):
    spare.keep()
    waiting = spare.pid
    spare.shut_down()
    assert spare.pid is None
    wait_for(lambda: is_gone(waiting))


def test_a_window_trains_in_the_one_that_waited_and_ends_what_waits_when_it_closes(window, qtbot, tmp_path):
    window.desk.spare.keep()
    waiting = window.desk.spare.pid
    options = RunOptions(
        out=str(tmp_path / "trained.h5"), model_settings=SMALL, train={"batch": 2}, iterations=3, seed=1, device="cpu"
    )
    with qtbot.waitSignal(window.desk.training_ended, timeout=STARTING_MS) as ended:
        window.desk.train(options)
        assert window.desk.engine.pid == waiting
    assert ended.args[1] == ""
    assert ended.args[0]["iterations"] == 3
    qtbot.waitUntil(lambda: window.desk.spare.pid is not None)
    waits = window.desk.spare.pid
    window.close()
    wait_for(lambda: is_gone(waits))
