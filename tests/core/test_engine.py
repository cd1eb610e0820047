"""The engine: what commands do, what is recorded of it, and that what is recorded is true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ntm_core import checkpoints, commands, diagnostics, events, models, registry, seeding, tasks
from ntm_core.engine import Engine
from ntm_core.observe import observe
from ntm_core.trace import EpisodeKind
from ntm_core.train_config import TrainConfig
from ntm_core.training import Result, Trainer
from tests.core.builders import (
    SMALL,
    Every,
    ListSink,
    SpoiltTask,
    engine_of,
    only,
    small_model,
    small_task,
    spoilt_engine,
    trained_episodes,
)


def test_training_tells_where_it_is_and_logs_every_iteration():
    sink = ListSink()
    engine = engine_of(sink)
    trained = only(events.Trained, engine.handle(commands.Train(3)))
    assert (trained.iteration, trained.sequences) == (3, 12)
    assert list(sink.metrics) == [0, 1, 2]
    assert sink.metrics[2] == {
        name: getattr(trained, name)
        for name in ("loss", "wrong_bits", "bit_error_rate", "bits_per_sequence", "gradient_norm", "learning_rate")
    }
    assert only(events.Trained, engine.handle(commands.Train())).iteration == 4


def test_the_first_recorded_of_ten_iterations_is_logged_with_how_its_sequence_used_the_memory():
    sink = ListSink()
    logged = []
    log, sink.log = sink.log, lambda iteration, **metrics: (logged.append(iteration), log(iteration, **metrics))
    engine = engine_of(sink, Every(4))
    engine.handle(commands.Train(17))
    assert logged == list(range(17))
    (episode,) = (each for each in sink.episodes if each["info"].iteration == 12)
    seen = diagnostics.of_iteration(engine.spec, episode["initial"], episode["columns"])
    assert set(seen) == {
        *("read_breadth", "write_breadth", "gate", "saturation"),
        *("reads_written", "row_spread", "utilisation", "occupancy"),
    }
    assert sink.metrics[12] == sink.metrics[12] | seen
    assert [iteration for iteration in range(17) if seen.keys() & sink.metrics[iteration].keys()] == [0, 12]


def test_training_is_the_same_with_and_without_a_recording_to_the_bit():
    recorded, plain = engine_of(ListSink(), Every()), engine_of()
    first, second = (engine.handle(commands.Train(6))[-1] for engine in (recorded, plain))
    assert first == second
    assert all(map(torch.equal, recorded.model.parameters(), plain.model.parameters()))


def test_the_policy_is_asked_once_for_each_iteration_and_told_of_all_the_work():
    sink, policy = ListSink(), Every(3)
    engine_of(sink, policy).handle(commands.Train(7))
    trained = [episode["info"].iteration for episode in sink.episodes if episode["info"].kind is EpisodeKind.TRAIN]
    assert policy.asked == list(range(7))
    assert trained == [0, 3, 6]
    assert policy.begun == len(sink.episodes)
    assert policy.depth == 0


def test_the_policy_may_be_changed_between_commands():
    sink = ListSink()
    engine = engine_of(sink)
    engine.handle(commands.Train(2))
    assert not sink.episodes
    engine.policy = Every()
    engine.handle(commands.Train(1))
    assert [episode["info"].iteration for episode in sink.episodes] == [2]
    engine.policy = None
    engine.handle(commands.Train(1))
    assert len(sink.episodes) == 1


@pytest.mark.parametrize("name", registry.models())
def test_every_network_is_trained_recorded_and_kept(name):
    sink = ListSink()
    engine = Engine(small_model(name=name), small_task(), config=TrainConfig(batch=4), sink=sink, policy=Every())
    assert engine.handle(commands.Train(2))[-1].iteration == 2
    kinds = [episode["info"].kind for episode in sink.episodes]
    assert kinds == [EpisodeKind.EVAL, EpisodeKind.TRAIN, EpisodeKind.TRAIN]
    for episode in sink.episodes:
        assert {name: column.shape[1:] for name, column in episode["columns"].items()} == {
            field.name: field.shape for field in engine.spec
        }
        assert {name: values.shape for name, values in episode["initial"].items()} == {
            field.name: field.shape for field in engine.spec.carried
        }
        assert all(np.isfinite(column).all() for column in episode["columns"].values())
    assert checkpoints.load(sink.checkpoints[0][1]).name == name


@pytest.mark.parametrize("heads", [1, 2])
def test_every_recorded_step_of_a_training_rebuilds_its_memory_and_its_reads(heads):
    sink = ListSink()
    engine_of(sink, Every(), heads=heads).handle(commands.Train(8))
    assert {episode["info"].kind for episode in sink.episodes} == {EpisodeKind.TRAIN, EpisodeKind.EVAL}
    for episode in sink.episodes:
        columns, before = episode["columns"], episode["initial"]["memory"]
        for step in range(len(columns["mask"])):
            weighting, erase, add = (columns[name][step] for name in ("write_weighting", "erase", "add"))
            reads = columns["read_weighting"][step] @ before
            np.testing.assert_allclose(columns["read_vector"][step], reads, rtol=0, atol=1e-6)
            kept = np.prod(1 - weighting[:, :, None] * erase[:, None, :], axis=0)
            before = before * kept + weighting.T @ add
            np.testing.assert_allclose(columns["memory"][step], before, rtol=0, atol=1e-6)
            before = columns["memory"][step]


def test_a_training_episode_carries_the_figures_of_its_own_sequence():
    sink = ListSink()
    engine = engine_of(sink, Every())
    engine.handle(commands.Train(2))
    for episode in sink.episodes:
        columns, (loss, wrong_bits) = episode["columns"], episode["result"]
        scored = columns["mask"] > 0
        output, target = columns["output"][scored], columns["target"][scored]
        assert wrong_bits == ((output > 0.5) != (target > 0.5)).sum()
        assert loss == pytest.approx(-np.log(np.where(target > 0.5, output, 1 - output)).mean(), rel=1e-4)


def test_the_batch_of_a_training_episode_can_be_drawn_again_from_its_seed():
    sink = ListSink()
    engine_of(sink, Every()).handle(commands.Train(3))
    info, columns = sink.episodes[-1]["info"], sink.episodes[-1]["columns"]
    assert (info.batch, info.item, info.iteration) == (4, 0, 2)
    sample = small_task().sample(info.batch, seeding.generator(info.seed))
    np.testing.assert_array_equal(sample.inputs[:, info.item].numpy(), columns["input"])


def test_checkpoints_are_kept_at_doubling_distances():
    sink = ListSink()
    engine = engine_of(sink, batch=1)
    engine.task.sample = lambda *arguments: short
    short = small_task().sample(1, torch.Generator().manual_seed(0), 1)
    happened = engine.handle(commands.Train(401))
    assert [iteration for iteration, _ in sink.checkpoints] == [0, 100, 200, 400]
    saved = [event for event in happened if isinstance(event, events.Saved)]
    assert saved == [events.Saved(index, iteration) for index, (iteration, _) in enumerate(sink.checkpoints)]


def test_an_episode_at_batch_1_runs_again_from_its_checkpoint_to_the_bit():
    sink = ListSink()
    engine = engine_of(sink, Every(100))
    engine.handle(commands.Train(3))
    engine.handle(commands.Save())
    episodes = [episode for episode in sink.episodes if episode["info"].kind is EpisodeKind.EVAL]
    assert [episode["info"].iteration for episode in episodes] == [0, 3]
    for episode in episodes:
        iteration, weights = sink.checkpoints[episode["info"].checkpoint]
        assert iteration == episode["info"].iteration
        sample = small_task().sample(1, seeding.generator(episode["info"].seed), 4)
        with torch.no_grad():
            logits, _, trace = checkpoints.load(weights)(sample.inputs, trace=True)
        again = observe(engine.spec, trace, sample, logits, engine.task)
        for name, column in again.columns.items():
            np.testing.assert_array_equal(column, episode["columns"][name], err_msg=name)


def test_an_episode_names_a_checkpoint_only_if_it_ran_on_those_very_weights():
    sink = ListSink()
    engine_of(sink, Every()).handle(commands.Train(3))
    named = {(each["info"].kind, each["info"].iteration): each["info"].checkpoint for each in sink.episodes}
    train = EpisodeKind.TRAIN
    assert named == {(EpisodeKind.EVAL, 0): 0, (train, 0): 0, (train, 1): -1, (train, 2): -1}


def test_saving_twice_keeps_the_weights_once():
    sink = ListSink()
    engine = engine_of(sink)
    engine.handle(commands.Train(2))
    assert engine.handle(commands.Save()) == engine.handle(commands.Save()) == (events.Saved(1, 2),)
    assert [iteration for iteration, _ in sink.checkpoints] == [0, 2]
    loaded = checkpoints.load(sink.checkpoints[1][1])
    assert all(map(torch.equal, loaded.parameters(), engine.model.parameters()))


def test_saving_without_a_session_fails_in_words():
    assert "this engine has none" in only(events.Failed, engine_of().handle(commands.Save())).message


def test_a_session_that_takes_no_checkpoint_is_not_named_by_any_episode():
    sink = ListSink()
    sink.checkpoint = lambda weights, iteration: -1
    engine = engine_of(sink, Every())
    happened = engine.handle(commands.Train(2))
    assert not [event for event in happened if isinstance(event, events.Saved)]
    assert {episode["info"].checkpoint for episode in sink.episodes} == {-1}
    assert "did not take the checkpoint" in only(events.Failed, engine.handle(commands.Save())).message


def test_solving_is_told_once_keeps_the_weights_and_ends_the_command(monkeypatch):
    sink = ListSink()
    engine = engine_of(sink, Every(100), check_sequences=8)
    monkeypatch.setattr(engine.trainer, "evaluate", lambda *arguments: Result(0.0, 0.0, 0.0))
    happened = engine.handle(commands.Train(50))
    assert only(events.Solved, happened) == events.Solved(6, 24)
    assert [event.trial for event in happened if isinstance(event, events.Evaluated)] == ["4", "4", "4"]
    assert isinstance(happened[-1], events.Trained) and happened[-1].iteration == 6
    assert [iteration for iteration, _ in sink.checkpoints] == [0, 6]
    more = engine.handle(commands.Train(4))
    assert not [event for event in more if isinstance(event, events.Solved)]
    assert more[-1].iteration == 10


def test_ten_iterations_and_ten_more_are_twenty_with_all_that_is_recorded_of_them():
    straight, first, second = ListSink(), ListSink(), ListSink()
    settings = {"seed": 3, "check_sequences": 12, "decay_sequences": 60}
    whole = spoilt_engine({4, 13}, straight, Every(2), **settings)
    whole.handle(commands.Train(20))
    stopped = spoilt_engine({4}, first, Every(2), **settings)
    stopped.handle(commands.Train(10))
    stopped.handle(commands.Save())
    iteration, blob = first.checkpoints[-1]
    state = checkpoints.training(blob)
    resumed = Engine(
        checkpoints.load(blob).train(),
        SpoiltTask(small_task(), {3}),
        config=TrainConfig.from_json(state.config),
        seed=state.seed,
        sink=second,
        policy=Every(2),
        training=state,
    )
    trained = only(events.Trained, resumed.handle(commands.Train(10)))
    assert (iteration, trained.iteration, trained.sequences) == (10, 20, 80)
    assert first.metrics.keys() | second.metrics.keys() == straight.metrics.keys()
    for iteration, metrics in (first.metrics | second.metrics).items():
        np.testing.assert_equal(metrics, straight.metrics[iteration])
    recorded, wanted = trained_episodes(first) + trained_episodes(second), trained_episodes(straight)
    assert len(recorded) == len(wanted) == 11  # every second one, and the bad one of iteration 13
    for one, other in zip(recorded, wanted, strict=True):
        assert replace(one["info"], checkpoint=-1) == replace(other["info"], checkpoint=-1)
        np.testing.assert_equal(one["columns"], other["columns"])
        np.testing.assert_equal(one["initial"], other["initial"])
    for engine in (whole, resumed):
        engine.handle(commands.Save())
    assert second.checkpoints[0] == (10, blob)
    assert second.checkpoints[-1] == straight.checkpoints[-1]  # weights, optimiser, checks, all


def test_a_training_that_goes_on_keeps_checkpoints_at_distances_that_double_from_there():
    sink = ListSink()
    trainer = engine_of().trainer
    state = replace(trainer.state(), iteration=1000, sequences=1000)
    engine = engine_of(sink, batch=1)
    resumed = Engine(engine.model, small_task(), config=engine.trainer.config, sink=sink, training=state)
    short = small_task().sample(1, torch.Generator().manual_seed(0), 1)
    resumed.task.sample = lambda *arguments, **sizes: short
    resumed.handle(commands.Train(201))
    assert [iteration for iteration, _ in sink.checkpoints] == [1000, 1100, 1200]


def test_solving_is_not_told_again_by_a_training_that_goes_on(monkeypatch):
    monkeypatch.setattr(Trainer, "evaluate", lambda *arguments: Result(0.0, 0.0, 0.0))
    solved = engine_of(check_sequences=4)
    assert only(events.Solved, solved.handle(commands.Train(10))).iteration == 3
    model = small_model(seed=1)
    state = solved.trainer.state()
    resumed = Engine(model, small_task(), config=solved.trainer.config, training=state)
    assert resumed.trainer.is_solved
    assert not [event for event in resumed.handle(commands.Train(5)) if isinstance(event, events.Solved)]


def test_an_evaluation_measures_each_length_on_fresh_sequences():
    engine = engine_of()
    measured = engine.handle(commands.Evaluate((2, 8), 30))
    assert [(event.trial, event.sequences) for event in measured] == [("2", 30), ("8", 30)]
    assert measured == engine.handle(commands.Evaluate((2, 8), 30))
    assert [event.trial for event in engine.handle(commands.Evaluate(sequences=2))] == ["4", "12", "24"]
    every, one = (engine.handle(commands.Evaluate(sequences=2, trials=names)) for names in ((), ("12",)))
    assert one == every[1:2], "alone as among the others"
    (failed,) = engine.handle(commands.Evaluate(trials=("13",)))
    assert failed.message == "a trial of task 'copy' is one of 12, 24, 4; got '13'"
    assert all(0 < event.bit_error_rate < 1 for event in measured)


def test_an_evaluation_of_a_length_takes_what_else_has_a_size_as_the_criterion_does(monkeypatch):
    task = tasks.build("repeat_copy", max_length=3, max_repeats=4)
    engine = Engine(models.build("ntm", task.inputs, task.outputs, **SMALL), task)
    asked = []
    measured = Result(0.0, 0.0, 0.0)
    monkeypatch.setattr(engine.trainer, "evaluate", lambda trial, *rest: asked.append(trial) or measured)
    assert [event.trial for event in engine.handle(commands.Evaluate((2, 9)))] == ["2", "9"]
    assert [trial.sizes for trial in asked] == [{"length": 2, "repeats": 4}, {"length": 9, "repeats": 4}]


def test_training_ends_the_episode_that_was_stepped():
    sink = ListSink()
    engine = engine_of(sink, Every())
    engine.handle(commands.Reset())
    engine.handle(commands.Step())
    engine.handle(commands.Train())
    assert not sink.is_open
    assert [episode["info"].kind for episode in sink.episodes] == [
        EpisodeKind.EVAL,
        EpisodeKind.MANUAL,
        EpisodeKind.TRAIN,
    ]
