"""Addressing against loops, against hand-worked values, and where numerics go wrong elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from ntm_core import addressing
from tests.core import slow

if TYPE_CHECKING:
    from collections.abc import Callable

sizes = st.tuples(*(st.integers(1, top) for top in (3, 3, 7, 4)), st.integers(0, 2), st.integers(0, 2**32 - 1))


def arguments(
    batch: int, heads: int, locations: int, word: int, reach: int, seed: int
) -> dict[str, tuple[np.ndarray[Any, Any], ...]]:
    """Random float64 arguments for each function, in the domains that the paper names."""
    random = np.random.default_rng(seed)

    def shares(*shape: int) -> np.ndarray[Any, Any]:
        drawn = random.exponential(size=shape) + 1e-9
        return drawn / drawn.sum(-1, keepdims=True)

    memory = random.normal(size=(batch, locations, word)) * random.choice([0.0, 1e-3, 1.0, 10.0])
    weighting = shares(batch, heads, locations)
    return {
        "content_weighting": (memory, random.normal(size=(batch, heads, word)), random.uniform(0, 50, (batch, heads))),
        "interpolate": (weighting, shares(batch, heads, locations), random.uniform(0, 1, (batch, heads))),
        "shift": (weighting, shares(batch, heads, 2 * reach + 1)),
        "sharpen": (weighting, random.uniform(1, 21, (batch, heads))),
        "read": (memory, weighting),
        "write": (
            memory,
            weighting,
            random.uniform(0, 1, (batch, heads, word)),
            random.normal(size=(batch, heads, word)),
        ),
    }


def tensors(*arrays: np.ndarray[Any, Any]) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)


NAMES = ("content_weighting", "interpolate", "shift", "sharpen", "read", "write")
WEIGHTINGS = NAMES[:4]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(sizes=sizes)
def test_each_function_equals_a_slow_loop(name: str, sizes: tuple[int, ...]) -> None:
    given_arrays = arguments(*sizes)[name]
    result = getattr(addressing, name)(*tensors(*given_arrays))
    np.testing.assert_allclose(result.numpy(), getattr(slow, name)(*given_arrays), rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(sizes=sizes)
def test_every_stage_of_addressing_gives_weights_that_sum_to_one(sizes: tuple[int, ...]) -> None:
    drawn = arguments(*sizes)
    for name in WEIGHTINGS:
        weighting = getattr(addressing, name)(*tensors(*drawn[name]))
        assert (weighting >= 0).all()
        np.testing.assert_allclose(weighting.sum(-1).numpy(), 1, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(sizes=sizes)
def test_reordering_the_locations_reorders_a_content_weighting(sizes: tuple[int, ...]) -> None:
    memory, key, strength = tensors(*arguments(*sizes)["content_weighting"])
    order = torch.randperm(memory.shape[1], generator=torch.Generator().manual_seed(sizes[-1]))
    plain = addressing.content_weighting(memory, key, strength)
    torch.testing.assert_close(addressing.content_weighting(memory[:, order], key, strength), plain[..., order])


@settings(max_examples=40, deadline=None)
@given(sizes=sizes, turn=st.integers(-9, 9))
def test_turning_a_weighting_turns_its_shift(sizes: tuple[int, ...], turn: int) -> None:
    weighting, kernel = tensors(*arguments(*sizes)["shift"])
    turned = addressing.shift(weighting.roll(turn, -1), kernel)
    torch.testing.assert_close(turned, addressing.shift(weighting, kernel).roll(turn, -1))


def test_strength_zero_looks_everywhere_alike() -> None:
    memory, key = torch.randn(1, 5, 3, dtype=torch.float64), torch.randn(1, 1, 3, dtype=torch.float64)
    weighting = addressing.content_weighting(memory, key, torch.zeros(1, 1, dtype=torch.float64))
    torch.testing.assert_close(weighting, torch.full((1, 1, 5), 0.2, dtype=torch.float64), atol=1e-12, rtol=0)


def test_an_offset_of_plus_one_moves_the_focus_to_the_next_row_and_round_the_end() -> None:
    focus = torch.eye(4)[None]  # four heads, each on a row of its own
    forward = torch.tensor([0.0, 0.0, 1.0]).expand(1, 4, 3)
    assert addressing.shift(focus, forward)[0].argmax(-1).tolist() == [1, 2, 3, 0]


def test_a_closed_gate_and_a_shift_of_one_turn_the_previous_weighting() -> None:
    previous = torch.tensor([[[0.1, 0.2, 0.3, 0.4]]], dtype=torch.float64)
    content, closed, one = torch.full_like(previous, 0.25), torch.zeros(1, 1).double(), torch.ones(1, 1).double()
    gated = addressing.interpolate(content, previous, closed)
    shifted = addressing.shift(gated, torch.tensor([[[0.0, 0.0, 1.0]]], dtype=torch.float64))
    torch.testing.assert_close(addressing.sharpen(shifted, one), previous.roll(1, -1), atol=1e-12, rtol=0)


def test_gamma_two_on_four_to_one_gives_sixteen_to_one() -> None:
    sharpened = addressing.sharpen(torch.tensor([[[0.8, 0.2]]], dtype=torch.float64), torch.full((1, 1), 2.0).double())
    torch.testing.assert_close(sharpened, torch.tensor([[[16 / 17, 1 / 17]]], dtype=torch.float64))


def test_two_heads_erase_together_before_either_adds() -> None:
    memory = torch.ones(1, 1, 1, dtype=torch.float64)
    weighting, erase = torch.ones(1, 2, 1).double(), torch.full((1, 2, 1), 0.5).double()
    add = torch.tensor([[[3.0], [5.0]]], dtype=torch.float64)
    # One after the other, the second erase would halve the first add: 1 * 0.5 + 3, halved, + 5 = 6.75.
    assert addressing.write(memory, weighting, erase, add).item() == 8.25


@pytest.mark.parametrize("heads", [1, 2])
def test_a_write_is_repeated_in_numpy_from_what_is_recorded(heads: int) -> None:
    generator = torch.Generator().manual_seed(heads)
    memory = torch.randn(3, 128, 20, generator=generator)
    weighting = torch.softmax(torch.randn(3, heads, 128, generator=generator), -1)
    erase, add = torch.rand(3, heads, 20, generator=generator), torch.randn(3, heads, 20, generator=generator)
    rebuilt, added = memory.numpy().copy(), np.zeros((3, 128, 20), np.float32)
    for head in range(heads):
        w = weighting[:, head, :, None].numpy()
        rebuilt *= 1 - w * erase[:, head, None].numpy()
        added += w * add[:, head, None].numpy()
    rebuilt += added
    tolerance = 0 if heads == 1 else 1e-6
    np.testing.assert_allclose(addressing.write(memory, weighting, erase, add).numpy(), rebuilt, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_right_on_a_small_memory(name: str) -> None:
    given_tensors = tensors(*arguments(2, 2, 4, 3, 1, seed=5)[name])
    assert gradcheck(getattr(addressing, name), [each.requires_grad_() for each in given_tensors])


def _zero_memory(like: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(like)


def _one_hot(like: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(like).index_fill(-1, torch.tensor([0]), 1)


@pytest.mark.parametrize("memory_of", [torch.ones_like, _zero_memory], ids=["ones", "zeros"])
@pytest.mark.parametrize("weighting_of", [_one_hot, lambda like: torch.full_like(like, 1 / 128)], ids=["hot", "even"])
def test_extremes_stay_finite_forward_and_backward(
    memory_of: Callable[[torch.Tensor], torch.Tensor], weighting_of: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    memory = memory_of(torch.empty(1, 128, 20)).requires_grad_()
    previous = weighting_of(torch.empty(1, 1, 128)).requires_grad_()
    key = torch.zeros(1, 1, 20, requires_grad=True)
    strength, gamma = torch.full((1, 1), 50.0, requires_grad=True), torch.full((1, 1), 21.0, requires_grad=True)
    gate = torch.full((1, 1), 0.0, requires_grad=True)
    content = addressing.content_weighting(memory, key, strength)
    gated = addressing.interpolate(content, previous, gate)
    weighting = addressing.sharpen(addressing.shift(gated, torch.tensor([[[0.0, 1.0, 0.0]]])), gamma)
    after = addressing.write(memory, weighting, torch.ones(1, 1, 20), torch.ones(1, 1, 20))
    result = addressing.read(after, weighting)
    assert weighting.sum().item() == pytest.approx(1, abs=1e-6)
    gradients = torch.autograd.grad(
        result.square().sum() + weighting.square().sum(), (memory, previous, key, strength, gamma, gate)
    )
    for each in (result, *gradients):
        assert each.isfinite().all()


def test_a_large_strength_finds_the_row_that_is_the_key() -> None:
    memory = torch.eye(5)[None]
    weighting = addressing.content_weighting(memory, memory[:, 2:3], torch.full((1, 1), 500.0))
    assert weighting.argmax().item() == 2
    assert weighting.isfinite().all()


def test_equal_rows_under_equal_weights_stay_equal_and_teach_nothing() -> None:
    """The symmetry trap: why the first weightings have to differ between rows."""
    spread, gradient = _spread_after_writes(torch.full((1, 1, 6), 1 / 6, dtype=torch.float64))
    assert spread == 0
    assert gradient == 0
    one_hot = torch.zeros(1, 1, 6, dtype=torch.float64)
    one_hot[..., 0] = 1
    assert _spread_after_writes(one_hot)[0] > 0


def _spread_after_writes(first: torch.Tensor) -> tuple[float, float]:
    """How far rows differ after three steps of addressing and writing, and how far that moves the first weighting."""
    start = torch.log(first.clamp_min(1e-20)).requires_grad_()
    weighting = torch.softmax(start, -1)
    memory = torch.full((1, 6, 3), 1e-6, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        key, erase, add = torch.rand(3, 1, 1, 3, generator=generator, dtype=torch.float64).unbind(0)
        content = addressing.content_weighting(memory, key, torch.ones(1, 1, dtype=torch.float64))
        gated = addressing.interpolate(content, weighting, torch.full((1, 1), 0.5, dtype=torch.float64))
        kernel = torch.tensor([[[0.2, 0.3, 0.5]]], dtype=torch.float64)
        weighting = addressing.sharpen(addressing.shift(gated, kernel), torch.full((1, 1), 2.0, dtype=torch.float64))
        memory = addressing.write(memory, weighting, erase, add)
    (gradient,) = torch.autograd.grad(addressing.read(memory, weighting).sum(), start)
    spread = (memory.max(1).values - memory.min(1).values).max()
    return spread.item(), gradient.abs().max().item()


def test_the_write_of_one_head_is_repeated_to_the_bit_by_numpy_at_any_batch():
    draw = torch.Generator().manual_seed(3)
    for batch in (1, 2, 16):
        memory = torch.randn(batch, 128, 20, generator=draw)
        weighting = torch.softmax(torch.randn(batch, 1, 128, generator=draw), -1)
        erase, add = torch.rand(batch, 1, 20, generator=draw), torch.randn(batch, 1, 20, generator=draw)
        written = addressing.write(memory, weighting, erase, add).numpy()
        m, w, e, a = (tensor.numpy() for tensor in (memory, weighting, erase, add))
        rebuilt = m * (1 - w[:, 0, :, None] * e[:, 0, None, :]) + w[:, 0, :, None] * a[:, 0, None, :]
        np.testing.assert_array_equal(written, rebuilt, err_msg=f"batch {batch}")
