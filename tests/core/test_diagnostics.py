"""Diagnostics: each against values worked by hand, by role on any trace, and in windows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntm_core import diagnostics
from ntm_core.diagnostics import frames as windows
from ntm_core.diagnostics import memory as rows
from ntm_core.kept import KeptEpisode
from ntm_core.trace import EpisodeInfo, Field, Order, Role, TraceSpec
from tests.core.builders import small_model, small_task
from tests.core.episodes import HALF, QUARTER, addressed, dnc, episode, one_hot, run
from tests.sessions.traces import any_bits, ntm_spec


def values(source, name):
    return diagnostics.series(source, name)


def test_mass_breadth_and_participation_of_a_weighting():
    source = episode(read_weighting=[[[0.5, 0.25, 0.25, 0]], [QUARTER], [[0, 1, 0, 0]], [[0, 0, 0, 0]]])
    np.testing.assert_allclose(values(source, "read_mass")[:, 0], [1, 1, 1, 0])
    np.testing.assert_allclose(values(source, "read_breadth")[:, 0], [2**1.5, 4, 1, math.nan])
    np.testing.assert_allclose(values(source, "read_participation")[:, 0], [8 / 3, 4, 1, math.nan])


def test_a_read_overlaps_the_write_of_its_step_where_both_have_weight():
    source = episode(read_weighting=[[HALF], [HALF]], write_weighting=[[[0, 0.75, 0.25, 0]], [[0, 0, 0, 1]]])
    np.testing.assert_allclose(values(source, "overlap")[:, 0], [0.5, 0])


@pytest.mark.parametrize(("order", "wanted"), [(Order.READ_FIRST, [0, 0.4, 0.9]), (Order.WRITE_FIRST, [0.4, 0.9, 0.9])])
def test_what_a_read_meets_was_written_before_it_in_the_order_of_the_trace(order, wanted):
    source = episode(
        order=order,
        read_weighting=one_hot(4, [0, 0, 0]),
        write_weighting=[[[0.4, 0.6, 0, 0]], [[0.9, 0, 0, 0]], [[0.2, 0, 0, 0]]],
    )
    np.testing.assert_allclose(values(source, "reads_written")[:, 0], wanted, rtol=1e-6)


def test_rows_written_with_less_than_a_tenth_of_a_head_count_as_unwritten():
    source = episode(
        read_weighting=[[HALF], [HALF], [HALF]], write_weighting=[[[0.09, 0.9, 0, 0]], [[0.2, 0, 0, 0]], [QUARTER]]
    )
    np.testing.assert_allclose(values(source, "read_unwritten")[:, 0], [1, 0.5, 0])


def test_what_a_read_brings_counts_rows_by_their_length():
    source = episode(
        first={"memory": np.zeros((4, 2))},
        memory=[[[3, 4], [0, 0], [0, 1], [0, 0]]] * 2,
        read_weighting=[[QUARTER]] * 2,
        write_weighting=one_hot(4, [0, 0]),
    )
    np.testing.assert_allclose(values(source, "read_from_written")[:, 0], [0, 5 / 6])


def test_margin_is_strength_times_the_lead_of_the_best_cosine():
    source = episode(first={"memory": [[0, 1], [0, 1]]}, **addressed())
    np.testing.assert_allclose(values(source, "margin"), [[0, 0]], atol=1e-5)  # the rows that were there were equal
    source = episode(first={"memory": [[0, 1], [0, 1]]}, order=Order.WRITE_FIRST, **addressed())
    np.testing.assert_allclose(values(source, "margin"), [[4, 0]], rtol=1e-5)  # the read head sees what was written
    source = episode(order=Order.WRITE_FIRST, **addressed(lookup_mask=[[[1, 0], [1, 1]]]))
    np.testing.assert_allclose(values(source, "margin"), [[4, math.nan]], rtol=1e-5)  # nobody knows what was there


@pytest.mark.parametrize("settings", [{}, {"mask": True}, {"order": "write_first", "read_heads": 2}])
def test_margin_of_a_network_is_the_difference_of_its_two_best_scores(settings):
    source = run(small_model(first_memory="random", **settings), small_task(), 4)
    best = np.sort(source.series("content_weighting").astype(np.float64), axis=-1)
    np.testing.assert_allclose(values(source, "margin"), np.log(best[..., -1] / best[..., -2]), atol=1e-4)


def test_gate_strength_and_the_mean_of_the_shift():
    source = episode(
        read_weighting=[[HALF]],
        write_weighting=[[HALF]],
        gate=[[0.25, 1]],
        key_strength=[[2, 3]],
        shift=[[[0.1, 0.2, 0.7], [1, 0, 0]]],
    )
    np.testing.assert_allclose(values(source, "gate"), [[0.25, 1]])
    np.testing.assert_allclose(values(source, "key_strength"), [[2, 3]])
    np.testing.assert_allclose(values(source, "shift_mean"), [[0.6, -1]], rtol=1e-6)


def test_the_centre_of_a_weighting_lies_on_a_ring_and_moves_the_shorter_way():
    weighting = [[[0, 0, 1, 0]], [[0, 0, 0, 1]], [[0.6, 0, 0, 0.4]], [[1, 0, 0, 0]], [QUARTER]]
    between = -math.atan(0.4 / 0.6) * 4 / (2 * math.pi)
    source = episode(first={"write_weighting": [[0, 1, 0, 0]]}, write_weighting=weighting)
    np.testing.assert_allclose(values(source, "write_centroid")[:, 0], [2, 3, between, 0, math.nan], atol=1e-6)
    moved = [1, 1, 1 + between, -between, math.nan]
    np.testing.assert_allclose(values(source, "write_step")[:, 0], moved, atol=1e-6)
    unknown = episode(read_weighting=weighting)
    np.testing.assert_allclose(values(unknown, "read_step")[:2, 0], [math.nan, 1], atol=1e-6)


def test_utilisation_rows_written_and_occupancy_grow_with_what_was_written():
    source = episode(write_weighting=[[[1, 0, 0, 0]], [[0, 0.5, 0, 0]], [[0, 0.5, 0, 0]], [[0, 0, 0.08, 0]]])
    np.testing.assert_allclose(values(source, "utilisation"), [0.25, 0.5, 0.5, 0.5])
    even = math.exp(-2 / 3 * math.log(2 / 3) - 1 / 3 * math.log(1 / 3))
    np.testing.assert_allclose(values(source, "rows_written")[:3], [1, even, 2])
    np.testing.assert_allclose(values(source, "occupancy"), [0.25, 0.375, 0.4375, 0.4575], rtol=1e-6)


def test_collision_is_weight_on_what_is_occupied_less_what_was_freed():
    writes = [[[1, 0, 0, 0], [0, 0.5, 0, 0]], [[0.5, 0.5, 0, 0], [0, 0, 1, 0]]]
    np.testing.assert_allclose(values(episode(write_weighting=writes), "collision"), [[0, 0], [0.75, 0]])
    freed = episode(write_weighting=writes, retention=[[1, 1, 1, 1], [0, 1, 1, 1]])
    np.testing.assert_allclose(values(freed, "occupancy"), [1.5 / 4, (0.5 + 0.75 + 1) / 4])


def test_erase_and_add_of_a_write_head():
    source = episode(write_weighting=[[HALF]], memory=np.zeros((1, 4, 2)), erase=[[[0.25, 0.75]]], add=[[[3, 4]]])
    np.testing.assert_allclose(values(source, "erase_mean"), [[0.5]])
    np.testing.assert_allclose(values(source, "add_norm"), [[5]])


def test_spread_similarity_and_rank_of_the_rows():
    memory = [[[1, 0], [0, 1], [9, 9]], [[1, 0], [-2, 0], [9, 9]], [[3, 3], [3, 3], [3, 3]]]
    source = episode(memory=memory, write_weighting=[[[1, 0, 0]], [[0, 1, 0]], [[0, 0, 0]]])
    np.testing.assert_allclose(values(source, "row_spread"), [9, 11, 0])
    np.testing.assert_allclose(values(source, "row_similarity"), [math.nan, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(values(episode(memory=[np.eye(3)[:, :2]]), "effective_rank"), [2])
    np.testing.assert_allclose(values(episode(memory=[[[2, 2], [2, 2], [0, 0]]]), "effective_rank"), [1], atol=1e-5)
    spectrum = np.array([4, 2]) / 6
    wanted = math.exp(-(spectrum * np.log(spectrum)).sum())
    np.testing.assert_allclose(values(episode(memory=[np.diag([4, 2])]), "effective_rank"), [wanted])


def test_similarity_of_many_rows_is_that_of_as_many_as_are_compared(monkeypatch):
    memory = np.zeros((1, 9, 2))
    memory[0, ::3], memory[0, 1::3], memory[0, 2::3] = (1, 0), (0, 1), (0, 1)
    source = episode(memory=memory, write_weighting=np.ones((1, 1, 9)))
    assert values(source, "row_similarity")[0] < 1
    monkeypatch.setattr(rows, "MOST_ROWS", 3)
    np.testing.assert_allclose(values(source, "row_similarity"), [1])


def test_what_a_dnc_keeps_count_of():
    source = episode(first={"memory": [[1, 0], [1, 1], [0, 0]]}, **dnc())
    told = {name: series[0] for name, series in diagnostics.all_of(source).items()}
    assert told["rows_in_use"] == pytest.approx(0.91)
    assert told["allocation_max"] == pytest.approx(0.7)
    assert told["free_but_dirty"] == 1
    assert (told["link_row_sum"], told["link_column_sum"]) == (0.75, 0.75)
    assert (told["forward_breadth"][0], told["backward_breadth"][0]) == pytest.approx((2, 1))
    gates = ("write_gate", "allocation_gate", "free_gate", "backward_mode", "content_mode", "forward_mode")
    assert [told[name][0] for name in gates] == [0.5, 0.75, 0.25, 0.25, 0.25, 0.5]


def test_sparse_links_sum_as_the_full_ones_do():
    """As in `dnc`, with the two strongest links of each row; a link of no weight may lead anywhere."""
    links = [[[0.5, 0.25], [0.25, 0], [0.25, 0]]]
    source = episode(**dnc(links=links, link_location=[[[1, 2], [0, 2], [1, 0]]]))
    told = diagnostics.all_of(source)
    assert (told["link_row_sum"][0], told["link_column_sum"][0]) == (0.75, 0.75)


def test_how_much_goes_to_the_least_used_row_is_counted_for_each_head_by_its_own():
    source = episode(
        write_weighting=[[[0.75, 0.25], [0.5, 0.5]]], least_used=[[[1, 0], [0, 1]]], memory=np.zeros((1, 2, 2))
    )
    np.testing.assert_allclose(values(source, "write_to_least_used"), [[0.75, 0.5]])


def test_saturation_is_of_all_gates_together():
    source = episode(**dnc(write_gate=[[0.96]], free_gate=[[0.04]], allocation_gate=[[0.94]], erase=[[[0.5, 0.06]]]))
    np.testing.assert_allclose(values(source, "saturation"), [2 / 5])


def test_wrong_bits_count_where_the_answer_is_scored():
    source = episode(output=[[0.6, 0.4], [0.6, 0.4]], target=[[0, 1], [0, 0]], mask=[0, 1])
    np.testing.assert_allclose(values(source, "wrong_bits"), [0, 1])


def test_a_trace_without_weightings_has_no_lags_and_no_memory_to_measure():
    lstm = episode(controller=[[0.5]], output=[[0.5]], target=[[1]], mask=[1])
    assert diagnostics.lags(lstm) is None
    assert {each.name for each in diagnostics.available(lstm.spec)} == {"wrong_bits", "not_finite"}
    with pytest.raises(KeyError, match="no diagnostic 'gate' of this trace; it has wrong_bits, not_finite"):
        diagnostics.series(lstm, "gate")


def test_each_diagnostic_says_what_it_is_in_one_sentence():
    everything = diagnostics.available(episode(**dnc()).spec) + diagnostics.available(ntm_spec())
    assert len(everything) > 50
    for each in everything:
        assert each.name.isidentifier()
        assert each.text[0].isupper() and not each.text.endswith(".") and len(each.text) < 120


def test_heads_are_named_as_people_call_them():
    spec = run(small_model(read_heads=2), small_task()).spec
    assert [str(head) for head in diagnostics.heads(spec, "gate")] == ["read head 1", "read head 2", "the write head"]
    assert diagnostics.heads(spec, "utilisation") == ()


def test_arrays_of_another_shape_than_their_role_means_are_left_alone():
    fields = (
        Field("memory", Role.MEMORY, (4, 3), ("location", "word")),
        Field("read_weighting", Role.READ_WEIGHTING, (1, 5), ("read head", "location")),
        Field("key", Role.KEY, (2, 3), ("beam", "word")),
        Field("mask", Role.MASK, (2,), ("channel",)),
    )
    assert {each.name for each in diagnostics.available(TraceSpec(fields))} == {
        *("row_spread", "effective_rank", "not_finite")
    }


@pytest.fixture(params=["ntm", "ntm writing first", "dnc", "sparse dnc"])
def long_episode(request):
    """Of 40 steps and more, each with all that its kind of network shows."""
    if request.param.startswith("ntm"):
        order = "write_first" if "first" in request.param else "read_first"
        return run(small_model(read_heads=2, write_heads=2, order=order, segments=2), small_task(max_length=20), 20)
    return made_up_dnc(np.random.default_rng(0), is_sparse=request.param.startswith("sparse"))


def made_up_dnc(generator, steps=40, locations=6, is_sparse=False):
    """Numbers drawn in the shapes and ranges of a DNC with 2 read heads; weightings sum to less than 1."""

    def share(*shape):
        return generator.random((steps, *shape))

    def weighting(heads):
        return share(heads, 1) * generator.dirichlet(np.full(locations, 0.3), (steps, heads))

    links = 2 if is_sparse else locations
    more = {"link_location": generator.integers(0, locations, (steps, locations, links))} if is_sparse else {}
    memory = generator.normal(size=(steps + 1, locations, 3))
    return episode(
        first={"memory": memory[0], "read_weighting": weighting(2)[0], "write_weighting": weighting(1)[0]},
        order=Order.WRITE_FIRST,
        memory=memory[1:],
        read_weighting=weighting(2),
        write_weighting=weighting(1),
        key=generator.normal(size=(steps, 3, 3)),
        key_strength=1 + share(3),
        usage=share(locations),
        retention=share(locations),
        allocation=weighting(1)[:, 0],
        links=share(locations, links) / links,
        forward_weighting=weighting(2),
        backward_weighting=weighting(2),
        free_gate=share(2),
        write_gate=share(1),
        allocation_gate=share(1),
        content_mode=share(2),
        erase=share(1, 3),
        add=generator.normal(size=(steps, 1, 3)),
        output=share(2),
        target=share(2) > 0.5,
        mask=share() > 0.5,
        **more,
    )


def test_windows_change_no_value_and_no_alarm(long_episode, monkeypatch):
    whole, rung, lags = (
        measure(long_episode) for measure in (diagnostics.all_of, diagnostics.alarms, diagnostics.lags)
    )
    assert set(whole) == {each.name for each in diagnostics.available(long_episode.spec)}
    monkeypatch.setattr(windows, "WINDOW_BYTES", 4 * 7 * long_episode.spec.step_size)
    assert diagnostics.alarms(long_episode) == rung
    np.testing.assert_allclose(diagnostics.lags(long_episode).shares, lags.shares)
    for name, series in diagnostics.all_of(long_episode).items():
        np.testing.assert_allclose(series, whole[name], rtol=1e-6, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(
            diagnostics.series(long_episode, name, 11, -3), whole[name][11:-3], rtol=1e-6, atol=1e-9
        )
        assert diagnostics.series(long_episode, name, 5, 5).shape == (0, *series.shape[1:])


class Counted:
    """A source that notes how many steps it was asked for at once, and of which fields."""

    def __init__(self, source):
        self.source, self.spec, self.info = source, source.spec, source.info
        self.initial, self.record = source.initial, source.record
        self.most, self.names = 0, set()

    def __len__(self):
        return len(self.source)

    def series(self, name, start=0, stop=None):
        values = self.source.series(name, start, stop)
        self.most = max(self.most, len(values))
        self.names.add(name)
        return values


def test_a_wide_memory_is_looked_at_no_more_than_a_megabyte_at_once():
    steps, rows = 24, 1024
    memory = np.zeros((steps + 1, rows, 64), np.float32)
    at_first = np.full((1, rows), 1 / rows, np.float32)
    source = episode(
        first={"memory": memory[0], "read_weighting": at_first, "write_weighting": at_first},
        memory=memory[1:],
        read_weighting=np.repeat(at_first[None], steps, axis=0),
        write_weighting=np.repeat(at_first[None], steps, axis=0),
    )
    counted = Counted(source)
    diagnostics.alarms(counted)
    assert 0 < 4 * source.spec.step_size * counted.most <= 2**20


def test_an_episode_is_looked_at_a_window_at_a_time_and_only_what_is_needed(long_episode, monkeypatch):
    monkeypatch.setattr(windows, "WINDOW_BYTES", 4 * 5 * long_episode.spec.step_size)
    counted = Counted(long_episode)
    diagnostics.all_of(counted)
    diagnostics.alarms(counted)
    diagnostics.lags(counted)
    assert counted.most == 5
    counted = Counted(long_episode)
    diagnostics.series(counted, "reads_written", 20)
    assert counted.names <= {"read_weighting", "write_weighting", "retention"}


SYMMETRIC = {each.name for each in diagnostics.available(made_up_dnc(np.random.default_rng(0)).spec)} - {
    *("read_centroid", "write_centroid", "read_step", "write_step")
}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), order=st.permutations(range(6)))
def test_no_diagnostic_but_the_centres_depends_on_which_row_is_which(seed, order):
    source = made_up_dnc(np.random.default_rng(seed), steps=6)
    turned = {}
    first = {}
    for field in source.spec:
        for at, axis in enumerate(field.dims):
            if axis == "location" or (field.role is Role.LINKS and axis == "link"):
                turned[field.name] = np.take(turned.get(field.name, source.series(field.name)), order, axis=at + 1)
                if field.carried:
                    first[field.name] = np.take(first.get(field.name, source.initial(field.name)), order, axis=at)
        turned.setdefault(field.name, source.series(field.name))
    other = episode(first=first, order=Order.WRITE_FIRST, **turned)
    before, after = diagnostics.all_of(source, SYMMETRIC), diagnostics.all_of(other, SYMMETRIC)
    for name in SYMMETRIC:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-5, atol=1e-6, err_msg=name)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_shares_are_shares_and_breadths_lie_between_one_and_all_rows(seed):
    source = made_up_dnc(np.random.default_rng(seed), steps=6)
    for each in diagnostics.available(source.spec):
        series = values(source, each.name)
        if each.unit == "share":
            assert ((series >= -1e-9) & (series <= 1 + 1e-6)).all(), each.name
        if each.name.endswith("breadth") or each.name.endswith("participation"):
            assert ((series >= 1 - 1e-6) & (series <= 6 + 1e-6)).all(), each.name


def test_no_number_at_all_makes_a_diagnostic_fail():
    """Every float32 there is, NaN and infinities among them, and not one warning."""
    spec, generator = ntm_spec(8, 3), np.random.default_rng(0)
    initial = {field.name: any_bits(generator, field.shape) for field in spec.carried}
    source = KeptEpisode(spec, EpisodeInfo(), initial)
    source.append_steps({field.name: any_bits(generator, (30, *field.shape)) for field in spec})
    told = diagnostics.all_of(source)
    counted = sum((~np.isfinite(source.series(field.name))).reshape(30, -1).sum(1) for field in spec)
    np.testing.assert_array_equal(told["not_finite"], counted)
    told = [alarm for alarm in diagnostics.alarms(source) if alarm.name == "not_finite"]
    assert sum(alarm.steps for alarm in told) == (counted > 0).sum() > 0
    diagnostics.lags(source)


def test_the_numbers_of_an_iteration_are_a_handful_that_an_episode_of_it_confirms():
    source = run(small_model(), small_task(), 4)
    initial = {field.name: source.initial(field.name) for field in source.spec.carried}
    columns = {field.name: source.series(field.name) for field in source.spec}
    told = diagnostics.of_iteration(source.spec, initial, columns)
    series, scored = diagnostics.all_of(source), columns["mask"] > 0
    assert told == pytest.approx(
        {
            "read_breadth": series["read_breadth"].mean(),
            "write_breadth": series["write_breadth"].mean(),
            "gate": series["gate"].mean(),
            "saturation": series["saturation"].mean(),
            "reads_written": series["reads_written"][scored].mean(),
            "row_spread": series["row_spread"].max(),
            "utilisation": series["utilisation"][-1],
            "occupancy": series["occupancy"][-1],
        }
    )
    columns["write_weighting"] = np.concatenate(
        (np.zeros((1, 1, 8)), columns["write_weighting"][1:])
    )  # no weight at all
    told = diagnostics.of_iteration(source.spec, initial, columns)
    assert told["write_breadth"] == pytest.approx(series["write_breadth"][1:].mean())
    assert diagnostics.of_iteration(source.spec, initial, {name: each[:0] for name, each in columns.items()}) == {}
