"""Provenance: what a read is the sum of, against memories worked out step by step."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

import sessions
from ntm_core import diagnostics, provenance
from ntm_core.diagnostics import frames, origins
from ntm_core.diagnostics.health import health
from ntm_core.kept import KeptEpisode
from ntm_core.trace import EpisodeInfo, Field, Order, Role, TraceSpec, WriteOrder
from ntmviz.assets import asset
from tests.core.episodes import DIMS

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
        Field(name, Role(name), each.shape[1:], DIMS.get(Role(name), ("location",)), carried=name == "memory")
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
        answers = np.where(np.isin(np.arange(len(found)), scored)[:, None], found, 0)
        by_lag = provenance.lag_shares(answers)
        assert by_lag.argmax() == len(scored) + 1
        assert by_lag.sum() == pytest.approx(1)
        assert np.isnan(provenance.lag_shares(np.zeros((3, 3)))).all()
        assert max(provenance.of_read(source, int(step)).residual for step in scored) < 1e-5


@pytest.mark.parametrize(("order", "write_order", "has_keep"), FLAGS)
def test_the_stream_of_diagnostics_tells_what_the_sweep_tells(order, write_order, has_keep, monkeypatch):
    monkeypatch.setattr(frames, "WINDOW_BYTES", 4 * 4 * 100)  # some 5 windows
    source = made_up(order, write_order, has_keep)
    told = diagnostics.all_of(source, ("read_lag", "from_initial", "read_cancellation"))
    for step in range(STEPS):
        for head in range(READERS):
            found = provenance.of_read(source, step, head)
            assert told["from_initial"][step, head] == pytest.approx(found.initial_share, abs=1e-10)
            by_step = np.linalg.norm(found.contributions.sum(1), axis=-1)
            if by_step.any():
                lag = by_step @ (step - np.arange(step + 1)) / by_step.sum()
                assert told["read_lag"][step, head] == pytest.approx(lag)
            else:
                assert np.isnan(told["read_lag"][step, head])
            parts = by_step.sum() + np.linalg.norm(found.initial)
            assert told["read_cancellation"][step, head] == pytest.approx(parts / np.linalg.norm(found.total))
    np.testing.assert_array_equal(diagnostics.series(source, "read_lag", 7, 11), told["read_lag"][7:11])
    monkeypatch.setattr(origins, "MOST_BYTES", 9 * ROWS * WORD * 8)
    short = diagnostics.series(source, "from_initial")
    assert np.isfinite(short[:5]).all()
    assert np.isnan(short[8:]).all()


@pytest.mark.parametrize(("order", "write_order", "has_keep"), FLAGS)
def test_wrong_flags_are_an_alarm_and_said_in_the_health(order, write_order, has_keep):
    source = made_up(order, write_order, has_keep)
    residuals = ("write_residual", "read_residual")
    assert not diagnostics.alarms(source, residuals)
    assert all(values.max() < 1e-12 for values in diagnostics.all_of(source, residuals).values())
    other_order = with_flags(source, next(each for each in Order if each != order), write_order)
    assert {alarm.name for alarm in diagnostics.alarms(other_order, residuals)} == {"read_residual"}
    assert "is not its weighting times the memory" in " ".join(health([other_order]).sentences)
    other_writes = with_flags(source, order, next(each for each in WriteOrder if each != write_order))
    assert {alarm.name for alarm in diagnostics.alarms(other_writes, residuals)} == {"write_residual"}
    assert "is not what the recorded writes make of it" in " ".join(health([other_writes]).sentences)


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
