"""The associative memory as a network: its contract, its operations one by one, and by the engine's hand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import ntmviz
import sessions
from ntm_core import addressing, checkpoints, commands, diagnostics, events, footprint, models, rebuild, registry, tasks
from ntm_core.engine import Engine
from ntm_core.errors import ConfigError, CoreError
from ntm_core.network import held
from ntm_core.observe import trace_spec
from ntm_core.recall import Lab, operations
from ntm_core.recall.operations import Follow, Lesion, Prime, Recall, Replay, Store, Wait
from ntm_core.recall.recall_config import RecallConfig
from ntm_core.recall.words import random_words
from ntm_core.trace import Role, TraceSpec
from sessions.recorder import Recorder
from tests.contracts import check_source, same_bits
from tests.core.recall_rigs import after, memory_of, together, unit

VARIANTS = {
    "plain": {},
    "of three segments": {"segments": "who 3, what 2, where 3", "routing": "soft"},
    "of two even segments, one at a time": {"segments": "who 4, what 4", "routing": "top1", "items": 0},
    "with a long-term store": {"long_term": True, "fading": 0.9, "items": 3},
}


@pytest.fixture(params=VARIANTS)
def memory(request):
    return memory_of(locations=8, **VARIANTS[request.param])


def story(memory, seed=0):
    """One operation of every kind and more, on random words."""
    words = [tuple(map(float, word)) for word in random_words(4, memory.config.word_size, seed)]
    items = range(min(3, memory.config.items)) if memory.config.items else [None] * 3
    half = (1.0,) * 4 + (0.0,) * 4
    return (
        *(Store(word, item=item, segment=0) for word, item in zip(words, items, strict=False)),
        Store(words[3], location=1, gate=0.5, blur=0.2, ends_event=True),
        Recall(words[0], strength=5, prominence=0.5, priming=2, link_priming=1),
        Recall(strength=5, mask=half, priming=2),
        Follow(),
        Follow(-1, sharpness=3),
        Prime(words[1], amount=0.5),
        Replay(0.3),
        Wait(2.5),
        Recall(words[1], segment=0, among=1),
        Lesion(cuts_writes=True),
        Store(words[2], location=4),
        Lesion(segment=0),
        Recall(words[2], elapsed=0),
        Recall(words[2], segments=(0,), elapsed=0),
    )


def test_it_is_a_model_of_the_registry_that_is_not_offered_to_be_trained():
    task = tasks.build("recall", bits=8)
    model = models.build("recall", task.inputs, task.outputs, locations=4)
    assert model.name == "recall" and model.config.locations == 4
    assert "recall" not in registry.models() and "recall" not in registry.tasks()
    with pytest.raises(ConfigError, match=r"takes operations: 43 inputs where words have 8 numbers.*got 9"):
        models.build("recall", 9, 8)


def test_its_fields_name_and_shape_what_a_step_shows_and_its_state_is_among_them(memory):
    state, view = after(memory, story(memory))
    assert {field.name: (1, *field.shape) for field in memory.fields()} == {
        name: tuple(tensor.shape) for name, tensor in held(view).items()
    }
    assert {field.name for field in memory.fields() if field.carried} == set(held(state))
    assert all(torch.equal(tensor, getattr(view, name)) for name, tensor in held(state).items())
    assert set(held(memory.initial_state(1))) == set(held(state))


def test_its_footprint_is_known_before_it_is_made(memory):
    assert memory.config.weights == sum(tensor.numel() for tensor in memory.state_dict().values())
    assert memory.config.state == sum(tensor.numel() for tensor in held(memory.initial_state(1)).values())
    assert footprint.by_hand(footprint.Plan("recall", "recall", {"locations": 8}, {"bits": 8}), 3).drawing > 0


def test_values_are_finite_and_keep_the_limits_that_fields_state(memory):
    columns = [[each] * 2 for each in story(memory)]
    _, views = together(memory, columns)
    for view in views:
        for field in memory.fields():
            values = getattr(view, field.name)
            assert values.isfinite().all(), field.name
            if field.limits is not None:
                assert field.limits[0] <= values.min() and values.max() <= field.limits[1] + 1e-6, field.name


def test_a_state_is_a_value_that_running_on_does_not_change(memory):
    state, _ = after(memory, story(memory)[:5])
    copy = {name: tensor.clone() for name, tensor in held(state).items()}
    once, _ = after(memory, story(memory)[5:], state)
    assert all(torch.equal(tensor, copy[name]) for name, tensor in held(state).items())
    again, _ = after(memory, story(memory)[5:], state)
    assert all(torch.equal(tensor, getattr(again, name)) for name, tensor in held(once).items())


def test_sequences_of_a_batch_do_not_mix(memory):
    done = story(memory)
    other = tuple(reversed(done[:4])) + done[4:]
    _, views = together(memory, list(zip(done, other, strict=True)))
    for item, each in enumerate((done, other)):
        _, alone = after(memory, each)
        for name, tensor in held(alone).items():
            torch.testing.assert_close(getattr(views[-1], name)[item], tensor[0], atol=1e-6, rtol=1e-5)


def test_memory_and_reads_are_rebuilt_from_the_trace(memory):
    spec = TraceSpec(memory.fields(), memory.order, memory.write_order)
    state = memory.initial_state(1)
    for each in story(memory):
        before = state.memory[0].numpy()
        state, view = after(memory, [each], state)
        record = {name: tensor[0].numpy() for name, tensor in held(view).items()}
        np.testing.assert_allclose(rebuild.memory_after(spec, before, record), record["memory"], atol=1e-6)
        reads = rebuild.reads(spec, before, record["memory"], record)
        np.testing.assert_allclose(reads, record["read_vector"], atol=1e-6)


def test_it_survives_a_checkpoint_its_settings_json_and_runs_in_float64(memory):
    config = memory.config
    assert RecallConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    loaded = checkpoints.load(checkpoints.save(memory))
    _, wanted = after(memory, story(memory))
    _, view = after(loaded, story(memory))
    assert all(torch.equal(tensor, getattr(view, name)) for name, tensor in held(wanted).items())
    _, view = after(memory.double(), story(memory))
    assert view.memory.dtype == torch.float64


def test_an_operation_survives_the_input_that_it_becomes(memory):
    for each in story(memory):
        told = operations.vector(each, 8)
        assert len(told) == memory.config.inputs
        again = operations.of_vector(np.asarray(told, np.float32), 8)
        assert operations.vector(again, 8) == pytest.approx(told)
        assert type(again) is type(each)
    assert operations.of_vector(np.zeros(memory.config.inputs), 8) is None


def test_an_input_of_zeros_changes_nothing(memory):
    state, _ = after(memory, story(memory)[:4])
    _, later, _ = memory.step(torch.zeros(1, memory.config.inputs), state)
    for name, tensor in held(state).items():
        assert torch.equal(tensor, getattr(later, name)) or name.startswith("read"), name


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Store((1.0, float("nan"))), "a word is a finite number"),
        (lambda: Store("no"), "a word is a sequence of numbers"),
        (lambda: Store(None), "a word is a sequence of numbers"),
        (lambda: Recall((1.0,), mask=(2.0,)), "a number of a mask is a finite number at least 0 and at most 1; got 2"),
        (lambda: Recall(None, strength=-1), "strength is a finite number at least 0"),
        (lambda: Recall(None, prominence=5), "prominence is a finite number at least 0 and at most 4; got 5"),
        (lambda: Recall(None, among=3), "among is one of 0, 1, 2; got 3"),
        (lambda: Recall(None, segments=()), "some below 24, were wanted"),
        (lambda: Recall(None, segments=(24,)), "some below 24, were wanted"),
        (lambda: Recall(None, segments=(0, 1), segment=0), "some below 24, were wanted"),
        (lambda: Recall(None, segment=-1), "segment is a whole number, at least 0; got -1"),
        (lambda: Follow(0), "direction is 1, to what was written later, or -1; got 0"),
        (lambda: Follow(sharpness=0.5), "sharpness is a finite number at least 1"),
        (lambda: Lesion(cuts_reads=2), "cuts_reads is true or false; got 2"),
        (lambda: operations.vector(Store((1.0,)), 8), "a word of 8 numbers was wanted; got 1"),
        (lambda: operations.of_vector([1.0], 8), "an input of 43 numbers was wanted; got 1"),
        (lambda: operations.of_vector([0.5] * 43, 8), "a 1 on one of the first 7 channels"),
    ],
)
def test_an_operation_that_cannot_be_says_what_is_wanted(made, message):
    with pytest.raises(ConfigError, match=message):
        made()


@pytest.mark.parametrize(
    ("done", "message"),
    [
        (Store(unit(0), location=4), "the location of an operation is a number from 0 to 3 in this memory; got 4"),
        (Recall(unit(0), segment=1), "the segment of an operation is a number from 0 to 0"),
        (Recall(unit(0), segments=(0, 2)), "the segments of an operation are some of 1 in this memory; got 2"),
        (Store(unit(0), item=2), "the item of an operation is a number from 0 to 1"),
        (Store(unit(0)), "all 4 rows of the segment 'memory' are in use: name a row"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(done, message):
    lab = Lab(8, locations=4, items=2)
    for row in range(4):
        lab.do(Store(unit(row), item=0))
    before = dict(lab.record)
    with pytest.raises(CoreError, match=message):
        lab.do(done)
    assert lab.position == len(lab.source) == 4
    assert all(same_bits(values, before[name]) for name, values in lab.record.items())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"segments": "who 3, what 2"}, "sizes of segments that add up to locations, 8, were wanted; got 5"),
        ({"segments": "who, what 2"}, "a name and a number of rows, .* got 'who'"),
        ({"segments": "who 4, who 4"}, "segments of different names were wanted"),
        ({"segments": 3}, "segments is a text of one line; got 3"),
        ({"prominence_decay": 1.1}, "prominence_decay is a finite number at least 0 and at most 1"),
        ({"consolidation": 0}, "consolidation is a finite number above 0"),
    ],
)
def test_a_setting_that_cannot_be_says_what_is_wanted(settings, message):
    with pytest.raises(ConfigError, match=message):
        memory_of(locations=8, **settings)


def test_with_no_terms_the_lookup_is_that_of_the_plain_ntm_to_the_bit():
    memory = memory_of(16, locations=8)
    words = random_words(8, 16)
    state, _ = after(memory, [Store(tuple(word)) for word in words])
    # A past of recalls, which the terms would tell of.
    state, _ = after(memory, [Recall(tuple(words[1])), Recall(tuple(words[2]))], state)
    cue = tuple(random_words(1, 16, seed=1)[0])
    _, view = after(memory, [Recall(cue, strength=3)], state)
    wanted = addressing.content_weighting(state.memory, torch.tensor([[cue]]), torch.tensor([[3.0]]))
    assert torch.equal(view.read_weighting, wanted)
    for term in ("prominence", "priming", "link_priming"):
        _, other = after(memory, [Recall(cue, strength=3, **{term: 1.0})], state)
        assert not torch.equal(other.read_weighting, wanted), term


def test_the_scores_of_a_lookup_add_up_to_its_weighting(memory):
    everywhere = [Store(unit(5), segment=place) for place in range(len(memory.config.parts.names))]
    state, _ = after(memory, (*everywhere, *story(memory)[:2], *story(memory)[4:7]))
    for segment in (None, 0):
        _, view = after(memory, [Recall(unit(0), strength=3, prominence=1, priming=2, segment=segment)], state)
        names = ("content", "prominence", "priming", "router")
        scores = sum(getattr(view, f"{name}_score") for name in names)[state.usage > 0]
        weighting = view.read_weighting[0][state.usage > 0]
        torch.testing.assert_close(torch.softmax(scores, -1), weighting / weighting.sum(), atol=1e-6, rtol=0)


def test_rows_that_were_never_written_are_not_recalled():
    memory = memory_of(locations=8)
    _, view = after(memory, [Store(unit(0)), Store(unit(1)), Recall(unit(5), strength=0)])
    assert view.read_weighting[0, 0].tolist() == [0.5, 0.5, 0, 0, 0, 0, 0, 0]
    _, view = after(memory, [Recall(unit(0))])
    torch.testing.assert_close(view.read_weighting, torch.full((1, 1, 8), 1 / 8))
    assert not view.read_vector.any()


def test_the_trace_is_of_roles_that_every_view_and_diagnostic_takes():
    lab = Lab(8, locations=8)
    for each in story(lab.engine.model)[:11]:
        lab.do(each)
    check_source(lab.source)
    assert lab.source.spec.with_role(Role.MEMORY) is not None
    told = diagnostics.all_of(lab.source)
    assert {"read_mass", "collision"} <= told.keys()
    bugs = {"read_mass", "write_mass", "link_row_sum", "link_column_sum", "not_finite"}
    assert not bugs & {alarm.name for alarm in diagnostics.alarms(lab.source)}


def test_links_keep_the_sums_that_a_dnc_keeps():
    memory = memory_of(locations=8).double()
    words = random_words(40, 8)
    state, _ = after(memory, [Store(tuple(word), location=at * 5 % 8, blur=0.3) for at, word in enumerate(words)])
    links = state.links[0]
    assert links.sum(0).max() <= 1 + 1e-12 and links.sum(1).max() <= 1 + 1e-12
    assert not links.diagonal().any() and links.min() >= 0


# By the engine: the same machinery that steps every other network


def engine_of(sink=None, **settings):
    task = tasks.build("recall", bits=8, min_length=2, max_length=4, noise=0.0)
    return Engine(models.build("recall", task.inputs, task.outputs, locations=8, **settings), task, sink=sink)


def test_its_task_is_done_by_hand_step_after_step_and_scored():
    engine = engine_of()
    engine.handle(commands.Reset(0, 4))
    (ran,) = engine.handle(commands.Run())
    assert ran.steps == 8
    outputs, targets = engine.line.series("output")[4:], engine.line.series("target")[4:]
    assert same_bits(outputs > 0.5, targets > 0.5)
    (told,) = engine.handle(commands.Evaluate())
    assert told.bit_error_rate < 0.05


def test_it_refuses_to_be_trained_in_one_line():
    (failed,) = engine_of().handle(commands.Train(1))
    assert failed == events.Failed(
        "a network that learns, one of dnc, lstm, mann, ntm, was wanted; got 'recall', which is worked by hand"
    )


def test_rewinding_is_exact_and_another_operation_forks():
    lab = Lab(8, locations=8)
    done = story(lab.engine.model)
    for each in done:
        lab.do(each)
    kept = {field.name: lab.source.series(field.name) for field in lab.source.spec}
    lab.rewind(5)
    assert lab.position == 5
    for each in done[5:]:
        lab.do(each)
    assert all(same_bits(lab.source.series(name), values) for name, values in kept.items())
    assert lab.source.info.parent == -1, "what ran before was gone to, not forked"
    lab.rewind(5)
    lab.do(Wait())
    assert (lab.source.info.parent, lab.source.info.parent_step) == (0, 4)
    assert lab.source.info.label == "wait 1"


def test_it_is_recorded_replayed_and_woken_as_any_network_is(tmp_path):
    memory = memory_of(locations=8)
    task = tasks.build("recall", bits=8, min_length=1, max_length=1)
    path = tmp_path / "lab.ntmviz.h5"
    header = {
        "model": "recall",
        "model_config": memory.config.to_json(),
        "task": "recall",
        "task_settings": task.settings.to_json(),
        "device": "cpu",
        "seed": 0,
    }
    with Recorder(path, trace_spec(memory, task), header) as recorder:
        recorder.checkpoint(checkpoints.save(memory), 0)
        lab = Lab(8, locations=8, sink=recorder)
        done = story(memory)
        for each in done[:9]:
            lab.do(each)
        lab.engine.rest()
    with sessions.open(path) as recording:
        episode = recording.episodes[0]
        check_source(episode)
        assert all(same_bits(episode.series(field.name), lab.source.series(field.name)) for field in episode.spec)
    engine = ntmviz.wake(path, 0, 5, checkpoint=0)
    lab = Lab(8, locations=8)
    for each in (*done[:6], *done[9:]):
        lab.do(each)
    lab.rewind(6)
    for each in done[9:]:
        lab.do(each)
        engine.handle(commands.Step(operations.vector(each, 8)))
        record, wanted = engine.line.record(engine.position - 1), lab.record
        assert all(same_bits(record[name], wanted[name]) for name in record if name not in ("phase",))


def test_an_edit_of_the_state_forks_and_is_seen():
    engine = engine_of()
    engine.handle(commands.Reset(0, 2))
    engine.handle(commands.Run(2))
    told = engine.handle(commands.Edit("recall_count", (1,), 9.0))
    assert isinstance(told[0], events.Edited) and isinstance(told[1], events.Forked)
    engine.handle(commands.Step(operations.vector(Recall(unit(0), strength=0, prominence=1, elapsed=0), 8)))
    assert engine.line.record(2)["read_weighting"][0, :2] == pytest.approx([1 / 11, 10 / 11])


def test_a_fork_is_labelled_by_what_was_done():
    told = {
        Store(unit(0)): "store",
        Store(unit(0), location=3): "store in row 3",
        Recall(unit(0)): "recall",
        Recall(prominence=0.5, priming=3, link_priming=1): "recall on, prominence 0.5, priming 3, link priming 1",
        Follow(-1): "follow back",
        Prime(unit(0)): "prime",
        Replay(0.5): "replay",
        Lesion(cuts_writes=True, segment=1): "writing cut, segment 1 wiped",
        Lesion(): "lesion of nothing",
        Wait(2.5): "wait 2.5",
    }
    assert {each: operations.words(each) for each in told} == told
    task = tasks.build("recall", bits=8)
    assert task.deed(np.array(operations.vector(Follow(), 8))) == "follow on"
    assert task.deed(np.zeros(task.inputs)) == "nothing"
    assert task.deed(np.full(task.inputs, 0.5)) == "another input"


# The class for scripts


def test_the_example_of_the_package_does_what_it_says(capsys):
    import ntm_core.recall

    text = ntm_core.recall.__doc__
    code = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    assert len(code.strip().splitlines()) <= 11
    exec(code, {})
    first, second = capsys.readouterr().out.strip().splitlines()
    assert first == "dinner [ 1.  1.  1.  1. -1. -1. -1. -1.]"
    assert second == "dessert"


def test_items_are_told_apart_by_name_and_a_blended_row_is_of_both():
    lab = Lab(8, locations=4, items=2)
    assert lab.store("one", unit(0)) == 0
    lab.store("two", unit(1), location=0, gate=0.25)
    assert lab.rows == ("one", "", "", "")
    assert lab.recall(unit(0)).shares == pytest.approx({"one": 0.75, "two": 0.25})
    lab.store(None, unit(2))
    assert lab.rows == ("one", "?", "", "")
    with pytest.raises(CoreError, match="this memory tells 2 items apart, and 'three' is one more"):
        lab.store("three", unit(3))
    with pytest.raises(CoreError, match=r"an item that is stored, .*one, was wanted; got 'none'"):
        lab.follow(after="none")
    assert lab.names == ["one", "two"]


def test_a_lab_in_which_nothing_was_done_says_so():
    with pytest.raises(CoreError, match="nothing was done yet: store something first"):
        _ = Lab(8).last


@pytest.mark.parametrize("routing", ["flat", "soft", "top1"])
def test_a_recall_of_some_segments_looks_in_them_as_if_there_were_no_others(routing):
    words = random_words(7, 8, 3)
    parts = {"segments": "who 3, what 2, where 3"}
    lab = Lab(8, locations=8, routing=routing, **parts)
    for place, word in enumerate(words):
        lab.do(Store(tuple(map(float, word)), segment=(0, 0, 1, 1, 2, 2, 2)[place]))
    asked = Recall(tuple(map(float, words[3] * 0.5 + words[0])), strength=4, segments=(2, 0), elapsed=0)
    assert asked.segments == (0, 2)
    lab.do(asked)
    weighting = lab.record["read_weighting"][0]
    memory, key = lab.record["memory"].astype(float), np.array(asked.cue)
    scores = {}
    for row in range(8):
        if row in (0, 1, 5, 6, 7) and lab.record["usage"][row] > 0:
            lengths = np.sqrt(sum(x * x for x in memory[row]) + 1e-6) * np.sqrt(sum(x * x for x in key) + 1e-6)
            scores[row] = 4 * sum(a * b for a, b in zip(memory[row], key, strict=True)) / lengths
    total = sum(np.exp(score) for score in scores.values())
    wanted = [np.exp(scores[row]) / total if row in scores else 0.0 for row in range(8)]
    np.testing.assert_allclose(weighting, wanted, atol=2e-5)
    lab.do(replace(asked, segments=(1,)))
    alone = lab.record["read_weighting"][0]
    lab.do(replace(asked, segments=None, segment=1))
    np.testing.assert_allclose(lab.record["read_weighting"][0], alone, atol=1e-6)
    lab.do(replace(asked, segments=(0, 1, 2)))
    assert lab.record["read_weighting"][0].min() == 0 and np.count_nonzero(lab.record["read_weighting"][0]) == 7


def test_the_number_of_a_segment_in_an_older_session_means_what_it_meant():
    for segment in (None, 0, 5):
        numbers = operations.vector(Recall(unit(0), segment=segment), 8)
        assert numbers[7 + operations.SETTINGS.index("segment")] == (0 if segment is None else segment + 1)
        assert operations.of_vector(numbers, 8) == Recall(unit(0), segment=segment)
    several = Recall(unit(0), segments=(0, 2, 23))
    numbers = np.float32(operations.vector(several, 8))
    assert numbers[7 + operations.SETTINGS.index("segment")] == -(1 + 4 + 2**23)
    assert operations.of_vector(numbers, 8) == several
