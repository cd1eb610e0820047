"""Kernels are made ready while a run starts: only the first step waits for them, and where it does, that is said."""

import json
import queue
import threading

import pytest
import torch

from ntm_core import kernels
from ntm_core.kernels.warming import Warming
from ntmviz.live import EngineProcess
from ntmviz.runs import Run
from ntmviz.wording import COMPILING
from ntmviz.worker import Worker
from tests.app.command_line import TINY
from tests.app.processes import Heard


@pytest.fixture
def compiled(monkeypatch):
    """Kernels that are compiled, which is told, until this is set."""
    until = threading.Event()

    def compile_slowly(model=None):
        kernels.tell_compiling()
        assert until.wait(60)

    monkeypatch.setattr(kernels, "warm_up", compile_slowly)
    yield until
    until.set()


def test_a_run_begins_while_its_kernels_are_compiled_and_trains_when_they_are_there(options, compiled):
    run = Run(options)
    assert run.advance_for(0) == () and run.progress().iteration == 0
    compiled.set()
    assert run.advance(2)
    assert run.progress().iteration == 2
    run.leave()


def test_kernels_that_cannot_be_had_end_no_run(options, monkeypatch):
    def fail(model=None):
        raise RuntimeError("no room for them")

    monkeypatch.setattr(kernels, "warm_up", fail)
    run = Run(options)
    assert run.advance()
    run.leave()


def test_nothing_is_made_ready_for_a_device_that_nothing_is_compiled_for(monkeypatch):
    asked = []
    monkeypatch.setattr(kernels, "warm_up", asked.append)
    for device, wanted in (("meta", []), ("cpu", ["network"])):
        assert Warming("network", torch.device(device)).wait(60)
        assert asked == wanted


def test_an_engine_whose_kernels_are_compiled_says_so_and_hears_its_orders(options, compiled):
    orders, news = queue.SimpleQueue(), queue.SimpleQueue()

    class Told:
        def tell(self, name, **more):
            news.put((name, more))

    def next_of(wanted):
        while (heard := news.get(timeout=60))[0] != wanted:
            pass
        return heard[1]

    worker = threading.Thread(target=Worker(Told()).serve, args=(orders,))
    worker.start()
    try:
        orders.put({"order": "start", "options": options.to_json()})
        next_of("ready")
        next_of("compiling")  # after the news that look as if it went on
        orders.put({"order": "pause"})
        while not next_of("progress")["is_paused"]:
            pass
        orders.put({"order": "resume"})
        next_of("progress")
        next_of("compiling")
        compiled.set()
        while not next_of("progress")["iteration"]:
            pass
    finally:
        compiled.set()
        orders.put({"order": "leave"})
        worker.join(60)


def test_the_window_s_end_says_that_training_starts_after_the_compiling(qtbot):
    engine = EngineProcess()
    heard = Heard(engine)
    for news in ({"news": "ready", "path": "x"}, {"news": "compiling"}, {"news": "alive"}, {"news": "compiling"}):
        engine._on_heard(dict(news))
    assert set(heard.silences) == {f"{COMPILING}; training starts then"}
    assert heard.answers == []
    engine._on_heard({"news": "progress", "iteration": 1})
    assert len(heard.answers) == 1
    engine.close()
    engine.deleteLater()


@pytest.mark.parametrize(("words", "said"), [((), [f"{COMPILING}; training starts then"]), (("--json",), [])], ids=str)
def test_the_command_line_says_so_too_but_not_to_a_script(words, said, call, folder, compiled):
    compiled.set()
    code, out, err = call(*TINY, *words, "--out", "run.h5")
    assert (code, err) == (0, said)
    if words:
        assert json.loads(out[-1])["iterations"] == 4


def test_the_command_line_reports_no_progress_before_there_is_any(call, folder, compiled, monkeypatch):
    def advance_and_let_go(run, seconds):
        happened = advance_for(run, 0.0)
        compiled.set()
        return happened

    advance_for = Run.advance_for
    monkeypatch.setattr(Run, "advance_for", advance_and_let_go)
    monkeypatch.setattr("ntmviz.cli.train._REPORT_S", 0.0)
    code, out, _ = call(*TINY, "--out", "run.h5")
    assert code == 0
    assert any(line.startswith("iteration ") for line in out)
    assert not [line for line in out if line.startswith("iteration 0 ")]
