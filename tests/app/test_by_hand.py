"""The Step workspace with a real engine process: wake, feed, go back, fork, edit, run on."""

import os
import signal

import numpy as np
import pytest
from PySide6.QtCore import Qt

import sessions
from ntm_core.lineage import Lineage
from ntm_core.trace import EpisodeKind
from ntmviz.network_dialog import NetworkDialog
from ntmviz.settings import sessions_folder
from ntmviz.views.by_hand import HandState
from tests.app.hand_driver import OWN, WAKING_MS, Driver, last_of
from tests.app.processes import child_running, is_gone
from tests.contracts import same_bits

pytestmark = pytest.mark.usefixtures("forked_engines")


@pytest.fixture
def driver(open_window, session, qtbot):
    """A person who has woken the last evaluation after its fourth step."""
    return Driver.after_fourth_step(open_window(session), qtbot)


def test_enter_feeds_the_next_input_and_the_run_is_repeated_to_the_bit(driver, session, recording):
    index, before = last_of(recording, EpisodeKind.EVAL), session.read_bytes()
    assert "bit for bit" in driver.panel.status.message
    assert not sessions_folder().exists() or not list(sessions_folder().glob("*by-hand*")), "nothing is made by looking"
    driver.feed()
    assert driver.recording.path.parent == sessions_folder()
    assert (driver.recording.info.parent["path"], driver.recording.info.parent["step"]) == (str(session), 3)
    assert (driver.now.step, len(driver.now.source)) == (4, 5)
    driver.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    ran = recording.episodes[index]
    assert driver.now.step == len(ran) - 1
    for field in recording.spec:
        assert same_bits(driver.now.source.series(field.name), ran.series(field.name)), field.name
    assert driver.panel.status.planned is None
    assert session.read_bytes() == before
    assert driver.labels == [f"eval, iteration {ran.info.iteration}", "3: goes on"]


def test_back_and_another_input_is_a_fork_beside_what_ran(driver):
    driver.feed()
    driver.feed()
    kept = driver.now.source.record(5)["memory"].copy()
    driver.press(Qt.Key.Key_Left)
    assert driver.now.step == 4
    assert driver.panel.status.starts_fork
    driver.feed(OWN)
    fork = driver.now.episode
    assert driver.labels[1:] == ["3: goes on", "4: bit 4 flipped"]
    assert driver.now.source.record(5)["input"].tolist() == list(OWN)
    assert not same_bits(driver.now.source.record(5)["memory"], kept)
    driver.press(Qt.Key.Key_Left)
    driver.feed(OWN)
    assert (driver.now.episode, driver.now.step) == (fork, 5), "the same again is gone to, not run again"
    driver.tree.episode_wished.emit(1)
    driver.look_at(1, 4)
    driver.feed()
    assert (driver.now.episode, driver.now.step) == (1, 5)
    assert same_bits(driver.now.source.record(5)["memory"], kept)


def test_before_the_first_step_stands_the_first_memory(driver):
    for _ in range(5):
        driver.press(Qt.Key.Key_Left)
    assert driver.now.step == -1
    assert driver.panel.status.step == 0
    assert not driver.panel.status.can_go_back
    assert same_bits(driver.window.views.machine.figure.memory, driver.now.source.initial("memory"))
    driver.feed(OWN)
    assert driver.labels[1:] == ["start: another input"]
    assert (driver.now.step, len(driver.now.source)) == (0, 1)


def test_a_cell_that_is_edited_before_the_first_step_is_shown_and_the_network_goes_on_from_it(driver):
    for _ in range(4):
        driver.press(Qt.Key.Key_Left)
    driver.window.by_hand.edit("memory", (2, 3), 0.5)
    driver.wait_awake()
    assert (driver.now.step, driver.labels[1:]) == (-1, ["start: edit row 2, word 3"])
    assert driver.window.views.machine.figure.memory[2, 3] == 0.5
    edited = driver.now.episode
    driver.tree.episode_wished.emit(0)
    driver.tree.episode_wished.emit(edited)
    assert (driver.now.episode, driver.now.step) == (edited, -1), "the tree leads there"
    driver.feed()
    assert (driver.now.episode, driver.now.step) == (edited, 0)
    with sessions.open(driver.recording.path) as kept:
        assert kept.episodes[edited].initial("memory")[2, 3] == 0.5
        assert len(kept.episodes[edited]) == 1


def test_a_number_of_steps_runs_and_so_does_the_way_to_a_step_that_is_pointed_at(driver):
    driver.panel.run_wished.emit(2)
    driver.wait_awake()
    assert driver.now.step == 5
    assert driver.window.views.sequence.sequence_layout.planned > 0
    driver.window.views.sequence.step_wished.emit(8)
    driver.wait_awake()
    assert (driver.now.step, len(driver.now.source)) == (8, 9)


def test_an_edited_cell_starts_a_fork_that_says_so(driver):
    driver.window.store.update(pinned=(2, 3))
    was = float(driver.now.source.record(3)["memory"][2, 3])
    driver.window.by_hand.edit("memory", (2, 3), 0.5)
    driver.wait_awake()
    assert (driver.now.step, driver.labels[1:]) == (3, ["3: edit row 2, word 3"])
    assert driver.window.views.machine.figure.memory[2, 3] == 0.5
    marks = [mark.text for mark in driver.window.views.machine.over.marks if hasattr(mark, "text")]
    assert any(text.startswith("edited, was") for text in marks), marks
    driver.feed()
    with sessions.open(driver.recording.path) as kept:
        assert kept.episodes[1].initial("memory")[2, 3] == 0.5
        assert kept.episodes[0].record(3)["memory"][2, 3] == np.float32(was)


def test_a_cell_that_is_edited_to_what_it_holds_starts_no_fork(driver, monkeypatch):
    driver.window.store.update(pinned=(2, 3))
    asked = []

    def as_it_is(parent, title, text, value, *limits):
        asked.append(value)
        return value, True

    monkeypatch.setattr("ntmviz.by_hand.QInputDialog.getDouble", as_it_is)
    driver.press(Qt.Key.Key_E)
    assert asked == [float(driver.now.source.record(3)["memory"][2, 3])]
    assert len(driver.labels) == 1


def test_keys_that_come_while_a_step_is_at_work_are_not_lost(driver, qtbot):
    driver.feed()  # from here on the session is the hand's own
    shown = [driver.now.step]
    driver.window.presenter.presented.connect(lambda now: shown.extend([] if now is None else [now.step]))
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Return, Qt.Key.Key_Return, Qt.Key.Key_Left):
        qtbot.keyClick(driver.window, key)
    qtbot.waitUntil(lambda: max(shown) == 7 and shown[-1] == 6)
    assert list(dict.fromkeys(shown)) == [4, 5, 6, 7]


def test_keys_that_wait_are_not_fed_to_a_network_that_is_woken_later(driver, qtbot):
    driver.feed()
    os.kill(driver.window.by_hand.link._own.pid, signal.SIGSTOP)
    for _ in range(3):
        qtbot.keyClick(driver.window, Qt.Key.Key_Return)
    driver.window.by_hand.link.shut_down()
    qtbot.waitUntil(lambda: driver.panel.status.state is HandState.ASLEEP, timeout=WAKING_MS)
    driver.panel.offer_chosen.emit("wake")
    driver.wait_awake()
    driver.feed()
    assert driver.now.step == 5, "one step by one key"


def test_an_episode_without_weights_says_so_and_offers_the_nearest(driver, session, recording):
    index = last_of(recording, EpisodeKind.TRAIN, is_kept=False)
    driver.look_at(index, 2)
    status = driver.panel.status
    assert status.state is HandState.NO_WEIGHTS
    assert "not kept. The nearest kept are of iteration" in status.message
    driver.panel.offer_chosen.emit("wake nearest")
    driver.wait_awake()
    assert "not its own" in driver.panel.status.message
    driver.feed()
    assert driver.now.source.info.iteration != recording.episodes[index].info.iteration
    driver.press(Qt.Key.Key_Left)
    assert driver.window.by_hand.is_awake, "what was woken once can be stepped on"


def test_an_episode_of_its_own_weights_runs_on_them_though_others_were_chosen_before(driver, recording):
    own = driver.now.episode
    index = last_of(recording, EpisodeKind.TRAIN, is_kept=False)
    driver.look_at(index, 2)
    driver.panel.offer_chosen.emit("wake nearest")
    driver.wait_awake()
    chosen = driver.window.by_hand.link.checkpoint
    own = next(at for at, each in enumerate(recording.episodes) if each.info.checkpoint not in (-1, chosen))
    driver.look_at(own, 2)
    assert "bit for bit" in driver.panel.status.message or "1e-5" in driver.panel.status.message
    driver.feed()
    info = driver.recording.episodes[0].info
    assert (info.iteration, info.checkpoint) == (recording.episodes[own].info.iteration, 0)


def test_after_a_death_the_chosen_weights_are_offered_again_and_another_session_hears_nothing_of_it(
    driver, session, recording, qtbot, tmp_path
):
    driver.look_at(last_of(recording, EpisodeKind.TRAIN, is_kept=False), 2)
    driver.panel.offer_chosen.emit("wake nearest")
    driver.wait_awake()
    os.kill(driver.window.by_hand.link._own.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: driver.panel.status.state is HandState.FAILED, timeout=WAKING_MS)
    assert [offer.key for offer in driver.panel.status.offers][:1] == ["wake nearest"]
    other = tmp_path / "other.ntmviz.h5"
    other.write_bytes(session.read_bytes())
    driver.window.desk.open(other)
    driver.look_at(last_of(driver.recording, EpisodeKind.TRAIN, is_kept=False), 2)
    assert driver.panel.status.state is HandState.NO_WEIGHTS
    driver.look_at(last_of(driver.recording, EpisodeKind.EVAL), 3)
    driver.wait_awake()


def test_a_sequence_of_a_batch_is_said_to_go_on_to_a_hundred_thousandth(driver, recording):
    driver.look_at(last_of(recording, EpisodeKind.TRAIN), 2)
    assert "One of 4 sequences of a batch: it goes on as the run did to 1e-5." == driver.panel.status.message


def test_what_was_fed_by_hand_is_exact_on_its_own_device_alone(driver):
    driver.feed()
    assert driver.panel.status.message == "Back and forth, to the very bit."
    driver.window.by_hand.link.is_same_device = False
    driver.window.presenter.present()
    assert driver.panel.status.message == "On another device than the run's: it goes on as the run did to 1e-5."


def test_a_killed_engine_is_told_of_and_what_was_fed_can_be_woken_again(driver, qtbot):
    driver.feed()
    driver.feed()
    path, episode = driver.recording.path, driver.now.episode
    os.kill(driver.window.by_hand.link._own.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: driver.panel.status.state is HandState.FAILED, timeout=WAKING_MS)
    assert "ended by itself; every step that was flushed is in the session" in driver.panel.status.message
    assert (driver.now.episode, driver.now.step) == (episode, 5)
    driver.panel.offer_chosen.emit("wake")
    driver.wait_awake()
    driver.feed()
    assert driver.recording.path != path
    assert driver.recording.info.parent["path"] == str(path)
    assert driver.now.step == 6
    assert [each.info.kind for each in driver.recording.episodes] == [
        EpisodeKind.EVAL,
        EpisodeKind.FORK,
        EpisodeKind.FORK,
    ]


def test_a_killed_recorder_is_told_of_and_another_session_goes_on_from_what_it_kept(driver, qtbot):
    driver.feed()
    driver.feed()
    path = driver.recording.path
    os.kill(child_running(driver.window.by_hand.link._own.pid, "sessions.writer"), signal.SIGKILL)
    qtbot.keyClick(driver.window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: driver.panel.status.state is HandState.FAILED, timeout=WAKING_MS)
    assert driver.panel.status.message.endswith("; what was fed last is not kept")
    assert (driver.recording.path, driver.now.step, len(driver.now.source)) == (path, 5, 6)
    qtbot.waitUntil(lambda: driver.window.views.run.status.verdict == "every step that was saved is here")
    assert "every step saved" not in driver.window.headline.rates.text()
    driver.panel.offer_chosen.emit("wake")
    driver.wait_awake()
    driver.feed()
    assert driver.recording.info.parent["path"] == str(path)
    assert driver.now.step == 6


@pytest.fixture
def small_networks(monkeypatch):
    """Whoever is asked for a network takes a small one."""
    made = NetworkDialog.__init__

    def with_small_sizes(self, parent=None):
        made(self, parent)
        for name, value in {"locations": 12, "word_size": 6, "hidden_size": 8}.items():
            self.form.network.set(name, value)
        self.form.task.set("bits", 3)
        self.form.seed.setValue(5)

    monkeypatch.setattr(NetworkDialog, "__init__", with_small_sizes)
    monkeypatch.setattr(NetworkDialog, "exec", lambda self: True)


def test_a_fork_of_a_drawn_sequence_that_is_woken_anew_has_the_rest_of_it(window, qtbot, small_networks):
    driver = Driver(window, qtbot)
    window.actions_by_name["new_network"].trigger()
    qtbot.waitUntil(lambda: driver.now is not None and driver.window.by_hand.is_awake, timeout=WAKING_MS)
    steps = driver.panel.status.steps_left
    driver.feed()
    driver.feed()
    driver.press(Qt.Key.Key_Left)
    driver.feed(1 - np.array(driver.now.source.record(1)["input"]))
    fork, path = driver.now.episode, driver.recording.path
    window.actions_by_name["close_session"].trigger()
    window.desk.open(path)
    driver.look_at(fork, 1)
    window.show_workspace("Step")
    driver.wait_awake()
    driver.feed()
    assert driver.now.step == 2
    assert driver.panel.status.steps_left == steps - 3
    driver.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert driver.now.step == steps - 1


def test_closing_the_window_seals_what_was_done_by_hand(driver):
    driver.feed()
    path = driver.recording.path
    driver.window.close()
    with sessions.open(path) as recording:
        assert recording.complete
        assert len(Lineage(recording.episodes, 1)) == 5


def test_closing_the_session_ends_the_engine_of_its_network_and_another_one_wakes_anew(driver, session, qtbot):
    driver.feed()
    path, pid = driver.recording.path, child_running(os.getpid(), "ntmviz.worker")
    driver.window.actions_by_name["close_session"].trigger()
    qtbot.waitUntil(lambda: is_gone(pid), timeout=WAKING_MS)
    assert driver.panel.status.state is not HandState.AWAKE
    with sessions.open(path) as recording:
        assert recording.complete
    driver.window.desk.open(session)
    driver.window.show_workspace("Step")
    driver.wait_awake()
    assert child_running(os.getpid(), "ntmviz.worker") not in (None, pid)


@pytest.mark.parametrize("first", ["nothing", "a session"])
def test_a_new_network_stands_before_its_first_step_and_is_fed_from_there(
    first, window, open_window, session, qtbot, small_networks
):
    """Whatever was open: the network that is shown is not woken instead."""
    if first == "a session":
        open_window(session)
        window.actions_by_name["step"].trigger()
        Driver(window, qtbot).wait_awake()
    window.actions_by_name["new_network"].trigger()
    driver = Driver(window, qtbot)
    qtbot.waitUntil(lambda: driver.now is not None and len(driver.now.source) == 0, timeout=WAKING_MS)
    driver.wait_awake()
    assert (driver.now.step, len(driver.now.source)) == (-1, 0)
    assert window.views.machine.figure.memory.shape == (12, 6)
    assert driver.panel.status.delimiter == (0.0, 0.0, 0.0, 1.0)
    steps = driver.panel.status.steps_left
    assert steps > 0
    assert driver.labels == ["by hand 1"]
    driver.feed()
    driver.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert (driver.now.step, driver.now.source.info.kind) == (steps - 1, EpisodeKind.MANUAL)


def test_a_network_that_cannot_be_made_is_told_in_one_line(window, qtbot, tmp_path):
    window.show_workspace("Step")
    window.by_hand.link.make({"task": "copy", "task_settings": {"bits": 3}, "weights": str(tmp_path / "nowhere")})
    panel = window.views.by_hand
    qtbot.waitUntil(lambda: panel.status.state is HandState.FAILED, timeout=WAKING_MS)
    assert "cannot be read: No such file" in panel.status.message
    assert "\n" not in panel.status.message


def test_what_a_step_needs_is_not_offered_elsewhere(open_window, session):
    window = open_window(session)
    for name in ("feed", "run_to_end", "run_to_step", "edit_cell"):
        assert not window.actions_by_name[name].isEnabled(), name
    assert window.actions_by_name["new_network"].isEnabled()
