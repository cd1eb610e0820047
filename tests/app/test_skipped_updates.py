"""A training that meets batches that are not finite: what is printed, what the session and the window say."""

from __future__ import annotations

import json
import math

import pytest

import sessions
from ntm_core.tasks.copy import Copy
from ntm_core.training import MOST_SKIPPED_IN_A_ROW
from tests.app.command_line import TINY
from tests.app.conftest import train
from tests.app.lines import check_failed


@pytest.fixture
def spoil(monkeypatch):
    """Makes the training batches with these numbers, in the order they are drawn, not finite."""
    sample = Copy.sample
    drawn = iter(range(10**6))

    def spoil(numbers):
        def spoilt(task, batch, generator, length=None):
            made = sample(task, batch, generator, length)
            if length is None and next(drawn) in numbers:
                made.inputs[0, 0, 0] = math.nan
            return made

        monkeypatch.setattr(Copy, "sample", spoilt)

    return spoil


def test_a_bad_batch_is_skipped_and_the_result_says_so(call, folder, spoil):
    spoil({1, 2})
    code, out, err = call(*TINY, "--out", "run.h5", "--json")
    assert (code, err) == (0, [])
    result = json.loads(out[-1])
    assert (result["iterations"], result["skipped_updates"]) == (4, 2)
    assert result["loss"] > 0
    assert all(0 < share < 1 for share in result["bit_error_rate"].values())
    with sessions.open("run.h5") as recording:
        assert [(event.kind, event.iteration, event.text) for event in recording.events] == [
            ("not_finite", 1, "loss"),
            ("not_finite", 2, "loss"),
        ]
        labels = {episode.info.iteration: episode.info.label for episode in recording.episodes}
        assert labels[1] == labels[2] == "loss not finite"
        assert recording.checkpoints[-1].iteration == 4


def test_a_training_whose_last_batch_is_bad_is_measured_all_the_same(call, folder, spoil):
    spoil({3})
    _, out, _ = call(*TINY, "--out", "run.h5", "--json")
    result = json.loads(out[-1])
    assert (result["iterations"], result["skipped_updates"], result["loss"]) == (4, 1, None)
    assert list(result["bit_error_rate"]) == ["3", "9", "18"]


def test_skipped_updates_are_told_in_words(call, folder, spoil):
    spoil({1, 2})
    _, out, _ = call(*TINY)
    assert "  2 updates skipped: loss or gradient was not finite" in out


def test_a_training_that_meets_nothing_but_bad_batches_stops_with_one_line_of_advice(call, folder, spoil):
    spoil(range(1, 10**6))
    code, out, err = call(*TINY, "--iterations", 100, "--out", "run.h5", "--json")
    check_failed(code, err, "batches in a row was not finite", "smaller learning rate")
    assert json.loads(out[-1])["skipped_updates"] == MOST_SKIPPED_IN_A_ROW
    with sessions.open("run.h5") as recording:
        assert recording.complete
        assert recording.events[-1].kind == "gave_up"
        assert recording.checkpoints[-1].iteration == MOST_SKIPPED_IN_A_ROW + 1


def test_the_run_panel_says_how_many_updates_were_skipped(open_window, tmp_path, spoil):
    spoil({5})
    window = open_window(train(tmp_path / "run.ntmviz.h5"))
    status = window.views.run.status
    assert status.verdict == "ended before it was solved; 1 update skipped, loss or gradient not finite"
    assert not status.is_good


def test_the_run_panel_says_that_a_training_gave_up(open_window, tmp_path, spoil):
    spoil(range(4, 10**6))
    window = open_window(train(tmp_path / "run.ntmviz.h5", iterations=100))
    status = window.views.run.status
    assert status.verdict == "stopped at iteration 23; 20 updates skipped, loss or gradient not finite"
    assert not status.is_good


def test_while_it_goes_on_the_run_panel_warns_of_skipped_updates(window, recorder, qtbot):
    recorder.log(0, loss=1.0)
    recorder.log(1, loss=math.nan, skipped=1)
    assert recorder.flush(10)
    assert window.desk.open(recorder.path)
    qtbot.waitUntil(lambda: window.presenter.now is not None)
    status = window.views.run.status
    assert (status.verdict, status.is_good) == ("1 update skipped, loss or gradient not finite", False)
