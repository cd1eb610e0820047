"""A reader that looks while the writer writes sees all that was flushed, and nothing torn."""

import threading

import numpy as np
import pytest

import sessions
from ntm_core.trace import EpisodeInfo, EpisodeKind
from tests.contracts import check_source, same_bits
from tests.sessions.traces import at, numbered, still, tiny_spec, wide_spec


def check_steps(recording, steps):
    """Steps of the session, each known by its content."""
    for episode in recording.episodes:
        start, length = recording._episodes.range_of(episode.index)
        for step in set(steps) & set(range(start, start + length)):
            record = episode.record(step - start)
            for name, values in at(numbered(recording.spec, step, 1), 0).items():
                assert same_bits(record[name], values), (step, name)


@pytest.mark.parametrize("spec", [tiny_spec(), wide_spec()], ids=["tiny", "wide"])
def test_each_step_by_hand_shows_at_once(path, spec):
    with sessions.Recorder(path, spec) as recorder, sessions.open(path) as recording:
        recorder.begin_episode(EpisodeInfo(kind=EpisodeKind.MANUAL), still(spec))
        for step in range(140):
            recorder.append(at(numbered(spec, step, 1), 0))
            assert recorder.flush(10)
            assert recording.refresh()
            assert not recording.refresh()
            assert len(recording.episodes[0]) == step + 1
            check_steps(recording, [step, step // 2])
        check_source(recording.episodes[0])


def test_a_step_by_hand_is_flushed_without_being_asked_for(path, wait_until):
    spec = tiny_spec()
    with sessions.Recorder(path, spec) as recorder, sessions.open(path) as recording:
        recorder.begin_episode(EpisodeInfo(kind=EpisodeKind.MANUAL), still(spec))
        recorder.append(at(numbered(spec, 0, 1), 0))
        wait_until(lambda: recording.refresh() and recording.steps == 1)


def test_training_is_flushed_without_being_asked_for(path, wait_until):
    spec = tiny_spec()
    with sessions.Recorder(path, spec) as recorder, sessions.open(path) as recording:
        recorder.begin_episode(EpisodeInfo(), still(spec))
        recorder.append_steps(numbered(spec, 0, 41))
        recorder.end_episode()
        wait_until(lambda: recording.refresh() and recording.steps == 41)


@pytest.mark.parametrize("spec", [tiny_spec(), wide_spec()], ids=["tiny", "wide"])
def test_a_reader_that_never_stops_looking_sees_every_flushed_step_whole(path, spec):
    generator = np.random.default_rng(0)
    flushed = 0
    is_over = threading.Event()
    failures = []
    looks = []

    def look():
        with sessions.open(path) as recording:
            random = np.random.default_rng(1)
            while not is_over.is_set():
                known = flushed
                recording.refresh()
                if recording.steps < known:
                    failures.append(f"{known} steps were flushed, {recording.steps} are seen")
                newest = range(max(recording.steps - 70, 0), recording.steps)
                try:
                    check_steps(recording, [*random.integers(0, max(recording.steps, 1), 2), *newest[-3:], *newest[:1]])
                except Exception as error:
                    failures.append(repr(error))
                looks.append(recording.steps)

    with sessions.Recorder(path, spec) as recorder:
        reader = threading.Thread(target=look)
        reader.start()
        steps = 0
        for number in range(150 if spec == tiny_spec() else 60):
            by_hand = number % 2
            recorder.begin_episode(EpisodeInfo(kind=EpisodeKind.MANUAL if by_hand else EpisodeKind.TRAIN), still(spec))
            for _ in range(by_hand * 4):
                recorder.append(at(numbered(spec, steps, 1), 0))
                steps += 1
            more = int(generator.integers(0, 100 if spec == tiny_spec() else 6))
            recorder.append_steps(numbered(spec, steps, more))
            steps += more
            recorder.end_episode(loss=float(number))
            recorder.log(number, loss=float(number))
            assert recorder.flush(10)
            flushed = steps
        is_over.set()
        reader.join()
    assert not failures
    assert len(set(looks)) > 10
    with sessions.open(path) as recording:
        check_steps(recording, range(steps))
        assert [episode.info.loss for episode in recording.episodes] == list(range(len(recording.episodes)))


def test_a_reader_that_looked_away_finds_old_steps_where_they_went(path):
    """The tail's rows were used again meanwhile, some of them half-way."""
    spec = tiny_spec()
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), still(spec))
        recorder.append_steps(numbered(spec, 0, 60))
        assert recorder.flush(10)
        with sessions.open(path) as recording:
            check_steps(recording, [0])
            recorder.append_steps(numbered(spec, 60, 30))
            assert recorder.flush(10)
            assert recording.steps == 60
            check_steps(recording, range(60))
            assert same_bits(recording.episodes[0].series("number"), numbered(spec, 0, 60)["number"])
            assert recording.refresh()
            check_steps(recording, range(90))
        with sessions.open(path) as recording:
            recorder.append_steps(numbered(spec, 90, 1000))
            assert recorder.flush(10)
            check_steps(recording, range(90))


def test_an_episode_that_ends_is_seen_to_end(path):
    spec = tiny_spec()
    with sessions.Recorder(path, spec) as recorder, sessions.open(path) as recording:
        recorder.begin_episode(EpisodeInfo(), still(spec))
        recorder.flush(10)
        recording.refresh()
        episode = recording.episodes[0]
        assert len(episode) == 0
        recorder.append_steps(numbered(spec, 0, 3))
        recorder.end_episode(loss=0.5)
        recorder.begin_episode(EpisodeInfo(), still(spec))
        recorder.append_steps(numbered(spec, 3, 2))
        recorder.flush(10)
        recording.refresh()
        assert (len(episode), episode.info.loss) == (3, 0.5)
        assert len(recording.episodes[1]) == 2


def test_a_reader_that_looked_away_for_long_takes_in_all_rows_at_once(path):
    with sessions.Recorder(path, tiny_spec()) as recorder:
        recorder.log(0, loss=0.0)
        recorder.checkpoint(b"small", 0)
        assert recorder.flush(10)
        with sessions.open(path) as recording:
            assert recording.checkpoints[0].read() == b"small"
            for iteration in range(1, 8000):
                recorder.log(iteration, loss=float(iteration))
            recorder.checkpoint(bytes(3_000_000), 1)
            assert recorder.flush(30)
            assert recording.refresh()
            assert recording.metrics["loss"].tolist() == list(range(8000))
            assert recording.checkpoints[1].read() == bytes(3_000_000)
            assert recording.bytes == path.stat().st_size


@pytest.mark.parametrize("fate", ["moved", "deleted", "replaced"])
def test_an_open_session_does_not_need_its_name_any_more(path, fate):
    spec, content = tiny_spec(), bytes(3_000_000)
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(label="mine"), still(spec))
        recorder.append_steps(numbered(spec, 0, 70))
        recorder.checkpoint(content, 0)
        assert recorder.flush(10)
        with sessions.open(path) as recording:
            match fate:
                case "moved":
                    path.rename(path.with_name("elsewhere.h5"))
                case "deleted":
                    path.unlink()
                case "replaced":
                    path.with_name("other").write_text("another file")
                    path.with_name("other").rename(path)
            assert recording.bytes > len(content)
            assert recording.episodes[0].info.label == "mine"
            assert recording.checkpoints[0].read() == content
            recorder.append_steps(numbered(spec, 70, 7))
            recorder.close()
            assert recorder.failure is None
            assert recording.refresh() and recording.complete
            check_steps(recording, range(77))
    assert fate != "replaced" or path.read_text() == "another file"


def test_a_session_is_live_while_it_is_written_and_complete_when_closed(path):
    with sessions.Recorder(path, tiny_spec()) as recorder:
        with sessions.open(path) as recording:
            assert (recording.is_live, recording.complete) == (True, False)
        recorder.log(0, loss=1.0)
        late = sessions.open(path)
    with late:
        assert late.refresh()
        assert (late.is_live, late.complete) == (False, True)
        assert not late.refresh()
        assert late.metrics["loss"].tolist() == [1.0]
