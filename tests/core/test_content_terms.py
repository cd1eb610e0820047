"""Prominence and priming: what a lookup goes by beside the key, against numbers worked by hand."""

from __future__ import annotations

import math

import pytest
import torch

from ntm_core import addressing, content_terms
from ntm_core.content_terms import RecallTerms
from ntm_core.errors import ConfigError
from ntm_core.ntm_config import NTMConfig

ROWS = 4


def config(**settings):
    return NTMConfig(2, 2, locations=ROWS, word_size=3, shift_range=0, **settings)


def one_hot(row, rows=ROWS):
    return torch.eye(rows, dtype=torch.float64)[row].view(1, 1, rows)


def weighting_of(settings, terms):
    """Of a lookup among equal rows: only the terms can tell them apart."""
    scores = content_terms.prior(settings, terms).scores
    memory = torch.ones(1, ROWS, 3, dtype=torch.float64)
    key, strength = torch.ones(1, 1, 3, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    return addressing.content_weighting(memory, key, strength, None, scores)[0, 0]


def first(settings):
    return content_terms.first(settings, 1, torch.zeros(1, dtype=torch.float64))


def test_a_row_that_is_rehearsed_grows_prominent_and_fades():
    """Row 0 is read at every other of 30 steps: of four equal rows it takes 0.743, and 0.476 after 29 steps more."""
    settings, nothing = config(prominence=1.0), torch.zeros(1, 1, ROWS, dtype=torch.float64)
    terms = first(settings)
    assert weighting_of(settings, terms).tolist() == pytest.approx([0.25] * ROWS)
    count, weights = 0.0, []
    for step in range(60):
        is_read = step < 30 and step % 2 == 0
        terms = content_terms.after(settings, terms, one_hot(0) if is_read else nothing)
        count = 0.95 * count + is_read
        assert terms.recall_count[0, 0].item() == pytest.approx(count)
        weights.append(weighting_of(settings, terms)[0].item())
        assert weights[-1] == pytest.approx((count + 1) / (count + ROWS))
    assert max(weights[:30]) == pytest.approx(8.652 / 11.652, abs=0.02)
    assert weights[29] > 0.7 > 0.5 > weights[59] > 0.4


def test_without_prominence_what_was_read_changes_nothing():
    settings = config()
    terms = content_terms.after(settings, first(settings), one_hot(0))
    assert terms == RecallTerms(None, None, None)
    assert content_terms.prior(settings, terms) == (None, None)


@pytest.mark.parametrize(("strength", "end"), [(0.5, "fades"), (1.0, "stays")])
def test_a_row_that_feeds_itself_does_not_run_away(strength, end):
    """Reads follow the terms alone: up to a strength of 1 an early lead does not grow to everything."""
    settings = config(prominence=strength)
    terms = content_terms.after(settings, first(settings), 5 * one_hot(0))
    lead = [weighting_of(settings, terms)[0].item()]
    for _ in range(400):
        terms = content_terms.after(settings, terms, weighting_of(settings, terms).view(1, 1, ROWS))
        lead.append(weighting_of(settings, terms)[0].item())
    if end == "fades":
        assert lead[-1] == pytest.approx(0.25, abs=0.01)
    else:
        assert lead[-1] < lead[0]


def test_a_strength_that_would_run_away_is_refused():
    with pytest.raises(ConfigError, match="prominence is a finite number at least 0 and at most 1; got 2"):
        config(prominence=2)


DINNER, DESSERT, CAR, ROAD = range(ROWS)


def primed(settings, *reads):
    terms = first(settings)
    for row in reads:
        terms = content_terms.after(settings, terms, one_hot(row))
    return weighting_of(settings, terms)


def logit(share):
    return math.log(share / (1 - share))


def effect(settings):
    """The priming effect of DINNER on DESSERT, beside that of an unrelated row."""
    together = (DINNER, DESSERT, DINNER, DESSERT)
    pause = 80 * (None,)
    terms = first(settings)
    for pair in (together, pause, (CAR, ROAD, CAR, ROAD), pause):
        for row in pair:
            read = torch.zeros(1, 1, ROWS, dtype=torch.float64) if row is None else one_hot(row)
            terms = content_terms.after(settings, terms, read)
    shares = []
    for cue in (DINNER, CAR):
        after = content_terms.after(settings, terms, one_hot(cue))
        shares.append(weighting_of(settings, after)[DESSERT].item())
    return logit(shares[0]) - logit(shares[1])


def test_reading_a_row_primes_those_that_were_read_with_it():
    assert effect(config(priming=3.0)) > 1.0
    assert effect(config(priming=1e-12)) == pytest.approx(0, abs=1e-9)


def test_priming_fades_with_the_trace():
    settings = config(priming=3.0, priming_decay=0.5)
    soon = primed(settings, DINNER, DESSERT, DINNER)[DESSERT]
    nothing = torch.zeros(1, 1, ROWS, dtype=torch.float64)
    terms = first(settings)
    for row in (DINNER, DESSERT, DINNER):
        terms = content_terms.after(settings, terms, one_hot(row))
    for _ in range(10):
        terms = content_terms.after(settings, terms, nothing)
    assert soon > weighting_of(settings, terms)[DESSERT] > 0.25 - 1e-9


def test_a_row_without_associates_is_not_primed():
    settings = config(priming=3.0)
    terms = RecallTerms(None, one_hot(CAR)[:, 0], torch.zeros(1, ROWS, ROWS, dtype=torch.float64))
    assert content_terms.prior(settings, terms).spread.tolist() == [[0.0] * ROWS]


def slow_spread(association, activation, passed_on, hops):
    """Straight from the definition: the sum of (passed_on P)^k activation, P with columns that sum to 1."""
    rows = len(activation)
    both = [[association[i][j] + association[j][i] if i != j else 0.0 for j in range(rows)] for i in range(rows)]
    totals = [sum(both[i][j] for i in range(rows)) for j in range(rows)]
    reached, spread = list(activation), [0.0] * rows
    for _ in range(hops):
        reached = [
            sum(passed_on * both[i][j] / (totals[j] + content_terms.FEWEST_SHARED) * reached[j] for j in range(rows))
            for i in range(rows)
        ]
        spread = [old + new for old, new in zip(spread, reached, strict=True)]
    return spread


def test_activation_spreads_as_a_slow_loop_says():
    generator = torch.Generator().manual_seed(0)
    association = torch.rand(1, ROWS, ROWS, dtype=torch.float64, generator=generator)
    activation = torch.rand(1, ROWS, dtype=torch.float64, generator=generator)
    spread = content_terms.spread_of(association, activation, 0.5)[0]
    wanted = slow_spread(association[0].tolist(), activation[0].tolist(), 0.5, content_terms.HOPS)
    assert spread.tolist() == pytest.approx(wanted)


def test_what_a_row_passes_on_it_shares_among_its_associates():
    """The fan effect: two associates get half each of what one alone would get."""

    def reached(*associates):
        association = torch.zeros(1, ROWS, ROWS, dtype=torch.float64)
        for row in associates:
            association[0, row, 0] = 1.0
        return content_terms.spread_of(association, one_hot(0)[:, 0], 0.5)[0]

    assert reached(1)[1].item() == pytest.approx(2 * reached(1, 2)[1].item(), rel=2e-3)
