"""Addressing against loops, against hand-worked values, and where numerics go wrong elsewhere."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from ntm_core import addressing
from ntm_core.trace import WriteOrder
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
    lookup = (memory, random.normal(size=(batch, heads, word)), random.uniform(0, 50, (batch, heads)))
    mask = random.uniform(0, 1, (batch, heads, word))
    written = (
        memory,
        weighting,
        random.uniform(0, 1, (batch, heads, word)),
        random.normal(size=(batch, heads, word)),
    )
    return {
        "content_weighting": lookup,
        "masked": (*lookup, mask),
        "primed": (*lookup, mask, random.normal(size=(batch, random.choice([1, heads]), locations))),
        "interpolate": (weighting, shares(batch, heads, locations), random.uniform(0, 1, (batch, heads))),
        "shift": (weighting, shares(batch, heads, 2 * reach + 1)),
        "sharpen": (weighting, random.uniform(1, 21, (batch, heads))),
        "read": (memory, weighting),
        "write": written,
        "write_head_after_head": written,
    }


def tensors(*arrays: np.ndarray[Any, Any]) -> tuple[torch.Tensor, ...]:
    return tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in arrays)


FUNCTIONS: dict[str, tuple[Callable[..., torch.Tensor], Callable[..., Any]]] = {
    "content_weighting": (addressing.content_weighting, slow.content_weighting),
    "masked": (addressing.content_weighting, slow.content_weighting),
    "primed": (addressing.content_weighting, slow.content_weighting),
    "interpolate": (addressing.interpolate, slow.interpolate),
    "shift": (addressing.shift, slow.shift),
    "sharpen": (addressing.sharpen, slow.sharpen),
    "read": (addressing.read, slow.read),
    "write": (addressing.write, slow.write),
    "write_head_after_head": (
        partial(addressing.write, write_order=WriteOrder.SEQUENTIAL),
        slow.write_head_after_head,
    ),
}
WEIGHTINGS = tuple(FUNCTIONS)[:6]


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=40, deadline=None)
@given(sizes=sizes)
def test_each_function_equals_a_slow_loop(name: str, sizes: tuple[int, ...]) -> None:
    given_arrays = arguments(*sizes)[name]
    function, slowly = FUNCTIONS[name]
    np.testing.assert_allclose(function(*tensors(*given_arrays)).numpy(), slowly(*given_arrays), rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(sizes=sizes)
def test_every_stage_of_addressing_gives_weights_that_sum_to_one(sizes: tuple[int, ...]) -> None:
    drawn = arguments(*sizes)
    for name in WEIGHTINGS:
        weighting = FUNCTIONS[name][0](*tensors(*drawn[name]))
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
    assert addressing.write(memory, weighting, erase, add).item() == 0.25 + 8
    # One after the other, the second erase also halves the first add.
    assert addressing.write(memory, weighting, erase, add, WriteOrder.SEQUENTIAL).item() == (0.5 + 3) / 2 + 5


def test_the_two_orders_of_writing_are_those_of_their_formulas_and_far_apart() -> None:
    memory, weighting, erase, add = tensors(*arguments(2, 2, 4, 3, 0, seed=5)["write"])
    (e1, e2), (a1, a2) = (torch.einsum("bhn,bhw->hbnw", weighting, each) for each in (erase, add))
    parallel = addressing.write(memory, weighting, erase, add)
    torch.testing.assert_close(parallel, memory * ((1 - e1) * (1 - e2)) + (a1 + a2))
    sequential = addressing.write(memory, weighting, erase, add, WriteOrder.SEQUENTIAL)
    torch.testing.assert_close(sequential, (memory * (1 - e1) + a1) * (1 - e2) + a2)
    torch.testing.assert_close(parallel - sequential, a1 * e2)
    assert (parallel - sequential).abs().max() > 1e-3


@pytest.mark.parametrize("heads", [1, 2])
def test_heads_that_write_to_different_rows_may_do_so_in_any_order(heads: int) -> None:
    memory, _, erase, add = tensors(*arguments(1, heads, 4, 3, 0, seed=5)["write"])
    apart = torch.eye(4, dtype=torch.float64)[None, :heads]
    sequential = addressing.write(memory, apart, erase, add, WriteOrder.SEQUENTIAL)
    torch.testing.assert_close(sequential, addressing.write(memory, apart, erase, add), atol=1e-12, rtol=0)


@settings(max_examples=40)
@given(sizes=sizes)
def test_a_mask_of_ones_and_a_prior_of_zeros_change_nothing(sizes: tuple[int, ...]) -> None:
    memory, key, strength = tensors(*arguments(*sizes)["content_weighting"])
    plain = addressing.content_weighting(memory, key, strength)
    masked = addressing.content_weighting(memory, key, strength, torch.ones_like(key))
    torch.testing.assert_close(masked, plain, atol=1e-12, rtol=0)
    primed = addressing.content_weighting(memory, key, strength, prior=torch.zeros_like(plain))
    assert torch.equal(primed, plain)


@settings(max_examples=40)
@given(sizes=sizes)
def test_a_lookup_ignores_what_its_mask_hides_of_key_and_rows(sizes: tuple[int, ...]) -> None:
    memory, key, strength = tensors(*arguments(*sizes)["content_weighting"])
    columns = torch.arange(key.shape[-1]) % 2
    mask = columns.double().expand_as(key)
    other = addressing.content_weighting(memory - 7 * (1 - columns), key + 3 * (1 - columns), strength, mask)
    torch.testing.assert_close(other, addressing.content_weighting(memory, key, strength, mask), atol=1e-12, rtol=0)


def test_a_prior_multiplies_the_weights() -> None:
    memory, key, strength = tensors(*arguments(2, 2, 4, 3, 0, seed=5)["content_weighting"])
    factors = torch.tensor([1.0, 2.0, 3.0, 0.5], dtype=torch.float64)
    expected = addressing.content_weighting(memory, key, strength) * factors
    primed = addressing.content_weighting(memory, key, strength, prior=factors.log().expand(2, 1, 4))
    torch.testing.assert_close(primed, expected / expected.sum(-1, keepdim=True))


@pytest.mark.parametrize(
    ("known", "unmasked", "masked"), [(16, 0.90, 0.99), (8, 0.35, 0.72)], ids=["a quarter", "an eighth"]
)
@pytest.mark.parametrize("hidden", [0.0, 0.1])
def test_a_mask_finds_the_row_of_which_a_cue_shows_only_a_part(
    known: int, unmasked: float, masked: float, hidden: float
) -> None:
    """The case for masks of Csordas and Schmidhuber 2019. hidden: the mask where the cue shows nothing."""
    found = []
    for seed in range(5):
        random = torch.Generator().manual_seed(seed)
        memory = torch.randint(0, 2, (1, 128, 64), generator=random).double() * 2 - 1
        is_known = torch.arange(64) < known
        cues, strength = memory * is_known, torch.full((1, 128), 20.0).double()  # a head for each row
        mask = torch.where(is_known, 1.0, hidden).double().expand_as(cues)
        looked_up = [addressing.content_weighting(memory, cues, strength, each) for each in (None, mask)]
        found.append([weighting.diagonal(dim1=1, dim2=2).mean() for weighting in looked_up])
    without, with_mask = torch.tensor(found).mean(0).tolist()
    assert without == pytest.approx(unmasked, abs=0.06)
    assert with_mask == pytest.approx(masked, abs=0.07)


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


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_right_on_a_small_memory(name: str) -> None:
    given_tensors = tensors(*arguments(2, 2, 4, 3, 1, seed=5)[name])
    assert gradcheck(FUNCTIONS[name][0], [each.requires_grad_() for each in given_tensors])


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


@pytest.mark.parametrize("key", [0.0, 1.0])
@pytest.mark.parametrize("memory_of", [torch.ones_like, _zero_memory], ids=["ones", "zeros"])
def test_a_lookup_with_mask_and_prior_has_a_finite_gradient_where_there_is_nothing(
    memory_of: Callable[[torch.Tensor], torch.Tensor], key: float
) -> None:
    memory, prior = memory_of(torch.empty(1, 128, 20)), torch.log(_one_hot(torch.empty(1, 1, 128)) * 30 + 1)
    strength, keys = torch.full((1, 1), 50.0), torch.full((1, 1, 20), key)
    for mask in (torch.full((1, 1, 20), 0.1), torch.zeros(1, 1, 20), _one_hot(torch.empty(1, 1, 20))):
        given_tensors = [each.clone().requires_grad_() for each in (memory, keys, strength, mask, prior)]
        weighting = addressing.content_weighting(*given_tensors)
        assert weighting.sum().item() == pytest.approx(1, abs=1e-6)
        gradients = torch.autograd.grad(weighting.square().sum() + weighting[0, 0, 1], given_tensors)
        assert all(each.isfinite().all() and each.abs().max() < 1e5 for each in gradients)


@pytest.mark.parametrize("write_order", WriteOrder)
def test_writes_of_several_heads_have_a_gradient_where_they_erase_all(write_order: WriteOrder) -> None:
    memory = torch.ones(1, 4, 3, requires_grad=True)
    weighting = _one_hot(torch.empty(1, 2, 4)).requires_grad_()
    erase, add = torch.ones(1, 2, 3, requires_grad=True), torch.zeros(1, 2, 3, requires_grad=True)
    written = addressing.write(memory, weighting, erase, add, write_order)
    assert written[0, 0].tolist() == [0, 0, 0]
    gradients = torch.autograd.grad(written.square().sum() + written.sum(), (memory, weighting, erase, add))
    assert all(each.isfinite().all() for each in gradients)
    # In sequence the second head has erased what the first one added.
    assert gradients[3][0, 0].tolist() == ([1.0] * 3 if write_order is WriteOrder.PARALLEL else [0.0] * 3)


def test_a_large_strength_finds_the_row_that_is_the_key() -> None:
    memory = torch.eye(5)[None]
    weighting = addressing.content_weighting(memory, memory[:, 2:3], torch.full((1, 1), 500.0))
    assert weighting.argmax().item() == 2
    assert weighting.isfinite().all()


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
