"""The NTM over a whole sequence in torch's operations, against the network's own steps, and on devices that are absent.

A device is stood for by fake tensors, which have one but no numbers, or by the meta device: to mix them with another
device fails, and so does to read a value.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ntm_core import kernels
from ntm_core.kernels.given import Parameters
from ntm_core.kernels.in_torch import sequence
from ntm_core.kernels.in_torch.backward import softplus_slope
from ntm_core.network import held
from ntm_core.train_config import TrainConfig
from ntm_core.training import RECORDED, Trainer
from tests.core.builders import small_model, small_task
from tests.core.kernel_pairs import (
    ANY_SETTINGS,
    CASES,
    HARD,
    STRENGTHS,
    TOLERANCE,
    assert_close,
    assert_equal_at_hard_point,
    assert_equal_below_the_floor,
    assert_equal_functions,
    furthest,
    inputs_of,
    leaves_of,
    pair,
    results,
)

pytestmark = pytest.mark.usefixtures("nothing_is_compiled")

ROOT = Path(__file__).parents[2]


def test_it_is_torch_s_operations_that_run():
    _, fused = pair()
    assert kernels.chosen(fused, inputs_of(fused), fused.initial_state(3)) is sequence.run_ntm


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("settings", CASES, ids=str)
def test_values_gradients_and_trace_are_those_of_the_steps(settings, dtype):
    eager, fused = pair(dtype, **settings)
    assert_equal_functions(eager, fused, inputs_of(eager))


ANY_SEQUENCE = hypothesis.given(
    settings=ANY_SETTINGS, time=st.integers(1, 20), batch=st.integers(1, 6), seed=st.integers(0, 2**16)
)


@hypothesis.settings(max_examples=25)
@ANY_SEQUENCE
def test_any_network_and_any_sequence_give_the_same_numbers(settings, time, batch, seed):
    eager, fused = pair(torch.float64, seed, **settings)
    assert_equal_functions(eager, fused, inputs_of(eager, time, batch, seed))


@hypothesis.settings(max_examples=25)
@ANY_SEQUENCE
def test_any_network_and_any_sequence_in_float32_are_as_close_to_float64_as_the_steps(settings, time, batch, seed):
    """The steps, too, are off by more than 1e-5 where a rounding is magnified: by a memory near 0, say."""
    eager, fused = pair(torch.float32, seed, **settings)
    assert_as_close_as_the_steps(eager, fused, inputs_of(eager, time, batch, seed))


def assert_as_close_as_the_steps(eager, fused, inputs):
    """To what float64 gives: ten times as far off at most, and 1e-5 is always allowed."""
    state = leaves_of(eager.initial_state(inputs.shape[1]))
    assert kernels.chosen(fused, inputs, state) is not None
    found, steps = (results(model, inputs, state) for model in (fused, eager))
    beside = results(eager, inputs * (1 + torch.finfo(torch.float32).eps), state)
    exact = state._replace(**{name: part.detach().double() for name, part in held(state).items()})
    wanted = results(eager.double(), inputs.double(), exact)
    magnified = max(furthest(steps, wanted), furthest(beside, steps))
    assert_close(found, wanted, max(TOLERANCE[torch.float32], 10 * magnified))


def test_the_paper_s_sizes_over_a_whole_episode():
    eager, fused = pair(spread=0.0, locations=128, word_size=20, hidden_size=100)
    assert_as_close_as_the_steps(eager, fused, inputs_of(eager, time=41, batch=5))


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("start", HARD)
def test_hard_points(start, strength, dtype):
    assert_equal_at_hard_point(start, strength, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_rows_that_weigh_less_than_the_floor_pass_no_gradient(dtype):
    assert_equal_below_the_floor(dtype)


def test_the_slope_of_softplus_is_torch_s_where_that_turns_straight():
    values = torch.tensor([-40.0, -1.0, 0.0, 5.0, 19.9, 20.1, 21.0, 40.0], dtype=torch.float64, requires_grad=True)
    positive = torch.nn.functional.softplus(values)
    (wanted,) = torch.autograd.grad(positive.sum(), values)
    torch.testing.assert_close(softplus_slope(positive.detach()), wanted, rtol=1e-12, atol=0)


def test_numbers_that_are_not_finite_are_not_hidden():
    _, fused = pair()
    inputs = inputs_of(fused)
    inputs[2, 1, 0] = float("nan")
    logits, last, _ = fused(inputs)
    assert logits[:2].isfinite().all() and logits[:, [0, 2]].isfinite().all()
    assert logits[2:, 1].isnan().all() and last.memory[1].isnan().all()


@pytest.mark.parametrize("settings", CASES[:5], ids=str)
def test_at_batch_1_a_sequence_gives_the_same_bits_in_parts_learning_traced_or_neither(settings):
    _, fused = pair(locations=19, **settings)
    time = 2 * sequence.PIECE + 5
    inputs = inputs_of(fused, time, batch=1)
    learned, _, trace = fused(inputs, leaves_of(fused.initial_state(1)), trace=True)
    with torch.no_grad():
        at, parts, memories = fused.initial_state(1), [], []
        whole, last, _ = fused(inputs, at)
        for step in range(time):
            logits, at, seen = fused(inputs[step : step + 1], at, trace=step != 3)
            parts.append(logits)
            memories.append(at.memory if seen is None else seen.steps.memory[0])
    assert torch.equal(learned, whole) and torch.equal(torch.cat(parts), whole)
    assert torch.equal(torch.stack(memories), trace.steps.memory)
    assert all(torch.equal(part, held(last)[name]) for name, part in held(at).items())


def test_a_sequence_whose_steps_nobody_needs_has_room_for_a_few():
    class Greatest(TorchDispatchMode):
        numbers = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **kwargs or {})
            self.numbers = max([self.numbers, *(each.numel() for each in tree_leaves(result))])
            return result

    _, fused = pair(locations=64)
    rooms = []
    for pieces in (1, 5):
        with torch.no_grad(), Greatest() as greatest:
            fused(inputs_of(fused, pieces * sequence.PIECE))
        rooms.append(greatest.numbers)
    assert rooms[0] == rooms[1] == (sequence.PIECE + 1) * 3 * 64 * fused.config.word_size


def test_the_trace_has_the_sequences_that_were_asked_for():
    _, fused = pair()
    inputs = inputs_of(fused)
    whole, part = (fused(inputs, trace=True, items=items)[2] for items in (slice(None), slice(1, 2)))
    for name, tensor in held(part.steps).items():
        assert torch.equal(tensor, held(whole.steps)[name][:, 1:2]), name
    for name, tensor in held(part.initial).items():
        assert torch.equal(tensor, held(whole.initial)[name][1:2]), name


@pytest.mark.parametrize("settings", CASES[:3], ids=str)
def test_what_a_step_leaves_may_be_changed_without_changing_the_gradient(settings):
    _, fused = pair(**settings)
    inputs = inputs_of(fused).requires_grad_()
    (wanted,) = torch.autograd.grad(fused(inputs)[0].sum(), inputs)
    logits, last, trace = fused(inputs, trace=True)
    with torch.no_grad():
        for tensor in (*held(last).values(), *held(trace.steps).values(), *held(trace.initial).values()):
            tensor.zero_()
    assert torch.equal(torch.autograd.grad(logits.sum(), inputs)[0], wanted)


def test_a_gradient_that_is_given_is_not_changed():
    _, fused = pair()
    state = leaves_of(fused.initial_state(3))
    logits, last, _ = fused(inputs_of(fused), state)
    values = [logits, *held(last).values()]
    given = [torch.randn_like(part) for part in values]
    before = [part.clone() for part in given]
    torch.autograd.grad(values, list(held(state).values()), given)
    assert all(map(torch.equal, given, before))


def test_weights_that_changed_before_the_backward_pass_are_refused():
    _, fused = pair()
    logits = fused(inputs_of(fused))[0].sum()
    with torch.no_grad():
        fused.heads.weight.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        logits.backward()


def test_numbers_keep_their_type_where_a_caller_lets_torch_choose_another():
    _, fused = pair()
    inputs = inputs_of(fused)
    wanted = fused(inputs)[0]
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(fused(inputs)[0], wanted)


def test_training_follows_training_step_by_step():
    losses = []
    for kernel in ("eager", "fused"):
        trainer = Trainer(small_model(kernel=kernel), small_task(), TrainConfig(batch=5))
        losses.append([trainer.step(record=True).loss for _ in range(10)])
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_numba_is_not_needed():
    script = (
        "import sys; sys.modules['numba'] = sys.modules['llvmlite'] = None;"
        "import torch; from ntm_core import kernels, models;"
        "model = models.build('ntm', 3, 2, locations=4, hidden_size=4);"
        "kernels.warm_up(model);"
        "print(kernels.chosen(model, torch.zeros(1, 1, 3), model.initial_state(1)).__module__)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "ntm_core.kernels.in_torch.sequence\n"), done.stderr


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_all_that_is_made_lies_on_the_device(settings):
    """The meta device stands for one that is not here: mixing it with the CPU fails, and so does reading a value."""
    model = small_model(kernel="auto", **settings).to("meta")
    inputs, state = torch.zeros(9, 3, 4, device="meta", requires_grad=True), leaves_of(model.initial_state(3))
    assert kernels.chosen(model, inputs, state) is sequence.run_ntm
    logits, last, trace = model(inputs, state, trace=True, items=RECORDED)
    values = [logits, *held(last).values()]
    wanted = [inputs, *held(state).values(), *Parameters.of(model).flat]
    gradients = torch.autograd.grad(values, wanted, [torch.ones_like(each) for each in values])
    made = [*values, *held(trace.steps).values(), *held(trace.initial).values(), *gradients]
    assert {tensor.device.type for tensor in made} == {"meta"}
    assert [each.shape for each in gradients] == [each.shape for each in wanted]


@pytest.fixture(scope="module")
def absent_device():
    """What `tests.core.absent_device` tells."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.core.absent_device"], cwd=ROOT, capture_output=True, text=True, timeout=170
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_on_a_device_that_is_absent_nothing_crosses_between_devices_in_a_sequence_and_its_gradient(absent_device):
    for settings, found in zip(CASES, absent_device["sequences"], strict=True):
        assert found == {"kernel": sequence.run_ntm.__module__, "devices": ["absent:0"], "crossings": []}, settings


def test_an_iteration_brings_its_batch_to_the_device_and_reads_its_figures_at_once(absent_device):
    assert absent_device["training"]["update"] == ["aten._to_copy.default"] * 3  # inputs, targets and mask
    assert absent_device["training"]["read"] == [13]


def test_the_trace_of_a_sequence_crosses_to_the_host_in_one_transfer(absent_device):
    assert absent_device["training"]["trace"] == ["aten._to_copy.default"]
