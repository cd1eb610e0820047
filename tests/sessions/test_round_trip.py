"""What was recorded is what is read, bit for bit."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sessions
from ntm_core.trace import EpisodeInfo, EpisodeKind, Field, Order, Role, TraceSpec, WriteOrder
from sessions.info import SessionInfo
from sessions.packing import Packing
from sessions.schema import State
from sessions.storage import SessionFile
from tests.contracts import check_source, same_bits
from tests.sessions.traces import at, episode, ntm_spec, still, tiny_spec, wide_spec

shapes = st.lists(st.integers(1, 5), max_size=3).map(tuple)


@st.composite
def specs(draw):
    fields = tuple(
        Field(
            f"field_{number}", draw(st.sampled_from(Role)), shape, ("axis",) * len(shape), carried=draw(st.booleans())
        )
        for number, shape in enumerate(draw(st.lists(shapes, min_size=1, max_size=5)))
    )
    return TraceSpec(fields, draw(st.sampled_from(Order)), draw(st.sampled_from(WriteOrder)))


lengths = st.lists(st.one_of(st.sampled_from([0, 1, 63, 64, 65, 128, 129]), st.integers(0, 200)), max_size=6)


@settings(max_examples=40)
@given(spec=specs(), lengths=lengths, flushes=st.sets(st.integers(0, 5)), seed=st.integers(0, 2**32))
def test_any_episodes_of_any_fields_come_back_bit_for_bit(spec, lengths, flushes, seed):
    episodes = [episode(spec, length, seed + number) for number, length in enumerate(lengths)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "any.h5")
        file = SessionFile(str(path), spec, SessionInfo.made_from({}))
        for number, (columns, initial) in enumerate(episodes):
            start = Packing.of_start(spec).pack({name: values[None] for name, values in initial.items()})
            file.begin_episode(EpisodeInfo(), start)
            file.append_steps(Packing.of_steps(spec).pack(columns))
            file.end_episode(0.0, 0.0)
            if number in flushes:
                file.flush()
        file.close(State.CLOSED)
        with sessions.open(path) as recording:
            assert recording.spec == spec
            assert len(recording.episodes) == len(episodes)
            for found, (columns, initial) in zip(recording.episodes, episodes, strict=True):
                check_source(found)
                for name, values in columns.items():
                    assert same_bits(found.series(name), values)
                for name, values in initial.items():
                    assert same_bits(found.initial(name), values)


def recorded(path, spec, steps):
    """A session of one episode of so many steps; returns what it was told."""
    columns, initial = episode(spec, steps, 0)
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), initial)
        recorder.append_steps(columns)
    return columns


@pytest.mark.parametrize("spec", [tiny_spec(), wide_spec(), ntm_spec()], ids=["tiny", "wide", "ntm"])
def test_steps_recorded_one_by_one_or_together_come_back_the_same(path, spec):
    columns, initial = episode(spec, 11, 1)
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), initial)
        recorder.append_steps(columns)
        recorder.begin_episode(EpisodeInfo(kind=EpisodeKind.MANUAL), initial)
        for step in range(11):
            recorder.append(at(columns, step))
    with sessions.open(path) as recording:
        for found in recording.episodes:
            check_source(found)
            for name, values in columns.items():
                assert same_bits(found.series(name), values)


def test_all_that_is_told_of_an_episode_comes_back(path):
    spec = tiny_spec()
    told = EpisodeInfo(EpisodeKind.FORK, 7, 3, 4, 2**40, 1, 5, 2, 1.5e9, 0.25, 3.0, "größer als 2")
    with sessions.Recorder(path, spec) as recorder:
        assert recorder.begin_episode(told, episode(spec, 0, 0)[1]) == 0
        recorder.end_episode(loss=0.1, wrong_bits=2.0)
        assert recorder.begin_episode(EpisodeInfo(), episode(spec, 0, 0)[1]) == 1
    with sessions.open(path) as recording:
        first, second = recording.episodes
        assert (first.info.loss, first.info.wrong_bits) == (0.1, 2.0)
        assert all(
            getattr(first.info, name) == getattr(told, name)
            for name in EpisodeInfo.__dataclass_fields__
            if name not in ("loss", "wrong_bits")
        )
        assert second.info.label == "" and np.isnan(second.info.loss)
        assert len(second) == 0
        check_source(first)


def test_an_episode_without_a_time_gets_that_of_its_beginning(path):
    with sessions.Recorder(path, tiny_spec()) as recorder:
        before = time.time()
        recorder.begin_episode(EpisodeInfo(), still(tiny_spec()))
        after = time.time()
    with sessions.open(path) as recording:
        assert before <= recording.episodes[0].info.wall_time <= after


def test_numbers_of_numpy_are_as_good_as_those_of_python(path):
    spec = tiny_spec()
    told = EpisodeInfo(iteration=np.int64(7), seed=np.uint64(2**63 - 1), loss=np.float32(0.25), label=np.str_("mine"))
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(told, still(spec))
        recorder.event("hit", step=np.int32(4), iteration=np.int64(7))
        recorder.log(np.int64(7), loss=np.float32(0.5))
        recorder.checkpoint(b"weights", np.int16(7))
    with sessions.open(path) as recording:
        assert recording.complete
        info = recording.episodes[0].info
        assert (info.iteration, info.seed, info.label) == (7, 2**63 - 1, "mine")
        assert (recording.events[0].step, recording.events[0].iteration) == (4, 7)
        assert recording.metrics["loss"].tolist() == [0.5]
        assert recording.checkpoints[0].iteration == 7


def test_all_that_is_told_of_a_session_comes_back(path):
    told = {
        "title": "copy",
        "model": "ntm",
        "model_config": {"locations": 128, "order": "read_first"},
        "task": "copy",
        "task_settings": {"bits": 8},
        "train": {"batch": 4, "learning_rate": 1e-3},
        "device": "cpu",
        "seed": 3,
    }
    with sessions.Recorder(path, tiny_spec(), told) as recorder:
        pid = recorder.writer_pid
    with sessions.open(path) as recording:
        assert {name: getattr(recording.info, name) for name in told} == told
        assert recording.info.writer.pid == pid
        assert recording.info.format == 1
        assert len(recording.info.session_id) == 32
        assert recording.info.created > 1.6e9


def test_metrics_lie_beside_their_iterations_with_nan_where_there_is_none(path):
    with sessions.Recorder(path, tiny_spec()) as recorder:
        recorder.log(0, loss=1.0, wrong_bits=4.0)
        recorder.log(1, loss=0.5)
        recorder.log(2**40, gradient_norm=np.inf)
    with sessions.open(path) as recording:
        metrics = recording.metrics
        assert metrics.names == ("loss", "wrong_bits", "gradient_norm")
        assert metrics.iterations().tolist() == [0, 1, 2**40]
        np.testing.assert_array_equal(metrics["loss"], [1.0, 0.5, np.nan])
        np.testing.assert_array_equal(metrics["wrong_bits"], [4.0, np.nan, np.nan])
        np.testing.assert_array_equal(metrics["gradient_norm"], [np.nan, np.nan, np.inf])
        with pytest.raises(KeyError, match=r"no metric 'los'.*loss, wrong_bits, gradient_norm"):
            metrics["los"]


def test_a_metric_too_many_is_left_out_with_one_warning(path, caplog):
    with sessions.Recorder(path, tiny_spec()) as recorder:
        for iteration in range(2):
            recorder.log(iteration, **{f"metric_{number}": number for number in range(25)})
    assert len([record for record in caplog.records if "left out" in record.message]) == 1
    with sessions.open(path) as recording:
        assert len(recording.metrics.names) == 24
        assert len(recording.metrics.iterations()) == 2


def test_events_and_checkpoints_come_back(path):
    weights = [np.random.default_rng(number).bytes(100_000 * number) for number in range(3)]
    with sessions.Recorder(path, tiny_spec()) as recorder:
        assert [recorder.checkpoint(blob, number) for number, blob in enumerate(weights)] == [0, 1, 2]
        recorder.event("solved", text="no wrong bit", iteration=9)
        recorder.begin_episode(EpisodeInfo(), episode(tiny_spec(), 0, 0)[1])
        recorder.event("hit", step=4)
    with sessions.open(path) as recording:
        assert [checkpoint.read() for checkpoint in recording.checkpoints] == weights
        assert [checkpoint.iteration for checkpoint in recording.checkpoints] == [0, 1, 2]
        assert [checkpoint.bytes for checkpoint in recording.checkpoints] == [0, 100_000, 200_000]
        assert recording.checkpoint_bytes == 300_000
        solved, hit = recording.events
        assert (solved.kind, solved.text, solved.iteration, solved.episode) == ("solved", "no wrong bit", 9, -1)
        assert (hit.kind, hit.text, hit.step, hit.episode) == ("hit", "", 4, 0)
        assert hit.wall_time > 1.6e9


def test_a_decoded_step_costs_no_more_than_the_cache_allows(path):
    spec = wide_spec()
    columns = recorded(path, spec, 40)
    with sessions.open(path, cache_bytes=1_200_000) as recording:
        found = recording.episodes[0]
        for step in (*range(40), *range(39, -1, -1)):
            assert same_bits(found.record(step)["memory"], columns["memory"][step])
            assert recording._steps._cached_bytes <= 1_200_000


def test_one_record_reads_only_its_own_chunk(path, monkeypatch):
    spec = tiny_spec()
    recorded(path, spec, 1000)
    with sessions.open(path) as recording:
        read = []
        for dataset in recording._steps._columns.values():
            whole = dataset.read
            monkeypatch.setattr(
                dataset, "read", lambda start, stop, whole=whole: read.append((start, stop)) or whole(start, stop)
            )
        recording.episodes[0].record(500)
        assert read == [(448, 512)] * len(spec)


def test_neighbouring_chunks_are_read_at_once_and_none_twice(path, monkeypatch):
    spec = tiny_spec()
    columns = recorded(path, spec, 1000)
    with sessions.open(path) as recording:
        name, found, read = spec.fields[0].name, recording.episodes[0], []
        dataset = recording._steps._columns[name]
        whole = dataset.read
        monkeypatch.setattr(dataset, "read", lambda start, stop: read.append((start, stop)) or whole(start, stop))
        found.record(500)
        assert same_bits(found.series(name, 10, 990), columns[name][10:990])
        assert read == [(448, 512), (0, 448), (512, 1000)]
        assert same_bits(found.series(name), columns[name])
        assert len(read) == 3


def test_what_is_read_cannot_be_changed_in_the_cache(path):
    recorded(path, tiny_spec(), 70)
    with sessions.open(path) as recording:
        for values in (recording.episodes[0].record(3)["memory"], recording.episodes[0].initial("memory")):
            with pytest.raises(ValueError, match="read-only"):
                values[0] = 1


def test_metrics_can_be_read_a_piece_at_a_time(path):
    """For whoever cannot wait for all of a long training's at once."""
    with sessions.Recorder(path, tiny_spec()) as recorder:
        for at in range(25):
            recorder.log(at, loss=1 / (1 + at))
    with sessions.open(path, metric_rows=10) as recording:
        lengths = [len(recording.metrics["loss"])]
        while recording.refresh():
            lengths.append(len(recording.metrics["loss"]))
            assert recording.is_whole == (lengths[-1] == 25)
        assert lengths == [10, 20, 25]
        assert recording.metrics["loss"].tolist() == [1 / (1 + at) for at in range(25)]
