"""Memory shared with the writer: where slots lie, when they are free again, and that nothing hangs on having it."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

import sessions
from ntm_core.trace import EpisodeInfo, Field, Role, TraceSpec
from sessions import slots
from sessions.errors import FrameError
from sessions.slots import SharedRows, Slots

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory without a name is shared on Linux alone")

SIZE = 1 << 16
ROW = 256
"""Numbers in a row of a KiB."""
SPEC = TraceSpec((Field("memory", Role.MEMORY, (ROW,), ("location",), carried=True),))


@pytest.fixture
def both():
    taken = Slots(SIZE)
    return taken, SharedRows(os.dup(taken.descriptor), SIZE)


def test_what_lies_in_a_slot_is_found_by_what_is_told_of_it(both):
    taken, shared = both
    made = [taken.take(count, ROW) for count in (1, 5, 3)]
    for number, slot in enumerate(made):
        slot.rows[:] = number
    for number, slot in enumerate(made):
        assert shared.find(slot.told).shape == slot.rows.shape
        assert (shared.find(slot.told) == number).all()


def test_slots_never_lie_over_what_is_not_written(both):
    taken, _ = both
    waiting, generator = [], np.random.default_rng(0)
    refused = 0
    for turn in range(2000):
        slot = taken.take(int(generator.integers(1, 30)), ROW)
        if slot is not None:
            slot.rows[:] = turn
            waiting.append((slot, turn))
        refused += slot is None
        for kept, number in waiting:
            assert (kept.rows == number).all()
        if slot is None or generator.random() < 0.4:
            count = int(generator.integers(1, len(waiting) + 1))
            taken.free(waiting[count - 1][0])
            del waiting[:count]
    assert 0 < refused < 1000


def test_a_slot_that_is_given_back_is_taken_again(both):
    taken, _ = both
    first = taken.take(8, ROW)
    for _ in range(100):
        slot = taken.take(40, ROW)
        assert slot.at == first.rows.nbytes
        taken.give_back(slot)


def test_no_slot_is_larger_than_all(both):
    taken, _ = both
    assert taken.take(65, ROW) is None
    assert taken.take(64, ROW) is not None
    assert taken.take(1, ROW) is None


@pytest.mark.parametrize("told", [{"at": SIZE - 1024, "shape": [2, ROW]}, {"at": -4, "shape": [1, ROW]}])
def test_what_is_no_slot_is_refused(both, told):
    with pytest.raises(FrameError, match="a slot of the shared memory was wanted"):
        both[1].find(told)


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_session_is_the_same_with_and_without(tmp_path, monkeypatch, is_shared):
    if not is_shared:
        monkeypatch.setattr("sessions.channel.Slots", no_memory)
    generator = np.random.default_rng(0)
    episodes = [generator.random((count, ROW), np.float32) for count in (3, 40, 20_000, 40, 60)]
    with sessions.Recorder(tmp_path / "a.h5", SPEC) as recorder:
        for rows in episodes:
            recorder.begin_episode(EpisodeInfo(), {"memory": rows[0]})
            recorder.append_steps({"memory": rows})
    assert slots.SIZE < episodes[2].nbytes
    with sessions.open(tmp_path / "a.h5") as recording:
        assert [len(episode) for episode in recording.episodes] == [len(rows) for rows in episodes]
        for episode, rows in zip(recording.episodes, episodes, strict=True):
            np.testing.assert_array_equal(episode.series("memory"), rows)


def test_a_fork_does_not_touch_the_memory_of_its_parent(tmp_path):
    rows = np.ones((100, ROW), np.float32)
    with sessions.Recorder(tmp_path / "a.h5", SPEC) as recorder:
        recorder.begin_episode(EpisodeInfo(), {"memory": rows[0]})
        recorder.append_steps({"memory": rows})
        child = os.fork()
        if child == 0:
            recorder.append_steps({"memory": 2 * rows})
            os._exit(0)
        os.waitpid(child, 0)
    with sessions.open(tmp_path / "a.h5") as recording:
        np.testing.assert_array_equal(recording.episodes[0].series("memory"), rows)


def no_memory():
    raise OSError("there is none")
