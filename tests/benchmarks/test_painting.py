"""CPU time of the window for each frame, stepping through an episode and from one to the next."""

import time

import pytest
from PySide6.QtWidgets import QApplication

from ntmviz.app import application, make_window

STEP_S, EPISODE_S = 1 / 30, 1 / 15
"""The most a frame may take: of an episode that plays, and of one that is skipped to while a key is held."""
pytestmark = pytest.mark.benchmark(timer=time.process_time, min_rounds=200)


@pytest.fixture
def window(qapp, session):
    made = make_window("dark", keeps_settings=False)
    made.resize(1440, 900)
    made.show()
    assert made.desk.open(session)
    made.store.update(episode=len(made.desk.recording.episodes) - 1, step=0, is_following=False)
    for _ in range(5):
        QApplication.processEvents()
        made.presenter.present()
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def qapp():
    return application()


def test_a_step_through_an_episode(window, benchmark):
    steps = len(window.desk.recording.episodes[-1])

    def step_on():
        window.store.update(step=(window.store.state.step + 1) % steps)
        QApplication.processEvents()

    check(benchmark, step_on, STEP_S)


def test_a_redraw_of_the_whole_window(window, benchmark):
    check(benchmark, window.grab, STEP_S)


def test_another_episode(window, benchmark):
    count = len(window.desk.recording.episodes)

    def next_episode():
        window.store.update(episode=(window.store.state.episode + 1) % count, step=0)
        QApplication.processEvents()

    check(benchmark, next_episode, EPISODE_S)


def check(benchmark, draw, most_s):
    benchmark(draw)
    assert benchmark.stats["median"] < most_s
