"""A memory in segments: lookups that a router divides over them, and shifts that stay inside."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from ntm_core import addressing
from ntm_core.heads import MASK_FLOOR, Heads
from ntm_core.ntm import NTM
from ntm_core.ntm_config import NTMConfig
from tests.core import slow
from tests.core.builders import small_model, small_task

sizes = st.tuples(*(st.integers(1, top) for top in (3, 3, 4, 5)), st.integers(0, 2**32 - 1))
"""Batch, heads, segments, rows of a segment, seed."""
ORDERS = ["read_first", "write_first"]
HALVES = {"locations": 16, "segments": 2, "read_heads": 2, "write_heads": 2}


def drawn(batch, heads, segments, rows, seed):
    """Scores, router, weighting and shift kernel."""
    random = np.random.default_rng(seed)
    locations = segments * rows
    return (
        random.normal(size=(batch, heads, locations)) * random.choice([0.1, 1.0, 30.0]),
        random.dirichlet(np.ones(segments), (batch, heads)),
        random.dirichlet(np.ones(locations), (batch, heads)),
        random.dirichlet(np.ones(3), (batch, heads)),
    )


@settings(max_examples=60)
@given(sizes=sizes)
def test_lookups_and_shifts_equal_slow_loops(sizes):
    scores, router, weighting, kernel = drawn(*sizes)
    segments = sizes[2]
    routed = addressing.routed(*map(torch.from_numpy, (scores, router)))
    np.testing.assert_allclose(routed.numpy(), slow.routed(scores, router), rtol=1e-9, atol=1e-12)
    shifted = addressing.shift(*map(torch.from_numpy, (weighting, kernel)), segments)
    np.testing.assert_allclose(shifted.numpy(), slow.shift(weighting, kernel, segments), rtol=1e-9, atol=1e-12)


def test_the_gradients_of_lookups_and_shifts_are_right():
    scores, router, weighting, kernel = (torch.from_numpy(each).requires_grad_() for each in drawn(2, 2, 2, 3, seed=1))
    assert gradcheck(addressing.routed, (scores, router))
    assert gradcheck(partial(addressing.shift, segments=2), (weighting, kernel))


@settings(max_examples=60)
@given(sizes=sizes)
def test_the_softmax_of_all_scores_is_the_router_that_knows_how_well_each_segment_fits(sizes):
    batch, heads, segments, _, _ = sizes
    scores = torch.from_numpy(drawn(*sizes)[0])
    router = scores.view(batch, heads, segments, -1).logsumexp(-1).softmax(-1)
    torch.testing.assert_close(addressing.routed(scores, router), scores.softmax(-1), atol=1e-12, rtol=1e-9)


def masses(weighting, segments):
    """Of each segment, added in float64: (batch, heads, segments)."""
    return weighting.double().view(*weighting.shape[:2], segments, -1).sum(-1)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), segments=st.sampled_from([2, 4, 8]))
def test_each_segment_gets_what_the_router_gives_it(seed, segments):
    scores, router, _, _ = (torch.from_numpy(each).float() for each in drawn(2, 2, segments, 128 // segments, seed))
    found = masses(addressing.routed(scores, router), segments)
    torch.testing.assert_close(found, router.double(), atol=2e-7, rtol=0)


def test_the_best_row_of_a_segment_is_found_however_well_another_segment_fits():
    scores = torch.tensor([[[500.0, 300.0, -400.0, -200.0]]])
    found = addressing.routed(scores, torch.tensor([[[0.25, 0.75]]]))
    assert found.tolist() == [[[0.25, 0, 0, 0.75]]]


def test_a_focus_at_the_end_of_a_segment_turns_round_inside_it():
    focus = torch.eye(6)[None]  # six heads, each on a row of its own
    forward, backward = (torch.tensor(kernel).expand(1, 6, 3) for kernel in ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]))
    assert addressing.shift(focus, forward, 2)[0].argmax(-1).tolist() == [1, 2, 0, 4, 5, 3]
    assert addressing.shift(focus, backward, 2)[0].argmax(-1).tolist() == [2, 0, 1, 5, 3, 4]
    assert addressing.shift(focus, forward)[0].argmax(-1).tolist() == [1, 2, 3, 4, 5, 0]


@settings(max_examples=60)
@given(sizes=sizes)
def test_no_shift_moves_weight_from_one_segment_to_another(sizes):
    _, _, weighting, kernel = map(torch.from_numpy, drawn(*sizes))
    shifted = addressing.shift(weighting, kernel, sizes[2])
    torch.testing.assert_close(masses(shifted, sizes[2]), masses(weighting, sizes[2]), atol=1e-12, rtol=0)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("routing", ["soft", "top1"])
def test_the_heads_of_a_network_divide_their_lookup_as_their_routers_say(order, routing):
    model = small_model(**HALVES, order=order, routing=routing)
    _, _, trace = model(small_task().sample(3, torch.Generator().manual_seed(0), 4).inputs, trace=True)
    seen = trace.steps
    assert seen.router.shape[-2:] == (4, 2)
    for step in range(len(seen.router)):
        found = masses(seen.content_weighting[step], 2)
        torch.testing.assert_close(found, seen.router[step].double(), atol=2e-7, rtol=0)
        gated, shifted = (masses(each[step], 2) for each in (seen.gated_weighting, seen.shifted_weighting))
        torch.testing.assert_close(shifted, gated, atol=2e-7, rtol=0)
    torch.testing.assert_close(seen.read_weighting.sum(-1), torch.ones(9, 3, 2))
    assert (seen.router[..., 0] - seen.router[..., 0].mean()).abs().max() > 1e-3


def test_one_at_a_time_means_exactly_one_segment():
    model = small_model(**HALVES, routing="top1")
    _, _, trace = model(small_task().sample(3, torch.Generator().manual_seed(0), 4).inputs, trace=True)
    assert trace.steps.router.unique().tolist() == [0, 1]
    assert trace.steps.router.sum(-1).unique().tolist() == [1]
    halves = trace.steps.content_weighting.unflatten(-1, (2, -1))
    assert (halves.abs().sum(-1) > 0).sum(-1).unique().tolist() == [1]


def heads_of(**chosen):
    config = NTMConfig(1, 1, locations=12, word_size=2, hidden_size=5, segments=3, shift_range=0, **chosen)
    heads = Heads(config).double()
    for each in heads.parameters():
        torch.nn.init.normal_(each, generator=torch.Generator().manual_seed(0))
    return heads


def test_one_at_a_time_takes_the_segment_that_the_soft_router_gives_most_and_learns_like_it():
    hidden = torch.randn(4, 5, generator=torch.Generator().manual_seed(1)).double()
    worth = torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(2)).double()
    routers, gradients = [], []
    for routing in ("soft", "top1"):
        heads = heads_of(routing=routing, router_temperature=0.7)
        routers.append(heads(hidden).router)
        gradients.append(torch.autograd.grad((routers[-1] * worth).sum(), tuple(heads.parameters())))
    soft, hard = routers
    assert torch.equal(hard, torch.nn.functional.one_hot(soft.argmax(-1), 3).double())
    assert all(map(torch.equal, *gradients))
    assert gradients[0][0].abs().max() > 1e-3


def test_of_segments_that_fit_alike_one_is_taken():
    heads = heads_of(routing="top1")
    torch.nn.init.zeros_(heads.weight)
    torch.nn.init.zeros_(heads.bias)
    assert heads(torch.ones(1, 5).double()).router[0].tolist() == [[1, 0, 0]] * 2


def test_a_cold_router_keeps_to_one_segment_and_a_hot_one_to_none():
    hidden = torch.randn(4, 5, generator=torch.Generator().manual_seed(1)).double()
    soft, cold, hot = (heads_of(router_temperature=each)(hidden).router for each in (1.0, 0.01, 100.0))
    logits = soft.log()
    torch.testing.assert_close(cold, (logits / 0.01).softmax(-1))
    torch.testing.assert_close(hot, (logits / 100).softmax(-1))
    assert cold.max(-1).values.min() > 0.9 > 0.5 > hot.max()


@pytest.mark.parametrize("given_to", [[1.0, 0.0], [0.5, 0.5]])
def test_a_lookup_in_segments_has_a_finite_gradient_where_the_memory_is_empty(given_to):
    memory, router = torch.zeros(1, 8, 4, requires_grad=True), torch.tensor([[given_to]], requires_grad=True)
    key, strength = torch.zeros(1, 1, 4, requires_grad=True), torch.full((1, 1), 50.0, requires_grad=True)
    gamma = torch.full((1, 1), 21.0, requires_grad=True)
    looked_up = addressing.routed(addressing.content_scores(memory, key, strength), router)
    shifted = addressing.shift(looked_up, torch.tensor([[[0.0, 0.5, 0.5]]]), 2)
    weighting = addressing.sharpen(shifted, gamma)
    gradients = torch.autograd.grad(
        weighting.square().sum() + weighting[0, 0, 1], (memory, router, key, strength, gamma)
    )
    assert weighting.sum().item() == pytest.approx(1)
    assert all(each.isfinite().all() for each in gradients)


def test_the_masks_of_a_network_never_close():
    model = NTM(NTMConfig(3, 2, locations=8, word_size=4, mask=True, hidden_size=6))
    with torch.no_grad():
        model.heads.bias.fill_(-50)
    _, _, view = model.step(torch.zeros(1, 3), model.initial_state(1))
    assert view.lookup_mask.min().item() == pytest.approx(MASK_FLOOR)
