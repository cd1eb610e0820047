"""A training that goes on from a session: what it does again to the bit, what may change, what is said."""

from __future__ import annotations

import json

import numpy as np
import pytest

import sessions
from ntm_core import checkpoints, tasks
from ntm_core.observe import trace_spec
from ntm_core.trace import EpisodeKind
from ntm_core.training import Result, Trainer
from ntmviz.run_options import RunOptions
from tests.app.command_line import TINY
from tests.app.lines import check_failed
from tests.app.processes import is_gone, wait_for
from tests.core.builders import small_model

ON = ("train", "copy", "--device", "cpu", "--record", "every:2")
"""A command line that leaves out all that a session knows."""


@pytest.fixture
def first(call, folder):
    """A training of 10 iterations, and the folder it is in."""
    assert call(*TINY, "--iterations", 10, "--seed", 3, "--out", "first.h5")[0] == 0
    return folder


def training_of(path):
    """Metrics and recorded batches of a session, by iteration, and its last checkpoint."""
    with sessions.open(path) as recording:
        metrics = {
            int(iteration): {name: recording.metrics[name][row] for name in recording.metrics.names}
            for row, iteration in enumerate(recording.metrics.iterations())
        }
        batches = {
            episode.info.iteration: (
                episode.info.seed,
                {field.name: episode.series(field.name) for field in episode.spec},
            )
            for episode in recording.episodes
            if episode.info.kind is EpisodeKind.TRAIN
        }
        return metrics, batches, recording.checkpoints[-1].read()


def check_equal(found, wanted):
    """All that the first says is what the second says too, and both end with the same weights and state."""
    for one, other in zip(found[:2], wanted[:2], strict=True):
        assert len(one) > 2
        np.testing.assert_equal(one, {iteration: other[iteration] for iteration in one})
    assert found[2] == wanted[2]


def test_ten_iterations_and_ten_more_are_twenty_to_the_bit(call, first):
    assert call(*TINY, "--iterations", 20, "--seed", 3, "--out", "straight.h5")[0] == 0
    code, out, err = call(*ON, "--resume", "first.h5", "--iterations", 20, "--out", "second.h5", "--json")
    assert code == 0
    assert err == [f"goes on after iteration 10 with the optimiser as it was: {first / 'first.h5'}"]
    result = json.loads(out[-1])
    assert (result["iterations"], result["sequences"]) == (20, 40)
    check_equal(training_of("second.h5"), training_of("straight.h5"))
    with sessions.open("second.h5") as second, sessions.open("straight.h5") as straight:
        assert list(second.metrics.iterations()) == list(range(10, 20))
        assert second.info.train == straight.info.train
        assert second.info.task_settings == straight.info.task_settings
        assert (second.info.seed, second.info.model_config) == (3, straight.info.model_config)
        assert [(event.kind, event.iteration) for event in second.events] == [("resumed", 10)]


def test_a_killed_training_goes_on_from_its_last_checkpoint_to_the_bit(call, folder, launch):
    long = ("--set", "train.check_sequences=50", "--record", "every:10")
    killed = launch("-m", "ntmviz", *TINY, *long, "--iterations", 10**6, "--out", "first.h5")
    wait_for(lambda: kept_at(folder / "first.h5") >= 100)
    killed.kill()
    wait_for(lambda: is_gone(killed.pid))
    at = kept_at(folder / "first.h5")
    iterations = ("--iterations", at + 50)
    assert call(*ON, *long[2:], "--resume", "first.h5", *iterations, "--out", "second.h5")[0] == 0
    assert call(*TINY, *long, *iterations, "--out", "straight.h5")[0] == 0
    check_equal(training_of("second.h5"), training_of("straight.h5"))


def kept_at(path):
    """The iteration of a session's last checkpoint; -1 while there is none."""
    try:
        with sessions.open(path) as recording:
            return max((each.iteration for each in recording.checkpoints), default=-1)
    except sessions.SessionError:
        return -1


def test_as_many_iterations_are_left_as_the_training_was_to_have(call, folder, launch):
    killed = launch("-m", "ntmviz", *TINY, "--iterations", 180, "--batch", 40, "--out", "first.h5")
    wait_for(lambda: kept_at(folder / "first.h5") >= 0)
    killed.kill()
    wait_for(lambda: is_gone(killed.pid))
    assert kept_at(folder / "first.h5") < 180
    _, out, _ = call(*ON, "--resume", "first.h5", "--json")
    result = json.loads(out[-1])
    assert result["session"] == str(folder / "first-on.ntmviz.h5")
    assert (result["iterations"], result["sequences"]) == (180, 7200)


def test_what_is_not_as_it_was_is_said(call, first):
    changed = ("--set", "train.learning_rate=0.0005", "--batch", 4, "--set", "task.max_length=5", "--seed", 4)
    code, _, err = call(*ON, "--resume", "first.h5", "--iterations", 12, *changed, "--out", "second.h5")
    assert code == 0
    assert err[1:] == [
        "task.max_length is 5 now, it was 3",
        "train.batch is 4 now, it was 2",
        "train.learning_rate is 0.0005 now, it was 0.001",
        "seed is 4 now, it was 3",
    ]
    with sessions.open("second.h5") as second:
        assert (second.info.train["learning_rate"], second.info.seed) == (0.0005, 4)
        assert second.metrics["learning_rate"][0] == pytest.approx(0.0005 * (1 - 20 / 12_000 * 0.9))
        assert "train.batch is 4 now" in second.events[0].text


def test_settings_that_any_weights_bear_can_be_others(call, first):
    code, _, err = call(*ON, "--resume", "first.h5", "--iterations", 12, "--set", "kernel=fused", "--out", "second.h5")
    assert (code, err[1:]) == (0, ["kernel is fused now, it was eager"])
    with sessions.open("second.h5") as second:
        assert second.info.model_config["kernel"] == "fused"
        assert checkpoints.load(second.checkpoints[-1].read()).config.kernel == "fused"
    code, _, err = call(*ON, "--resume", "first.h5", "--set", "kernel=turbo", "--out", "third.h5")
    check_failed(code, err, "kernel is one of auto, eager, fused; got 'turbo'", wanted_code=2)
    assert "whole" not in err[-1]
    code, _, err = call(*ON, "--resume", "first.h5", "--set", "hidden_size=9", "--out", "third.h5")
    check_failed(code, err, "a network that is trained on keeps its settings; hidden_size is", wanted_code=2)


def test_a_training_with_nothing_left_says_so_and_is_measured(call, first):
    code, out, err = call(*ON, "--resume", "first.h5", "--out", "second.h5", "--json")
    assert (code, err[1:]) == (0, ["nothing is left to train of 10 iterations; name more with --iterations"])
    result = json.loads(out[-1])
    assert (result["iterations"], list(result["bit_error_rate"])) == (10, ["3", "9", "18"])
    with sessions.open("second.h5") as second:
        assert (second.complete, len(second.checkpoints), len(second.metrics.iterations())) == (True, 1, 0)


def test_weights_without_a_state_of_training_start_it_afresh_and_that_is_said(call, folder):
    task, model = tasks.build("copy", max_length=4, bits=3), small_model()
    with sessions.Recorder("old.h5", trace_spec(model, task), {"model": "ntm", "task": "copy", "seed": 2}) as recorder:
        recorder.checkpoint(checkpoints.save(model), 700)
    words = ("--set", "task.bits=3", "--set", "task.max_length=4", "--iterations", 3, "--out", "new.h5")
    code, _, err = call(*ON, "--resume", "old.h5", *words)
    assert code == 0
    assert err[0] == (
        f"the checkpoint has no state of a training: the optimiser starts afresh, at iteration 0: {folder / 'old.h5'}"
    )
    with sessions.open("new.h5") as new:
        assert list(new.metrics.iterations()) == [0, 1, 2]
        assert new.info.seed == 2
        assert checkpoints.save(checkpoints.load(new.checkpoints[0].read())) == checkpoints.save(model)


def test_a_session_without_a_checkpoint_is_nothing_to_go_on_from(call, folder):
    task, model = tasks.build("copy", max_length=4, bits=3), small_model()
    sessions.Recorder("old.h5", trace_spec(model, task)).close()
    code, _, err = call(*ON, "--resume", "old.h5", "--out", "new.h5")
    check_failed(code, err, "it keeps none")
    assert not (folder / "new.h5").exists()


def test_another_network_than_that_of_the_session_is_refused(call, first):
    code, _, err = call(*ON, "--resume", "first.h5", "--model", "lstm", "--out", "new.h5")
    check_failed(code, err, "stays what it is, ntm; got --model lstm", wanted_code=2)
    assert call(*ON, "--resume", "first.h5", "--model", "ntm", "--out", "new.h5")[0] == 0


def test_one_that_was_solved_is_over_unless_its_task_is_another_now(call, folder, monkeypatch):
    monkeypatch.setattr(Trainer, "evaluate", lambda *arguments: Result(0.0, 0.0, 0.0))
    often = ("--set", "train.check_sequences=2", "--until-solved", "--iterations", 20)
    assert call(*TINY, *often, "--out", "first.h5")[0] == 0
    for out, words, iterations, is_said in (
        ("on.h5", (), 3, True),
        ("other.h5", ("--set", "task.max_length=2"), 6, False),
    ):
        _, told, _ = call(*ON, "--resume", "first.h5", "--until-solved", *words, "--out", out, "--json")
        result = json.loads(told[-1])
        assert (result["solved"], result["iterations"]) == (True, iterations)
        with sessions.open(out) as recording:
            (solved,) = (event for event in recording.events if event.kind == "solved")
            assert (bool(solved.text), solved.iteration) == (is_said, iterations)


def test_the_window_says_where_a_training_was_resumed(call, first, open_window):
    assert call(*ON, "--resume", "first.h5", "--iterations", 12, "--out", "second.h5")[0] == 0
    window = open_window(first / "second.h5")
    assert "resumed after iteration 10" in window.headline._network.text()


def test_options_left_out_are_those_of_the_session_only_where_one_is_resumed():
    assert RunOptions(out="a.h5").seed == 0
    assert RunOptions(out="a.h5", resume="b.h5").seed is None
