"""The MANN: its step against loops and by hand, its gradient, and which rows it empties, fills and spares."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from ntm_core.mann import MANN, MANNConfig, MANNState, least_used
from ntm_core.network import held
from ntm_core.trace import Order, Role, TraceSpec
from tests.core import slow_mann
from tests.core.builders import small_model, small_task

TERMS_OFF = (None, None, None)


def built(seed=0, **settings):
    """On a memory of 4 x 3, in double precision."""
    config = MANNConfig(2, 2, **{"locations": 4, "word_size": 3, "hidden_size": 3} | settings)
    return MANN(config, torch.Generator().manual_seed(seed)).double()


def somewhere(heads, usage=((0.9, 0.1, 0.5, 0.3), (0.2, 0.4, 0.1, 0.6))):
    """A state amid a sequence, batch of 2, all usages far apart."""
    generator = torch.Generator().manual_seed(1)
    drawn = {"generator": generator, "dtype": torch.float64}
    return MANNState(
        torch.randn(2, 4, 3, **drawn),
        torch.tensor(usage, dtype=torch.float64),
        torch.rand(2, heads, 4, **drawn).softmax(-1),
        torch.randn(2, heads, 3, **drawn),
        torch.randn(2, 3, **drawn),
        torch.randn(2, 3, **drawn),
        *TERMS_OFF,
    )


def telling(model, key, alpha):
    """The model, its controller telling this key (word,) and alpha to every head, whatever it sees."""
    heads = model.config.read_heads
    told = torch.cat((torch.tensor(key).atanh().repeat(heads), torch.full((heads,), alpha)))
    with torch.no_grad():
        model.heads.weight.zero_()
        model.heads.bias.copy_(told)
    return model


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_a_sequence_equals_the_loops(heads):
    model = built(read_heads=heads, usage_decay=0.8)
    weights = {name: values.numpy() for name, values in model.state_dict().items()}
    state = somewhere(heads)
    slowly = [slow_mann.SlowState(*(part[item].numpy() for part in state[:6])) for item in range(2)]
    for x in torch.randn(6, 2, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64):
        with torch.no_grad():
            logits, state, view = model.step(x, state)
        for item in range(2):
            expected = slow_mann.step(weights, 0.8, x[item].numpy(), slowly[item])
            slowly[item] = expected.after
            np.testing.assert_allclose(logits[item], expected.logits, rtol=0, atol=1e-12)
            for got, wanted in zip(state[:6], expected.after, strict=True):
                np.testing.assert_allclose(got[item], wanted, rtol=0, atol=1e-12)
            np.testing.assert_allclose(view.write_weighting[item], expected.write_weighting, rtol=0, atol=1e-12)
            assert view.least_used[item].argmax(-1).tolist() == expected.emptied
            assert np.flatnonzero(view.keep[item] == 0).tolist() == sorted(expected.emptied)


@pytest.mark.parametrize(
    "settings", [{}, {"read_heads": 2}, {"read_heads": 2, "mask": True}], ids=["1 head", "2 heads", "masked"]
)
def test_the_gradient_of_a_step_is_right_on_a_small_memory(settings):
    model = built(**settings)
    start = [x for x in somewhere(model.config.read_heads) if x is not None]
    x = torch.randn(2, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)

    def step(x, *state):
        y, after, _ = model.step(x, MANNState(*state, *TERMS_OFF))
        return y, *held(after).values()

    assert gradcheck(step, [each.requires_grad_() for each in (x, *start)])


def test_the_gradient_of_a_whole_sequence_reaches_every_weight_rightly():
    model = built(locations=3, word_size=2, hidden_size=2)
    inputs = torch.randn(4, 1, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    names = [name for name, _ in model.named_parameters()]

    def logits(*weights):
        return torch.func.functional_call(model, dict(zip(names, weights, strict=True)), (inputs,))[0]

    assert gradcheck(logits, [parameter.detach().clone().requires_grad_() for parameter in model.parameters()])


def test_exactly_as_many_rows_as_heads_are_least_used_and_of_equal_ones_the_first():
    usage = torch.tensor([[0.5, 0.2, 0.2, 0.0, 0.2], [0.0] * 5, [1.0, 0.9, 0.8, 0.7, 0.7]], requires_grad=True)
    rows = least_used(usage, 3)
    assert rows.argmax(-1).tolist() == [[3, 1, 2], [0, 1, 2], [3, 4, 2]]
    assert rows.sum(-1).unique().tolist() == [1.0]
    assert rows.sum(1).max() == 1
    assert not rows.requires_grad


def test_rows_that_differ_by_rounding_are_equally_used():
    usage = torch.tensor([[0.7, 0.25 + 3e-8, 0.25, 0.25 + 1e-4]])
    assert least_used(usage, 3).argmax(-1).tolist() == [[1, 2, 3]]


def test_of_very_many_equal_rows_the_first_are_least_used():
    assert least_used(torch.zeros(2, 4096), 2).argmax(-1).tolist() == [[0, 1], [0, 1]]


def test_usage_decays_and_grows_by_what_is_read_and_written():
    """By hand: a key that resembles no row reads evenly, and an alpha of 0 halves the write."""
    model = telling(built(usage_decay=0.5), [0.0, 0.0, 0.0], alpha=0.0)
    read = torch.tensor([[[0.0, 0.0, 0.0, 1.0]]], dtype=torch.float64)
    state = model.initial_state(1)._replace(usage=torch.tensor([[4.0, 2.0, 1.0, 8.0]]).double(), read_weighting=read)
    _, state, view = model.step(torch.zeros(1, 2).double(), state)
    torch.testing.assert_close(view.write_weighting[0, 0], torch.tensor([0.0, 0.0, 0.5, 0.5]).double())
    torch.testing.assert_close(state.usage[0], torch.tensor([2.25, 1.25, 1.25, 4.75]).double())


def test_the_least_used_row_is_emptied_and_holds_nothing_but_the_key():
    model = telling(built(), [0.5, -0.5, 0.25], alpha=-3.0)
    before = somewhere(1)
    _, after, view = model.step(torch.zeros(2, 2).double(), before)
    gate = 1 / (1 + math.exp(-3.0))
    key = torch.tensor([0.5, -0.5, 0.25]).double()
    for item, row in enumerate((1, 2)):
        assert view.keep[item].tolist() == [0.0 if at == row else 1.0 for at in range(4)]
        weight = gate + (1 - gate) * before.read_weighting[item, 0, row]
        torch.testing.assert_close(after.memory[item, row], weight * key, rtol=0, atol=1e-7)
        others = [at for at in range(4) if at != row]
        added = (1 - gate) * before.read_weighting[item, 0, others].unsqueeze(-1) * key
        torch.testing.assert_close(after.memory[item, others], before.memory[item, others] + added, rtol=0, atol=1e-7)
    torch.testing.assert_close(view.allocation_gate, torch.full((2, 1), gate).double())


def test_each_row_is_written_once_before_any_is_written_again():
    model = telling(built(read_heads=2, locations=6), [0.5, -0.5, 0.25], alpha=-30.0)
    state, filled = model.initial_state(1), []
    for _ in range(3):
        _, state, view = model.step(torch.zeros(1, 2).double(), state)
        filled.append(view.write_weighting[0].argmax(-1).tolist())
    assert filled == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize(("row_zero", "next_row"), [(0.9, 2), (-0.9, 0)], ids=["read", "not read"])
def test_a_row_is_spared_while_it_is_read(row_zero, next_row):
    key = [0.9, 0.9, 0.9]
    model = telling(built(), key, alpha=-30.0)
    memory = torch.full((1, 4, 3), -0.9).double()
    memory[:, 0] = row_zero
    usage = torch.tensor([[0.3, 0.2, 0.5, 0.5]]).double()
    state = model.initial_state(1)._replace(memory=memory, usage=usage)
    for row in (1, next_row):
        _, state, view = model.step(torch.zeros(1, 2).double(), state)
        assert view.least_used[0, 0].argmax() == row


def test_a_step_looks_up_and_reads_what_its_own_write_left():
    model = built()
    _, after, view = model.step(torch.zeros(2, 2).double(), somewhere(1))
    lengths = after.memory.norm(dim=-1) * view.add.norm(dim=-1)
    cosine = torch.bmm(view.add, after.memory.mT)[:, 0] / lengths
    torch.testing.assert_close(after.read_weighting[:, 0], cosine.softmax(-1), rtol=0, atol=1e-5)
    torch.testing.assert_close(after.read_vector, torch.bmm(after.read_weighting, after.memory))
    assert model.order is Order.WRITE_FIRST


def test_its_lookup_takes_the_mask_and_what_was_recalled_into_account():
    model = built(mask=True, prominence=1.0, prominence_decay=0.5)
    before = somewhere(1)._replace(recall_count=torch.tensor([[0.0, 1.0, 3.0, 0.0], [7.0, 0.0, 0.0, 0.0]]).double())
    x = torch.randn(2, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    _, after, view = model.step(x, before)
    mask, key = view.lookup_mask[:, 0], view.key[:, 0]
    assert mask.min() >= 0.1 and mask.max() <= 1
    masked_rows, masked_key = after.memory * mask.unsqueeze(1), (key * mask).unsqueeze(-1)
    cosine = torch.bmm(masked_rows, masked_key)[..., 0] / (masked_rows.norm(dim=-1) * masked_key.norm(dim=1))
    expected = (cosine + (before.recall_count + 1).log()).softmax(-1)
    torch.testing.assert_close(after.read_weighting[:, 0], expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(after.recall_count, 0.5 * before.recall_count + after.read_weighting[:, 0])
    told = model.heads(view.controller)[:, -3:]
    torch.testing.assert_close(mask, 0.1 + 0.9 * torch.sigmoid(told))


def test_rows_that_start_equal_part_at_the_first_write_and_learn_apart():
    model = built()
    start = model.initial_state(1)
    assert (start.memory == start.memory[:, :1]).all()
    _, state, _ = model.step(torch.ones(1, 2).double(), start)
    assert (state.memory[0, 0] - state.memory[0, 1]).abs().max() > 0.1
    _, state, _ = model.step(torch.zeros(1, 2).double(), state)
    (state.memory[0, 0] - state.memory[0, 1]).square().sum().backward()
    assert model.heads.weight.grad.abs().min() > 0


def test_several_heads_do_not_make_copies_of_rows():
    model = small_model(name="mann", read_heads=2)
    _, state, _ = model(small_task().sample(1, torch.Generator().manual_seed(0), 4).inputs)
    distances = torch.cdist(state.memory[0], state.memory[0]) + torch.eye(8)
    assert distances.min() > 1e-3


def test_write_heads_have_the_keys_and_masks_of_their_read_heads():
    model = built(read_heads=2, mask=True)
    before = somewhere(2)
    _, after, view = model.step(torch.zeros(2, 2).double(), before)
    for both in (view.key, view.lookup_mask):
        assert torch.equal(both[:, :2], both[:, 2:])
    assert torch.equal(view.key[:, 2:], view.add)
    assert torch.equal(view.content_weighting, torch.cat((after.read_weighting, before.read_weighting), dim=1))
    mixed = torch.lerp(view.content_weighting[:, 2:], view.least_used, view.allocation_gate.unsqueeze(-1))
    torch.testing.assert_close(mixed, view.write_weighting)


def test_the_spec_has_what_rebuilds_the_memory_and_no_erase():
    spec = TraceSpec(small_model(name="mann", read_heads=2).fields())
    assert spec.with_role(Role.ERASE) is None
    assert spec.with_role(Role.KEEP).shape == (8,)
    assert spec.with_role(Role.KEY).shape == (4, 5)
    assert spec.with_role(Role.KEY).dims == ("head", "word")
    assert [field.name for field in spec.carried] == [
        "memory",
        "read_weighting",
        "read_vector",
        "usage",
        "controller",
        "controller_cell",
    ]
