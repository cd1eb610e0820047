"""Batches whose loss or gradient is not finite: skipped, told of, kept while few, and harmless to the rest."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ntm_core import checkpoints, commands, events
from ntm_core.training import MOST_SKIPPED_IN_A_ROW
from tests.core.builders import (
    Every,
    ListSink,
    engine_of,
    only,
    spoilt_engine,
    trained_episodes,
)


def spoil(engine):
    with torch.no_grad():
        engine.model.output.bias[0] = math.nan


def offenders(sink):
    return [episode for episode in sink.episodes if "not finite" in episode["info"].label]


def test_a_value_that_is_not_finite_is_told_and_kept_with_its_weights_and_training_goes_on():
    sink = ListSink()
    engine = spoilt_engine({2}, sink, Every(100))
    happened = engine.handle(commands.Train(5))
    assert only(events.NonFinite, happened) == events.NonFinite(2, "loss", 1, True)
    assert only(events.Trained, happened).iteration == 5
    assert not [event for event in happened if isinstance(event, events.GaveUp | events.Failed)]
    (offending,) = offenders(sink)
    assert offending["info"].label == "loss not finite"
    assert offending["info"].iteration == 2
    assert np.isnan(offending["columns"]["output"]).any()
    assert list(sink.metrics) == list(range(5))
    assert math.isnan(sink.metrics[2]["loss"])
    assert [metrics.get("skipped") for metrics in sink.metrics.values()] == [None, None, 1, None, None]
    kept = checkpoints.load(sink.checkpoints[offending["info"].checkpoint][1])
    unspoilt = engine_of()
    unspoilt.handle(commands.Train(2))
    assert all(map(torch.equal, kept.parameters(), unspoilt.model.parameters()))


def test_a_bad_batch_leaves_the_rest_of_a_training_as_it_is_without_a_session():
    recorded, plain = spoilt_engine({2, 3}, ListSink(), Every()), spoilt_engine({2, 3})
    first, second = (engine.handle(commands.Train(6)) for engine in (recorded, plain))
    assert [event for event in first if not isinstance(event, events.Saved)] == list(second)
    assert all(map(torch.equal, recorded.model.parameters(), plain.model.parameters()))


def test_training_gives_up_after_too_many_bad_batches_in_a_row_and_says_what_to_do():
    sink = ListSink()
    engine = engine_of(sink, Every(100))
    engine.handle(commands.Train(2))
    spoil(engine)
    before = [parameter.clone() for parameter in engine.model.parameters()]
    assert not [event for event in engine.handle(commands.Train(5)) if isinstance(event, events.GaveUp)]
    happened = engine.handle(commands.Train(50))
    last = 2 + MOST_SKIPPED_IN_A_ROW
    gave_up = only(events.GaveUp, happened)
    assert gave_up.iteration == last - 1
    assert "20 batches in a row was not finite" in gave_up.message
    assert "smaller learning rate" in gave_up.message
    assert "\n" not in gave_up.message
    assert list(sink.metrics) == list(range(last))
    assert [iteration for iteration, _ in sink.checkpoints] == [0, 3, last]
    assert {episode["info"].checkpoint for episode in offenders(sink)} == {1}
    torch.testing.assert_close(list(engine.model.parameters()), before, rtol=0, atol=0, equal_nan=True)
    assert only(events.Failed, engine.handle(commands.Train())).message == gave_up.message


@pytest.mark.parametrize("in_a_row", [1, 10])
def test_a_training_that_skips_much_keeps_few_of_its_batches(in_a_row):
    sink = ListSink()
    numbers = {number for number in range(200) if number % (in_a_row + 1)}
    happened = spoilt_engine(numbers, sink, Every(1000), batch=1).handle(commands.Train(200))
    told = [event for event in happened if isinstance(event, events.NonFinite)]
    assert [event.skipped for event in told] == list(range(1, len(numbers) + 1))
    kept = [event.skipped for event in told if event.is_kept]
    assert kept == [*range(1, 9), *(each for each in (16, 32, 64, 128) if each <= len(numbers))]
    assert [episode["info"].iteration for episode in offenders(sink)] == [
        event.iteration for event in told if event.is_kept
    ]
    assert len(sink.checkpoints) <= len(kept) + 3  # and those at 0, 100 and 200


def test_a_bad_batch_that_the_policy_wants_is_recorded_however_many_there_were():
    sink = ListSink()
    spoilt_engine(set(range(1, 19)), sink, Every()).handle(commands.Train(20))
    trained = [episode["info"] for episode in trained_episodes(sink)]
    assert [info.iteration for info in trained] == list(range(20))
    assert [info.label for info in trained] == ["", *["loss not finite"] * 18, ""]


def test_the_sequence_that_went_wrong_is_the_one_that_is_recorded():
    sink = ListSink()
    engine = spoilt_engine({0}, sink, Every(), item=2)
    engine.handle(commands.Train())
    offending = sink.episodes[-1]
    assert offending["info"].item == 2
    assert np.isnan(offending["columns"]["input"]).any()
    assert math.isnan(offending["result"][0])
