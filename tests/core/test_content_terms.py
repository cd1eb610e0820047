"""What a lookup takes into account beside the key: against loops, by hand, and what each term is for."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from ntm_core import addressing, content_terms
from ntm_core.content_terms import RecallTerms
from ntm_core.errors import ConfigError
from ntm_core.ntm_config import NTMConfig
from tests.core import slow
from tests.core.builders import small_model, small_task

sizes = st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 3), st.integers(0, 2**32 - 1))
"""Batch, locations, read heads, seed."""


def terms_of(rows, prominence=0.0, priming=0.0, **chosen):
    return NTMConfig(1, 1, locations=rows, shift_range=0, prominence=prominence, priming=priming, **chosen)


def reading(rows, row, times=1.0):
    """One read head of one sequence that looks at a row: (1, 1, rows)."""
    weighting = torch.zeros(1, 1, rows, dtype=torch.float64)
    weighting[..., row] = times
    return weighting


def nothing_read(config, batch=1):
    return content_terms.first(config, batch, torch.zeros((), dtype=torch.float64))


def drawn_terms(batch, rows, heads, seed):
    random = np.random.default_rng(seed)
    arrays = (
        random.uniform(0, 5, (batch, rows)),
        random.uniform(0, 3, (batch, rows)),
        random.uniform(0, 2, (batch, rows, rows)) * random.choice([0.0, 1.0], (batch, rows, rows)),
    )
    weighting = random.dirichlet(np.ones(rows), (batch, heads))
    return RecallTerms(*map(torch.from_numpy, arrays)), torch.from_numpy(weighting)


@settings(max_examples=40)
@given(sizes=sizes)
def test_what_is_kept_and_what_it_adds_equal_slow_loops(sizes):
    batch, rows, _, _ = sizes
    config = terms_of(rows, 0.7, 3.0, prominence_decay=0.9, priming_decay=0.8, priming_spread=0.4)
    terms, weighting = drawn_terms(*sizes)
    prior, spread = content_terms.prior(config, terms)
    after = content_terms.after(config, terms, weighting)
    assert prior.shape == (batch, 1, rows)
    for item in range(batch):
        count, trace, association = (each[item].numpy() for each in terms)
        wanted = slow.spread(association, trace, 0.4, content_terms.HOPS)
        np.testing.assert_allclose(spread[item].numpy(), wanted, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(prior[item, 0].numpy(), slow.prior(count, 0.7, wanted, 3.0), rtol=1e-9, atol=1e-12)
        slowly = slow.recalled(count, trace, association, weighting[item].numpy(), 0.9, 0.8)
        for found, expected in zip(after, slowly, strict=True):
            np.testing.assert_allclose(found[item].numpy(), expected, rtol=1e-9, atol=1e-12)


def test_the_gradients_of_the_terms_are_right():
    config = terms_of(4, 0.7, 3.0)
    terms, weighting = drawn_terms(2, 4, 2, seed=0)

    def both(count, trace, association, weighting):
        terms = RecallTerms(count, trace, association)
        return content_terms.prior(config, terms).scores, *content_terms.after(config, terms, weighting)

    assert gradcheck(both, [each.requires_grad_() for each in (*terms, weighting)])


def test_a_term_that_is_off_carries_and_adds_nothing():
    like = torch.zeros(())
    assert content_terms.first(terms_of(4), 2, like) == (None, None, None)
    assert content_terms.prior(terms_of(4), RecallTerms(None, None, None)) == (None, None)
    counted = content_terms.first(terms_of(4, prominence=1.0), 2, like)
    assert counted.recall_count.shape == (2, 4) and counted[1:] == (None, None)
    primed = content_terms.first(terms_of(4, priming=1.0), 2, like)
    assert primed.recall_count is None and primed.association.shape == (2, 4, 4)


def test_before_anything_was_read_the_terms_say_nothing():
    config = terms_of(4, 1.0, 1.0)
    prior, spread = content_terms.prior(config, nothing_read(config))
    assert not prior.any() and not spread.any()


def test_all_read_heads_count_and_each_read_fades():
    config = terms_of(3, 1.0, prominence_decay=0.5)
    both = torch.cat((reading(3, 0), reading(3, 0, 0.5) + reading(3, 2, 0.5)), dim=1)
    terms = content_terms.after(config, nothing_read(config), both)
    assert terms.recall_count.tolist() == [[1.5, 0, 0.5]]
    terms = content_terms.after(config, terms, reading(3, 1))
    assert terms.recall_count.tolist() == [[0.75, 1, 0.25]]


def test_a_rehearsed_row_becomes_prominent_and_is_forgotten_again():
    """Row 0 of four equal rows, read at every other one of 30 steps: its share is 8.652 / 11.652 then."""
    config, silence = terms_of(4, 1.0), torch.zeros(1, 1, 4, dtype=torch.float64)
    terms, shares = nothing_read(config), []
    for step in range(60):
        shares.append(content_terms.prior(config, terms).scores.softmax(-1)[0, 0, 0].item())
        terms = content_terms.after(config, terms, reading(4, 0) if step < 30 and step % 2 == 0 else silence)
    rehearsed = 0.95 * (1 - 0.95**30) / (1 - 0.95**2)
    assert rehearsed + 1 == pytest.approx(8.652, abs=5e-4)
    assert shares[0] == 0.25
    assert shares[30] == pytest.approx((rehearsed + 1) / (rehearsed + 4)) == pytest.approx(0.743, abs=5e-4)
    assert shares[59] == pytest.approx(0.476, abs=5e-4)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_prominence_multiplies_a_weight_by_a_power_of_the_count(strength):
    config = terms_of(4, strength)
    counts = torch.tensor([[0.0, 1.0, 3.0, 8.0]], dtype=torch.float64)
    prior = content_terms.prior(config, RecallTerms(counts, None, None)).scores
    wanted = (counts + 1) ** strength
    torch.testing.assert_close(prior.softmax(-1)[0], wanted / wanted.sum())


def growth(strength, decay=0.95, rows=4, steps=200):
    """By how much a small lead of row 0 grows in a step where equal rows are read as prominent as they are."""
    config = SimpleNamespace(prominence=strength, prominence_decay=decay, priming=0.0)
    even = 1 / rows / (1 - decay)
    counts = torch.full((1, rows), even, dtype=torch.float64)
    counts[0, 0] += 1e-6
    terms = RecallTerms(counts - 1e-6 / rows, None, None)
    for _ in range(steps):
        weighting = content_terms.prior(config, terms).scores.softmax(-1)
        terms = content_terms.after(config, terms, weighting)
    lead = (terms.recall_count[0, 0] - terms.recall_count[0, 1]).item()
    return (lead / 1e-6) ** (1 / steps)


def test_prominence_feeds_itself_by_less_than_it_forgets_up_to_a_strength_of_one():
    """By decay + (1 - decay) strength, the strength less by what the floor of 1 adds to counts of 5: 5 / 6 of it."""
    for strength in (0.0, 0.5, 1.0, 2.0):
        assert growth(strength) == pytest.approx(0.95 + 0.05 * strength * 5 / 6, abs=1e-4)
    assert growth(0.5) < growth(1.0) < 1 < growth(2.0)


def test_a_strength_that_would_run_away_to_one_row_is_refused():
    config = SimpleNamespace(prominence=2.0, prominence_decay=0.95, priming=0.0)
    terms = RecallTerms(torch.tensor([[5.1, 5.0, 5.0, 5.0]], dtype=torch.float64), None, None)
    for _ in range(500):
        weighting = content_terms.prior(config, terms).scores.softmax(-1)
        terms = content_terms.after(config, terms, weighting)
    assert weighting[0, 0, 0] > 0.98
    with pytest.raises(ConfigError, match="prominence is a finite number at least 0 and at most 1; got 2"):
        terms_of(4, 2.0)


DINNER, DESSERT, MEAL, CAR = 0, 1, 2, 3
"""The first rows of two groups of three words."""


def two_groups(config):
    """The terms after the words of each group, and none of two groups, were read one after another, all alike often."""
    association = torch.zeros(1, 6, 6, dtype=torch.float64)
    for group in (range(3), range(3, 6)):
        for i in group:
            for j in group:
                association[0, i, j] = 1.0 if i != j else 0.0
    return nothing_read(config)._replace(association=association)


def chance_of(config, row, recalled, steps_later=0):
    """Of a lookup that fits all rows alike, the weight on a row, so many steps after another was read."""
    terms = two_groups(config)._replace(recall_trace=reading(6, recalled)[0])
    silence = torch.zeros(1, 1, 6, dtype=torch.float64)
    for _ in range(steps_later):
        terms = content_terms.after(config, terms, silence)
    prior = content_terms.prior(config, terms).scores
    return addressing.content_weighting(
        torch.ones(1, 6, 2, dtype=torch.float64),
        torch.ones(1, 1, 2, dtype=torch.float64),
        torch.ones(1, 1, dtype=torch.float64),
        prior=prior,
    )[0, 0, row].item()


def logit(chance):
    return math.log(chance / (1 - chance))


def priming_effect(config, row, steps_later=0):
    related, unrelated = (chance_of(config, row, each, steps_later) for each in (DINNER, CAR))
    return logit(related) - logit(unrelated)


def test_a_row_is_primed_by_what_was_read_together_with_it():
    """In a trio half of what a row passes on reaches each of the others: alpha/2 in a hop, alpha^2/4 by way of both."""
    config = terms_of(6, priming=3.0)
    associate, itself = 0.5 / 2 + 0.5**2 / 4, 0.5**2 / 2
    all_rows = 2 * math.exp(3 * associate) + math.exp(3 * itself) + 3
    assert chance_of(config, DESSERT, DINNER) == pytest.approx(math.exp(3 * associate) / all_rows)
    assert chance_of(config, DESSERT, CAR) == pytest.approx(1 / all_rows)
    assert chance_of(config, DESSERT, DINNER) == pytest.approx(0.267, abs=5e-4)
    assert chance_of(config, DESSERT, CAR) == pytest.approx(0.105, abs=5e-4)
    assert priming_effect(config, DESSERT) == pytest.approx(1.138, abs=5e-4)


def test_a_third_hop_would_prime_a_little_more(monkeypatch):
    """The whole of what could be passed on: .290, .087 and 1.45; two hops have most of it at half the products."""
    figures = []
    for hops in (1, 2, 3, 40):
        monkeypatch.setattr(content_terms, "HOPS", hops)
        config = terms_of(6, priming=3.0)
        related, unrelated = (chance_of(config, DESSERT, each) for each in (DINNER, CAR))
        figures.append((related, unrelated, priming_effect(config, DESSERT)))
    assert figures[2] == pytest.approx((0.2806, 0.0955, 1.307), abs=5e-4)
    assert figures[3] == pytest.approx((0.2897, 0.0872, 1.451), abs=5e-4)
    assert [effect for _, _, effect in figures] == sorted(effect for _, _, effect in figures)


def test_without_priming_or_without_a_link_nothing_is_primed():
    assert priming_effect(terms_of(6), DESSERT) == 0
    config = terms_of(6, priming=3.0)
    _, spread = content_terms.prior(config, two_groups(config)._replace(recall_trace=reading(6, DINNER)[0]))
    assert (spread[0, :3] > 0).all()
    assert spread[0, 3:].tolist() == [0, 0, 0]
    unlinked = two_groups(config)._replace(
        recall_trace=reading(6, DINNER)[0], association=torch.zeros(1, 6, 6).double()
    )
    assert not content_terms.prior(config, unlinked).scores.any()


def test_a_priming_effect_fades_with_the_trace_of_reads():
    config = terms_of(6, priming=3.0, priming_decay=0.8)
    effects = [priming_effect(config, MEAL, steps_later=later) for later in range(20)]
    assert all(after < before for before, after in pairwise(effects))
    assert 0 < effects[-1] < 0.05 * effects[0]


def test_what_is_read_one_after_another_is_linked_and_the_nearer_the_more():
    config = terms_of(4, priming=1.0, priming_decay=0.5)
    terms = nothing_read(config)
    for row in range(3):
        terms = content_terms.after(config, terms, reading(4, row))
    # Row i, column j: i was read after j, 1 right after, half a step later.
    assert terms.association[0].tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [0.5, 1, 0, 0], [0, 0, 0, 0]]
    assert terms.recall_trace[0].tolist() == [0.25, 0.5, 1, 0]


def test_a_row_with_more_associates_primes_each_of_them_less():
    association = torch.zeros(1, 6, 6, dtype=torch.float64)
    association[0, 1:4, 0] = 1.0  # row 0 has three associates
    association[0, 5, 4] = 1.0  # and row 4 has one
    few, many = (content_terms.spread_of(association, reading(6, row)[0], 0.5) for row in (4, 0))
    assert few[0, 5].item() == pytest.approx(0.5)
    assert many[0, 1].item() == pytest.approx(0.5 / 3)
    assert torch.equal(content_terms.spread_of(association.mT, reading(6, 0)[0], 0.5), many)


@settings(max_examples=40)
@given(sizes=sizes)
def test_no_more_spreads_than_all_hops_can_pass_on(sizes):
    terms, _ = drawn_terms(*sizes)
    spread = content_terms.spread_of(terms.association, terms.recall_trace, 0.5)
    assert (spread >= 0).all()
    assert (spread.sum(1) <= (0.5 + 0.25) * terms.recall_trace.sum(1) + 1e-9).all()


def test_priming_teaches_by_no_spikes_though_rows_start_without_associates():
    """A column of associations that is 0 is divided by 1e-9: what it teaches must not come through."""
    norms = []
    for priming in (0.0, 1.0):
        model = small_model(locations=128, read_heads=2, priming=priming)
        model(small_task().sample(4, torch.Generator().manual_seed(0), 4).inputs)[0].square().sum().backward()
        norms.append(sum(parameter.grad.square().sum().item() for parameter in model.parameters()) ** 0.5)
    assert norms[1] < 4 * norms[0]


@pytest.mark.parametrize("order", ["read_first", "write_first"])
@pytest.mark.parametrize("term", [{"prominence": 1.0}, {"priming": 5.0}])
def test_every_head_of_a_step_looks_up_by_what_was_read_before_it(order, term):
    model = small_model(read_heads=2, write_heads=2, order=order, **term).double()
    inputs = small_task().sample(2, torch.Generator().manual_seed(0), 4).inputs.double()
    state = model.initial_state(2)
    for x in inputs:
        terms = RecallTerms(state.recall_count, state.recall_trace, state.association)
        prior = content_terms.prior(model.config, terms).scores
        _, after, view = model.step(x, state)
        read_from = state.memory if order == "read_first" else after.memory
        for heads, memory in ((slice(2), read_from), (slice(2, None), state.memory)):
            lookup = memory, view.key[:, heads], view.key_strength[:, heads]
            wanted = addressing.content_weighting(*lookup, prior=prior)
            torch.testing.assert_close(view.content_weighting[:, heads], wanted, atol=1e-12, rtol=0)
        wanted = content_terms.after(model.config, terms, view.read_weighting)
        for name, value in wanted._asdict().items():
            assert value is getattr(after, name) is None or torch.equal(getattr(after, name), value)
        state = after
    assert prior.abs().max() > 1e-3
