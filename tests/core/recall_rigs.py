"""The associative memory of the tests: one made small, and operations done to it without an engine."""

from __future__ import annotations

import torch

from ntm_core.recall import operations
from ntm_core.recall.memory import RecallMemory
from ntm_core.recall.recall_config import RecallConfig


def memory_of(word_size=8, **settings):
    return RecallMemory(RecallConfig(operations.size(word_size), word_size, **settings))


def after(memory, done, state=None):
    """The state and the view after operations, batch of 1."""
    state = memory.initial_state(1) if state is None else state
    view = None
    for each in done:
        inputs = torch.tensor([operations.vector(each, memory.config.word_size)], dtype=state.memory.dtype)
        _, state, view = memory.step(inputs, state)
    return state, view


def together(memory, columns, state=None):
    """As `after` for a batch: an operation for each sequence, step after step. Returns the last state and all views."""
    state = memory.initial_state(len(columns[0])) if state is None else state
    views = []
    for column in columns:
        rows = [operations.vector(each, memory.config.word_size) for each in column]
        _, state, view = memory.step(torch.tensor(rows, dtype=state.memory.dtype), state)
        views.append(view)
    return state, views


def unit(row, word_size=8):
    """A word of one 1: words of different rows have nothing in common."""
    return tuple(float(at == row) for at in range(word_size))
