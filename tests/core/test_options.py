"""The options of an NTM in one step: masks, write orders, and the gradient of each."""

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


def doubles(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


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
