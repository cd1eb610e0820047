"""Figures: what is drawn is what was recorded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import sessions
from ntm_core.trace import EpisodeKind
from ntmviz.addressing_figure import addressing
from ntmviz.episode_figures import SequenceFigure, happenings, rows_to_show, sequence
from ntmviz.excerpt import FirstSteps
from ntmviz.figures import (
    Head,
    HeadKind,
    head_label,
    heads,
    last_write,
    machine,
    signed_limit,
    strongest,
)
from ntmviz.step_words import describe, spread
from ntmviz.wording import short


@pytest.fixture(params=["session", "session_of_two_heads"])
def episode(request):
    with sessions.open(request.getfixturevalue(request.param)) as recording:
        yield recording.episodes[len(recording.episodes) - 1]


def test_the_machine_shows_the_recorded_arrays(episode):
    step = len(episode) // 2
    record, figure = episode.record(step), machine(episode, step)
    count = episode.spec["write_weighting"].shape[0]
    np.testing.assert_array_equal(figure.memory, record["memory"])
    np.testing.assert_array_equal(figure.before, episode.record(step - 1)["memory"])
    assert len(figure.writes) == len(figure.reads) == count
    for index in range(count):
        np.testing.assert_array_equal(figure.writes[index].values, record["write_weighting"][index])
        np.testing.assert_array_equal(figure.reads[index].values, record["read_weighting"][index])
        assert figure.reads[index].peak == record["read_weighting"][index].argmax()
    by_label = {strip.label: strip for strip in figure.above + figure.below}
    number = "" if count == 1 else " 2"
    np.testing.assert_array_equal(by_label[f"erase{number}"].values, record["erase"][count - 1])
    np.testing.assert_array_equal(by_label[f"add{number}"].values, record["add"][count - 1])
    # Read heads come first on the axis that both kinds share.
    np.testing.assert_array_equal(by_label[f"read key{number}"].values, record["key"][count - 1])
    np.testing.assert_array_equal(by_label[f"write key{number}"].values, record["key"][2 * count - 1])
    np.testing.assert_array_equal(by_label[f"read vector{number}"].values, record["read_vector"][count - 1])


def test_before_the_first_step_stands_the_initial_memory(episode):
    np.testing.assert_array_equal(machine(episode, 0).before, episode.initial("memory"))


def test_the_stages_of_addressing_end_in_the_weighting_that_was_used(episode):
    for head in heads(episode.spec):
        figure = addressing(episode, 3, head)
        record = episode.record(3)
        at = heads(episode.spec).index(head)
        field = head.kind.weighting.value
        np.testing.assert_array_equal(figure.stages[0].values, record["content_weighting"][at])
        np.testing.assert_array_equal(figure.stages[3].values, record[field][head.index])
        gate = figure.stages[1]
        np.testing.assert_array_equal(gate.beside, episode.record(2)[field][head.index])
        mixed = gate.share * figure.stages[0].values + (1 - gate.share) * gate.beside
        np.testing.assert_allclose(mixed, gate.values, atol=1e-6)
        assert figure.stages[0].note == f"β {short(float(record['key_strength'][at]))}"


def test_heads_are_numbered_from_one_only_where_there_are_several(session, session_of_two_heads):
    with sessions.open(session) as one, sessions.open(session_of_two_heads) as two:
        assert head_label(Head(HeadKind.READ), one.spec) == "read head"
        assert head_label(Head(HeadKind.WRITE, 1), two.spec) == "write head 2"


def test_a_sequence_counts_wrong_bits_only_where_the_task_asks(episode):
    figure = sequence(episode)
    mask = episode.series("mask").astype(bool)
    np.testing.assert_array_equal(figure.scored, mask)
    wrong = ((episode.series("output") > 0.5) != (episode.series("target") > 0.5)).sum(axis=1)
    np.testing.assert_array_equal(figure.wrong_bits, np.where(mask, wrong, -1))
    assert episode.info.kind is EpisodeKind.EVAL
    assert figure.wrong_bits[mask].sum() == episode.info.wrong_bits


def test_a_range_of_steps_is_that_part_of_the_whole(episode):
    whole, part = sequence(episode), sequence(episode, 2, 6)
    assert (part.start, part.count, part.steps) == (2, 4, len(episode))
    np.testing.assert_array_equal(part.reads, whole.reads[:, :, 2:6])
    np.testing.assert_array_equal(part.inputs, whole.inputs[:, 2:6])


def test_the_first_steps_of_an_episode_are_a_source(episode):
    from tests.contracts import check_source

    part = FirstSteps(episode, 4)
    check_source(part)
    assert len(part) == 4


def figure_of(reads: np.ndarray, writes: np.ndarray, wrong: list[int] | None = None) -> SequenceFigure:
    count = reads.shape[-1]
    bits = np.array(wrong or [0] * count)
    return SequenceFigure(0, count, None, None, None, bits >= 0, bits, writes, reads, np.zeros(count, bool))


def one_hot(places: list[int], locations: int = 16) -> np.ndarray:
    return np.eye(locations, dtype=np.float32)[places].T[np.newaxis]


def test_a_read_that_jumps_is_a_happening_and_one_that_walks_is_not():
    walk = one_hot([14, 15, 0, 1, 1, 9])
    found = happenings(figure_of(walk, walk * 0, wrong=[-1, 0, 2, 0, 0, 0]))
    assert [(each.step, each.kind) for each in found] == [(2, "wrong bit"), (5, "read refocus")]


@pytest.mark.parametrize(
    ("places", "visible", "first"),
    [([0, 1, 2], 8, 0), ([10, 11, 12], 8, 8), ([15, 15, 15], 8, 8), ([0, 15, 14, 13], 4, 12), ([3, 4], 16, 0)],
)
def test_the_rows_in_view_hold_where_the_heads_are(places, visible, first):
    weighting = one_hot(places)
    assert rows_to_show(figure_of(weighting, weighting), visible, 16) == first


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 60), st.integers(1, 4)), elements=st.floats(-5, 5, width=32)),
    st.integers(1, 70),
)
def test_shrinking_keeps_the_strongest_of_every_stretch(values, cells):
    small = strongest(values, cells)
    count = len(values)
    if count <= cells:
        np.testing.assert_array_equal(small, values)
        return
    edges = [index * count // cells for index in range(cells)] + [count]
    for index in range(cells):
        stretch = values[edges[index] : edges[index + 1]]
        np.testing.assert_array_equal(np.abs(small[index]), np.abs(stretch).max(axis=0))
        assert np.isin(small[index], stretch).all()


def test_one_nan_among_thousands_stays_visible():
    values = np.ones((4096, 2), np.float32)
    values[1234, 1] = np.nan
    assert np.isnan(strongest(values, 100)).sum() == 1


@pytest.mark.parametrize(
    ("largest", "limit"), [(0.2, 1.0), (1.0, 1.0), (1.2, 1.5), (6.0, 7.0), (11.0, 15.0), (900.0, 1000.0)]
)
def test_a_colour_range_is_a_round_number_that_holds_every_value(largest, limit):
    assert signed_limit(np.array([-largest, np.nan, np.inf]), None) == limit


def test_the_last_write_of_a_row_is_the_latest_step_that_attended_to_it(episode):
    step = len(episode) - 1
    weighting = episode.series("write_weighting").max(axis=1)
    for location in range(0, weighting.shape[1], 5):
        when = [t for t in range(step + 1) if weighting[t, location] > 0.1]
        assert last_write(episode, step, location) == (when[-1] if when else None)


def test_a_step_is_put_into_words_from_its_numbers(episode):
    step = len(episode) - 1
    words = describe(episode, step, heads(episode.spec)[0])
    record = episode.record(step)
    at = int(record["read_weighting"][0].argmax())
    assert f"row {at}" in words.statement
    wrong = int(((record["output"] > 0.5) != (record["target"] > 0.5)).sum())
    assert words.rows[-1].value == (f"▲ {wrong} of 4 bits wrong" if wrong else "all 4 bits right")
    assert words.written_at is None or words.written_at < step


@pytest.mark.parametrize(
    ("weighting", "text"),
    [([1, 0, 0], "1.00 row"), ([0.5, 0.5, 0], "2.00 rows"), ([0, 0, 0], "no row: it has no mass")],
)
def test_spread_counts_effective_rows(weighting, text):
    assert spread(np.array(weighting, float)) == text
