"""The measuring of speed: who takes part, that turns are interleaved, and what ratios are of."""

from __future__ import annotations

import sys
import types

import pytest
import torch

from ntm_core import benchmark, kernels
from ntm_core.benchmark import EAGER, FUSED, PEER, Contest, Row, Work
from ntm_core.errors import ConfigError
from ntm_core.kernels import threads

SHORT = {"model": "ntm", "batches": (3,), "length": 1, "threads": 1, "rounds": 2, "turn_s": 0.0}


class PeerOfOneLayer(torch.nn.Module):
    """Takes what the network of the package takes, and keeps it."""

    made: list[PeerOfOneLayer] = []

    def __init__(self, **settings):
        super().__init__()
        self.settings, self.seen = settings, []
        self.output = torch.nn.Linear(settings["input_size"], settings["input_size"])
        self.made.append(self)

    def forward(self, inputs, hx, reset_experience):
        self.seen.append((tuple(inputs.shape), hx, reset_experience, torch.is_grad_enabled()))
        return self.output(inputs), hx


@pytest.fixture
def with_peer(monkeypatch):
    PeerOfOneLayer.made.clear()
    monkeypatch.setitem(sys.modules, "dnc", types.SimpleNamespace(DNC=PeerOfOneLayer))
    monkeypatch.setattr(benchmark, "peer", lambda: "1.1.0")
    return PeerOfOneLayer.made


@pytest.fixture
def without_peer(monkeypatch):
    monkeypatch.setattr(benchmark, "peer", lambda: None)


def test_all_take_part_in_all_that_is_measured(with_peer):
    rows = list(benchmark.measure(Contest(**SHORT)))
    assert [(row.work, row.batch) for row in rows] == [(work, 3) for work in Work]
    for row in rows:
        assert list(row.seconds) == [PEER, EAGER, FUSED] and row.base == PEER
        assert all(len(seconds) == SHORT["rounds"] and min(seconds) > 0 for seconds in row.seconds.values())


def test_the_package_gets_the_same_sizes_and_sequences_each_from_a_fresh_memory(with_peer):
    list(benchmark.measure(Contest(**SHORT)))
    learning, answering, *_ = with_peer
    sizes = {"input_size": 9, "hidden_size": 100, "nr_cells": 128, "cell_size": 20, "read_heads": 1}
    assert sizes.items() <= learning.settings.items()
    assert {name: learning.settings[name] for name in ("num_layers", "num_hidden_layers")} == dict.fromkeys(
        ("num_layers", "num_hidden_layers"), 1
    )
    assert set(learning.seen) == {((3, 3, 9), (None, None, None), True, True)}
    assert set(answering.seen) == {((3, 3, 9), (None, None, None), True, False)}
    assert not torch.equal(learning.output.weight, torch.zeros_like(learning.output.weight))
    assert learning.output.weight.grad is not None and answering.output.weight.grad is None


def test_without_the_package_the_network_s_own_steps_are_what_others_are_compared_with(without_peer):
    row, *_ = benchmark.measure(Contest(**SHORT))
    assert list(row.seconds) == [EAGER, FUSED] and row.base == EAGER
    assert row.times(EAGER) == (1, 1, 1)


def test_a_kernel_that_there_is_not_is_left_out(without_peer, monkeypatch):
    monkeypatch.setattr(kernels, "chosen", lambda *given: None)
    assert all(list(row.seconds) == [EAGER] for row in benchmark.measure(Contest(**SHORT)))


def test_a_size_that_cannot_be_is_refused(without_peer):
    with pytest.raises(ConfigError):
        next(benchmark.measure(Contest(**SHORT | {"length": 0})))


def test_all_take_a_turn_in_each_round_and_who_goes_first_changes():
    turns = []
    calls = [lambda name=name: turns.append(name) for name in "abc"]
    seconds = benchmark._interleaved(calls, Contest(**SHORT | {"rounds": 4}))
    assert [len(each) for each in seconds.values()] == [4, 4, 4]
    assert "".join(turns[-12:]) == "abcbcacababc"


def test_a_turn_is_as_many_calls_as_its_time_holds(monkeypatch):
    now, calls = [0.0], []

    def call():
        calls.append(now[0])
        now[0] += 0.25

    monkeypatch.setattr(benchmark.time, "perf_counter", lambda: now[0])
    seconds = benchmark._interleaved([call], Contest(**SHORT | {"turn_s": 1.0}))
    assert seconds == {call: [0.25, 0.25]}
    assert len(calls) == 2 + 2 * 4  # one to compile, one to see what it takes, then the turns


def test_each_has_as_many_threads_of_torch_as_serve_it(monkeypatch):
    now = [0.0]

    def slower_on_two():
        now[0] += torch.get_num_threads()

    def faster_on_two():
        now[0] += 1 / torch.get_num_threads()

    monkeypatch.setattr(benchmark.time, "perf_counter", lambda: now[0])
    before = torch.get_num_threads()
    try:
        seconds = benchmark._interleaved([slower_on_two, faster_on_two], Contest(**SHORT | {"threads": 2}))
    finally:
        torch.set_num_threads(before)
    assert seconds == {slower_on_two: [1, 1], faster_on_two: [0.5, 0.5]}


def test_a_ratio_is_of_two_turns_of_one_round():
    # The machine slows down: a median of all rounds divided by another would tell 3.
    row = Row(Work.TRAINING, 4, {PEER: [2.0, 6.0, 12.0], FUSED: [1.0, 2.0, 6.0]})
    assert row.times(FUSED) == (2.0, 2.0, 2.5)
    assert row.median_s(FUSED) == 2.0
    told = row.to_json()[FUSED]
    assert told == {"ms": 2000, "sequences_per_s": 2, "times_dnc": 2, "low": 2, "high": 2.5}


def test_threads_are_set_back(without_peer):
    before = torch.get_num_threads(), threads.allowed()
    for row in benchmark.measure(Contest(**SHORT | {"threads": 3})):
        assert row.work in Work
    assert (torch.get_num_threads(), threads.allowed()) == before
