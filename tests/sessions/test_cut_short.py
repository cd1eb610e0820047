"""A file that is cut, overwritten or emptied while somebody reads or writes it: one clear line, no crash, no hang."""

import os

import numpy as np
import pytest

import sessions
from ntm_core.trace import EpisodeInfo
from tests.contracts import same_bits
from tests.sessions.scripts import new_recorder, record
from tests.sessions.traces import episode, ntm_spec

DAMAGES = {
    "emptied": lambda path: os.truncate(path, 0),
    "cut in the middle": lambda path: os.truncate(path, path.stat().st_size // 2),
    "filled with zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "overwritten by a text": lambda path: path.write_text("another file " * 1000),
}


def read_all(recording, fields=None):
    """Ask for everything that a session has, of some fields or of all; returns what was told instead of an answer."""
    names = fields or [field.name for field in recording.spec]
    told = []
    for ask in (
        recording.refresh,
        lambda: [each.info.label for each in recording.episodes],
        lambda: [each.series(name) for each in recording.episodes for name in names],
        lambda: [each.initial(name) for each in recording.episodes for name in ("memory", "read_vector")],
        lambda: recording.metrics["loss"],
        lambda: [each.text for each in recording.events],
        lambda: [each.read() for each in recording.checkpoints],
    ):
        try:
            ask()
        except sessions.SessionError as error:
            told.append(str(error))
    return told


def fill(recorder, spec):
    columns, initial = episode(spec, 150, 0)
    for number in range(3):
        recorder.begin_episode(EpisodeInfo(label=f"label {number}"), initial)
        recorder.append_steps(columns)
        recorder.end_episode(loss=1.0)
        recorder.log(number, loss=1.0)
        recorder.event("hit", text="here")
    recorder.checkpoint(np.random.default_rng(0).bytes(500_000), 0)
    assert recorder.flush(10)
    return columns


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
@pytest.mark.parametrize("is_live", [True, False], ids=["live", "closed"])
def test_a_reader_of_a_file_that_loses_its_content_keeps_what_it_has(path, damage, is_live):
    spec = ntm_spec()
    with sessions.Recorder(path, spec) as recorder:
        columns = fill(recorder, spec)
        if not is_live:
            recorder.close()
        with sessions.open(path) as recording:
            known = recording.episodes[0].series("gate").copy()
            assert same_bits(known, columns["gate"])
            assert read_all(recording, fields=["gate"]) == []
            damage(path)
            told = read_all(recording)
            assert told
            assert all("\n" not in each and each.endswith(str(path)) for each in told), told
            assert same_bits(recording.episodes[0].series("gate"), known)
            assert (recording.spec, len(recording.episodes)) == (spec, 3)
            assert recording.metrics["loss"].tolist() == [1.0] * 3


@pytest.mark.parametrize("damage", ["emptied", "overwritten by a text"])
def test_a_training_whose_file_loses_its_content_goes_on_and_ends(path, damage):
    recorder = new_recorder(path)
    record(recorder, 3)
    assert recorder.flush(10)
    DAMAGES[damage](path)
    for _ in range(10):
        record(recorder, 10)
        recorder.flush(10)
    recorder.close()
    assert recorder.recorded_episodes + recorder.dropped_episodes >= 103
