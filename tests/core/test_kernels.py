"""The fused kernel of the NTM against the network's own steps: values, all gradients, the trace, and which one runs."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import torch

from ntm_core import addressing, kernels
from ntm_core.errors import ConfigError
from ntm_core.kernels import keeping, threads
from ntm_core.network import held
from ntm_core.train_config import TrainConfig
from ntm_core.training import Trainer
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
    inputs_of,
    leaves_of,
    pair,
)


@pytest.fixture(autouse=True)
def reasons_told_anew():
    kernels._tell.cache_clear()
    yield
    kernels._tell.cache_clear()


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("settings", CASES, ids=str)
def test_values_gradients_and_trace_are_those_of_the_steps(settings, dtype):
    eager, fused = pair(dtype, **settings)
    assert_equal_functions(eager, fused, inputs_of(eager))


@hypothesis.settings(max_examples=25)
@hypothesis.given(
    settings=ANY_SETTINGS,
    time=st.integers(1, 20),
    batch=st.integers(1, 6),
    seed=st.integers(0, 2**16),
)
def test_any_network_and_any_sequence_give_the_same_numbers(settings, time, batch, seed):
    eager, fused = pair(torch.float64, seed, **settings)
    assert_equal_functions(eager, fused, inputs_of(eager, time, batch, seed))


def test_the_paper_s_sizes_over_a_whole_episode():
    eager, fused = pair(spread=0.0, locations=128, word_size=20, hidden_size=100)
    assert_equal_functions(eager, fused, inputs_of(eager, time=41, batch=5))


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("start", HARD)
def test_hard_points(start, strength, dtype):
    assert_equal_at_hard_point(start, strength, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_rows_that_weigh_less_than_the_floor_pass_no_gradient(dtype):
    assert_equal_below_the_floor(dtype)


def test_numbers_that_are_not_finite_are_not_hidden():
    _, fused = pair()
    inputs = inputs_of(fused)
    inputs[2, 1, 0] = float("nan")
    logits, last, _ = fused(inputs)
    assert logits[:2].isfinite().all() and logits[:, [0, 2]].isfinite().all()
    assert logits[2:, 1].isnan().all() and last.memory[1].isnan().all()


@pytest.mark.parametrize("settings", CASES[:5], ids=str)
def test_a_sequence_alone_gives_the_same_bits_beside_others_in_parts_and_on_any_number_of_threads(
    settings, monkeypatch
):
    _, fused = pair(locations=19, **settings)
    inputs, state = inputs_of(fused, time=21, batch=9), leaves_of(fused.initial_state(9))
    whole, last, trace = fused(inputs, state, trace=True)
    wanted = torch.autograd.grad(whole.sum(), [state.memory, fused.heads.weight], retain_graph=True)
    monkeypatch.setattr(threads, "LEAST_PART", 1)
    for count in (2, 3):
        monkeypatch.setattr(threads, "_allowed", count)
        logits = fused(inputs, state)[0]
        found = torch.autograd.grad(logits.sum(), [state.memory, fused.heads.weight])
        assert torch.equal(logits, whole) and all(map(torch.equal, found, wanted))
    with torch.no_grad():
        at, parts, memories = fused.initial_state(1), [], []
        for step in range(21):
            logits, at, seen = fused(inputs[step : step + 1, 4:5], at, trace=step != 3)
            parts.append(logits)
            memories.append(at.memory if seen is None else seen.steps.memory[0])
    assert torch.equal(torch.cat(parts), whole[:, 4:5])
    assert torch.equal(torch.stack(memories), trace.steps.memory[:, 4:5])
    assert all(torch.equal(part[0], held(last)[name][4]) for name, part in held(at).items())


def test_the_trace_has_the_sequences_that_were_asked_for():
    _, fused = pair()
    inputs = inputs_of(fused)
    whole, part = (fused(inputs, trace=True, items=items)[2] for items in (slice(None), slice(1, 2)))
    for name, tensor in held(part.steps).items():
        assert torch.equal(tensor, held(whole.steps)[name][:, 1:2]), name
    for name, tensor in held(part.initial).items():
        assert torch.equal(tensor, held(whole.initial)[name][1:2]), name


def test_what_a_step_leaves_may_be_changed_without_changing_the_gradient():
    _, fused = pair()
    inputs = inputs_of(fused).requires_grad_()
    (wanted,) = torch.autograd.grad(fused(inputs)[0].sum(), inputs)
    logits, last, trace = fused(inputs, trace=True)
    with torch.no_grad():
        for tensor in (*held(last).values(), *held(trace.steps).values(), *held(trace.initial).values()):
            tensor.zero_()
    assert torch.equal(torch.autograd.grad(logits.sum(), inputs)[0], wanted)


def test_training_fused_follows_training_step_by_step():
    losses = []
    for kernel in ("eager", "fused"):
        trainer = Trainer(small_model(kernel=kernel), small_task(), TrainConfig(batch=5))
        losses.append([trainer.step(record=True).loss for _ in range(10)])
    np.testing.assert_allclose(*losses, rtol=1e-4)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"mask": True}, "none with mask"),
        ({"prominence": 0.5, "priming": 1.0}, "none with prominence, priming"),
        ({"segments": 2}, "none with segments"),
        ({"name": "mann", "mask": True}, "none with mask"),
        ({"name": "dnc", "deallocation": True, "sparse_links": 3}, "none with deallocation, sparse_links"),
        ({"name": "dnc", "link_sharpness": True}, "none with link_sharpness"),
    ],
    ids=str,
)
def test_where_there_is_no_kernel_the_steps_run_and_that_is_said_once(settings, reason, caplog):
    for kernel, told in (("auto", 0), ("fused", 1)):
        model = small_model(kernel=kernel, **settings)
        plain = small_model(kernel="eager", **settings)
        with caplog.at_level(logging.WARNING):
            assert torch.equal(model(inputs_of(model))[0], plain(inputs_of(plain))[0])
            model(inputs_of(model))
        assert [reason in record.message for record in caplog.records] == [True] * told
    assert reason in kernels.refusal(model, torch.device("cpu"))


@pytest.mark.parametrize("device", ["cuda", "mps", "meta"])
def test_a_network_without_a_kernel_on_a_device_is_named_with_it(device):
    assert kernels.refusal(small_model(), torch.device(device)) is None
    assert kernels.refusal(small_model(name="dnc"), torch.device(device)) == f"there is none for dnc on {device}"


def test_where_the_numbers_are_decides_which_kernel_runs():
    for device, module in (("cpu", "ntm_core.kernels.ntm"), ("meta", "ntm_core.kernels.in_torch.sequence")):
        model = small_model(kernel="auto").to(device)
        found = kernels.chosen(model, torch.zeros(3, 2, 4, device=device), model.initial_state(2))
        assert found.__module__ == module


def test_a_sequence_that_lies_elsewhere_than_the_weights_is_left_to_the_steps():
    model = small_model(kernel="fused")
    there = torch.zeros(3, 2, 4, device="meta")
    assert kernels.chosen(model, there, model.initial_state(2)) is None
    with pytest.raises(RuntimeError):
        model(there)


def test_the_update_is_compiled_only_where_the_steps_are():
    assert kernels.update_of(small_model(kernel="auto"), torch.device("cpu")) is not None
    for model, device in ((small_model(kernel="eager"), "cpu"), (small_model(kernel="auto"), "cuda")):
        assert kernels.update_of(model, torch.device(device)) is None


def test_without_numba_sequences_run_in_torch_and_that_is_said_once(monkeypatch, caplog):
    monkeypatch.setitem(__import__("sys").modules, "ntm_core.kernels.ntm", None)
    kernels._found.cache_clear()
    try:
        eager, fused = pair()
        model = small_model(kernel="auto")
        model.load_state_dict(eager.state_dict())
        for each in (fused, model):
            inputs, state = inputs_of(each), each.initial_state(3)
            assert kernels.chosen(each, inputs, state).__module__ == "ntm_core.kernels.in_torch.sequence"
            values, wanted = ({"logits": network(inputs)[0].detach()} for network in (each, eager))
            assert_close(values, wanted, TOLERANCE[torch.float32])
        assert kernels.update_of(model, torch.device("cpu")) is None
        assert ["numba cannot be imported" in record.message for record in caplog.records] == [True]
    finally:
        kernels._found.cache_clear()


def test_whoever_hooks_into_the_steps_gets_them():
    model, seen = small_model(kernel="fused"), []
    handle = model.heads.register_forward_hook(lambda *told: seen.append(told))
    model(inputs_of(model))
    assert len(seen) == 7
    handle.remove()
    model(inputs_of(model))
    assert len(seen) == 7


@pytest.mark.parametrize("shape", [(7, 3, 5), (7, 4)], ids=str)
def test_inputs_that_do_not_fit_are_refused_as_by_the_steps(shape):
    with pytest.raises((RuntimeError, IndexError)):
        small_model(kernel="fused")(torch.zeros(shape))


def test_a_state_of_another_size_is_refused():
    model, other = small_model(kernel="fused"), small_model(kernel="fused", word_size=4)
    with pytest.raises(RuntimeError):
        model(inputs_of(model), other.initial_state(3))


def test_a_kernel_there_is_none_of_is_refused():
    with pytest.raises(ConfigError, match="kernel is one of auto, eager, fused; got 'abacus'"):
        small_model(kernel="abacus")


def test_that_kernels_are_compiled_is_told_before_and_once(tmp_path, monkeypatch):
    compiling = pytest.importorskip("ntm_core.kernels.compiling")
    monkeypatch.setattr(compiling._listener, "has_told", False)
    monkeypatch.syspath_prepend(tmp_path)
    functions = "\n".join(f"@entry\ndef {name}(number):\n    return number + 1\n" for name in ("one", "two"))
    (tmp_path / "two_kernels.py").write_text(f"from ntm_core.kernels.compiling import entry\n{functions}")
    two_kernels, told = __import__("two_kernels"), []
    with kernels.telling(lambda: told.append(len(two_kernels.one.signatures))):
        assert (two_kernels.one(1), two_kernels.two(1), two_kernels.one(2)) == (2, 2, 3)
    assert told == [0]


WARM = """
from ntm_core import kernels, models, tasks
from ntm_core.kernels import compiling
from ntm_core.training import Trainer

kernels.warm_up()
known = [entry.signatures for entry in compiling._entries]
task = tasks.build("copy", max_length=2)
model = models.build("ntm", task.inputs, task.outputs, read_heads=2, controller="feedforward", layers=1)
Trainer(model, task).step(record=True)
assert all(known) and known == [entry.signatures for entry in compiling._entries], known
"""


def test_warming_up_without_a_network_leaves_a_training_nothing_to_compile_or_load():
    done = subprocess.run([sys.executable, "-c", WARM], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_kernel_is_warm_before_its_first_sequence():
    model = small_model(kernel="fused")
    kernels.warm_up(model)
    assert all(parameter.grad is None for parameter in model.parameters())
    told = []
    with kernels.telling(lambda: told.append(1)):
        model(inputs_of(model))[0].sum().backward()
    assert told == []


@pytest.mark.parametrize("word_size", [1, 5])
def test_a_gradient_that_is_given_is_not_changed(word_size):
    _, fused = pair(word_size=word_size)
    state = leaves_of(fused.initial_state(3))
    _, last, _ = fused(inputs_of(fused), state)
    given = [torch.randn_like(part) for part in held(last).values()]
    before = [part.clone() for part in given]
    torch.autograd.grad(list(held(last).values()), list(held(state).values()), given)
    assert all(map(torch.equal, given, before))


def test_weights_that_changed_before_the_backward_pass_are_refused():
    _, fused = pair()
    logits = fused(inputs_of(fused))[0].sum()
    with torch.no_grad():
        fused.heads.weight.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        logits.backward()


def test_kernels_are_kept_where_numba_is_told_and_what_numba_is_told_stays(tmp_path, monkeypatch):
    compiling = pytest.importorskip("ntm_core.kernels.compiling")
    monkeypatch.setattr(compiling.config, "CACHE_DIR", str(tmp_path))
    made = compiling.entry(lambda number: number + 1)
    assert made(1) == 2 and compiling.config.CACHE_DIR == str(tmp_path)
    assert list(keeping.place(Path(__file__), str(tmp_path)).rglob("*.nbi"))


@pytest.fixture
def state_of(tmp_path, monkeypatch):
    """The place of a kernel in a folder of its own, as the sources there are now."""
    monkeypatch.setattr(keeping, "_HERE", tmp_path)

    def state(name):
        keeping._state.cache_clear()
        return keeping.place(tmp_path / f"{name}.py", "kept").name

    yield state
    keeping._state.cache_clear()


def test_kernels_are_kept_apart_for_each_state_of_what_they_are_compiled_from(tmp_path, state_of, monkeypatch):
    sources = {
        "a_kernel": "from ntm_core.kernels.inner import twice\nfrom ntm_core.addressing import NORM_FLOOR, sharpen\n",
        "inner": "from ntm_core.kernels import innermost, tell_compiling\n",
        "innermost": "",
        "another_kernel": "",
        "not_compiled": "from ntm_core.kernels.a_kernel import forward\n",
    }
    for name, text in sources.items():
        (tmp_path / f"{name}.py").write_text(text)
    first, another = state_of("a_kernel"), state_of("another_kernel")
    assert first != another
    (tmp_path / "not_compiled.py").write_text("")
    assert state_of("a_kernel") == first
    monkeypatch.setattr(addressing, "NORM_FLOOR", 2 * addressing.NORM_FLOOR)
    with_another_floor = state_of("a_kernel")
    (tmp_path / "innermost.py").write_text("VALUE = 1\n")
    assert len({first, with_another_floor, state_of("a_kernel")}) == 3
    assert state_of("another_kernel") == another


def test_a_kernel_without_a_source_is_compiled_in_every_process(caplog):
    compiling = pytest.importorskip("ntm_core.kernels.compiling")
    names: dict[str, object] = {}
    exec(compile("def one_more(number):\n    return number + 1\n", "/nowhere/kernel.py", "exec"), names)
    with caplog.at_level(logging.INFO):
        assert compiling.entry(names["one_more"])(1) == 2
    assert [record.message for record in caplog.records if "anew in every process" in record.message]
