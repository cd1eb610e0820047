"""Sequences that a device notes down and is asked for again, with a stand-in for the device."""

from __future__ import annotations

import logging

import pytest
import torch
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ntm_core.kernels.given import Parameters, State
from ntm_core.kernels.in_torch import sequence
from ntm_core.kernels.in_torch.captured import Captured, Captures
from ntm_core.kernels.in_torch.graphs import passes_for
from ntm_core.kernels.in_torch.passes import Plain
from ntm_core.network import held
from tests.core.builders import small_model
from tests.core.kernel_pairs import CASES, TOLERANCE, assert_close, inputs_of, leaves_of, pair, results

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")


class Noting(TorchDispatchMode):
    """Notes down each operation with the very tensors it had."""

    def __init__(self):
        super().__init__()
        self.noted = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **kwargs or {})
        self.noted.append((func, args, kwargs or {}, result))
        return result


class Recorder:
    """Captures as a CUDA graph does: what is played again are operations on the memory they had, not the function."""

    def __init__(self):
        self.captured = self.played = 0

    def __call__(self, function):
        function()
        with Noting() as noting:
            function()
        self.captured += 1

        def play():
            self.played += 1
            with torch.no_grad():
                for func, args, kwargs, result in noting.noted:
                    for to, each in zip(tree_leaves(result), tree_leaves(func(*args, **kwargs)), strict=True):
                        if isinstance(to, torch.Tensor) and to.data_ptr() != each.data_ptr():
                            to.copy_(each)

        return play


@pytest.fixture
def recorder(monkeypatch):
    """A device that notes sequences down, in place of the CPU."""
    return use(monkeypatch, Recorder())


def use(monkeypatch, capture, **settings):
    captures = Captures(capture, **settings)

    def lend(plain, inputs, state, weights):
        return captures.lend((plain, inputs.shape, inputs.dtype), plain, inputs, state, weights)

    monkeypatch.setattr(sequence, "passes_for", lend)
    return capture


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_what_is_played_again_is_what_the_steps_compute(settings, recorder):
    for seed in range(4):
        eager, fused = pair(seed=seed, **settings)
        inputs = inputs_of(eager, seed=seed)
        state = eager.initial_state(3)
        assert_close(results(fused, inputs, state, seed), results(eager, inputs, state, seed), TOLERANCE[torch.float32])
    assert (recorder.captured, recorder.played) == (2, 6)


def test_it_is_the_operations_that_are_played_and_not_the_function():
    calls = []

    def double(given):
        calls.append(1)
        return given[0] * 2

    made = Captured(double, [torch.ones(2)], Recorder())
    assert made([torch.full((2,), 3.0)]).tolist() == [6, 6] and made([None]).tolist() == [0, 0]
    assert len(calls) == 2


def test_a_sequence_is_noted_down_when_its_like_comes_again(recorder):
    _, fused = pair()
    captured = []
    for time in (3, 4, 3, 4, 3):
        fused(inputs_of(fused, time))
        captured.append(recorder.captured)
    assert captured == [0, 0, 2, 4, 4]


def test_what_needs_no_gradient_has_no_backward_pass_noted_down(recorder):
    _, fused = pair()
    inputs = inputs_of(fused, 2 * sequence.PIECE)
    plain = fused(inputs)[0]
    with torch.no_grad():
        for trace in (False, True, True):
            assert torch.equal(fused(inputs, trace=trace)[0], plain)
    assert (recorder.captured, recorder.played) == (2, 2)  # the second piece of the first, and the last, whole


def test_a_gradient_is_right_though_another_sequence_runs_before_it_is_asked_for(recorder):
    eager, fused = pair()
    each = [inputs_of(eager, seed=seed) for seed in range(4)]
    fused(each[0])
    for model in (eager, fused):
        model.zero_grad()
        logits = [model(inputs)[0] for inputs in each]
        sum((part * part).sum() for part in logits).backward()
    found, wanted = ({name: part.grad for name, part in model.named_parameters()} for model in (fused, eager))
    assert_close(found, wanted, TOLERANCE[torch.float32])
    assert recorder.played == 2  # the first of four: the others found it borrowed
    del logits
    fused(each[0])[0].sum().backward()
    assert recorder.played == 4


def test_what_was_given_out_stays_when_the_next_sequence_runs(recorder):
    _, fused = pair()
    for seed in range(3):
        inputs = inputs_of(fused, seed=seed).requires_grad_()
        state = leaves_of(fused.initial_state(3))
        logits, last, trace = fused(inputs, state, trace=True)
        values = [logits, *held(last).values()]
        sources = [inputs, *held(state).values(), fused.heads.weight, fused.controller.weight]
        gradients = torch.autograd.grad(values, sources, [torch.ones_like(part) for part in values])
        found = [*(part.detach() for part in values), *gradients]
        found += [*held(trace.steps).values(), *held(trace.initial).values()]
        del logits, last, values
        if seed == 1:
            kept, before = found, [part.clone() for part in found]
    assert recorder.played == 4
    assert all(map(torch.equal, kept, before))


def test_a_part_that_nothing_depends_on_has_no_gradient_from_the_time_before(recorder):
    eager, fused = pair()
    inputs = inputs_of(eager)
    for _ in range(3):
        assert_close(
            results(fused, inputs, eager.initial_state(3)),
            results(eager, inputs, eager.initial_state(3)),
            TOLERANCE[torch.float32],
        )
    inputs.requires_grad_()
    gradients = []
    for model in (fused, eager):
        state = leaves_of(model.initial_state(3))
        last = model(inputs, state)[1]
        gradients.append(dict(inputs=torch.autograd.grad(last.read_vector.sum(), inputs)[0]))
    assert recorder.played == 6
    assert_close(*gradients, TOLERANCE[torch.float32])


def test_what_is_captured_in_inference_mode_serves_outside_too(recorder):
    _, fused = pair()
    inputs = inputs_of(fused)
    with torch.inference_mode():
        wanted, _ = (fused(inputs, trace=True)[0] for _ in range(2))
    with torch.no_grad():
        assert torch.equal(fused(inputs, trace=True)[0], wanted)
    assert (recorder.captured, recorder.played) == (1, 2)


def test_those_that_were_used_longest_ago_are_forgotten(monkeypatch):
    recorder = use(monkeypatch, Recorder(), most=2)
    _, fused = pair()
    captured = []
    for time in (3, 3, 4, 4, 3, 5, 3, 3, 4, 4):
        fused(inputs_of(fused, time))
        captured.append(recorder.captured)
    assert captured == [0, 2, 2, 4, 4, 4, 4, 4, 4, 6]  # 5 pushes out 4, which comes as if for the first time


def test_where_nothing_can_be_captured_all_runs_operation_by_operation_and_that_is_said_once(monkeypatch, caplog):
    def refuse(function):
        raise RuntimeError("no graphs here")

    use(monkeypatch, refuse)
    eager, fused = pair()
    inputs = inputs_of(eager)
    with caplog.at_level(logging.INFO, logger="ntm_core.kernels.in_torch"):
        for _ in range(4):
            found, wanted = ({"logits": model(inputs)[0].detach()} for model in (fused, eager))
            assert_close(found, wanted, TOLERANCE[torch.float32])
    (told,) = (record for record in caplog.records if "no graphs here" in record.message)
    assert told.levelno == logging.INFO


def test_graphs_are_for_numbers_on_cuda():
    model = small_model()
    plain, weights = Plain(model.config, False, False), Parameters.of(model)
    state = State(*model.initial_state(2)[:6])
    for inputs in (torch.zeros(3, 2, 4), torch.zeros(3, 2, 4, device="meta")):
        assert passes_for(plain, inputs, state, weights) is plain
    with FakeTensorMode():
        assert passes_for(plain, torch.zeros(3, 2, 4, device="cuda"), state, weights) is plain
