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

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}
"""Of the greatest number of a tensor."""

CASES = [
    {},
    {"order": "write_first"},
    {"controller": "feedforward"},
    {"layers": 3, "read_heads": 2, "write_heads": 3, "shift_range": 2},
    {"read_heads": 2, "write_heads": 3, "order": "write_first", "write_order": "sequential", "shift_range": 0},
    {"controller": "feedforward", "read_heads": 5, "write_heads": 2, "write_order": "sequential"},
    {"locations": 33, "word_size": 17, "hidden_size": 27, "shift_range": 4},
    {"locations": 3, "word_size": 1, "hidden_size": 1},
    {"first_memory": "learned", "first_weighting": "random"},
]


@pytest.fixture(autouse=True)
def reasons_told_anew():
    kernels._tell.cache_clear()
    yield
    kernels._tell.cache_clear()


def pair(dtype=torch.float32, seed=0, spread=0.3, **settings):
    """The same network twice: one that runs step by step, one that runs fused; weights moved off where they start."""
    eager, fused = (small_model(seed=seed, kernel=kernel, **settings).to(dtype) for kernel in ("eager", "fused"))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in eager.parameters():
            parameter += spread * torch.randn(parameter.shape, generator=generator, dtype=dtype)
    fused.load_state_dict(eager.state_dict())
    return eager, fused


def inputs_of(model, time=7, batch=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    dtype = next(model.parameters()).dtype
    return torch.randn(time, batch, model.config.inputs, generator=generator, dtype=dtype)


def leaves_of(state):
    """A state to start from, every part of which wants its gradient."""
    return state._replace(**{name: part.detach().clone().requires_grad_() for name, part in held(state).items()})


def results(model, inputs, state, weights_seed=0):
    """All that a network computes from inputs and a state, by name: values, and gradients of a sum of all of them."""
    inputs = inputs.clone().requires_grad_()
    state = leaves_of(state)
    logits, last, trace = model(inputs, state, trace=True)
    values = {"logits": logits, **held(last)}
    generator = torch.Generator().manual_seed(weights_seed)
    total = sum(
        (part * torch.randn(part.shape, generator=generator, dtype=part.dtype)).sum() for part in values.values()
    )
    names = {"inputs": inputs, **held(state), **dict(model.named_parameters())}
    gradients = torch.autograd.grad(total, list(names.values()), allow_unused=True)
    found = {f"gradient of {name}": each for name, each in zip(names, gradients, strict=True) if each is not None}
    seen = {f"trace of {name}": part for name, part in held(trace.steps).items()}
    first = {f"trace before {name}": part for name, part in held(trace.initial).items()}
    return {name: part.detach() for name, part in (values | found | seen | first).items()}


def assert_close(found, wanted, tolerance):
    """What the steps give no gradient of at all may come as zeros."""
    assert found.keys() >= wanted.keys()
    assert not any(found[name].any() for name in found.keys() - wanted.keys())
    for name, part in wanted.items():
        assert found[name].shape == part.shape, name
        bound = tolerance * max(float(part.abs().max()), 1e-6)
        assert float((found[name] - part).abs().max()) <= bound, name


def assert_equal_functions(eager, fused, inputs, state=None):
    state = eager.initial_state(inputs.shape[1]) if state is None else state
    found = results(fused, inputs, state)
    assert kernels.chosen(fused, inputs, state) is not None
    assert_close(found, results(eager, inputs, state), TOLERANCE[inputs.dtype])


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("settings", CASES, ids=str)
def test_values_gradients_and_trace_are_those_of_the_steps(settings, dtype):
    eager, fused = pair(dtype, **settings)
    assert_equal_functions(eager, fused, inputs_of(eager))


@hypothesis.settings(max_examples=25)
@hypothesis.given(
    settings=st.fixed_dictionaries(
        {
            "controller": st.sampled_from(["lstm", "feedforward"]),
            "read_heads": st.integers(1, 5),
            "write_heads": st.integers(1, 4),
            "shift_range": st.integers(0, 3),
            "order": st.sampled_from(["read_first", "write_first"]),
            "write_order": st.sampled_from(["parallel", "sequential"]),
            "locations": st.integers(7, 40),
            "word_size": st.integers(1, 21),
            "hidden_size": st.integers(1, 40),
        }
    ),
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


HARD = {
    "a memory of zeros": lambda state: state._replace(memory=torch.zeros_like(state.memory)),
    "weightings of one row": lambda state: state._replace(
        read_weighting=torch.eye(state.memory.shape[1])[None, 2:3].expand_as(state.read_weighting).to(state.memory),
        write_weighting=torch.eye(state.memory.shape[1])[None, :1].expand_as(state.write_weighting).to(state.memory),
    ),
    "weightings of no row": lambda state: state._replace(
        read_weighting=torch.zeros_like(state.read_weighting), write_weighting=torch.zeros_like(state.write_weighting)
    ),
    "a great memory": lambda state: state._replace(memory=1e3 * torch.randn_like(state.memory)),
}


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("strength", [0.0, 30.0, -30.0], ids=["as it is", "large strength and gamma", "none"])
@pytest.mark.parametrize("start", HARD)
def test_hard_points(start, strength, dtype):
    torch.manual_seed(0)
    eager, fused = pair(dtype, spread=0.1, order="write_first" if strength > 0 else "read_first")
    heads, word = eager.config.heads, eager.config.word_size
    positive = heads * word + 2 * eager.config.write_heads * word + heads
    with torch.no_grad():
        for model in (eager, fused):
            model.heads.bias[positive : positive + 2 * heads] += strength
    state, inputs = HARD[start](eager.initial_state(3)), inputs_of(eager, time=2)
    found, wanted = (results(model, inputs, state) for model in (fused, eager))
    assert all(bool(part.isfinite().all()) for part in found.values())
    # As close as the steps are to themselves where the inputs differ by a rounding: some of these points magnify it.
    beside = results(eager, inputs * (1 + torch.finfo(dtype).eps), state)
    magnified = max(
        float((beside[name] - part).abs().max()) / max(float(part.abs().max()), 1e-6) for name, part in wanted.items()
    )
    assert magnified < 1e5 * torch.finfo(dtype).eps
    assert_close(found, wanted, max(TOLERANCE[dtype], 10 * magnified))


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


def test_a_device_without_a_kernel_is_named():
    assert "none for cuda" in kernels.refusal(small_model(), torch.device("cuda"))
    model = small_model().to("meta")
    assert model(torch.zeros(3, 2, 4, device="meta"))[0].shape == (3, 2, 3)


def test_without_numba_the_steps_run_and_that_is_said_once(monkeypatch, caplog):
    monkeypatch.setitem(__import__("sys").modules, "ntm_core.kernels.ntm", None)
    kernels._found.cache_clear()
    try:
        model, plain = (small_model(kernel=kernel) for kernel in ("auto", "eager"))
        for _ in range(2):
            assert torch.equal(model(inputs_of(model))[0], plain(inputs_of(plain))[0])
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
