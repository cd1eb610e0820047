"""A trained network's memory asked by hand: what every kind of head would read, against what it read and slow loops."""

from functools import cache

import numpy as np
import pytest

from ntm_core import commands, models, patient, registry, seeding
from ntm_core.patient import Lesion
from ntm_core.recall import operations
from ntm_core.trace import Role, TraceSpec
from ntmviz import ink
from ntmviz.figures import Head, HeadKind, heads
from ntmviz.recall.askable import Way, askable_heads, refusal, staying, terms_of, way_of
from ntmviz.recall.query import Query, ask, emitted
from ntmviz.recall.query_figure import query_figure
from ntmviz.recall.query_running import going_on, hindrance
from ntmviz.recall.query_sliders import QuerySliders, kernel, shares
from ntmviz.recall.ranking_layout import ranking_marks
from tests.core import slow_dnc
from tests.core.builders import small_model, small_task
from tests.core.test_models import VARIANTS

WITH_READ_HEADS = [variant for variant in VARIANTS if not variant.startswith("lstm")]
WAYS = {"ntm": Way.SHIFTING, "dnc": Way.FOLLOWING, "mann": Way.CONTENT}


@cache
def ran(variant):
    """An episode of a network and its settings. Its weights are drawn: heads are here and there, not at one row."""
    model = small_model(name=variant.split()[0], **VARIANTS[variant])
    task = small_task()
    source = patient.episode(model, task, task.sample(2, seeding.generator(5), 4), Lesion(), item=1)
    return source, model.config.to_json()


def own_key(source, head, seed=0):
    width = source.spec.with_role(Role.MEMORY).shape[1]
    return tuple(np.random.default_rng([seed, head]).normal(size=width).tolist())


def test_every_model_with_read_heads_is_asked():
    assert {variant.split()[0] for variant in WITH_READ_HEADS} == set(registry.models()) - {"lstm"}


@pytest.mark.parametrize("variant", WITH_READ_HEADS)
def test_asked_as_the_head_itself_asked_it_is_where_the_head_was_and_reads_what_it_read(variant):
    source, settings = ran(variant)
    assert refusal(source.spec, settings) == ""
    assert way_of(source.spec) is WAYS[variant.split()[0]]
    for place, head in enumerate(askable_heads(source.spec)):
        for step in range(len(source)):
            record = source.record(step)
            asked = ask(source, step, emitted(source, step, place), terms_of(settings))
            wanted = record[head.kind.weighting.value][head.index]
            np.testing.assert_allclose(asked.look.weighting, wanted, atol=2e-5)
            content = dict(asked.stages).get("content", asked.look.weighting)
            np.testing.assert_allclose(content, record["content_weighting"][place], atol=2e-5)
            if head.kind is HeadKind.READ:
                np.testing.assert_allclose(asked.look.word, record["read_vector"][head.index], atol=2e-5)


def test_write_heads_are_asked_where_they_go_the_way_of_read_heads():
    for variant, wanted in (("ntm of 1 and 3 heads without shift", 4), ("dnc of 2 read heads", 2), ("mann", 1)):
        known = askable_heads(ran(variant)[0].spec)
        assert len(known) == wanted
        assert known == heads(ran(variant)[0].spec)[:wanted]


def links_of(source, step):
    """The links after a step, as a matrix: loops."""
    record = source.record(step)
    if "link_location" not in record:
        return record["links"].astype(float)
    matrix = np.zeros((len(record["links"]),) * 2)
    for row, (values, places) in enumerate(zip(record["links"], record["link_location"], strict=True)):
        for value, place in zip(values, places, strict=True):
            matrix[row, int(place)] += value
    return matrix


@pytest.mark.parametrize("variant", [each for each in WITH_READ_HEADS if each.startswith("dnc")])
def test_a_head_that_follows_links_reads_its_shares_of_backward_content_and_forward(variant):
    """By loops over the link matrix and the weightings of the step before (DNC paper, Methods)."""
    source, settings = ran(variant)
    terms = terms_of(settings)
    modes, strength = (0.5, 0.2, 0.3), 7.0
    for step in (0, 3, len(source) - 1):
        record, links = source.record(step), links_of(source, step)
        before = source.record(step - 1) if step else {"read_weighting": source.initial("read_weighting")}
        last = before["read_weighting"].astype(float)
        backward, forward = slow_dnc.backward(links, last), slow_dnc.forward(links, last)
        if "backward_sharpness" in record:
            backward = slow_dnc.sharpen(backward, record["backward_sharpness"])
            forward = slow_dnc.sharpen(forward, record["forward_sharpness"])
        prior = np.zeros(8)
        if terms.prominence:
            counts = source.record(step - 1)["recall_count"] if step else source.initial("recall_count")
            prior = prior + [terms.prominence * np.log(count + 1) for count in counts]
        if terms.priming:
            prior = prior + terms.priming * record["spread"]
        for head in range(len(last)):
            key = own_key(source, head)
            mask = record["lookup_mask"][head] if "lookup_mask" in record else np.ones(5)
            content = slow_dnc.content_weighting(record["memory"], np.array(key), strength, mask, prior)
            wanted = modes[0] * backward[head] + modes[1] * content + modes[2] * forward[head]
            look = ask(source, step, Query(head, key, strength, modes=modes), terms).look
            np.testing.assert_allclose(look.weighting, wanted, atol=2e-5)
            np.testing.assert_allclose(look.word, wanted @ record["memory"], atol=2e-5)


@pytest.mark.parametrize("variant", ["ntm of two segments", "ntm of two segments, one at a time"])
def test_a_routed_head_looks_and_shifts_within_each_segment(variant):
    source, _ = ran(variant)
    step, strength, turn = 4, 6.0, (0.1, 0.2, 0.7)
    record, before = source.record(step), source.record(step - 1)
    key, router = own_key(source, 0), record["router"][0]
    memory = (record if source.spec.order == "write_first" else before)["memory"]
    gated = np.zeros(8)
    for segment in range(2):
        rows = slice(4 * segment, 4 * segment + 4)
        inside = slow_dnc.content_weighting(memory[rows], np.array(key), strength, np.ones(5), np.zeros(4))
        gated[rows] = 0.6 * router[segment] * inside + 0.4 * before["read_weighting"][0][rows]
    shifted = np.zeros(8)
    for row in range(8):
        first = row - row % 4
        for place, offset in enumerate((-1, 0, 1)):
            shifted[row] += turn[place] * gated[first + (row - first - offset) % 4]
    wanted = shifted**2.5 / (shifted**2.5).sum()
    asked = ask(source, step, Query(0, key, strength, 0.6, turn, 2.5))
    np.testing.assert_allclose(asked.look.weighting, wanted, atol=2e-5)
    assert asked.look.shares.tolist() == router.tolist()
    figure = query_figure(source, step, Query(0, key))
    assert figure.segments == ("segment 0", "segment 1") and figure.members.tolist() == [0] * 4 + [1] * 4


def test_a_head_of_content_alone_has_no_stages_and_no_strength():
    source, _ = ran("mann of 2 read heads")
    key, memory = own_key(source, 1), source.record(3)["memory"]
    asked = ask(source, 3, Query(1, key))
    wanted = slow_dnc.content_weighting(memory, np.array(key), 1.0, np.ones(5), np.zeros(8))
    np.testing.assert_allclose(asked.look.weighting, wanted, atol=2e-5)
    assert asked.stages == () and emitted(source, 3, 1).strength == 1


def test_a_figure_of_a_write_head_is_in_the_colour_of_writes():
    source, _ = ran("ntm")
    assert query_figure(source, 3, emitted(source, 3, 0)).token == "read"
    figure = query_figure(source, 3, emitted(source, 3, 1))
    assert figure.token == "write" and figure.asked is HeadKind.WRITE
    np.testing.assert_array_equal(figure.memory, source.record(2)["memory"])


def without(spec, *roles):
    return type(spec)(tuple(field for field in spec if field.role not in roles), spec.order, spec.write_order)


def test_what_cannot_be_asked_is_told_in_one_sentence():
    lstm = small_model(name="lstm")
    task = small_task()
    source = patient.episode(lstm, task, task.sample(2, seeding.generator(5), 4), Lesion())
    ntm, dnc = ran("ntm")[0].spec, ran("dnc")[0].spec
    primed = ran("ntm with priming")[0].spec
    told = {
        refusal(source.spec, {}),
        refusal(without(ntm, Role.KEY), {}),
        refusal(without(ntm, Role.READ_WEIGHTING), {}),
        refusal(without(ntm, Role.SHIFT), {}),
        refusal(without(dnc, Role.FORWARD_WEIGHTING), {}),
        refusal(primed, {}),
    }
    assert len(told) == 6
    assert all(each.endswith(".") and each.count(".") == 1 for each in told)
    assert refusal(primed, {"priming": 2.0}) == ""


def test_a_lab_is_not_asked_as_a_trained_network_is():
    lab = TraceSpec(models.build("recall", operations.size(8), 8, locations=8).fields())
    assert refusal(lab, {}).startswith("This memory is worked by hand")


def test_what_stays_as_recorded_is_said():
    assert staying(ran("ntm")[0].spec) == ""
    assert staying(ran("dnc")[0].spec) == "Links stay as recorded."
    assert staying(ran("ntm with masked lookup")[0].spec) == "Lookup mask stays as recorded."
    everything = staying(ran("dnc with everything")[0].spec)
    assert everything == "Lookup mask, links, prominence and priming stay as recorded."


def test_going_on_sets_what_was_read_and_all_that_counts_reads():
    source, settings = ran("mann of 2 read heads")
    record = source.record(3)
    query = Query(1, own_key(source, 1))
    edit, run = going_on(source, 3, query, terms_of(settings))
    look = ask(source, 3, query).look
    told = dict(zip(edit.fields, edit.values, strict=True))
    assert run == commands.Run(1) and edit.row == 1 and set(told) == {"read_weighting", "read_vector", "usage"}
    np.testing.assert_allclose(told["read_weighting"], look.weighting)
    np.testing.assert_allclose(told["read_vector"], look.word)
    # MANN paper, eq. 5: usage is what was kept of it, and what this step read and wrote.
    kept = source.record(2)["usage"] * settings["usage_decay"] + record["write_weighting"].sum(0)
    np.testing.assert_allclose(told["usage"], kept + record["read_weighting"][0] + look.weighting, atol=2e-5)
    prominent, settings = ran("ntm with prominence")
    edit, _ = going_on(prominent, 3, Query(0, own_key(prominent, 0)), terms_of(settings))
    assert set(edit.fields) == {"read_weighting", "read_vector", "recall_count"}
    assert set(going_on(ran("dnc")[0], 3, Query(0, own_key(ran("dnc")[0], 0)))[0].fields) == {
        "read_weighting",
        "read_vector",
    }


def test_where_it_cannot_go_on_it_says_why():
    spec = ran("ntm")[0].spec
    assert hindrance(spec, Head(HeadKind.READ)) == ""
    for told in (
        hindrance(spec, Head(HeadKind.WRITE)),
        hindrance(ran("mann with priming")[0].spec, Head(HeadKind.READ)),
    ):
        assert told.endswith(".")
    assert going_on(ran("ntm")[0], 3, Query(1, own_key(ran("ntm")[0], 1))) == ()


@pytest.mark.parametrize(
    ("offset", "reach", "wanted"),
    [
        (-1.0, 1, (1, 0, 0)),
        (-0.25, 1, (0.25, 0.75, 0)),
        (1.0, 1, (0, 0, 1)),
        (1.5, 2, (0, 0, 0, 0.5, 0.5)),
        (0.0, 0, (1,)),
    ],
)
def test_a_shift_is_shares_of_neighbouring_offsets(offset, reach, wanted):
    assert kernel(offset, reach) == pytest.approx(wanted)


def test_shares_sum_to_one_whichever_is_set():
    assert shares((0.2, 0.2, 0.6), 0, 0.6) == pytest.approx((0.6, 0.1, 0.3))
    assert shares((1.0, 0.0, 0.0), 0, 0.4) == pytest.approx((0.4, 0.3, 0.3))
    assert shares((0.2, 0.3, 0.5), 2, 1.0) == pytest.approx((0, 0, 1))


def test_the_sliders_are_those_that_the_head_has(qtbot):
    sliders = QuerySliders()
    qtbot.addWidget(sliders)
    wanted = {
        Way.SHIFTING: [sliders.strength, sliders.gate, sliders.shift, sliders.sharpening],
        Way.FOLLOWING: [sliders.strength, *sliders.modes],
    }
    for way, shown in wanted.items():
        sliders.show_controls(way, has_strength=True)
        assert [each for each in sliders._every if not each.isHidden()] == shown
    sliders.show_controls(Way.CONTENT, has_strength=False)
    assert sliders.isHidden()
    heard = []
    sliders.changed.connect(heard.append)
    sliders.show_query(Query(0, (0.0,), 5.0, modes=(0.2, 0.2, 0.6)))
    assert heard == []
    sliders.modes[0].value = 0.6
    assert heard[0]["modes"] == pytest.approx((0.6, 0.1, 0.3))
    assert sliders.modes[2].value == pytest.approx(0.3)


@pytest.mark.parametrize("width", [250, 290, 340, 394])
@pytest.mark.parametrize("place", [0, 1])
def test_the_weights_of_both_rankings_stand_clear_of_each_other(width, place, qapp):
    source, _ = ran("ntm of two segments")
    figure = query_figure(source, 4, emitted(source, 4, place))
    weights = [mark for mark in ranking_marks(figure, width, 250) if isinstance(mark, ink.Text) and "." in mark.text]
    left, right = ([mark.x for mark in weights if mark.align is align] for align in (ink.Align.RIGHT, ink.Align.LEFT))
    assert left and len(left) == len(right)
    assert max(left) < min(right)
