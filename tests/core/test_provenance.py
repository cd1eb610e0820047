"""Provenance: what a read is the sum of, against memories worked out step by step."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

import sessions
from ntm_core import provenance
from ntm_core.kept import KeptEpisode
from ntm_core.trace import EpisodeInfo, Field, Order, Role, TraceSpec, WriteOrder
from ntmviz.assets import asset

STEPS, READERS, WRITERS, ROWS, WORD = 12, 2, 2, 6, 4
FLAGS = list(itertools.product(Order, WriteOrder, (False, True)))


def made_up(order=Order.READ_FIRST, write_order=WriteOrder.PARALLEL, has_keep=False, without=None, seed=0):
    """A session of random numbers in float64, its memory and reads worked out step by step.

    without: (step, write head) of an add vector that is left out, the weightings as they are.
    """
    generator = np.random.default_rng(seed)
    columns = {
        "write_weighting": generator.dirichlet(np.ones(ROWS) * 0.3, (STEPS, WRITERS)),
        "read_weighting": generator.dirichlet(np.ones(ROWS) * 0.3, (STEPS, READERS)),
        "erase": generator.uniform(size=(STEPS, WRITERS, WORD)),
        "add": generator.normal(size=(STEPS, WRITERS, WORD)),
    }
    columns["erase"][3], columns["write_weighting"][3, 0] = 1.0, np.eye(ROWS)[2]  # a row that is wiped
    if has_keep:
        columns["keep"] = generator.uniform(size=(STEPS, ROWS)) * (generator.uniform(size=(STEPS, ROWS)) > 0.2)
    if without is not None:
        columns["add"][without] = 0.0
    memory = first = generator.normal(size=(ROWS, WORD))
    memories, reads = [], []
    for step in range(STEPS):
        before = memory
        if has_keep:
            memory = memory * columns["keep"][step][:, None]
        adds = 0
        for head in range(WRITERS):
            where = columns["write_weighting"][step, head][:, None]
            memory = memory * (1 - where * columns["erase"][step, head])
            if write_order is WriteOrder.SEQUENTIAL:
                memory = memory + where * columns["add"][step, head]
            else:
                adds = adds + where * columns["add"][step, head]
        memory = memory + adds
        memories.append(memory)
        reads.append(columns["read_weighting"][step] @ (before if order is Order.READ_FIRST else memory))
    columns |= {"memory": np.stack(memories), "read_vector": np.stack(reads)}
    return episode_of(columns, first, order, write_order)


def episode_of(columns, first, order, write_order):
    fields = tuple(
        Field(name, Role(name), each.shape[1:], ("any",) * (each.ndim - 1), carried=name == "memory")
        for name, each in columns.items()
    )
    episode = KeptEpisode(TraceSpec(fields, order, write_order), EpisodeInfo(), {"memory": first})
    episode.append_steps(columns)
    return episode


def with_flags(source, order, write_order):
    """The same numbers under other flags."""
    columns = {field.name: source.series(field.name) for field in source.spec}
    return episode_of(columns, source.initial("memory"), order, write_order)


def residuals(source):
    return [provenance.of_read(source, step, head).residual for step in range(STEPS) for head in range(READERS)]


@pytest.mark.parametrize(("order", "write_order", "has_keep"), FLAGS)
def test_the_parts_of_every_read_add_up_to_it_and_under_wrong_flags_they_do_not(order, write_order, has_keep):
    source = made_up(order, write_order, has_keep)
    assert max(residuals(source)) < 1e-12
    assert max(residuals(with_flags(source, order, next(each for each in WriteOrder if each != write_order)))) > 1e-4
    assert max(residuals(with_flags(source, next(each for each in Order if each != order), write_order))) > 1e-4
    found = provenance.of_read(source, 7, 1)
    assert found.contributions.shape == (8, WRITERS, WORD)
    assert found.shares.sum() + found.initial_share == pytest.approx(1, abs=1e-12)
    assert found.cancellation >= 1
    assert not found.contributions[7].any() or order is Order.WRITE_FIRST
    row = provenance.of_row(source, 7, 2)
    assert row.residual < 1e-12
    assert row.contributions[7].any()
    np.testing.assert_array_equal(row.recorded, source.series("memory")[7, 2])


@pytest.mark.parametrize(("order", "write_order", "has_keep"), FLAGS)
def test_a_part_is_what_a_read_loses_without_that_write(order, write_order, has_keep):
    whole = made_up(order, write_order, has_keep)
    parts = provenance.of_read(whole, STEPS - 1, 1).contributions
    assert np.abs(parts).max() > 0.1
    for step, head in ((0, 0), (3, 1), (8, 0), (10, 1), (11, 1)):
        lesioned = made_up(order, write_order, has_keep, without=(step, head))
        lost = whole.series("read_vector")[-1, 1] - lesioned.series("read_vector")[-1, 1]
        np.testing.assert_allclose(parts[step, head], lost, atol=1e-14)


@pytest.mark.parametrize("tile_bytes", [2**26, 5 * 8 * ROWS * WORD], ids=["at once", "in tiles of 5 reads"])
@pytest.mark.parametrize(("order", "write_order", "has_keep"), FLAGS)
def test_the_map_has_the_shares_of_every_read(order, write_order, has_keep, tile_bytes, monkeypatch):
    monkeypatch.setattr(provenance, "_TILE_BYTES", tile_bytes)
    source = made_up(order, write_order, has_keep)
    found = provenance.recall_map(source, 1)
    assert found.shape == (STEPS, STEPS)
    for step in range(STEPS):
        shares = provenance.of_read(source, step, 1).shares.sum(1)
        np.testing.assert_allclose(found[step, : step + 1], shares, atol=1e-12)
        assert not found[step, step + 1 :].any()


def test_a_trained_network_that_copies_reads_what_it_wrote_one_length_and_one_step_before():
    with sessions.open(asset("copy.ntmviz.h5")) as recording:
        source = recording.episodes[len(recording.episodes) - 1]
        scored = np.flatnonzero(source.series("mask") > 0)
        found = provenance.recall_map(source)
        lags = scored - np.abs(found[scored]).argmax(1)
        assert np.median(lags) == len(scored) + 1
        assert max(provenance.of_read(source, int(step)).residual for step in scored) < 1e-5


def test_what_is_not_there_is_told():
    source = made_up()
    with pytest.raises(IndexError, match="a step from 0 to 11 was wanted; got 12"):
        provenance.of_read(source, STEPS)
    with pytest.raises(IndexError, match="a read head from 0 to 1 was wanted; got 2"):
        provenance.recall_map(source, 2)
    with pytest.raises(IndexError, match="a location from 0 to 5 was wanted; got -1"):
        provenance.of_row(source, 0, -1)
    columns = {field.name: source.series(field.name) for field in source.spec}
    no_add = {name: column for name, column in columns.items() if name != "add"}
    with pytest.raises(ValueError, match="a field of the role 'add'"):
        provenance.of_read(episode_of(no_add, source.initial("memory"), Order.READ_FIRST, WriteOrder.PARALLEL), 0)
    bare = TraceSpec(tuple(replace(field, carried=False) for field in source.spec))
    uncarried = KeptEpisode(bare, EpisodeInfo(), {})
    uncarried.append_steps(columns)
    with pytest.raises(ValueError, match="before the first step"):
        provenance.of_read(uncarried, 0)
