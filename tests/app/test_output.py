"""What the command line says, where nobody can hear it: the work is done all the same, and the exit code tells."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest

import sessions
from ntmviz.cli import demo, main, output
from ntmviz.errors import NtmvizError
from ntmviz.run_options import RunOptions
from tests.app.command_line import PROGRAM, TINY
from tests.app.lines import check_failed

FULL = "/dev/full"
if not os.path.exists(FULL):
    pytest.skip("a device that is always full is wanted", allow_module_level=True)


@pytest.fixture
def full(monkeypatch):
    """Makes a stream of this process one that a full disk does not take."""
    opened = []

    def make(name):
        opened.append(open(FULL, "w"))
        monkeypatch.setattr(sys, name, opened[-1])

    yield make
    for each in opened:
        each.close()  # raises where something still waits to be written


def closed_pipe():
    """The writing end of a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


ENDS = {"full": lambda: os.open(FULL, os.O_WRONLY), "closed": closed_pipe}
REASONS = {"full": "No space left on device", "closed": "Broken pipe"}


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["words", "json"])
@pytest.mark.parametrize("end", ENDS)
def test_a_training_whose_output_nobody_takes_goes_on_and_says_so_in_the_end(end, words, folder):
    stream = ENDS[end]()
    command = [*PROGRAM, *TINY, "--iterations", "60", "--out", "run.h5", *words]
    done = subprocess.run(command, stdout=stream, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(stream)
    check_failed(done.returncode, done.stderr.splitlines(), REASONS[end], "is kept", str(folder / "run.h5"))
    check_complete(folder / "run.h5", 60)


@pytest.mark.parametrize("end", ENDS)
def test_a_training_goes_on_where_nobody_takes_its_remarks_either(end, call, folder):
    assert call(*TINY, "--out", "first.h5")[0] == 0
    stream = ENDS[end]()
    words = ("train", "copy", "--device", "cpu", "--resume", "first.h5", "--iterations", "20", "--out", "run.h5")
    done = subprocess.run([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=stream, text=True, timeout=60)
    os.close(stream)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == str(folder / "run.h5")
    with sessions.open("run.h5") as recording:
        assert (recording.complete, recording.checkpoints[-1].iteration) == (True, 20)


def check_complete(path, iterations):
    with sessions.open(path) as recording:
        assert recording.complete
        assert len(recording.metrics.iterations()) == iterations
        assert recording.checkpoints[-1].iteration == iterations


def test_a_demo_whose_output_nobody_takes_leaves_all_that_it_should(full, folder, qapp):
    options = RunOptions(
        out=str(folder / "copy.ntmviz.h5"),
        task_settings={"max_length": 1, "bits": 1},
        model_settings={"locations": 16, "word_size": 4, "hidden_size": 16},
        train={"batch": 8, "learning_rate": 0.02, "check_sequences": 80},
        device="cpu",
    )
    full("stdout")
    try:
        with pytest.raises(NtmvizError, match="No space left on device"):
            demo.headless(options)
    finally:
        assert output.ended(1) == 1
    assert {"copy.ntmviz.h5", "figure.png", "window.png"} <= {each.name for each in folder.iterdir()}
    with sessions.open(options.out) as recording:
        assert recording.complete


REPORTS = {
    "info": ("info", "{session}"),
    "info --json": ("info", "{session}", "--json"),
    "figure": ("figure", "{session}", "-o", "out.png"),
    "--screenshot": ("{session}", "--screenshot", "out.png"),
    "--version": ("--version",),
    "--info": ("--info",),
    "--help": ("train", "--help"),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_that_a_full_disk_does_not_take_is_one_line_and_a_failure(
    name, full, folder, session, qapp, capsys, monkeypatch
):
    full("stdout")
    code = main([word.format(session=session) for word in REPORTS[name]])
    check_failed(code, capsys.readouterr().err.splitlines(), REASONS["full"])


@pytest.mark.parametrize(("words", "code"), [(("info", "missing.h5"), 1), (("--nonsense",), 2)])
def test_an_error_that_nobody_takes_keeps_its_exit_code(words, code, full, folder):
    full("stderr")
    assert main(words) == code


def test_streams_that_are_not_there_are_no_failure(session, monkeypatch, folder):
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert main(["info", str(session)]) == 0
    assert main(["info", "missing.h5"]) == 1


def test_a_terminal_that_knows_few_letters_gets_the_others_spelled(monkeypatch, tmp_path):
    path = tmp_path / "said"
    with path.open("w", encoding="ascii") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        output.say("48 × 8")
    assert path.read_text() == "48 \\xd7 8\n"


def test_a_warning_of_a_logger_that_nobody_takes_is_no_failure_of_the_logger(full):
    full("stderr")
    record = logging.LogRecord("ntm_core", logging.WARNING, "", 0, "%s is odd", ("this",), None)
    output.Complaints().handle(record)
    assert output.ended(0) == 1
