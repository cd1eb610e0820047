"""The tasks one by one: layouts by hand, what is fair about them, and what the best that can be done costs."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch

from ntm_core import tasks
from ntm_core.tasks import Phase
from tests.core import slow_tasks


def draw(name, seed=0, batch=3, sizes=None, **settings):
    task = tasks.build(name, **settings)
    return task, task.sample(batch, torch.Generator().manual_seed(seed), **sizes or {})


def phases_of(task, sample):
    return task.phases(sample)[:, 0].tolist()


def test_a_copy_sequence_is_vectors_a_delimiter_and_silence_to_answer_in():
    task, sample = draw("copy", sizes={"length": 4})
    inputs, targets, mask = sample
    assert (task.inputs, task.outputs, len(inputs)) == (9, 8, 9)
    vectors = inputs[:4, :, :8]
    assert torch.equal(targets[5:], vectors)
    assert inputs[:, 0, 8].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert not inputs[4:, :, :8].any() and not inputs[5:].any() and not targets[:5].any()
    assert mask[:, 1].tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]
    assert phases_of(task, sample) == [Phase.INPUT] * 4 + [Phase.DELIMITER] + [Phase.OUTPUT] * 4


def test_bits_are_fair():
    _, (inputs, _, _) = draw("copy", batch=100, sizes={"length": 20})
    assert inputs[:20, :, :8].mean().item() == pytest.approx(0.5, abs=0.02)


def test_repeat_copy_has_a_step_for_the_delimiter_one_for_the_count_and_an_end_marker():
    task, sample = draw("repeat_copy", sizes={"length": 2, "repeats": 3})
    inputs, targets, mask = (tensor[:, 1] for tensor in sample)
    assert (task.inputs, task.outputs, len(inputs)) == (10, 9, (2 + 2) + (3 * 2 + 1))
    assert inputs[:, 8].tolist() == [0, 0, 1] + [0] * 8
    assert inputs[3, 9].item() == pytest.approx((3 - 5.5) / 2.8723, abs=1e-5)
    assert inputs[:, 9].count_nonzero() == 1
    vectors = inputs[:2, :8]
    assert torch.equal(targets[4:10, :8], torch.cat((vectors, vectors, vectors)))
    assert targets[:, 8].tolist() == [0] * 10 + [1]
    assert not targets[10, :8].any()
    assert mask.tolist() == [0] * 4 + [1] * 7
    assert phases_of(task, sample) == [1, 1, Phase.DELIMITER, Phase.CUE] + [Phase.OUTPUT] * 7


def test_the_count_is_normalised_over_the_counts_that_are_drawn():
    counts = [draw("repeat_copy", sizes={"length": 1, "repeats": n})[1].inputs[2, 0, 9].item() for n in range(1, 11)]
    assert np.mean(counts) == pytest.approx(0, abs=1e-6)
    assert np.std(counts) == pytest.approx(1)
    task, sample = draw("repeat_copy", min_repeats=4, max_repeats=4, max_length=1)
    assert sample.inputs[2, :, 9].tolist() == [0, 0, 0], "nothing to tell where all are alike"
    assert phases_of(task, sample)[:3] == [Phase.INPUT, Phase.DELIMITER, Phase.CUE]
    low, high = tasks.build("repeat_copy").input_limits
    assert (low, high) == pytest.approx((counts[0], (20 - 5.5) / 2.8723), abs=1e-3)


def test_associative_recall_asks_for_an_item_and_wants_the_next():
    task, sample = draw("associative_recall", sizes={"length": 3})
    inputs, targets, mask = (tensor[:, 2] for tensor in sample)
    assert (task.inputs, task.outputs, len(inputs)) == (8, 6, 4 * 3 + 5 + 3)
    assert inputs[:, 6].nonzero().flatten().tolist() == [0, 4, 8]
    assert inputs[:, 7].nonzero().flatten().tolist() == [12, 16]
    items = [inputs[at : at + 3, :6] for at in (1, 5, 9)]
    (asked,) = [place for place, item in enumerate(items) if torch.equal(item, inputs[13:16, :6])]
    assert torch.equal(targets[17:], items[asked + 1])
    assert not inputs[17:].any() and not targets[:17].any()
    assert mask.tolist() == [0] * 17 + [1] * 3
    item, query = [Phase.DELIMITER, 1, 1, 1], [Phase.DELIMITER, *[Phase.CUE] * 3, Phase.DELIMITER]
    assert phases_of(task, sample) == item * 3 + query + [Phase.OUTPUT] * 3


def test_any_item_but_the_last_is_asked_for_alike_often():
    _, sample = draw("associative_recall", batch=2000, sizes={"length": 5})
    asked = Counter()
    for inputs in sample.inputs.transpose(0, 1).tolist():
        items = [inputs[at + 1 : at + 4] for at in range(0, 20, 4)]
        asked[items.index(inputs[21:24])] += 1
    assert set(asked) == {0, 1, 2, 3}
    assert all(abs(count - 500) < 80 for count in asked.values()), "four standard deviations"


def test_the_items_of_a_list_are_all_different_and_all_such_lists_are_alike_likely():
    _, sample = draw("associative_recall", batch=6000, sizes={"length": 3}, item_length=1, bits=2, max_items=3)
    lists = Counter(tuple(map(tuple, each)) for each in sample.inputs[1:6:2, :, :2].transpose(0, 1).tolist())
    assert all(len(set(each)) == 3 for each in lists)
    assert len(lists) == 4 * 3 * 2
    assert all(abs(count - 250) < 64 for count in lists.values()), "four standard deviations"


def test_an_n_gram_step_tells_the_bit_before_and_wants_the_next():
    task, (inputs, targets, mask) = draw("ngrams", batch=20)
    assert (task.inputs, task.outputs, inputs.shape) == (1, 1, (200, 20, 1))
    assert not inputs[0].any()
    assert torch.equal(inputs[1:], targets[:-1])
    assert not torch.equal(inputs, targets)
    assert mask.all()


def test_the_context_decides_how_likely_a_bit_is_in_this_sequence_alone():
    """Two bits after the same context are equal 3 times of 4, as chances drawn from Beta(1/2, 1/2) make them."""
    _, sample = draw("ngrams", batch=4000, sizes={"length": 60}, context=2)
    first = {}
    equal, across = [], []
    for item, bits in enumerate(sample.targets[:, :, 0].T.int().tolist()):
        for at in range(2, 60):
            place = (item, bits[at - 2], bits[at - 1])
            if place in first and len(first[place]) == 1:
                first[place].append(bits[at])
            first.setdefault(place, [bits[at]])
    for (item, *before), pair in first.items():
        if len(pair) == 2:
            equal.append(pair[0] == pair[1])
            other = first.get((item + 1, *before))
            if other is not None:
                across.append(pair[0] == other[0])
    assert np.mean(equal) == pytest.approx(0.75, abs=0.02)
    assert np.mean(across) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("context", [1, 3, 5])
def test_the_optimum_of_n_grams_is_that_of_a_slow_count(context):
    for length in (context, 40):
        task, sample = draw("ngrams", batch=4, sizes={"length": length}, context=context)
        slow = [slow_tasks.ngram_bits(task.settings, bits) for bits in sample.targets[:, :, 0].T.tolist()]
        assert task.optimum(sample).tolist() == pytest.approx(slow, rel=1e-5)


def test_the_optimum_of_n_grams_is_133_bits_and_below_what_simpler_predictors_pay():
    task, sample = draw("ngrams", batch=2000)
    optimum = task.optimum(sample).mean().item()
    assert optimum == pytest.approx(133, abs=3)
    paid = recency_and_add_one(sample.targets[:, :, 0].numpy().astype(int), task.settings.context)
    assert optimum + 1 < paid["add one"] < paid["recency"]
    assert paid["recency"] == pytest.approx(optimum + 5.2, abs=1)


def recency_and_add_one(bits, context, rate=0.3):
    """Bits of a sequence that two other predictors pay: a running mean of each context, and (n1 + 1) / (n + 2)."""
    steps, batch = bits.shape
    items = np.arange(batch)
    mean, ones, zeros = (np.full((batch, 2**context), start) for start in (0.5, 1.0, 1.0))
    paid = {"recency": float(context), "add one": float(context)}
    for at in range(context, steps):
        place = items, sum(bits[at - 1 - back] << back for back in range(context))
        is_one = bits[at] == 1
        for name, chance in (("recency", mean[place]), ("add one", ones[place] / (ones[place] + zeros[place]))):
            chance = np.clip(chance, 0.01, 0.99)
            paid[name] -= np.log2(np.where(is_one, chance, 1 - chance)).mean()
        mean[place] += rate * (bits[at] - mean[place])
        ones[place] += is_one
        zeros[place] += ~is_one
    return paid


def test_priority_sort_wants_the_highest_priorities_first_and_keeps_each_vector_whole():
    task, sample = draw("priority_sort")
    inputs, targets, mask = (tensor[:, 1] for tensor in sample)
    assert (task.inputs, task.outputs, len(inputs)) == (9, 8, 20 + 16)
    pairs = sorted(((priority, vector) for *vector, priority in inputs[:20].tolist()), reverse=True)
    assert targets[20:].tolist() == [vector for _, vector in pairs[:16]]
    assert not inputs[20:].any() and not targets[:20].any()
    assert mask.tolist() == [0] * 20 + [1] * 16
    assert phases_of(task, sample) == [Phase.INPUT] * 20 + [Phase.OUTPUT] * 16


def test_priorities_are_even_from_minus_one_to_one():
    _, sample = draw("priority_sort", batch=500)
    priorities = sample.inputs[:20, :, 8]
    assert (priorities.min().item(), priorities.max().item()) == pytest.approx((-1, 1), abs=0.01)
    assert priorities.mean().item() == pytest.approx(0, abs=0.03)
    assert priorities.square().mean().item() == pytest.approx(1 / 3, abs=0.02)


def test_of_fewer_vectors_than_answers_all_are_wanted():
    task, sample = draw("priority_sort", sizes={"length": 3})
    assert len(sample.inputs) == 6
    assert slow_tasks.priority_sort(task.settings, sample.inputs[:, 0].tolist())[1] == sample.targets[:, 0].tolist()


@pytest.mark.parametrize(
    ("name", "most_wrong", "most_excess"),
    [
        ("copy", 0, math.inf),
        ("repeat_copy", 0.1 / 909, math.inf),
        ("associative_recall", 0.1 / 18, math.inf),
        ("ngrams", 1, 3),
        ("priority_sort", 1, 20),
    ],
)
def test_solved_is_what_the_papers_call_solved(name, most_wrong, most_excess):
    criterion = tasks.build(name).criterion
    assert (criterion.most_wrong, criterion.most_excess) == pytest.approx((most_wrong, most_excess))


def test_solved_asks_for_as_much_of_each_bit_whatever_the_sizes():
    assert tasks.build("priority_sort", answers=4, items=8, bits=4).criterion.most_excess == pytest.approx(2.5)
    assert tasks.build("ngrams", length=50).criterion.most_excess == pytest.approx(0.75)
