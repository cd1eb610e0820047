"""A session too long to be read in one turn: its curves come in pieces, and the window says only what it knows."""

import h5py
import numpy as np
import pytest

import sessions
from ntm_core.trace import EpisodeInfo
from ntmviz import desk
from tests.sessions.traces import ntm_spec, still


@pytest.fixture
def long(tmp_path):
    """A session of one episode, of iteration 90, and of 95 iterations."""
    spec = ntm_spec(16, 4)
    path = tmp_path / "long.ntmviz.h5"
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(iteration=90), still(spec))
        recorder.append_steps({field.name: np.zeros((3, *field.shape), np.float32) for field in spec})
        recorder.end_episode()
        for at in range(95):
            recorder.log(at, loss=0.5 + at)
    return path


@pytest.fixture
def unhurried(monkeypatch):
    """Reads a few rows of the metrics at a time, and goes on when told to. To be asked for before the window."""
    monkeypatch.setattr(desk, "METRIC_ROWS", 10)
    monkeypatch.setattr(desk, "BETWEEN_PIECES_MS", 10**6)


def test_the_curves_of_a_long_training_are_read_a_piece_a_turn(unhurried, open_window, long):
    window = open_window(long)
    recording = window.desk.recording
    assert len(recording.metrics.iterations()) == 10
    assert window.desk.is_reading
    assert np.isnan(window.views.run.status.loss)  # of iteration 90, which is still to be read
    grown = []
    window.desk.grew.connect(lambda: grown.append(len(recording.metrics.iterations())))
    while window.desk.is_reading:
        window.desk._reads_on.timeout.emit()
    assert grown[-1] == 95
    assert len(grown) < 9  # not a picture a piece
    assert window.views.training.figure.loss[0].x[-1] == 94
    assert window.views.run.status.loss == 90.5


def test_pieces_are_read_one_after_the_other_by_themselves(open_window, long, qtbot, monkeypatch):
    monkeypatch.setattr(desk, "METRIC_ROWS", 10)
    window = open_window(long)
    qtbot.waitUntil(lambda: not window.desk.is_reading and window.views.training.figure.loss[0].x[-1] == 94)


def test_a_session_put_away_while_it_is_read_is_not_read_on(unhurried, open_window, long):
    window = open_window(long)
    assert window.desk._reads_on.isActive()
    window.desk.close()
    assert not window.desk.is_reading
    assert not window.desk._reads_on.isActive()


def test_a_row_that_is_damaged_is_told_of_when_it_is_come_to(unhurried, open_window, long):
    with h5py.File(long, "r+") as file:
        rows = file["metrics"][60:61]
        rows["iteration"] += 1
        file["metrics"][60:61] = rows
    window = open_window(long)
    told = []
    window.desk.failed.connect(told.append)
    while window.desk.is_reading:
        window.desk._reads_on.timeout.emit()
    assert [each for each in told if "row 60 of table 'metrics' is damaged" in each]
    assert window.views.training.figure.loss[0].x[-1] == 59
