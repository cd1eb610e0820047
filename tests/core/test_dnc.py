"""The DNC itself: its step, its gradient, what it keeps to, and that its variants change what they say and no more."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

import ntm_core
from ntm_core import content_terms
from ntm_core.content_terms import RecallTerms
from ntm_core.dnc import DNC, DNCConfig
from ntm_core.errors import ConfigError
from ntm_core.network import held
from ntm_core.trace import Role, TraceSpec
from tests.core import slow_dnc
from tests.core.builders import small_model

VARIANTS = {
    "plain": {},
    "two reads": {"read_heads": 2},
    "mask": {"mask": True},
    "deallocation": {"deallocation": True},
    "link sharpness": {"link_sharpness": True, "read_heads": 2},
    "all three": {"mask": True, "deallocation": True, "link_sharpness": True, "read_heads": 2},
    "prominence": {"prominence": 0.7},
    "all terms": {"mask": True, "prominence": 0.7, "priming": 2.0, "read_heads": 2},
}


def small_dnc(**settings):
    config = DNCConfig(2, 2, **{"locations": 4, "word_size": 3, "hidden_size": 3} | settings)
    return DNC(config, torch.Generator().manual_seed(0)).double()


def state_after(model, steps, batch=2, seed=1):
    """A state as the model reaches it on random inputs, and one more input."""
    draw = torch.Generator().manual_seed(seed)
    inputs = torch.randn(steps + 1, batch, model.config.inputs, generator=draw, dtype=model.output.weight.dtype)
    with torch.no_grad():
        _, state, _ = model(inputs[:-1])
    return inputs[-1], state


@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_step_equals_a_slow_loop(variant, steps):
    model = small_dnc(locations=5, **VARIANTS[variant])
    x, state = state_after(model, steps)
    terms = RecallTerms(state.recall_count, state.recall_trace, state.association)
    prior, _ = content_terms.prior(model.config, terms)
    with torch.no_grad():
        logits, _, view = model.step(x, state)
    weights = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    for item in range(2):
        before = {name: tensor[item].numpy() for name, tensor in held(state).items()}
        extra = np.zeros(5) if prior is None else prior[item, 0].numpy()
        wanted, seen = slow_dnc.step(model.config, weights, x[item].numpy(), before, extra)
        np.testing.assert_allclose(logits[item], wanted, rtol=1e-9, atol=1e-12)
        told = {name: tensor[item].numpy() for name, tensor in held(view).items()}
        terms_shown = {field.name for field in content_terms.fields(model.config)}
        assert told.keys() - terms_shown == seen.keys() - (set() if model.config.mask else {"lookup_mask"})
        for name in told.keys() - terms_shown:
            wanted = np.reshape(seen[name], told[name].shape)
            np.testing.assert_allclose(told[name], wanted, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("sparse", [0, 3])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_gradient_of_a_step_is_right_on_a_small_memory(variant, sparse):
    """But for the write weighting before it, through which none passes."""
    model = small_dnc(sparse_links=sparse, **VARIANTS[variant])
    x, state = state_after(model, 5)
    usage = model.step(x, state)[2].usage
    assert usage.sort(-1).values.diff(dim=-1).min() > 1e-4  # no ties, where the order turns over
    fixed = ("write_weighting", "link_location")
    moved = {name: tensor.clone().requires_grad_() for name, tensor in held(state).items() if name not in fixed}

    def step(x, *tensors):
        y, after, _ = model.step(x, state._replace(**dict(zip(moved, tensors, strict=True))))
        return y, *(tensor for name, tensor in held(after).items() if name != "link_location")

    assert gradcheck(step, [x.requires_grad_(), *moved.values()])


def test_where_it_wrote_before_has_no_gradient_as_it_acts_through_usage_alone():
    model = small_dnc()
    x, state = state_after(model, 4)
    leaf = state.write_weighting.clone().requires_grad_()
    y, after, _ = model.step(x, state._replace(write_weighting=leaf))
    elsewhere = model.step(x, state._replace(write_weighting=leaf.detach().flip(-1)))[1]
    assert not torch.equal(after.usage, elsewhere.usage)
    (y.sum() + after.memory.square().sum() + after.usage.sum()).backward()
    assert leaf.grad is None


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("sparse", [0, 4])
def test_what_has_to_hold_holds_after_a_hundred_random_steps(variant, sparse):
    model = small_dnc(locations=12, hidden_size=8, sparse_links=sparse, **VARIANTS[variant])
    with torch.no_grad():
        model.interface.weight *= 4  # gates and modes that go all the way
    _, state = state_after(model, 100, batch=8)
    links = state.links
    if state.link_location is not None:
        links = torch.zeros(8, 12, 12).double().scatter_add(2, state.link_location.long(), links)
    assert links.min() >= 0
    assert links.max() > 0.01
    slack = 1 + 1e-12
    assert links.sum(1).max() <= slack
    assert links.sum(2).max() <= slack
    assert links.diagonal(dim1=1, dim2=2).abs().max() == 0
    assert state.usage.min() >= 0 and state.usage.max() <= 1
    assert state.write_weighting.sum(-1).max() <= slack
    assert state.read_weighting.sum(-1).max() <= slack
    assert state.precedence.sum(-1).max() <= slack


def test_an_episode_starts_from_zero_but_for_the_learned_controller():
    state = small_dnc(sparse_links=2).initial_state(3)
    zero = {name for name, tensor in held(state).items() if not tensor.any()}
    assert zero == held(state).keys() - {"controller", "controller_cell", "link_location"}
    assert {"controller.first_hidden", "controller.first_cell"} <= {name for name, _ in small_dnc().named_parameters()}


def test_the_first_write_is_allocated_to_the_first_row():
    model = small_dnc()
    _, _, view = model.step(torch.zeros(1, 2).double(), model.initial_state(1))
    assert view.allocation.argmax().item() == 0
    assert view.allocation.max().item() == pytest.approx(0.999999)


def test_the_interface_is_as_long_as_the_paper_says():
    for reads, word in ((1, 20), (4, 64), (8, 32)):
        config = DNCConfig(1, 1, read_heads=reads, word_size=word)
        assert DNC(config).interface.out_features == word * reads + 3 * word + 5 * reads + 3


def same_steps(plain, other, steps=12):
    """Give both the same weights and inputs: whether what both show is the same to the bit."""
    other.load_state_dict(plain.state_dict())
    inputs = torch.randn(steps, 2, plain.config.inputs, generator=torch.Generator().manual_seed(2))
    (y, _, seen), (other_y, _, other_seen) = plain(inputs, trace=True), other(inputs, trace=True)
    wanted, found = held(seen.steps), held(other_seen.steps)
    return torch.equal(y, other_y) and all(torch.equal(wanted[name], found[name]) for name in wanted.keys() & found)


@pytest.mark.parametrize("term", ["prominence", "priming"])
def test_a_term_of_no_weight_leaves_the_plain_network_to_the_bit(term):
    plain = small_model(name="dnc", read_heads=2, kernel="eager")
    assert same_steps(plain, small_model(name="dnc", read_heads=2, **{term: 1e-300}))
    assert not same_steps(plain, small_model(name="dnc", read_heads=2, **{term: 1.0}))


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"mask": True}, {"lookup_mask"}),
        ({"deallocation": True}, {"keep"}),
        ({"link_sharpness": True}, {"backward_sharpness", "forward_sharpness"}),
        ({"sparse_links": 1}, {"link_location"}),
        ({"prominence": 0.5}, {"recall_count"}),
        ({"priming": 0.5}, {"recall_trace", "association", "spread"}),
    ],
)
def test_a_setting_shows_what_it_adds_and_only_then(settings, names):
    plain, with_it = ({field.name for field in small_dnc(**each).fields()} for each in ({}, settings))
    assert with_it - plain == names


def test_deallocation_wipes_what_the_free_gates_free_and_nothing_else():
    plain, wiping = small_model(name="dnc", kernel="eager"), small_model(name="dnc", deallocation=True)
    assert not same_steps(plain, wiping)
    free_gate = 4 * plain.config.word_size  # after two keys, the write vector and the erase vector
    with torch.no_grad():
        plain.interface.weight[free_gate] = 0
        plain.interface.bias[free_gate] = -1e3
    assert same_steps(plain, wiping)
    with torch.no_grad():
        wiping.interface.bias[free_gate] = 1e3
    state = wiping.initial_state(1)
    state = state._replace(memory=torch.ones_like(state.memory))
    state.read_weighting[0, 0, 3] = 1
    after = wiping.step(torch.zeros(1, plain.config.inputs), state)[2]
    assert after.free_gate.item() == 1
    assert after.keep[0].tolist() == [1.0] * 3 + [0.0] + [1.0] * 4
    written = after.write_weighting[0, 0, 3] * after.add[0, 0]
    torch.testing.assert_close(after.memory[0, 3], written)
    assert after.memory[0, 4].min() > 0.5


def test_with_as_many_links_as_locations_it_is_the_network_with_all_links():
    full, sparse = small_model(name="dnc", read_heads=2), small_model(name="dnc", read_heads=2, sparse_links=8)
    inputs = torch.randn(30, 2, full.config.inputs, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    y, other_y = full.double()(inputs)[0], sparse.double()(inputs)[0]
    torch.testing.assert_close(y, other_y, rtol=0, atol=1e-12)


def test_a_link_that_is_edited_to_lead_out_of_the_memory_leads_to_its_ends():
    model = small_dnc(sparse_links=2)
    x, state = state_after(model, 3)
    state.link_location[:, 0] = torch.tensor([-5.0, 99.0])
    after = model.step(x, state)[1]
    assert all(tensor.isfinite().all() for tensor in held(after).values())
    assert after.link_location.min() >= 0 and after.link_location.max() <= 3
    assert after.links.min() >= 0


def test_with_deallocation_what_is_kept_is_recorded_for_whoever_rebuilds_the_memory():
    for deallocation, role in ((False, Role.RETENTION), (True, Role.KEEP)):
        spec = TraceSpec(small_model(name="dnc", deallocation=deallocation).fields())
        assert [each.role for each in spec if each.role in (Role.RETENTION, Role.KEEP)] == [role]


def test_the_door_offers_it():
    assert (ntm_core.DNC, ntm_core.DNCConfig) == (DNC, DNCConfig)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sparse_links": -1}, "sparse_links is a whole number, at least 0; got -1"),
        ({"sparse_links": 129}, "sparse_links is at most locations, 128; got 129"),
        ({"read_heads": 0}, "read_heads is a whole number, at least 1; got 0"),
        ({"deallocation": 1}, "deallocation is true or false; got 1"),
        ({"link_sharpness": None}, "link_sharpness is true or false; got None"),
    ],
)
def test_a_setting_that_cannot_be_says_what_is_wanted(settings, message):
    with pytest.raises(ConfigError) as raised:
        DNCConfig(2, 2, **settings)
    assert str(raised.value) == message
