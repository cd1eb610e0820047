"""Each mechanism of the recall lab with the figures it is known by, and without it, when they are gone."""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations

import numpy as np
import pytest
import torch

from ntm_core import addressing, commands, dnc_addressing
from ntm_core.recall import Lab, consolidation_curve, priming, prominence
from ntm_core.recall.availability import availability
from ntm_core.recall.binding import found, mass_led, rebuild, sharpened
from ntm_core.recall.chaining import Stop, chain
from ntm_core.recall.completion import completed, correction, partial
from ntm_core.recall.operations import Among, Lesion, Prime, Recall, Replay, Store, Wait
from ntm_core.recall.priming import graphs
from ntm_core.recall.prominence import Stability
from ntm_core.recall.recalled import recalled, row_of
from ntm_core.recall.routes import routes
from ntm_core.recall.words import random_words
from tests.core.recall_rigs import after, memory_of, together, unit

SURE = 1000.0
"""A strength at which the row that fits best gets all."""


# Content: error correction


def test_recall_corrects_errors_up_to_a_basin_that_shrinks_with_the_strength():
    words = random_words(128, 64)
    sharp, blunt = (correction(words, (0, 0.1, 0.2, 0.3), strength=strength) for strength in (20, 5))
    assert sharp.exact[2] >= 0.95 and sharp.exact[3] == pytest.approx(0.6, abs=0.08)
    assert blunt.exact[1] == pytest.approx(0.81, abs=0.05)
    assert (sharp.basin, blunt.basin) == (pytest.approx(0.2), 0)
    assert sharp.gain[2] > 0.19 and sharp.error_before[2] == pytest.approx(0.2, abs=0.01)
    # Off: a lookup of no strength takes all rows alike.
    assert not correction(words, (0, 0.1), strength=0).exact.any()


def test_recall_that_goes_on_from_what_it_recalled_corrects_more():
    once, again = (correction(random_words(128, 64), (0.1, 0.3), strength=5, rounds=rounds) for rounds in (1, 3))
    assert (again.exact > once.exact + 0.1).all()


def test_a_part_of_a_cue_finds_its_row_better_where_the_lookup_is_told_which_part():
    words = random_words(128, 64)
    for known, masked, unmasked in ((1 / 4, 0.99, 0.90), (1 / 8, 0.75, 0.37)):
        weights = [partial(words, known, strength=20, is_masked=is_masked) for is_masked in (True, False)]
        assert weights == pytest.approx([masked, unmasked], abs=0.05)


def test_a_recall_of_the_memory_is_that_of_the_curve():
    words = random_words(16, 32)
    memory = memory_of(32, locations=16)
    state, _ = after(memory, [Store(tuple(word)) for word in words])
    cue = torch.tensor(words[:1]) * torch.where(torch.arange(32) < 5, -1.0, 1.0)
    mask = (torch.arange(32) < 20).float()
    _, view = after(memory, [Recall(cue[0], mask, strength=4), Recall(strength=4)], state)
    word, weighting = completed(torch.tensor(words), cue, 4, mask.unsqueeze(0), rounds=2)
    torch.testing.assert_close(view.read_weighting[0], weighting)
    torch.testing.assert_close(view.read_vector[0], word)


# Prominence


def rehearsed(strength):
    """The weight of a row of four that was recalled at every other of 30 steps, before, then, and 29 steps later."""
    memory = memory_of(locations=4, prominence_decay=0.95).double()
    neutral = Recall(unit(0), strength=0, prominence=strength, elapsed=0)
    state, _ = after(memory, [Store(unit(row), elapsed=0) for row in range(4)])
    weights = [after(memory, [neutral], state)[1].read_weighting[0, 0, 0].item()]
    for done in (15 * [Recall(unit(0), strength=SURE), Wait()], [Wait(29)]):
        state, _ = after(memory, done, state)
        weights.append(after(memory, [neutral], state)[1].read_weighting[0, 0, 0].item())
    return weights


def test_a_rehearsed_row_becomes_prominent_and_is_forgotten_again():
    assert rehearsed(1.0) == pytest.approx([0.25, 0.743, 0.476], abs=5e-4)
    assert rehearsed(1.0)[1] == pytest.approx(8.652 / 11.652, abs=1e-4)
    assert rehearsed(0.0) == pytest.approx([0.25, 0.25, 0.25]), "switched off"


def test_prominence_above_one_runs_away_to_one_row_and_is_warned_of():
    for strength, wanted in ((0.5, Stability.FORGETS), (1.0, Stability.DRIFTS), (2.0, Stability.RUNS_AWAY)):
        assert prominence.stability(strength, 0.95) is wanted
        assert bool(prominence.warning(strength, 0.95)) == (wanted is not Stability.FORGETS)
    assert prominence.feedback(2.0, 0.95) == pytest.approx(1.05)
    memory = memory_of(locations=4, prominence_decay=0.9)
    head_start = [*(Store(unit(row), elapsed=0) for row in range(4)), *3 * [Recall(unit(0), strength=SURE)]]
    largest = {}
    for strength in (0.5, 2.0):
        _, view = after(memory, [*head_start, *60 * [Recall(unit(0), strength=0, prominence=strength)]])
        largest[strength] = view.read_weighting.max().item()
    assert largest[2.0] > 0.95 and largest[0.5] < 0.3


def test_a_ranking_stands_beside_the_one_that_content_alone_gives():
    lab = Lab(8, locations=4)
    for row in range(3):
        lab.store(f"{row}", unit(row))
    for _ in range(5):
        lab.recall(unit(2), strength=SURE)
    cue = [0.3, 0.2, 0.1, 0, 0, 0, 0, 0]
    ranks = prominence.ranking(lab.recall(cue, strength=1, prominence=1))
    assert ranks.without.tolist() == [0, 1, 2, 3] and ranks.with_terms.tolist() == [2, 0, 1, 3]
    assert ranks.moved.tolist() == [2, -1, -1, 0]
    assert ranks.weight_with[0] > ranks.weight_without[2]
    off = prominence.ranking(lab.recall(cue, strength=1))
    assert not off.moved.any()


# Priming

DINNER, DESSERT, CAR = 0, 1, 3


def associated(hops=3, decay=0.8):
    """Two groups of three words, each pair of a group recalled one after the other once."""
    memory = memory_of(locations=6, priming_hops=hops, priming_decay=decay).double()
    done = [Store(unit(row), ends_event=True) for row in range(6)]
    for group in (range(3), range(3, 6)):
        for one, other in combinations(group, 2):
            done += [Recall(unit(one), strength=SURE), Recall(unit(other), strength=SURE), Wait(1000)]
    return memory, after(memory, done)[0]


def primed(memory, state, recall, later=0.0, **terms):
    """The weight on DESSERT of a neutral recall after another."""
    neutral = Recall(unit(0), strength=0, elapsed=later, **terms)
    _, view = after(memory, [Recall(unit(recall), strength=SURE), neutral], state)
    return view.read_weighting[0, 0, DESSERT].item()


@pytest.mark.parametrize(("hops", "wanted"), [(2, (0.267, 0.105, 1.14)), (3, (0.281, 0.096, 1.31))])
def test_a_word_is_primed_by_its_associate_and_not_by_another(hops, wanted):
    memory, state = associated(hops)
    related, unrelated = (primed(memory, state, word, priming=3) for word in (DINNER, CAR))
    assert (related, unrelated) == pytest.approx(wanted[:2], abs=6e-4)
    assert priming.effect(related, unrelated) == pytest.approx(wanted[2], abs=6e-3)


def test_without_priming_and_without_an_association_there_is_no_effect():
    memory, state = associated()
    assert priming.effect(*(primed(memory, state, word, priming=0) for word in (DINNER, CAR))) == 0
    unlinked = state._replace(association=torch.zeros_like(state.association))
    assert priming.effect(*(primed(memory, unlinked, word, priming=3) for word in (DINNER, CAR))) == 0
    assert priming.effect(1.0, 0.5) == math.inf


def test_priming_fades_as_its_trace_does():
    memory, state = associated()
    effects = [
        priming.effect(*(primed(memory, state, word, later, priming=3) for word in (DINNER, CAR)))
        for later in (0, 1, 5, 30)
    ]
    assert effects == sorted(effects, reverse=True) and effects[-1] < 0.01 * effects[0]


def test_priming_spreads_over_links_in_time_too_and_the_graphs_stay_apart():
    memory = memory_of(locations=6)
    words = [unit(row) for row in range(4)] + [tuple(0.9 * x + 0.1 for x in unit(0))]
    done = [*(Store(word, ends_event=row == 1) for row, word in enumerate(words))]
    state, _ = after(memory, done)
    recall, neutral = Recall(unit(0), strength=SURE), Recall(unit(0), strength=0, elapsed=0, link_priming=3)
    _, view = after(memory, [recall, neutral], state)
    weights = view.read_weighting[0, 0]
    assert weights[1] > 2 * weights[2] == 2 * weights[3], "0 and 1 were written one after the other"
    _, view = after(memory, [recall, Recall(unit(0), strength=0, elapsed=0, priming=3)], state)
    assert torch.equal(view.read_weighting[0, 0, 1], view.read_weighting[0, 0, 2]), "and never recalled together"
    _, view = after(memory, [Recall(unit(2), strength=SURE), Recall(unit(3), strength=SURE)], state)
    told = graphs({name: getattr(view, name)[0].numpy() for name in ("association", "links", "memory")})
    pairs = [set(map(tuple, np.argwhere(graph > 0.5).tolist())) for graph in (told.co_recall, told.write_order)]
    assert pairs == [{(2, 3), (3, 2)}, {(1, 0), (3, 2), (4, 3)}]
    alike = set(map(tuple, np.argwhere(told.similarity > 0.9).tolist()))
    assert alike == {(0, 4), (4, 0)}
    assert not any(graph.diagonal().any() for graph in (told.co_recall, told.write_order, told.similarity))


def test_to_prime_activates_without_recalling():
    memory, state = associated()
    _, view = after(memory, [Prime(unit(DINNER), strength=SURE)], state)
    assert not view.read_weighting.any() and torch.equal(view.association, state.association)
    assert (view.recall_count < 1e-9).all()
    assert view.recall_trace[0, DINNER].item() == pytest.approx(1)
    neutral = Recall(unit(0), strength=0, elapsed=0, priming=3)
    _, view = after(memory, [Prime(unit(DINNER), strength=SURE), neutral], state)
    assert view.read_weighting[0, 0, DESSERT].item() == pytest.approx(0.281, abs=6e-4)


# Availability


@cache
def met_of_late():
    """400 events, of which a rare class is 70 of the first 300 and 65 of the last 100, for three time constants."""
    storms = np.concatenate([np.diff(np.floor(np.arange(n + 1) * k / n + 1e-9)) for n, k in ((300, 70), (100, 65))])
    # One decay, and time that passes at three speeds.
    memory = memory_of(2, locations=2, items=0, prominence_decay=math.exp(-0.01)).double()
    words, speeds = ((1.0, 0.0), (0.0, 1.0)), (0.0, 1.0, 100 / 30)
    stores = [[Store(word, elapsed=0)] * 3 for word in words]
    events = [[Recall(words[int(each)], strength=SURE, elapsed=speed) for speed in speeds] for each in storms]
    state, _ = together(memory, [*stores, *events])
    return memory, state, ["storm" if each else "calm" for each in storms]


def estimates(strength):
    """How frequent the classes seem, for each time constant."""
    memory, state, met = met_of_late()
    neutral = Recall((1.0, 0.0), strength=0, prominence=strength, elapsed=0)
    _, (view,) = together(memory, [[neutral] * 3], state)
    return [availability(weighting, ("calm", "storm"), met) for weighting in view.read_weighting[:, 0].numpy()]


def test_what_happened_of_late_seems_more_frequent_the_shorter_recalls_count():
    told = estimates(1.0)
    assert [each.frequency[1] for each in told] == pytest.approx([0.3375] * 3)
    assert [each.availability[1] for each in told] == pytest.approx([0.338, 0.506, 0.643], abs=0.003)
    assert [each.divergence for each in told] == pytest.approx([0, 0.087, 0.281], abs=0.006)
    assert [each.bias.sum() for each in told] == pytest.approx([0, 0, 0], abs=1e-12)


def test_without_prominence_both_classes_seem_alike_whatever_happened():
    for each in estimates(0.0):
        assert each.availability == pytest.approx([0.5, 0.5]) and each.fluency == pytest.approx(0)


def test_rows_of_no_class_do_not_count_and_one_row_is_fluent():
    told = availability(np.array([0.6, 0.2, 0.2]), ("a", "b", None), ["a", "a", "b", "c"])
    assert told.classes == ("a", "b", "c")
    assert told.frequency.tolist() == [0.5, 0.25, 0.25]
    assert told.availability == pytest.approx([0.75, 0.25, 0])
    assert availability(np.array([1.0, 0.0]), ("a", "b"), ["a"]).fluency == 1


# Binding


def bound(ends=True, blur=0.0, seed=0):
    """Five events of three fragments on random rows of three segments. Returns the links and the rows of each event."""
    memory = memory_of(locations=24, segments="who 8, what 8, where 8")
    within = np.random.default_rng(seed).permuted(np.tile(np.arange(8), (3, 1)), axis=1)[:, :5]
    rows = (within + np.array([[0], [8], [16]])).T
    done = [
        Store(unit(part), location=int(row), segment=part, blur=blur, ends_event=ends and part == 2)
        for event in rows
        for part, row in enumerate(event)
    ]
    return after(memory, done)[0].links[0].numpy(), rows.tolist()


def rates(links, rows, **how):
    each = [found(rebuild(links, cue, hops=2, **how), event, cue) for event in rows for cue in event]
    return tuple(float(np.mean([getattr(one, name) for one in each])) for name in ("precision", "recall"))


@pytest.mark.parametrize("seed", range(3))
def test_an_event_is_rebuilt_from_any_of_its_fragments(seed):
    links, rows = bound(seed=seed)
    assert rates(links, rows) == (1, 1)


def test_without_links_nothing_is_rebuilt_and_without_ends_of_events_they_run_into_one_another():
    links, rows = bound()
    assert rates(0 * links, rows) == (1, 0)
    precision, recall = rates(*bound(ends=False))
    assert recall == 1 and precision < 0.65


def test_blur_loses_fragments_and_sharpened_links_bring_them_back():
    links, rows = bound(blur=0.2)
    assert rates(links, rows)[1] < 0.5
    assert rates(links, rows, sharpness=20.0) == (1, 1)


def test_blur_wears_a_chain_of_links_out_and_sharpening_restores_it():
    """Eleven hops; Graves's links, Csordas and Schmidhuber's sharpening."""
    rows = np.random.default_rng(0).permutation(32)[:12].tolist()
    masses = {}
    for blur in (0.0, 0.05, 0.1, 0.2):
        memory = memory_of(2, locations=32, items=0).double()
        links = after(memory, [Store((1.0, 0.0), location=row, blur=blur) for row in rows])[0].links[0].numpy()
        masses[blur] = mass_led(links, rows[0], 11)
        assert mass_led(links, rows[0], 11, sharpness=20.0) > 0.999
    assert list(masses.values()) == pytest.approx([1, 0.29, 0.085, 0.005], abs=0.03)


def test_following_links_in_numpy_is_what_the_dnc_does():
    links = np.random.default_rng(0).random((6, 6)) / 12
    table, cue = torch.tensor(links).unsqueeze(0), torch.eye(6, dtype=torch.float64)[2].view(1, 1, 6)
    wanted = dnc_addressing.sharpen(dnc_addressing.forward(table, cue), torch.full((1, 1), 3.0, dtype=torch.float64))
    np.testing.assert_allclose(sharpened(links @ np.eye(6)[2], 3.0), wanted[0, 0].numpy(), rtol=1e-12)


# Segments


def in_segments(**settings):
    """Two topics in segments of their own, of unlike sizes; words share what tells the topic."""
    memory = memory_of(12, locations=7, segments="faces 4, tunes 3", **settings).double()
    topics, own = random_words(2, 6), random_words(6, 6, seed=4)
    words = [tuple(map(float, (*topics[at % 2], *own[at]))) for at in range(6)]
    state, _ = after(memory, [Store(word, segment=at % 2) for at, word in enumerate(words)])
    return memory, state, words


@pytest.mark.parametrize("routing", ["soft", "top1"])
def test_the_weight_of_a_segment_is_what_the_router_gives_it(routing):
    memory, state, words = in_segments(routing=routing)
    for word in words:
        _, view = after(memory, [Recall(word, strength=2)], state)
        weights = view.read_weighting[0, 0]
        masses = torch.stack((weights[:4].sum(), weights[4:].sum()))
        torch.testing.assert_close(masses, view.router[0, 0], atol=1e-7, rtol=0)
        assert weights.sum().item() == pytest.approx(1, abs=1e-12)
        if routing == "top1":
            assert sorted(masses.tolist()) == pytest.approx([0, 1], abs=1e-12)


def test_flat_addressing_is_the_router_of_the_summed_scores():
    memory, state, words = in_segments(routing="flat")
    _, view = after(memory, [Recall(words[0], strength=2)], state)
    scores = view.content_score[0].masked_fill(state.usage[0] == 0, -torch.inf)
    parts = torch.stack((scores[:4].logsumexp(0), scores[4:].logsumexp(0)))
    torch.testing.assert_close(view.router[0, 0], torch.softmax(parts, 0))
    torch.testing.assert_close(view.read_weighting[0, 0], torch.softmax(scores, 0))
    # Even segments in full use: the same as the NTM's own router.
    even = memory_of(locations=4, segments="a 2, b 2", routing="soft").double()
    state, view = after(even, [*(Store(unit(row), segment=row // 2) for row in range(4)), Recall(unit(1), strength=2)])
    routed = addressing.routed(view.content_score.unsqueeze(1), view.router[:, :1])
    torch.testing.assert_close(view.read_weighting, routed)


def test_a_router_that_learned_leaks_less_than_flat_addressing():
    told = {}
    for routing in ("soft", "flat"):
        memory, state, words = in_segments(routing=routing)
        weights = [after(memory, [Recall(word, strength=2)], state)[1].read_weighting[0, 0].numpy() for word in words]
        told[routing] = routes(np.array(weights), [0] * 4 + [1] * 3, [at % 2 for at in range(6)])
    assert told["soft"].leakage.max() < 0.05 < told["flat"].leakage.min()
    assert told["soft"].information > 0.9 > 0.7 > told["flat"].information
    assert told["soft"].load == pytest.approx([0.5, 0.5], abs=0.02) and told["soft"].balance > 0.99
    # Switched off: a router that learned nothing gives all segments the same.
    memory, state, words = in_segments(routing="soft", router_rate=0.0)
    _, view = after(memory, [Recall(words[0])], state)
    assert view.router[0, 0].tolist() == [0.5, 0.5]


def test_a_recall_within_a_segment_stays_there_and_so_do_a_store_and_its_blur():
    memory, state, words = in_segments()
    _, view = after(memory, [Recall(words[0], segment=1)], state)
    assert view.read_weighting[0, 0, :4].sum() == 0 and view.router[0, 0].tolist() == [0, 1]
    _, view = after(memory, [Store(words[0], location=3, blur=0.4)], state)
    assert view.write_weighting[0, 0].tolist() == pytest.approx([0.2, 0, 0.2, 0.6, 0, 0, 0])
    _, view = after(memory, [Store(words[0], location=4, blur=0.4)], state)
    assert view.write_weighting[0, 0].tolist() == pytest.approx([0, 0, 0, 0, 0.6, 0.2, 0.2])
    soft, state, words = in_segments(routing="soft")
    _, view = after(soft, [Store(words[0])], state)
    assert view.write_weighting.argmax() == 3, "the router knows a face"


# Short-term and long-term

ITEMS, STEPS = 20, 200


def consolidated(seeds=3):
    """20 words, 200 steps of fading by 0.97: the shares kept with 1 and with 3 replays a step, for each seed."""
    memory = memory_of(8, locations=ITEMS, long_term=True, fading=0.97, items=0)
    words = random_words(ITEMS, 8)
    state, _ = together(memory, [[Store(tuple(word), elapsed=0)] * 2 * seeds for word in words])
    random = np.random.default_rng(0)
    for _ in range(STEPS):
        for at in range(3):
            often = [Replay(draw, elapsed=float(not at)) for draw in random.random(2 * seeds)]
            done = often if not at else [*[Wait(0)] * seeds, *often[seeds:]]
            state, _ = together(memory, [done], state)
    kept = [consolidation_curve.kept(each[None], words) for each in state.memory.numpy()]
    return {1: kept[:seeds], 3: kept[seeds:]}


def test_what_is_replayed_lasts_when_the_short_term_store_has_faded():
    """0.00 of the short-term store; of the long-term one 0.95 and 1.00 with 1 and 3 replays a step: one replay moves a
    word by a tenth, and it takes seven to move it half the way, of ten that it gets on average.
    """
    kept = consolidated()
    assert all(each.short_term[0] == 0 for several in kept.values() for each in several)
    shares = {replays: np.mean([each.long_term[0] for each in several]) for replays, several in kept.items()}
    assert shares[1] == pytest.approx(0.9, abs=0.1) and shares[3] == 1


def test_what_is_not_replayed_is_lost_with_the_short_term_store():
    memory = memory_of(8, locations=2, long_term=True, fading=0.97)
    words = random_words(2, 8)
    state, _ = after(memory, [*(Store(tuple(word), elapsed=0) for word in words), Wait(STEPS)])
    told = consolidation_curve.kept(state.memory.numpy(), words)
    assert (told.short_term[0], told.long_term[0]) == (0, 0)


def test_without_consolidation_or_without_fading_replay_makes_no_difference():
    memory = memory_of(locations=2, fading=0.5)
    state, view = after(memory, [Store(unit(0)), Replay(0.5)])
    assert not view.write_weighting.any(), "there is no long-term store"
    lasting = memory_of(locations=2, long_term=True)
    state, _ = after(lasting, [Store(unit(0), elapsed=0), Wait(1000)])
    assert state.memory[0, 0].tolist() == list(unit(0))


def test_rows_are_replayed_in_proportion_to_their_prominence_and_at_full_strength():
    memory = memory_of(locations=3, long_term=True, fading=0.9, prominence_decay=1.0, consolidation=0.25)
    done = [Store(unit(row), item=row, elapsed=0) for row in range(2)] + 2 * [Recall(unit(1), strength=SURE)]
    state, _ = after(memory, done)
    drawn = []
    for draw in np.linspace(0.001, 0.999, 50):
        _, view = after(memory, [Replay(float(draw))], state)
        drawn.append(view.write_weighting[0, 0].argmax().item())
        assert view.write_weighting.sum().item() == pytest.approx(0.25)
    assert np.mean(np.array(drawn) == 4) == pytest.approx(3 / 4, abs=0.03) and set(drawn) == {3, 4}
    state, view = after(memory, [Wait(10), Replay(0.99), Replay(0.99)], state)
    assert state.memory[0, 4].tolist() == pytest.approx([0.0, 1 - 0.75**2, *6 * [0]], abs=1e-5)
    assert state.trace_strength[0, 4].item() == pytest.approx(1 - 0.75**2)
    assert state.ownership[0, 4, 1].item() == pytest.approx(1 - 0.75**2)
    assert row_of({"ownership": state.ownership[0].numpy()}, 0) == 0
    for among, rows in ((Among.SHORT_TERM, [1]), (Among.LONG_TERM, [4]), (Among.ALL, [1, 4])):
        _, view = after(memory, [Recall(unit(1), strength=SURE, among=among)], state)
        assert torch.nonzero(view.read_weighting[0, 0] > 0.1).flatten().tolist() == rows
    _, view = after(memory, [Wait(1000), Replay(0.5)], state)
    assert not view.write_weighting.any(), "what is forgotten cannot be replayed"


# Chains, contexts, lesions


def test_a_chain_follows_what_was_written_next_until_a_rule_stops_it():
    lab = Lab(8, locations=8)
    for row, name in enumerate(("gulls", "rope", "boat")):
        lab.store(name, unit(row), ends_event=name == "boat")
    lab.store("bell", unit(3))
    lab.recall(unit(0))
    told = chain(lab)
    assert (told.names, told.stop) == (("gulls", "rope", "boat"), Stop.END)
    assert [each.forward_mass for each in told.found[1:]] == pytest.approx([1, 1], abs=1e-6)
    lab.recall(unit(2))
    assert chain(lab, direction=-1).names == ("boat", "rope", "gulls")
    lab.recall(unit(0))
    assert (told := chain(lab, most=2)).stop is Stop.LIMIT and len(told.found) == 2


def test_a_chain_stops_where_it_comes_back_and_where_it_blurs():
    lab = Lab(8, locations=4)
    for name, row in (("a", 0), ("b", 1), ("c", 2)):
        lab.store(name, unit(row))
    lab.engine.handle(commands.Edit("links", (0, 2), 1.0))
    lab.recall(unit(0))
    told = chain(lab)
    assert (told.names, told.stop) == (("a", "b", "c"), Stop.RETURNED)
    for row in (1, 2):
        lab.engine.handle(commands.Edit("links", (row, 0), 0.3))
    lab.recall(unit(0))
    assert chain(lab).stop is Stop.BLURRED


def test_a_context_alone_brings_up_what_belongs_to_it():
    memory = memory_of(12, locations=6)
    contexts, own = random_words(2, 4), random_words(6, 8, seed=3)
    state, _ = after(memory, [Store((*contexts[at // 3], *own[at])) for at in range(6)])
    key, mask = (*contexts[0], *8 * [0.0]), (*4 * [1.0], *8 * [0.0])
    _, view = after(memory, [Recall(key, mask)], state)
    assert view.read_weighting[0, 0, :3].tolist() == pytest.approx([1 / 3] * 3, abs=1e-4)
    _, view = after(memory, [Recall(12 * [0.0])], state)
    assert view.read_weighting[0, 0, :3].sum().item() == pytest.approx(0.5), "nothing given, nothing preferred"


def test_a_lesion_of_writes_spares_what_was_stored_and_one_of_reads_spares_nothing():
    memory = memory_of(locations=4)
    state, _ = after(memory, [Store(unit(0)), Lesion(cuts_writes=True), Store(unit(1))])
    _, old = after(memory, [Recall(unit(0))], state)
    _, new = after(memory, [Recall(unit(1))], state)
    assert old.read_vector[0, 0].tolist() == list(unit(0)) and state.usage[0].tolist() == [1, 0, 0, 0]
    assert new.read_vector[0, 0, 1] == 0
    _, blind = after(memory, [Lesion(cuts_reads=True), Recall(unit(0))], state)
    assert not blind.read_vector.any() and not blind.read_weighting.any()
    intact, _ = after(memory, [Store(unit(0)), Lesion(), Store(unit(1))])
    assert intact.usage[0].tolist() == [1, 1, 0, 0], "a lesion of nothing cuts nothing"


def test_a_segment_that_is_wiped_is_as_if_nothing_had_been_written_there():
    memory = memory_of(locations=4, segments="a 2, b 2", items=4)
    state, _ = after(memory, [Store(unit(row), item=row, segment=row // 2) for row in range(4)])
    state, _ = after(memory, [Recall(unit(0)), Recall(unit(2)), Lesion(segment=0)], state)
    for tensor in (state.memory, state.usage, state.ownership, state.recall_count, state.links, state.association):
        assert not tensor[0, :2].any()
    assert not state.links[0, :, :2].any() and state.usage[0, 2:].tolist() == [1, 1]
    _, view = after(memory, [Store(unit(5), segment=0)], state)
    assert view.write_weighting[0, 0].tolist() == [1, 0, 0, 0], "its rows are free again"


def test_what_was_recalled_is_read_off_a_record():
    lab = Lab(8, locations=4, names=["one", "two"])
    lab.store("one", unit(0))
    lab.store("two", unit(1))
    told = lab.recall([1, 0.5, 0, 0, 0, 0, 0, 0], strength=1)
    assert told.name == "one" and list(told.shares) == ["one", "two"]
    assert sum(told.shares.values()) == pytest.approx(1) and told.ranked() == (0, 1, 2, 3)
    assert set(told.scores) == {"content", "prominence", "priming", "router"}
    again = recalled(lab.source.record(2), ["one"])
    assert list(again.shares) == ["one", "item 1"]
    lab.wait()
    assert lab.last.name == "" and lab.last.shares == {}
