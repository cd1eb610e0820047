"""Segments of the memory, masked lookup and write orders: against slow loops and their special cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from ntm_core import addressing, rebuild
from ntm_core.heads import MASK_FLOOR
from ntm_core.network import held
from ntm_core.ntm import NTM, NTMConfig
from ntm_core.trace import TraceSpec, WriteOrder
from tests.core import slow


def doubles(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_the_mass_of_each_segment_is_what_the_router_gives_it():
    router = torch.softmax(torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(1)), -1)
    scores = 20 * torch.randn(2, 3, 24, generator=torch.Generator().manual_seed(2))
    mass = addressing.routed(scores, router).view(2, 3, 4, 6).sum(-1)
    torch.testing.assert_close(mass, router, atol=1e-7, rtol=0)


def test_flat_addressing_is_the_router_that_goes_by_the_scores():
    scores = doubles(2, 3, 24)
    router = torch.softmax(scores.view(2, 3, 4, 6).logsumexp(-1), -1)
    torch.testing.assert_close(addressing.routed(scores, router), torch.softmax(scores, -1), atol=1e-14, rtol=0)


def test_a_shift_turns_round_within_its_segment():
    weighting = torch.zeros(1, 2, 8)
    weighting[0, 0, 3] = weighting[0, 1, 4] = 1.0
    forwards = torch.tensor([[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]])
    moved = addressing.shift(weighting, forwards, segments=2)
    assert moved[0].argmax(-1).tolist() == [0, 7]


def test_segments_of_a_shift_are_rings_of_their_own():
    weighting, kernel = torch.softmax(doubles(2, 3, 12), -1), torch.softmax(doubles(2, 3, 3, seed=1), -1)
    whole = addressing.shift(weighting, kernel, segments=3)
    for segment in range(3):
        part = slice(4 * segment, 4 * segment + 4)
        wanted = slow.shift(weighting[..., part].numpy(), kernel.numpy())
        np.testing.assert_allclose(whole[..., part].numpy(), wanted, atol=1e-14)


@pytest.mark.parametrize("routing", ["soft", "top1"])
def test_a_network_of_segments_routes_every_head(routing):
    model = NTM(NTMConfig(3, 2, locations=8, word_size=4, segments=2, routing=routing, hidden_size=6))
    _, _, view = model.step(torch.ones(5, 3), model.initial_state(5))
    mass = view.content_weighting.view(5, 2, 2, 4).sum(-1)
    torch.testing.assert_close(mass, view.router, atol=1e-6, rtol=0)
    if routing == "top1":
        assert set(view.router.unique().tolist()) == {0.0, 1.0}
    view.content_weighting[..., 0].sum().backward()
    assert model.heads.weight.grad[-4:].abs().sum() > 0, "the router learns in both ways"


def test_a_masked_lookup_equals_a_slow_loop_and_a_full_mask_none():
    memory, key, strength = doubles(2, 6, 5), doubles(2, 3, 5, seed=1), doubles(2, 3, seed=2).abs()
    mask = torch.sigmoid(doubles(2, 3, 5, seed=3))
    found = addressing.content_weighting(memory, key, strength, mask)
    for item in range(2):
        for head in range(3):
            masked = memory[item : item + 1] * mask[item, head]
            wanted = slow.content_weighting(
                masked.numpy(),
                (key[item, head] * mask[item, head]).view(1, 1, -1).numpy(),
                strength[item, head].view(1, 1).numpy(),
            )
            np.testing.assert_allclose(found[item, head].numpy(), wanted[0, 0], atol=1e-12)
    plain = addressing.content_weighting(memory, key, strength)
    torch.testing.assert_close(addressing.content_weighting(memory, key, strength, torch.ones_like(mask)), plain)


@pytest.mark.parametrize(("known", "plain", "masked"), [(16, 0.90, 0.99), (8, 0.35, 0.72)])
def test_a_mask_makes_a_partial_cue_enough(known, plain, masked):
    """REFERENCE numbers of Csordas and Schmidhuber's point: a quarter and an eighth of a row of 64 among 128."""
    found = {"plain": [], "masked": []}
    for seed in range(20):
        memory = doubles(1, 128, 64, seed=seed).sign()
        mask = torch.zeros(1, 1, 64, dtype=torch.float64)
        mask[..., :known] = 1
        key, strength = memory[:, :1] * mask, torch.full((1, 1), 20.0, dtype=torch.float64)
        found["plain"].append(addressing.content_weighting(memory, key, strength)[0, 0, 0].item())
        found["masked"].append(addressing.content_weighting(memory, key, strength, mask)[0, 0, 0].item())
    assert np.mean(found["plain"]) == pytest.approx(plain, abs=0.12)
    assert np.mean(found["masked"]) == pytest.approx(masked, abs=0.12)
    assert np.mean(found["masked"]) > np.mean(found["plain"]) + 0.05


def test_the_masks_of_a_network_never_close():
    model = NTM(NTMConfig(3, 2, locations=8, word_size=4, mask=True, hidden_size=6))
    with torch.no_grad():
        model.heads.bias.fill_(-50)
    _, _, view = model.step(torch.zeros(1, 3), model.initial_state(1))
    assert view.lookup_mask.min().item() == pytest.approx(MASK_FLOOR)


def test_head_after_head_the_second_takes_from_what_the_first_added():
    """One number, worked by hand: parallel (1-.5)(1-.5) 8 + 4 + 2 = 8, in sequence ((8 .5) + 4) .5 + 2 = 6."""
    memory, weighting = torch.full((1, 1, 1), 8.0), torch.ones(1, 2, 1)
    erase, add = torch.full((1, 2, 1), 0.5), torch.tensor([4.0, 2.0]).view(1, 2, 1)
    assert addressing.write(memory, weighting, erase, add).item() == 8.0
    assert addressing.write(memory, weighting, erase, add, WriteOrder.SEQUENTIAL).item() == 6.0


def test_the_order_of_writes_is_in_the_trace_and_the_wrong_one_is_seen():
    settings = NTMConfig(3, 2, locations=6, word_size=4, write_heads=2, hidden_size=6, write_order="sequential")
    model = NTM(settings, torch.Generator().manual_seed(0))
    inputs = torch.randn(6, 1, 3, generator=torch.Generator().manual_seed(1))
    _, _, trace = model(inputs, trace=True)
    spec = TraceSpec(model.fields(), model.order, model.write_order)
    assert spec.write_order is WriteOrder.SEQUENTIAL
    record = {name: values[5, 0].numpy() for name, values in held(trace.steps).items()}
    before, after = trace.steps.memory[4, 0].numpy(), trace.steps.memory[5, 0].numpy()
    np.testing.assert_allclose(rebuild.memory_after(spec, before, record), after, atol=1e-6)
    wrong = rebuild.memory_after(TraceSpec(model.fields(), model.order), before, record)
    assert np.abs(wrong - after).max() > 1e-4


OPTIONS = {
    "feed-forward": {"controller": "feedforward"},
    "two layers": {"layers": 2},
    "sequential writes": {"write_heads": 2, "write_order": "sequential"},
    "mask": {"mask": True},
    "terms": {"prominence": 0.5, "priming": 1.0},
    "segments": {"locations": 6, "segments": 2},
    "write first with all": {"order": "write_first", "mask": True, "prominence": 0.5, "priming": 1.0},
}


@pytest.mark.parametrize("option", OPTIONS)
def test_the_gradient_of_a_step_is_right_with_every_option(option):
    settings = NTMConfig(2, 2, **{"locations": 4, "word_size": 3, "hidden_size": 3} | OPTIONS[option])
    model = NTM(settings, torch.Generator().manual_seed(0)).double()
    _, start, _ = model(doubles(3, 2, 2))  # rows that differ, and some that were read together
    names = list(held(start))

    def step(x, *tensors):
        state = start._replace(**dict(zip(names, tensors, strict=True)))
        logits, after, _ = model.step(x, state)
        return logits, *held(after).values()

    tensors = [tensor.detach().clone().requires_grad_() for tensor in held(start).values()]
    assert gradcheck(step, [doubles(2, 2, seed=1).requires_grad_(), *tensors])
