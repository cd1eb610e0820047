"""The NTM itself: its step, its gradient, and that what it shows is what it did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from ntm_core import addressing, rebuild
from ntm_core.network import held
from ntm_core.ntm import NTM, NTMConfig, NTMState
from ntm_core.observe import observe, trace_spec
from ntm_core.trace import Order, TraceSpec, WriteOrder
from tests.core import plain_ntm
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


STEPS = {
    "plain": {},
    "2 and 2 heads": {"read_heads": 2, "write_heads": 2},
    "writing head after head": {"write_heads": 2, "write_order": "sequential"},
    "feed-forward": {"controller": "feedforward"},
    "two layers": {"layers": 2},
    "mask": {"mask": True},
    "prominence and priming": {"read_heads": 2, "prominence": 0.8, "priming": 2.0},
    "two segments": {"locations": 6, "segments": 2},
    "all at once": {
        "locations": 6,
        "segments": 2,
        "layers": 2,
        "write_heads": 2,
        "write_order": "sequential",
        "mask": True,
        "prominence": 0.8,
        "priming": 2.0,
    },
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("variant", STEPS)
def test_the_gradient_of_a_step_is_right_on_a_small_memory(variant, order):
    sizes = {"locations": 4, "word_size": 3, "hidden_size": 3} | STEPS[variant]
    model = NTM(NTMConfig(2, 2, order=order, **sizes), torch.Generator().manual_seed(0)).double()
    generator = torch.Generator().manual_seed(1)
    first = held(model.initial_state(2))
    start = {
        name: torch.randn(each.shape, generator=generator, dtype=torch.float64).detach() for name, each in first.items()
    }
    for name in start.keys() & {"read_weighting", "write_weighting"}:
        start[name] = start[name].softmax(-1)
    for name in start.keys() & {"recall_count", "recall_trace", "association"}:
        start[name] = start[name].square()
    x = torch.randn(2, 2, generator=generator, dtype=torch.float64)
    empty = NTMState(*[None] * len(NTMState._fields))

    def step(x, *state):
        y, after, _ = model.step(x, empty._replace(**dict(zip(start, state, strict=True))))
        return y, *held(after).values()

    assert gradcheck(step, [each.requires_grad_() for each in (x, *start.values())])


@pytest.mark.parametrize("variant", [{}, STEPS["all at once"] | {"first_memory": "learned"}], ids=["plain", "all"])
def test_the_gradient_of_a_whole_sequence_reaches_every_weight_rightly(variant):
    sizes = {"locations": 3, "word_size": 2, "hidden_size": 2} | variant
    model = NTM(NTMConfig(2, 1, **sizes), torch.Generator().manual_seed(0)).double()
    inputs = torch.randn(3, 1, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    names = [name for name, _ in model.named_parameters()]

    def logits(*weights):
        return torch.func.functional_call(model, dict(zip(names, weights, strict=True)), (inputs,))[0]

    assert gradcheck(logits, [parameter.detach().clone().requires_grad_() for parameter in model.parameters()])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("heads", "shift_range"), [((1, 1), 1), ((2, 2), 2), ((1, 3), 0)])
def test_with_all_extensions_off_it_is_the_plain_network_to_the_bit(heads, shift_range, order):
    off = {"mask": False, "prominence": 0.0, "priming": 0.0, "segments": 1, "layers": 1}
    model = small_model(read_heads=heads[0], write_heads=heads[1], shift_range=shift_range, order=order, **off)
    weights = model.state_dict()
    inputs = small_task().sample(3, torch.Generator().manual_seed(0), 4).inputs
    with torch.no_grad():
        state, plain = model.initial_state(3), plain_ntm.first(weights, 3, heads[0], 8)
        for x in inputs:
            y, state, _ = model.step(x, state)
            logits, plain = plain_ntm.step(weights, x, plain, shift_range, order == "write_first")
            assert torch.equal(y, logits)
            assert all(map(torch.equal, held(state).values(), plain))


@pytest.mark.parametrize("term", ["prominence", "priming"])
def test_a_term_of_no_weight_is_as_if_it_were_off_to_the_bit_and_one_of_weight_is_not(term):
    inputs = small_task().sample(3, torch.Generator().manual_seed(0), 4).inputs
    plain, off, on = (
        small_model(read_heads=2, kernel="eager", **{term: weight})(inputs)[0] for weight in (0.0, 1e-300, 1.0)
    )
    assert torch.equal(off, plain)
    assert not torch.allclose(on, plain, rtol=0, atol=1e-6)


def test_masks_of_ones_leave_the_plain_network():
    """Masked lookup with its masks wide open, all other weights those of the network without."""
    plain, masked = small_model().double(), small_model(mask=True).double()
    keys_and_adds, erase_and_gates, masks = 3 * 5, 5 + 2, 2 * 5
    first = keys_and_adds + erase_and_gates
    weights = plain.state_dict()
    for name, of_masks in (("heads.weight", 0.0), ("heads.bias", 1e3)):
        head = weights[name]
        weights[name] = torch.cat((head[:first], torch.full_like(head[:masks], of_masks), head[first:]))
    masked.load_state_dict(weights)
    inputs = small_task().sample(3, torch.Generator().manual_seed(0), 4).inputs.double()
    logits, _, trace = masked(inputs, trace=True)
    torch.testing.assert_close(logits, plain(inputs)[0], rtol=0, atol=1e-12)
    assert (trace.steps.lookup_mask == 1).all()
    masked.heads.bias.data[first : first + masks] = -1e3
    closed, _, trace = masked(inputs, trace=True)
    torch.testing.assert_close(trace.steps.lookup_mask, torch.full_like(trace.steps.lookup_mask, 0.1))
    assert closed.isfinite().all()


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("write_order", WriteOrder)
def test_a_memory_is_rebuilt_in_the_order_that_the_trace_names_and_in_no_other(write_order, order):
    model = small_model(write_heads=2, write_order=write_order, order=order)
    task = small_task()
    sample = task.sample(1, torch.Generator().manual_seed(0), 4)
    logits, _, trace = model(sample.inputs, trace=True)
    spec = TraceSpec.from_json(trace_spec(model, task).to_json())
    assert (spec.order, spec.write_order) == (order, write_order)
    seen = observe(spec, trace, sample, logits, task)

    def misses(spec):
        before, worst = seen.initial["memory"], np.zeros(2)
        for step, after in enumerate(seen.columns["memory"]):
            record = {name: column[step] for name, column in seen.columns.items()}
            rebuilt, read = rebuild.memory_after(spec, before, record), rebuild.reads(spec, before, after, record)
            missed = np.abs(rebuilt - after).max(), np.abs(read - record["read_vector"]).max()
            worst, before = np.maximum(worst, missed), after
        return worst

    other_writes = {WriteOrder.PARALLEL: WriteOrder.SEQUENTIAL, WriteOrder.SEQUENTIAL: WriteOrder.PARALLEL}
    other_order = {Order.READ_FIRST: Order.WRITE_FIRST, Order.WRITE_FIRST: Order.READ_FIRST}
    assert misses(spec).max() < 1e-6
    assert misses(replace(spec, write_order=other_writes[write_order]))[0] > 1e-4
    assert misses(replace(spec, order=other_order[order]))[1] > 1e-4


EXTREMES = [
    {},
    {"mask": True},
    {"prominence": 1.0, "priming": 20.0},
    {"segments": 2},
    {"segments": 2, "routing": "top1"},
]


@pytest.mark.parametrize("settings", EXTREMES, ids=str)
@pytest.mark.parametrize("share", [1.0, 1 / 128], ids=["at one row", "everywhere"])
@pytest.mark.parametrize("order", ORDERS)
def test_a_step_is_finite_forward_and_backward_at_its_hardest_points(settings, share, order):
    """Zero memory, strength 50, sharpening 21, all erased, masks at their floor, a focus of exactly 1."""
    model = small_model(locations=128, order=order, write_heads=2, **settings)
    model.heads.weight.data *= 0.01
    _, opened, positive, _, _ = model.heads.bias.data.split(model.heads._sizes)
    erase, gate, mask = opened.tensor_split((2 * 5, 2 * 5 + 3))
    strength, sharpening = positive.chunk(2)
    for bias, value in ((erase, 50), (gate, 0), (mask, -50), (strength, 50), (sharpening, 20)):
        bias.fill_(value)
    state = model.initial_state(2)
    focus = torch.full((128,), (1 - share) / 127).index_fill(0, torch.tensor([127]), share)
    memory = torch.zeros_like(state.memory).requires_grad_()
    state = state._replace(
        memory=memory,
        read_weighting=focus.expand_as(state.read_weighting),
        write_weighting=focus.expand_as(state.write_weighting),
    )
    inputs = small_task().sample(2, torch.Generator().manual_seed(0), 4).inputs
    logits, _, trace = model(inputs, state, trace=True)
    assert trace.steps.key_strength.min() > 45 and trace.steps.sharpening.min() > 20
    assert all(each.isfinite().all() for each in (logits, *held(trace.steps).values()))
    for weighting in (trace.steps.read_weighting, trace.steps.write_weighting):
        torch.testing.assert_close(weighting.sum(-1), torch.ones_like(weighting[..., 0]))
    logits.square().sum().backward()
    assert memory.grad.isfinite().all()
    gradients = {name: each.grad for name, each in model.named_parameters() if name != "first_weighting"}
    assert all(gradient.isfinite().all() for gradient in gradients.values())


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("has_mask", [False, True])
def test_each_head_addresses_the_memory_that_the_order_names_by_its_own_key_and_mask(has_mask, order):
    model = small_model(seed=1, read_heads=2, write_heads=2, order=order, mask=has_mask)
    inputs = small_task().sample(1, torch.Generator().manual_seed(0), 3).inputs
    _, _, trace = model(inputs, trace=True)
    for step in range(1, len(inputs)):
        before, after = trace.steps.memory[step - 1 : step + 1]
        told = trace.steps.key[step], trace.steps.key_strength[step]
        if has_mask:
            told = *told, trace.steps.lookup_mask[step]
        seen_by_readers = before if order == "read_first" else after
        content = torch.cat(
            (
                addressing.content_weighting(seen_by_readers, *(each[:, :2] for each in told)),
                addressing.content_weighting(before, *(each[:, 2:] for each in told)),
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
