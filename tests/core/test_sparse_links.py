"""Links of which only the strongest of each row are kept."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import gradcheck
from torch.utils._python_dispatch import TorchDispatchMode

from ntm_core import dnc_addressing, sparse_links
from tests.core import slow_dnc
from tests.core.builders import small_model


def weightings(steps, *shape, seed=0):
    """Random weightings in float64 that sum to less than 1, sharper and blunter ones."""
    draw = torch.Generator().manual_seed(seed)
    scores = 4 * torch.randn(steps, *shape, generator=draw, dtype=torch.float64)
    return scores.softmax(-1) * torch.rand(steps, *shape[:-1], 1, generator=draw, dtype=torch.float64)


def no_links(batch, rows, kept):
    return torch.zeros(batch, rows, kept).double(), torch.arange(kept).expand(batch, rows, -1)


def spread_out(links, locations, rows):
    """The full matrix of sparse links."""
    return torch.zeros(*links.shape[:2], rows).double().scatter_add(2, locations, links)


def test_with_all_kept_they_are_the_full_matrix_and_lead_to_the_same_rows():
    rows = 7
    links, locations = no_links(3, rows, rows)
    full, precedence = torch.zeros(3, rows, rows).double(), torch.zeros(3, rows).double()
    reads = weightings(30, 3, 2, rows, seed=1)
    for written, read in zip(weightings(30, 3, rows), reads, strict=True):
        links, locations = sparse_links.linked(links, locations, written, precedence)
        full = dnc_addressing.linked(full, written, precedence)
        precedence = dnc_addressing.precedence(precedence, written)
        torch.testing.assert_close(spread_out(links, locations, rows), full, rtol=0, atol=1e-14)
        for name in ("forward", "backward"):
            led = getattr(sparse_links, name)(links, locations, read)
            torch.testing.assert_close(led, getattr(dnc_addressing, name)(full, read), rtol=0, atol=1e-14)


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_with_some_kept_they_equal_a_slow_loop_and_stay_below_the_full_matrix(kept):
    rows = 6
    links, locations = no_links(1, rows, kept)
    full, precedence = torch.zeros(1, rows, rows).double(), torch.zeros(1, rows).double()
    slow = [dict[int, float]() for _ in range(rows)]
    for written in weightings(40, 1, rows):
        links, locations = sparse_links.linked(links, locations, written, precedence)
        slow = slow_dnc.sparse_linked(slow, written[0].numpy(), precedence[0].numpy(), kept)
        full = dnc_addressing.linked(full, written, precedence)
        precedence = dnc_addressing.precedence(precedence, written)
        for row in range(rows):
            found = dict(zip(locations[0, row].tolist(), links[0, row].tolist(), strict=True))
            assert len(found) == kept  # no location twice
            assert {j: link for j, link in found.items() if link} == pytest.approx(
                {j: link for j, link in slow[row].items() if link}
            )
        assert (links.diff(dim=2) <= 0).all()  # the strongest first
        assert (spread_out(links, locations, rows) <= full + 1e-15).all()


def test_a_few_links_are_enough_for_writes_that_go_to_one_row_each():
    rows = 20
    links, locations = no_links(1, rows, 1)
    precedence = torch.zeros(1, rows).double()
    order = torch.randperm(rows, generator=torch.Generator().manual_seed(0))
    for row in order:
        written = torch.eye(rows).double()[row][None]
        links, locations = sparse_links.linked(links, locations, written, precedence)
        precedence = dnc_addressing.precedence(precedence, written)
    place = torch.eye(rows).double()[order[0]].view(1, 1, -1)
    for row in order[1:]:
        place = sparse_links.forward(links, locations, place)
        assert (place.argmax().item(), place.sum().item()) == (row, 1.0)
    for row in order[:-1].flip(0):
        place = sparse_links.backward(links, locations, place)
        assert (place.argmax().item(), place.sum().item()) == (row, 1.0)


def test_gradients_pass_through_the_values():
    written, precedence = weightings(2, 2, 5, seed=4)
    links, locations = sparse_links.linked(*no_links(2, 5, 3), *weightings(2, 2, 5, seed=5))
    read = weightings(1, 2, 2, 5, seed=6)[0]

    def led(links, written, precedence, read):
        after, places = sparse_links.linked(links, locations, written, precedence)
        return after, sparse_links.forward(after, places, read), sparse_links.backward(after, places, read)

    assert gradcheck(led, [each.requires_grad_() for each in (links, written, precedence, read)])


class Sizes(TorchDispatchMode):
    """Notes how many numbers the largest tensor that is made has."""

    largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **kwargs or {})
        made = result if isinstance(result, tuple | list) else (result,)
        sizes = [each.untyped_storage().nbytes() // each.element_size() for each in made if torch.is_tensor(each)]
        self.largest = max(self.largest, *sizes) if sizes else self.largest
        return result


def test_no_tensor_grows_with_the_square_of_the_locations_forward_or_backward():
    largest = {}
    for kept in (0, 3):
        model = small_model(name="dnc", locations=400, sparse_links=kept)
        with Sizes() as sizes:
            model(torch.ones(3, 1, model.config.inputs))[0].sum().backward()
        largest[kept] = sizes.largest
    assert largest[0] >= 400 * 400
    assert largest[3] <= 400 * 3 * 2 * 2
