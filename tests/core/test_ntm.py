"""The NTM itself: its step, its gradient, and that what it shows is what it did."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from ntm_core import addressing
from ntm_core.network import held
from ntm_core.ntm import NTM, NTMConfig, NTMState
from ntm_core.observe import observe, trace_spec
from tests.core.builders import small_model, small_task

HEADS = [(1, 1), (2, 2)]
ORDERS = ["read_first", "write_first"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("heads", HEADS)
def test_what_is_recorded_rebuilds_every_memory_and_every_read(heads, order):
    model = small_model(seed=3, read_heads=heads[0], write_heads=heads[1], order=order)
    task = small_task()
    sample = task.sample(2, torch.Generator().manual_seed(1), 4)
    logits, _, trace = model(sample.inputs, trace=True)
    seen = observe(trace_spec(model, task), trace, sample, logits, task, item=1)
    before = seen.initial["memory"]
    for step in range(len(seen.columns["mask"])):
        at = {name: column[step] for name, column in seen.columns.items()}
        kept, added = np.ones_like(before), np.zeros_like(before)
        for weighting, erase, add in zip(at["write_weighting"], at["erase"], at["add"], strict=True):
            kept *= 1 - np.outer(weighting, erase)
            added += np.outer(weighting, add)
        rebuilt = before * kept + added
        np.testing.assert_allclose(at["memory"], rebuilt, rtol=0, atol=0 if heads == (1, 1) else 1e-6)
        read_from = before if order == "read_first" else rebuilt
        np.testing.assert_allclose(at["read_vector"], at["read_weighting"] @ read_from, rtol=0, atol=1e-6)
        before = at["memory"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("heads", HEADS)
def test_the_gradient_of_a_step_is_right_on_a_small_memory(heads, order):
    config = NTMConfig(
        2, 2, locations=4, word_size=3, hidden_size=3, read_heads=heads[0], write_heads=heads[1], order=order
    )
    model = NTM(config, torch.Generator().manual_seed(0)).double()
    generator = torch.Generator().manual_seed(1)
    start = [
        torch.randn(2, 4, 3, generator=generator, dtype=torch.float64),
        *(torch.rand(2, count, 4, generator=generator, dtype=torch.float64).softmax(-1) for count in heads),
        torch.randn(2, heads[0], 3, generator=generator, dtype=torch.float64),
        *(torch.randn(2, 3, generator=generator, dtype=torch.float64) for _ in range(2)),
    ]
    x = torch.randn(2, 2, generator=generator, dtype=torch.float64)

    def step(x, *state):
        y, after, _ = model.step(x, NTMState(*state, None, None, None))
        return y, *held(after).values()

    assert gradcheck(step, [each.requires_grad_() for each in (x, *start)])


def test_the_gradient_of_a_whole_sequence_reaches_every_weight_rightly():
    model = NTM(NTMConfig(2, 1, locations=3, word_size=2, hidden_size=2), torch.Generator().manual_seed(0)).double()
    inputs = torch.randn(3, 1, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    names = [name for name, _ in model.named_parameters()]

    def logits(*weights):
        return torch.func.functional_call(model, dict(zip(names, weights, strict=True)), (inputs,))[0]

    assert gradcheck(logits, [parameter.detach().clone().requires_grad_() for parameter in model.parameters()])


@pytest.mark.parametrize("order", ORDERS)
def test_each_head_addresses_the_memory_that_the_order_names(order):
    model = small_model(seed=1, read_heads=2, write_heads=2, order=order)
    inputs = small_task().sample(1, torch.Generator().manual_seed(0), 3).inputs
    _, _, trace = model(inputs, trace=True)
    for step in range(1, len(inputs)):
        before, after = trace.steps.memory[step - 1 : step + 1]
        key, strength = trace.steps.key[step], trace.steps.key_strength[step]
        seen_by_readers = before if order == "read_first" else after
        content = torch.cat(
            (
                addressing.content_weighting(seen_by_readers, key[:, :2], strength[:, :2]),
                addressing.content_weighting(before, key[:, 2:], strength[:, 2:]),
            ),
            dim=1,
        )
        torch.testing.assert_close(content, trace.steps.content_weighting[step], rtol=0, atol=1e-6)
        assert not torch.allclose(before, after, rtol=0, atol=1e-3)


def test_an_episode_starts_on_row_zero_of_a_memory_that_is_almost_zero():
    state = small_model(locations=128).initial_state(2)
    assert state.memory.unique().tolist() == pytest.approx([1e-6])
    for weighting in (state.read_weighting, state.write_weighting):
        assert weighting.argmax(-1).unique().tolist() == [0]
        assert weighting[..., 0].min() > 0.95
        torch.testing.assert_close(weighting.sum(-1), torch.ones(2, 1))


def test_the_size_is_that_of_a_known_network_but_for_what_differs():
    """pytorch-ntm has a second LSTM bias, and neither first weightings nor a first read that are learned."""
    second_bias, first_weightings, first_read = 4 * 100, 2 * 128, 20
    model = NTM(NTMConfig(9, 8))
    size = sum(parameter.numel() for parameter in model.parameters())
    assert size == 62_860 - second_bias + first_weightings + first_read


def test_with_all_terms_off_the_plain_network_of_the_paper_is_computed_to_the_bit():
    """A step written out line by line, with nothing in it that an option could have left behind."""
    off = {"mask": False, "prominence": 0.0, "priming": 0.0, "segments": 1}
    model = NTM(NTMConfig(3, 2, locations=6, word_size=4, hidden_size=5, **off), torch.Generator().manual_seed(0))
    state = model.initial_state(2)
    for x in torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(1)):
        controller = model.controller
        joined = torch.cat((x, state.read_vector.flatten(1), state.controller), 1)
        gates = torch.addmm(controller.bias, joined, controller.weight)
        entry, forget, exit_, candidate = gates.chunk(4, 1)
        cell = torch.sigmoid(forget) * state.controller_cell + torch.sigmoid(entry) * torch.tanh(candidate)
        hidden = torch.sigmoid(exit_) * torch.tanh(cell)
        told = torch.addmm(model.heads.bias, hidden, model.heads.weight.T)
        signed, opened, positive, kernels = told.split((12, 6, 4, 6), 1)
        keys, add = torch.tanh(signed).view(2, 3, 4).split((2, 1), 1)
        erase, gate = torch.sigmoid(opened).split((4, 2), 1)
        strength, above_one = torch.nn.functional.softplus(positive).chunk(2, 1)
        key_scale = strength * (keys.square().sum(-1) + 1e-6).rsqrt()
        row_scale = (state.memory.square().sum(-1) + 1e-6).rsqrt()
        scores = torch.bmm(keys * key_scale.unsqueeze(-1), state.memory.mT) * row_scale.unsqueeze(1)
        before = torch.cat((state.read_weighting, state.write_weighting), 1)
        gated = torch.lerp(before, torch.softmax(scores, -1), gate.unsqueeze(-1))
        back, stay, on = torch.softmax(kernels.view(2, 2, 3), -1).unsqueeze(-1).unbind(2)
        shifted = gated * stay + gated.roll(1, -1) * on + gated.roll(-1, -1) * back
        weighting = torch.softmax(shifted.clamp_min(1e-20).log() * (1 + above_one).unsqueeze(-1), -1)
        read = (weighting[:, :1].unsqueeze(-1) * state.memory.unsqueeze(1)).sum(-2)
        write = weighting[:, 1:]
        memory = state.memory * (1 - torch.bmm(write.mT, erase.view(2, 1, 4))) + torch.bmm(write.mT, add)
        logits, state, _ = model.step(x, state)
        assert torch.equal(state.memory, memory)
        assert torch.equal(torch.cat((state.read_weighting, state.write_weighting), 1), weighting)
        assert torch.equal(logits, model.output(torch.cat((hidden, read.flatten(1)), 1)))
