"""A step of a MANN as loops over numbers, for one sequence, from the paper's equations: what the network must equal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tests.core import slow

if TYPE_CHECKING:
    from collections.abc import Mapping

    Doubles = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    Weights = Mapping[str, Doubles]


class SlowState(NamedTuple):
    memory: Doubles
    """(locations, word)"""
    usage: Doubles
    """(locations,)"""
    read_weighting: Doubles
    """(heads, locations)"""
    read_vector: Doubles
    """(heads, word)"""
    hidden: Doubles
    """(units,)"""
    cell: Doubles


class SlowStep(NamedTuple):
    logits: Doubles
    after: SlowState
    write_weighting: Doubles
    emptied: list[int]
    """The least used rows, the least used first."""


def step(weights: Weights, decay: float, x: Doubles, state: SlowState) -> SlowStep:
    """weights: those of a MANN with an LSTM of one layer and without masks, by their names there."""
    hidden, cell = lstm(weights, [*x, *state.read_vector.reshape(-1)], state)
    heads, (locations, word) = len(state.read_vector), state.memory.shape
    told = linear(weights["heads.weight"], weights["heads.bias"], hidden)
    keys = np.array([math.tanh(value) for value in told[: heads * word]]).reshape(heads, word)
    alphas = told[heads * word :]
    emptied = sorted(range(locations), key=lambda row: (state.usage[row], row))[:heads]
    writes = np.zeros((heads, locations))
    for head, row in np.ndindex(heads, locations):
        share = logistic(alphas[head])
        writes[head, row] = share * state.read_weighting[head, row] + (1 - share) * (row == emptied[head])
    memory = state.memory.copy()
    for row in emptied:
        memory[row] = 0
    for head, row, column in np.ndindex(heads, locations, word):
        memory[row, column] += writes[head, row] * keys[head, column]
    reads = slow.content_weighting(memory[None], keys[None], np.ones((1, heads)))[0]
    vectors = slow.read(memory[None], reads[None])[0]
    usage = np.zeros(locations)
    for row in range(locations):
        usage[row] = decay * state.usage[row] + sum(reads[:, row]) + sum(writes[:, row])
    logits = linear(weights["output.weight"], weights["output.bias"], [*hidden, *vectors.reshape(-1)])
    return SlowStep(logits, SlowState(memory, usage, reads, vectors, hidden, cell), writes, emptied)


def lstm(weights: Weights, x: list[float], state: SlowState) -> tuple[Doubles, Doubles]:
    units = len(state.hidden)
    gates = linear(weights["controller.weight"].T, weights["controller.bias"], [*x, *state.hidden])
    hidden, cell = np.zeros(units), np.zeros(units)
    for unit in range(units):
        opened, kept, shown = (logistic(gates[unit + gate * units]) for gate in range(3))
        cell[unit] = kept * state.cell[unit] + opened * math.tanh(gates[unit + 3 * units])
        hidden[unit] = shown * math.tanh(cell[unit])
    return hidden, cell


def linear(matrix: Doubles, bias: Doubles, x: list[float] | Doubles) -> Doubles:
    return np.array(
        [sum(a * b for a, b in zip(row, x, strict=True)) + at for row, at in zip(matrix, bias, strict=True)]
    )


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
