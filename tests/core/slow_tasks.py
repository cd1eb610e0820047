"""The tasks read by loops over lists: from the inputs of one sequence alone, what should be answered, and when.

Each reader takes the settings of the task and the inputs, a list of steps that may go on with padding, and returns the
sizes it found and, step by step to the end of the sequence, targets and phases. What is scored is what is OUTPUT.
"""

from __future__ import annotations

import math

from ntm_core.trace import Phase


def copy(settings, inputs):
    vectors = []
    for step in inputs:
        if step[-1] == 1:
            break
        vectors.append(step[:-1])
    count = len(vectors)
    phases = [Phase.INPUT] * count + [Phase.DELIMITER] + [Phase.OUTPUT] * count
    return {"length": count}, [[0.0] * settings.bits] * (count + 1) + vectors, phases


def repeat_copy(settings, inputs):
    vectors = []
    for step in inputs:
        if step[-2] == 1:
            break
        vectors.append(step[:-2])
    count = len(vectors)
    drawn = list(range(settings.min_repeats, settings.max_repeats + 1))
    mean = sum(drawn) / len(drawn)
    deviation = math.sqrt(sum((each - mean) ** 2 for each in drawn) / len(drawn)) or 1
    repeats = round(mean + deviation * inputs[count + 1][-1])
    targets = [[0.0] * (settings.bits + 1)] * (count + 2)
    for _ in range(repeats):
        targets += [[*vector, 0.0] for vector in vectors]
    targets.append([0.0] * settings.bits + [1.0])
    phases = [Phase.INPUT] * count + [Phase.DELIMITER, Phase.CUE] + [Phase.OUTPUT] * (repeats * count + 1)
    return {"length": count, "repeats": repeats}, targets, phases


def associative_recall(settings, inputs):
    items, phases, at = [], [], 0
    while inputs[at][-2] == 1:
        items.append([step[:-2] for step in inputs[at + 1 : at + 1 + settings.item_length]])
        phases += [Phase.DELIMITER] + [Phase.INPUT] * settings.item_length
        at += 1 + settings.item_length
    assert inputs[at][-1] == inputs[at + 1 + settings.item_length][-1] == 1
    asked = [step[:-2] for step in inputs[at + 1 : at + 1 + settings.item_length]]
    assert items.count(asked) == 1, "one item, and only one, is asked for"
    phases += [Phase.DELIMITER] + [Phase.CUE] * settings.item_length + [Phase.DELIMITER]
    targets = [[0.0] * settings.bits] * len(phases) + items[items.index(asked) + 1]
    return {"length": len(items)}, targets, phases + [Phase.OUTPUT] * settings.item_length


def priority_sort(settings, inputs):
    items = [(step[-1], step[:-1]) for step in inputs if step[-1] != 0]
    answers = [vector for _, vector in sorted(items, key=lambda item: -item[0])][: settings.answers]
    phases = [Phase.INPUT] * len(items) + [Phase.OUTPUT] * len(answers)
    return {"length": len(items)}, [[0.0] * settings.bits] * len(items) + answers, phases


def ngram_bits(settings, bits):
    """What the predictor of the NTM paper, eq. 10, pays for a sequence of bits."""
    paid = 0.0
    for at, bit in enumerate(bits):
        before = [bits[at - settings.context + place] for place in range(settings.context)]
        if at < settings.context:
            paid += 1
            continue
        zeros = ones = 0
        for other in range(settings.context, at):
            if bits[other - settings.context : other] == before:
                ones += bits[other] == 1
                zeros += bits[other] == 0
        one = (ones + 0.5) / (zeros + ones + 1)
        paid -= math.log2(one if bit == 1 else 1 - one)
    return paid


READERS = {
    "copy": copy,
    "repeat_copy": repeat_copy,
    "associative_recall": associative_recall,
    "priority_sort": priority_sort,
}
"""All but the N-grams, whose last target no input tells."""
