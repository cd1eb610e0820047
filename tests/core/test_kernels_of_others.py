"""The fused kernels of the DNC and of the MANN against the networks' own steps: values, all gradients, the trace."""

from __future__ import annotations

import hypothesis
import hypothesis.strategies as st
import pytest
import torch

from ntm_core.network import held
from tests.core.kernel_pairs import TOLERANCE, assert_equal_functions, inputs_of, leaves_of, pair, results

CASES = [
    {},
    {"controller": "feedforward"},
    {"layers": 2, "read_heads": 3},
    {"read_heads": 2, "locations": 33, "word_size": 17, "hidden_size": 27},
    {"locations": 5, "word_size": 1, "hidden_size": 1},
]
NETWORKS = ["dnc", "mann"]


def any_state(model, batch, seed=0):
    """A state as it might be after many steps: every row used, read and linked differently."""
    generator = torch.Generator().manual_seed(seed)
    state = model.initial_state(batch)

    def drawn(part):
        return torch.randn(part.shape, generator=generator, dtype=part.dtype)

    shares = {name: torch.softmax(2 * drawn(part), -1) for name, part in held(state).items() if "weighting" in name}
    others = {name: drawn(getattr(state, name)) for name in ("memory", "read_vector")}
    others["usage"] = torch.sigmoid(2 * drawn(state.usage))
    if model.name == "dnc":
        others["precedence"] = torch.softmax(drawn(state.precedence), -1) / 2
        links = torch.softmax(drawn(state.links), -1) / state.links.shape[1]
        others["links"] = links * (1 - torch.eye(links.shape[1], dtype=links.dtype))
    return state._replace(**shares, **others)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("settings", CASES, ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_values_gradients_and_trace_are_those_of_the_steps(name, settings, dtype):
    eager, fused = pair(dtype, name=name, **settings)
    inputs = inputs_of(eager)
    assert_equal_functions(eager, fused, inputs)
    assert_equal_functions(eager, fused, inputs, any_state(eager, 3))


@pytest.mark.parametrize("name", NETWORKS)
@hypothesis.settings(max_examples=20)
@hypothesis.given(
    settings=st.fixed_dictionaries(
        {
            "controller": st.sampled_from(["lstm", "feedforward"]),
            "read_heads": st.integers(1, 4),
            "locations": st.integers(7, 40),
            "word_size": st.integers(1, 21),
            "hidden_size": st.integers(1, 40),
        }
    ),
    time=st.integers(1, 20),
    batch=st.integers(1, 6),
    seed=st.integers(0, 2**16),
)
def test_any_network_and_any_sequence_give_the_same_numbers(name, settings, time, batch, seed):
    eager, fused = pair(torch.float64, seed, name=name, **settings)
    assert_equal_functions(eager, fused, inputs_of(eager, time, batch, seed), any_state(eager, batch, seed))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_paper_s_sizes_over_a_whole_episode(name):
    eager, fused = pair(spread=0.0, name=name, locations=128, word_size=20, hidden_size=100)
    assert_equal_functions(eager, fused, inputs_of(eager, time=41, batch=5))


HARD = {
    "a memory of zeros": lambda state: state._replace(memory=torch.zeros_like(state.memory)),
    "rows that are all used": lambda state: state._replace(usage=torch.ones_like(state.usage)),
    "rows that are used alike": lambda state: state._replace(usage=torch.full_like(state.usage, 0.5)),
    "reads of one row": lambda state: state._replace(
        read_weighting=torch.eye(state.memory.shape[1])[None, 2:3].expand_as(state.read_weighting).to(state.memory)
    ),
    "reads of no row": lambda state: state._replace(read_weighting=torch.zeros_like(state.read_weighting)),
    "a great memory": lambda state: state._replace(memory=1e3 * torch.randn_like(state.memory)),
}


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("start", HARD)
@pytest.mark.parametrize("told", [0.0, 30.0, -30.0], ids=["as they are", "great", "small"])
@pytest.mark.parametrize("name", NETWORKS)
def test_hard_points(name, told, start, dtype):
    """told: added to what the heads are told but for keys: gates, modes and strengths become extreme."""
    torch.manual_seed(0)
    eager, fused = pair(dtype, spread=0.1, name=name)
    word = eager.config.word_size
    first = (eager.config.read_heads + (2 if name == "dnc" else 0)) * word
    with torch.no_grad():
        for model in (eager, fused):
            (model.interface if name == "dnc" else model.heads).bias[first:] += told
    state, inputs = HARD[start](any_state(eager, 3)), inputs_of(eager, time=2)
    found, wanted = (results(model, inputs, state) for model in (fused, eager))
    beside = results(eager, inputs * (1 + torch.finfo(dtype).eps), state)
    for part, value in wanted.items():
        assert bool(found[part].isfinite().all()), part
        size = max(float(value.abs().max()), 1e-6)
        magnified = float((beside[part] - value).abs().max())
        bound = max(TOLERANCE[dtype] * size, 30 * magnified)
        assert float((found[part] - value).abs().max()) <= bound, part


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("settings", CASES[:3], ids=str)
def test_a_sequence_alone_gives_the_same_bits_beside_others_in_parts_and_on_any_number_of_threads(name, settings):
    _, fused = pair(name=name, **{"locations": 19, **settings})
    inputs, state = inputs_of(fused, time=21, batch=9), leaves_of(fused.initial_state(9))
    whole, last, trace = fused(inputs, state, trace=True)
    torch.set_num_threads(2)  # the fixture of this folder sets them back
    assert torch.equal(fused(inputs, state)[0], whole)
    torch.set_num_threads(1)
    with torch.no_grad():
        at, parts, seen = fused.initial_state(1), [], []
        for step in range(21):
            logits, at, traced = fused(inputs[step : step + 1, 4:5], at, trace=step != 3)
            parts.append(logits)
            seen.append(held(at if traced is None else type(at)(*traced.steps[: len(at)])))
    assert torch.equal(torch.cat(parts), whole[:, 4:5])
    assert all(torch.equal(part[0], held(last)[name][4]) for name, part in held(at).items())
    for step, parts in enumerate(seen):
        for each, part in parts.items():
            shown = part[0] if part.dim() == held(trace.steps)[each].dim() else part
            wanted = held(trace.steps)[each][step, 4:5]
            assert torch.equal(shown.reshape(wanted.shape), wanted), (step, each)


def test_numbers_that_are_not_finite_are_not_hidden():
    for name in NETWORKS:
        _, fused = pair(name=name)
        inputs = inputs_of(fused)
        inputs[2, 1, 0] = float("nan")
        logits, last, _ = fused(inputs)
        assert logits[:2].isfinite().all() and logits[:, [0, 2]].isfinite().all()
        assert logits[2:, 1].isnan().all() and last.memory[1].isnan().all()
