"""What keeps the window quick: long work in pieces, and nothing drawn twice."""

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

import sessions
from ntm_core.trace import EpisodeInfo
from ntmviz import survey
from ntmviz.episode_figures import Happening
from ntmviz.survey import Surveyor
from ntmviz.views.addressing import AddressingView
from ntmviz.views.machine import MachineView
from ntmviz.views.sequence import SequenceView
from ntmviz.views.training import thinned
from tests.sessions.traces import ntm_spec, still

SPOILT = 70


@pytest.fixture
def spoilt(tmp_path):
    """A session whose one episode of 100 steps has values up to 4.5 at its end, and a NaN in the memory of a step."""
    spec = ntm_spec(16, 4)
    columns = {field.name: np.zeros((100, *field.shape), np.float32) for field in spec}
    columns["add"][99] = -4.5
    columns["write_weighting"][3] = 0.25
    columns["memory"][SPOILT, 2, 1] = np.nan
    path = tmp_path / "spoilt.ntmviz.h5"
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), still(spec))
        recorder.append_steps(columns)
    return path


def surveyed(source):
    surveyor = Surveyor(source)
    pieces = 0
    while not surveyor.is_done:
        surveyor.look_on()
        pieces += 1
    return surveyor.found, pieces


def test_an_episode_surveyed_in_pieces_comes_to_the_same_as_at_once(spoilt, monkeypatch):
    with sessions.open(spoilt) as recording:
        whole, pieces = surveyed(recording.episodes[0])
        assert pieces == 1
        assert whole.limit == 5
        assert whole.largest_weighting == 0.25
        assert [each for each in whole.happenings if each.kind == "not finite"] == [Happening(SPOILT, "not finite")]
        monkeypatch.setattr(survey, "_PIECE_STEPS", 7)
        assert surveyed(recording.episodes[0]) == (whole, 15)


def test_the_survey_of_a_long_episode_leaves_the_window_free_and_is_drawn_when_it_is_whole(
    open_window, spoilt, qtbot, monkeypatch
):
    monkeypatch.setattr(survey, "_PIECE_STEPS", 7)
    window = open_window(spoilt)
    assert window.views.machine.figure.limit == 1
    qtbot.waitUntil(lambda: window.views.machine.figure.limit == 5)
    assert Happening(SPOILT, "not finite") in window.presenter.happenings


def test_going_to_another_episode_moves_the_line_of_the_training_and_draws_no_curve(open_window, session, monkeypatch):
    window = open_window(session)
    training = window.views.training
    monkeypatch.setattr(training, "_draw_curves", lambda figure: pytest.fail("the curves are drawn already"))
    before = training.figure.current
    window.actions_by_name["previous_episode"].trigger()
    assert training.figure.current < before
    assert [line.value() for line in training._lines] == [training.figure.current] * 2


def test_a_long_curve_is_thinned_to_the_ends_of_each_stretch():
    values = np.sin(np.arange(10_007) / 50)
    values[1234], values[5678], values[10_006] = -9, 9, 7
    values[4000:4010] = np.nan
    iterations, kept = thinned(np.arange(10_007), values, most=100)
    assert len(kept) <= 102
    assert np.array_equal(kept, values[iterations], equal_nan=True)
    assert (np.diff(iterations) > 0).all()
    assert {1234, 5678, 10_006} <= set(iterations.tolist())


ARRAYS = """
from pathlib import Path
import subprocess
import sys
from collections import Counter

import numpy as np
from ntmviz.app import application

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 2**20

application()
del_me = np.ones(2 * 2**20)  # 16 MiB, freed: from now on glibc would keep what is smaller in its heap
del del_me
before = resident_mib()
arrays = [np.ones(2**17) for _ in range(200)]
arrays = arrays[-1:]
print(resident_mib() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it is glibc that keeps what is freed")
def test_memory_of_arrays_that_are_freed_goes_back_to_the_system():
    done = subprocess.run([sys.executable, "-c", ARRAYS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 50, "200 MiB were freed"


def test_another_size_theme_or_workspace_paints_each_picture_once(open_window, session, qtbot, monkeypatch):
    """And draws it once for the size and once for what it shows, however often docks move meanwhile."""
    counts = Counter()
    for kind in (
        MachineView,
        AddressingView,
        SequenceView,
    ):  # before Qt meets the methods: it keeps what it called once
        for done in ("_redraw", "_keep"):
            count_calls(monkeypatch, kind, done, counts)
    window = open_window(session)

    def check(act, most_drawn):
        counts.clear()
        act()
        qtbot.waitUntil(lambda: len(counts) == 6 and window.updatesEnabled())
        for name, count in counts.items():
            assert count <= (most_drawn if name.endswith("_redraw") else 1), (name, count)

    check(lambda: window.resize(1200, 860), 1)
    check(lambda: window.resize(1500, 1000), 1)
    check(lambda: window.show_workspace("Step"), 2)
    check(lambda: window.show_workspace("Watch"), 2)
    check(lambda: window.set_theme("light"), 2)


def count_calls(monkeypatch, kind, name, counts):
    method = getattr(kind, name)

    def call(self, *arguments):
        counts[f"{kind.__name__}.{name}"] += 1
        return method(self, *arguments)

    monkeypatch.setattr(kind, name, call)


def test_a_wider_window_shows_more_steps_of_a_long_episode(open_window, tmp_path, qtbot):
    spec = ntm_spec(16, 4)
    path = tmp_path / "long.ntmviz.h5"
    with sessions.Recorder(path, spec) as recorder:
        recorder.begin_episode(EpisodeInfo(), still(spec))
        recorder.append_steps({field.name: np.zeros((600, *field.shape), np.float32) for field in spec})
    window = open_window(path)
    window.resize(1024, 700)
    steps = window.views.sequence.steps_in_view
    qtbot.waitUntil(lambda: window.views.sequence.sequence_layout.count == steps(600))
    narrow = steps(600)
    window.resize(1700, 900)
    qtbot.waitUntil(lambda: window.views.sequence.sequence_layout.count == steps(600) > narrow)
