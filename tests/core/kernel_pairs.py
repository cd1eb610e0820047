"""The same network twice, step by step and fused, and what tells whether both compute the same."""

from __future__ import annotations

import hypothesis.strategies as st
import torch

from ntm_core import kernels
from ntm_core.addressing import WEIGHT_FLOOR
from ntm_core.network import held
from tests.core.builders import small_model

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

ANY_SETTINGS = st.fixed_dictionaries(
    {
        "controller": st.sampled_from(["lstm", "feedforward"]),
        "layers": st.integers(1, 3),
        "read_heads": st.integers(1, 5),
        "write_heads": st.integers(1, 4),
        "shift_range": st.integers(0, 3),
        "order": st.sampled_from(["read_first", "write_first"]),
        "write_order": st.sampled_from(["parallel", "sequential"]),
        "locations": st.integers(7, 40),
        "word_size": st.integers(1, 21),
        "hidden_size": st.integers(1, 40),
    }
).map(lambda settings: settings | ({"layers": 1} if settings["controller"] == "feedforward" else {}))

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
"""Where a sequence starts."""

STRENGTHS = {"as it is": 0.0, "large strength and gamma": 30.0, "none": -30.0}
"""Added to what key strengths and sharpenings are squashed from."""


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
    total = sum((part * torch.randn(part.shape, generator=generator).to(part.dtype)).sum() for part in values.values())
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


def furthest(found, wanted):
    """How far the numbers of any tensor are off, as a share of its greatest."""
    return max(
        float((found[name] - part).abs().max()) / max(float(part.abs().max()), 1e-6) for name, part in wanted.items()
    )


def assert_equal_functions(eager, fused, inputs, state=None):
    state = eager.initial_state(inputs.shape[1]) if state is None else state
    found = results(fused, inputs, state)
    assert kernels.chosen(fused, inputs, state) is not None
    assert_close(found, results(eager, inputs, state), TOLERANCE[inputs.dtype])


def assert_equal_at_hard_point(start, strength, dtype):
    """start: of HARD.   strength: of STRENGTHS."""
    torch.manual_seed(0)
    added = STRENGTHS[strength]
    eager, fused = pair(dtype, spread=0.1, order="write_first" if added > 0 else "read_first")
    heads, word = eager.config.heads, eager.config.word_size
    positive = heads * word + 2 * eager.config.write_heads * word + heads
    with torch.no_grad():
        for model in (eager, fused):
            model.heads.bias[positive : positive + 2 * heads] += added
    state, inputs = HARD[start](eager.initial_state(3)), inputs_of(eager, time=2)
    assert kernels.chosen(fused, inputs, state) is not None
    found, wanted = (results(model, inputs, state) for model in (fused, eager))
    assert all(bool(part.isfinite().all()) for part in found.values())
    # As close as the steps are to themselves where the inputs differ by a rounding: some of these points magnify it.
    magnified = furthest(results(eager, inputs * (1 + torch.finfo(dtype).eps), state), wanted)
    assert magnified < 1e5 * torch.finfo(dtype).eps
    assert_close(found, wanted, max(TOLERANCE[dtype], 10 * magnified))


def assert_equal_below_the_floor(dtype):
    """Where heads stay on a row and nothing is sharpened, other rows weigh less than the floor: no gradient passes."""
    eager, fused = pair(dtype, spread=0.1)
    heads, words = eager.config.heads, eager.config.word_size * eager.config.write_heads
    gates = heads * eager.config.word_size + 2 * words
    with torch.no_grad():
        for model in (eager, fused):
            model.heads.bias[gates : gates + heads] -= 60
            model.heads.bias[gates + 2 * heads : gates + 3 * heads] -= 60
    state = HARD["weightings of one row"](eager.initial_state(3))
    inputs = inputs_of(eager, time=2)
    with torch.no_grad():
        assert eager(inputs, state, trace=True)[2].steps.shifted_weighting.min() < WEIGHT_FLOOR
    assert_equal_functions(eager, fused, inputs, state)
