"""Memory for kernels: kept for the next sequence, and never lent twice at a time."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from ntm_core import models
from ntm_core.kernels import memory

COUNT = memory.LEAST
"""Numbers of float32 that are worth keeping."""
REAL = np.dtype(np.float32)


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    monkeypatch.setattr(memory, "_kept", [])


def place(array):
    return array.__array_interface__["data"][0]


def test_what_nobody_looks_at_is_lent_again():
    first = memory.lend(COUNT, REAL)
    at = place(first)
    view = first[10:20].reshape(2, 5)
    del first
    assert place(memory.lend(COUNT, REAL)) != at, "a view of it is still there"
    del view
    assert at in {place(each) for each in (memory.lend(COUNT, REAL), memory.lend(COUNT, REAL))}


def test_a_tensor_of_it_keeps_it():
    tensor = torch.from_numpy(memory.lend(COUNT, REAL)).view(2, -1)[1]
    tensor.fill_(1)
    memory.lend(COUNT, REAL).fill(2)
    assert (tensor == 1).all()


def test_smaller_and_larger_ones_fit_into_what_is_kept_if_they_do():
    at = place(memory.lend(2 * COUNT, REAL))
    smaller = memory.lend(COUNT, np.dtype(np.float64))
    assert (place(smaller), smaller.shape, smaller.dtype) == (at, (COUNT,), np.dtype(np.float64))
    del smaller
    assert len(memory.lend(3 * COUNT, REAL)) == 3 * COUNT


def test_little_is_kept_and_nothing_small(monkeypatch):
    memory.lend(100, REAL)
    assert memory._kept == []
    lent = [memory.lend(COUNT + number, REAL) for number in range(6)]
    del lent
    assert [len(each) for each in memory._kept] == [4 * (COUNT + number) for number in (5, 4, 3)]
    monkeypatch.setattr(memory, "MOST_KEPT", 4 * COUNT - 1)
    memory.lend(COUNT, REAL)
    assert memory._kept == []


def test_threads_get_memory_of_their_own():
    wrong = []

    def work(number):
        for _ in range(50):
            mine = memory.lend(COUNT, REAL)
            mine[::1000] = number
            wrong.append((mine[::1000] != number).any())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(wrong)


def test_sequences_whose_gradients_are_still_to_come_do_not_share_it():
    torch.manual_seed(0)
    model = models.build("ntm", 3, 2, locations=32, word_size=8)
    sequences = [torch.randn(20, 16, 3) for _ in range(3)]
    alone = [torch.autograd.grad(model(each)[0].square().sum(), model.parameters()) for each in sequences]
    losses = [model(each)[0].square().sum() for each in sequences]
    for loss, wanted in zip(losses, alone, strict=True):
        for gradient, other in zip(torch.autograd.grad(loss, model.parameters()), wanted, strict=True):
            assert torch.equal(gradient, other)
