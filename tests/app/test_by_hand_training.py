"""The Step workspace with a network of the training that the window drives."""

from dataclasses import replace

import pytest

from ntm_core.lineage import Lineage
from ntm_core.trace import EpisodeKind
from ntmviz.run_options import RunOptions
from ntmviz.views.by_hand import HandState
from tests.app.conftest import SMALL
from tests.app.hand_driver import OWN, WAKING_MS, Driver, last_of

pytestmark = pytest.mark.usefixtures("forked_engines")


@pytest.fixture
def training(window, qtbot, tmp_path):
    """A person who has woken a network of the training that the window shows."""
    options = RunOptions(
        out=str(tmp_path / "run.ntmviz.h5"),
        task_settings={"max_length": 6, "bits": 4},
        model_settings=SMALL,
        train={"batch": 2},
        until_solved=False,
        device="cpu",
    )
    window.desk.train(options)
    qtbot.waitUntil(lambda: window.presenter.now is not None, timeout=WAKING_MS)
    driver = Driver(window, qtbot)
    driver.look_at(0, 2)
    window.store.update(is_following=False)
    window.show_workspace("Step")
    qtbot.waitUntil(lambda: driver.panel.status.state is HandState.ASLEEP)
    assert "pauses it" in driver.panel.status.message
    driver.panel.offer_chosen.emit("wake")
    driver.wait_awake()
    return driver


def test_a_training_that_a_hand_pauses_is_not_said_to_train(training, session, qtbot):
    qtbot.waitUntil(lambda: "paused" in training.window.headline.rates.text(), timeout=WAKING_MS)
    training.window.desk.open(session)
    assert "run.ntmviz.h5 is paused in the background" in training.window.queue.text()


def test_a_network_of_a_training_that_another_one_replaces_is_woken_anew(training, qtbot, tmp_path):
    window = training.window
    training.feed(OWN)
    window.desk.train(replace(window.desk.options, out=str(tmp_path / "next.ntmviz.h5")))
    qtbot.waitUntil(lambda: window.desk.training_path == tmp_path / "next.ntmviz.h5", timeout=WAKING_MS)
    window.desk.open(tmp_path / "run.ntmviz.h5")
    training.look_at(last_of(training.recording, EpisodeKind.EVAL), 1)
    window.show_workspace("Step")
    training.wait_awake()
    training.feed(OWN)
    assert training.now.step == 2
    assert training.recording.path.name != "run.ntmviz.h5", "its training has ended, so a new session has the fork"


def test_a_training_of_this_window_pauses_and_its_forks_go_into_its_own_session(training, qtbot, tmp_path):
    driver, window = training, training.window
    driver.feed(OWN)
    assert driver.recording.path == tmp_path / "run.ntmviz.h5"
    fork = driver.now.episode
    assert driver.now.source.info.kind is EpisodeKind.FORK
    iterations = len(driver.recording.metrics.iterations())
    window.desk.engine.resume()
    qtbot.waitUntil(lambda: len(driver.recording.metrics.iterations()) > iterations, timeout=WAKING_MS)
    with qtbot.waitSignal(window.desk.training_ended, timeout=WAKING_MS):
        window.desk.engine.stop()
    assert driver.recording.complete
    line = Lineage(driver.recording.episodes, fork)
    assert (len(line), line.record(3)["input"].tolist()) == (4, list(OWN))


def test_news_of_a_training_s_network_is_heard_once_after_another_was_awake(training, session, qtbot):
    window, stood = training.window, []
    window.desk.open(session)
    training.look_at(last_of(training.recording, EpisodeKind.EVAL), 1)
    training.wait_awake()
    window.desk.open(window.desk.training_path)
    training.look_at(0, 2)
    window.store.update(is_following=False)
    qtbot.waitUntil(lambda: training.panel.status.state is HandState.ASLEEP)
    training.panel.offer_chosen.emit("wake")
    training.wait_awake()
    window.by_hand.link.stood.connect(lambda *place: stood.append(place))
    training.feed(OWN)
    assert len(stood) == 1
