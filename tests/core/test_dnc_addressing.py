"""What a DNC does beside content lookup: against loops, against hand-worked values, and its known invariants."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from ntm_core import dnc_addressing
from tests.core import slow_dnc

sizes = st.tuples(*(st.integers(1, top) for top in (3, 3, 7)), st.integers(0, 2**32 - 1))


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64)


def arguments(batch, reads, locations, seed):
    """Random float64 arguments for each function that slow loops have too, in the domains that the paper names."""
    random = np.random.default_rng(seed)

    def shares(*shape):
        drawn = random.exponential(size=shape) + 1e-9
        return drawn / drawn.sum(-1, keepdims=True) * random.uniform(0, 1, (*shape[:-1], 1))

    def some(*shape):
        return random.uniform(0, 1, shape)

    one, many = (batch, locations), (batch, reads, locations)
    links = shares(batch, locations, locations) / locations
    return {
        "retention": (some(batch, reads), shares(*many)),
        "usage": (some(*one), shares(*one), some(*one)),
        "allocation": (some(*one),),
        "linked": (links, shares(*one), shares(*one)),
        "precedence": (shares(*one), shares(*one)),
        "forward": (links, shares(*many)),
        "backward": (links, shares(*many)),
        "sharpen": (shares(*many), random.uniform(1, 20, (batch, reads))),
    }


NAMES = tuple(arguments(1, 1, 1, 0))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(sizes=sizes)
def test_each_function_equals_a_slow_loop(name, sizes):
    arrays = arguments(*sizes)[name]
    result = getattr(dnc_addressing, name)(*(torch.from_numpy(each) for each in arrays)).numpy()
    for item, values in enumerate(zip(*arrays, strict=True)):
        wanted = getattr(slow_dnc, name)(*values)
        np.testing.assert_allclose(result[item], wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "usage"])
def test_gradients_are_right(name):
    given_tensors = [torch.from_numpy(each).requires_grad_() for each in arguments(2, 2, 4, seed=3)[name]]
    assert gradcheck(getattr(dnc_addressing, name), given_tensors)


def test_usage_teaches_the_free_gates_but_not_where_to_write():
    previous, written, retention = (torch.from_numpy(each) for each in arguments(2, 2, 4, seed=3)["usage"])
    leaves = previous.requires_grad_(), retention.requires_grad_()
    assert gradcheck(lambda *both: dnc_addressing.usage(both[0], written, both[1]), leaves)
    written.requires_grad_()
    dnc_addressing.usage(*leaves[:1], written, leaves[1]).sum().backward()
    assert written.grad is None
    assert leaves[1].grad.abs().min() > 0


def test_an_empty_memory_is_allocated_from_its_first_row_on():
    allocation = dnc_addressing.allocation(torch.zeros(1, 4).double())[0]
    torch.testing.assert_close(allocation, doubles(0.999999, 0.999999e-6, 0.999999e-12, 0.999999e-18))


def test_a_full_memory_allocates_nothing():
    assert dnc_addressing.allocation(torch.ones(2, 5)).tolist() == [[0.0] * 5] * 2


def test_the_least_used_row_is_allocated_and_the_next_one_by_what_is_left():
    allocation = dnc_addressing.allocation(doubles([0.8, 0.25, 0.5]))[0]
    # (1 - 0.25), then 0.25 (1 - 0.5), then 0.25 0.5 (1 - 0.8)
    torch.testing.assert_close(allocation, doubles(0.025, 0.75, 0.125), rtol=0, atol=1e-5)


def test_equally_used_rows_are_allocated_in_their_order_on_memories_of_any_size():
    for rows in (3, 17, 200):
        allocation = dnc_addressing.allocation(torch.full((1, rows), 0.5))[0]
        assert allocation.sort(descending=True, stable=True).indices.tolist() == list(range(rows))


def test_gradients_of_allocation_are_finite_where_rows_are_free_or_full():
    usage = torch.cat((torch.zeros(1, 30), torch.ones(1, 30), torch.rand(1, 30)), 1).requires_grad_()
    (dnc_addressing.allocation(usage) * torch.randn(1, 90)).sum().backward()
    assert usage.grad.isfinite().all()
    assert usage.grad.abs().max() < 1e3


def test_a_closed_write_gate_writes_nothing_and_an_open_allocation_gate_ignores_content():
    content, allocation = doubles([0.2, 0.8]), doubles([0.9, 0.1])
    gates = {"shut": doubles([0.0]), "open": doubles([1.0]), "half": doubles([0.5])}
    write = dnc_addressing.write_weighting
    assert write(content, allocation, gates["half"], gates["shut"]).tolist() == [[0.0, 0.0]]
    assert write(content, allocation, gates["open"], gates["open"]).tolist() == allocation.tolist()
    assert write(content, allocation, gates["shut"], gates["open"]).tolist() == content.tolist()
    torch.testing.assert_close(write(content, allocation, gates["half"], gates["half"]), doubles([0.275, 0.225]))


def test_usage_never_leaves_zero_to_one_in_float32():
    draw = torch.Generator().manual_seed(0)
    usage = torch.zeros(64, 50)
    for _ in range(200):
        written = torch.rand(64, 50, generator=draw) ** 0.1
        usage = dnc_addressing.usage(usage, written, torch.ones(64, 50))
    assert usage.max() == 1.0


def test_a_row_is_linked_to_the_one_written_right_before_and_never_to_itself():
    links, precedence = torch.zeros(1, 4, 4).double(), torch.zeros(1, 4).double()
    for row in (2, 0, 0, 3):
        written = torch.eye(4).double()[row][None]
        links, precedence = (
            dnc_addressing.linked(links, written, precedence),
            dnc_addressing.precedence(precedence, written),
        )
    # The second write to row 0 comes after row 0, so its link to row 2 is gone.
    assert links[0].nonzero().tolist() == [[3, 0]]
    at_row_0 = torch.eye(4).double()[None, :1]
    assert dnc_addressing.forward(links, at_row_0).argmax().item() == 3
    assert dnc_addressing.backward(links, torch.eye(4).double()[None, 3:]).argmax().item() == 0


def blurred_walk(blur, sharpness):
    """The mass that is left after 11 hops along 12 writes, and where most of it is, of a memory of 32 rows.

    Each write is off its row by a blur that goes evenly to all others.
    """
    rows = 32
    links, precedence = torch.zeros(1, rows, rows).double(), torch.zeros(1, rows).double()
    for row in range(12):
        written = torch.full((1, rows), blur / (rows - 1), dtype=torch.float64)
        written[0, row] = 1 - blur
        links = dnc_addressing.linked(links, written, precedence)
        precedence = dnc_addressing.precedence(precedence, written)
    place = torch.zeros(1, 1, rows).double()
    place[..., 0] = 1
    for _ in range(11):
        place = dnc_addressing.forward(links, place)
        if sharpness:
            place = dnc_addressing.sharpen(place, doubles([sharpness]))
    return place.sum().item(), place.argmax().item(), place.max().item()


@pytest.mark.parametrize(("blur", "left"), [(0.0, 1.0), (0.05, 0.31), (0.1, 0.093), (0.2, 0.0081)])
def test_eleven_hops_fade_with_the_blur_of_writes_and_sharpening_restores_them(blur, left):
    mass, row, _ = blurred_walk(blur, sharpness=None)
    assert mass == pytest.approx(left, rel=0.01)
    assert row == 11
    mass, row, most = blurred_walk(blur, sharpness=5.0)
    assert mass == pytest.approx(1)
    assert row == 11
    assert most > 0.999


def test_sharpening_what_leads_nowhere_is_uniform_and_has_a_gradient():
    nowhere = torch.zeros(1, 1, 4, requires_grad=True)
    sharpened = dnc_addressing.sharpen(nowhere, torch.tensor([[50.0]]))
    assert sharpened.tolist() == [[[0.25] * 4]]
    sharpened[..., 0].sum().backward()
    assert nowhere.grad.isfinite().all()


def test_the_three_ways_to_read_are_mixed_by_their_names():
    ways = {name: torch.eye(3).double()[at].view(1, 1, 3) for at, name in enumerate(("backward", "content", "forward"))}
    modes = {"backward_mode": doubles([0.5]), "content_mode": doubles([0.3]), "forward_mode": doubles([0.2])}
    assert dnc_addressing.read_weighting(**ways, **modes).tolist() == [[[0.5, 0.3, 0.2]]]
