"""The guided demonstrations, patient HM, the noise curve and a trained network's memory, in the window."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from ntm_core import patient
from ntm_core.recall import demonstrations
from ntm_core.recall.demonstrations.demonstration import play
from ntmviz import ink
from ntmviz.recall.chart import BARS, Chart, Series, charts_marks
from ntmviz.recall.demo_panel import DEMONSTRATIONS
from ntmviz.recall.demonstrating import SEED, Stage
from ntmviz.recall.ledger import done_at
from ntmviz.recall.noise import NOISES
from ntmviz.recall.query import Query, ask, emitted
from ntmviz.state import BEFORE_FIRST
from tests.app.test_recall_lab import WAKING_MS, Hand

pytestmark = pytest.mark.usefixtures("forked_engines")


@pytest.fixture
def hand(window, qtbot):
    """A person at the empty Recall workspace."""
    window.show_workspace("Recall")
    return Hand(window, qtbot)


def test_the_list_is_that_of_the_core():
    assert [entry.name for entry in DEMONSTRATIONS] == list(demonstrations.NAMES)
    assert [entry.title for entry in DEMONSTRATIONS] == [
        demonstrations.named(each.name).title for each in DEMONSTRATIONS
    ]


@pytest.mark.parametrize("name", demonstrations.NAMES)
def test_a_demonstration_ends_in_its_picture_and_its_sentence(hand, qtbot, name):
    shows, panel = hand.window.demonstrator, hand.window.views.lab.demonstrations
    panel.buttons[name].click()
    panel.end.click()
    qtbot.waitUntil(lambda: shows.stage is Stage.SHOWN, timeout=2 * WAKING_MS)
    played = play(demonstrations.named(name), SEED)
    assert panel.sentence.text() == played.sentence
    assert panel.note.text() == played.note
    assert panel.chart.charts
    last = list(played.labs.values())[-1].source
    assert len(hand.now.source) == len(last)
    for field in ("memory", "read_weighting", "recall_count"):
        np.testing.assert_array_equal(hand.now.source.series(field), last.series(field), err_msg=field)
    panel.leave.click()
    assert shows.stage is Stage.NONE
    assert panel.currentIndex() == 0


def test_a_demonstration_goes_step_by_step_and_can_be_left_to_work_on_by_hand(hand, qtbot):
    shows, panel = hand.window.demonstrator, hand.window.views.lab.demonstrations
    shows.start("completion")
    qtbot.waitUntil(lambda: shows.stage is Stage.PLAYING, timeout=WAKING_MS)
    panel.pause.click()
    assert panel.pause.text() == "Go on"
    qtbot.waitUntil(lambda: hand.lab.is_ready, timeout=WAKING_MS)
    at = hand.now.step
    panel.next.click()
    qtbot.waitUntil(lambda: f"step {at + 2} of 11: store" in panel.caption.text())  # a turn after the picture
    assert hand.now.step == at + 1
    assert "is stored in row" in panel.result.text()
    shows.leave()
    hand.cue.choose_item("A")
    hand.step_on(Qt.Key.Key_Return)
    assert hand.figure.names[hand.figure.read_row] == "A"


def test_the_noise_curve_comes_point_by_point_and_can_be_stopped(hand, qtbot):
    hand.window.recall_by_hand.open_letters()
    hand.wait()
    noise, views = hand.window.noise, hand.window.views.lab
    views.measure.click()
    assert views.measure.text() == "Stop"
    qtbot.waitUntil(lambda: noise._figure.done >= 2, timeout=WAKING_MS)
    views.measure.click()
    kept = noise._figure.done
    assert 2 <= kept < len(NOISES)
    assert views.measure.text() == "Measure"
    assert noise._figure.once[0] == 1, "a whole cue is recalled"
    views.measure.click()
    qtbot.waitUntil(lambda: not noise.is_measuring, timeout=WAKING_MS)
    assert noise._figure.done == len(NOISES)
    assert noise._figure.once[-1] < 0.5 < noise._figure.once[1]
    hand.cue.choose_item("T")
    hand.step_on(Qt.Key.Key_Return)


def test_patient_hm_loses_what_is_new_and_the_trapped_network_bypasses_its_memory(hand, qtbot):
    shows, panel = hand.window.demonstrator, hand.window.views.lab.demonstrations
    tables = {}
    for network in ("learned", "trapped"):
        panel.buttons[f"patient {network}"].click()
        qtbot.waitUntil(lambda: shows.stage is Stage.SHOWN, timeout=2 * WAKING_MS)
        (chart,) = panel.chart.charts
        tables[network] = {series.name.partition(" from")[0]: np.array(series.values) for series in chart.series}
        assert panel.sentence.text().startswith(
            {"learned": "The memory holds", "trapped": "The memory is bypassed"}[network]
        )
    wrong = tables["learned"]["writes off"]
    lost = wrong >= patient.LOST
    assert lost.any()
    assert (wrong[~lost] <= patient.SPARED).all()
    assert not lost[: len(lost) // 2].any(), "the old items are kept"
    assert tables["trapped"]["controller reset"].min() > 0.3 > tables["trapped"]["reads off"].max()


def test_a_lesion_of_an_own_session_needs_one_that_was_open(hand, window, qtbot, session):
    hand.window.demonstrator.examine("open")
    assert "o session of a trained network was open yet" in window.notice.text
    assert window.desk.open(session)
    assert window.demonstrator.patient == session


def test_asked_as_the_head_asked_it_reads_what_the_head_read(recording):
    for episode in (recording.episodes[0], recording.episodes[-1]):
        for step in range(len(episode)):
            asked = ask(episode, step, emitted(episode, step, 0))
            record = episode.record(step)
            np.testing.assert_allclose(asked.look.weighting, record["read_weighting"][0], atol=2e-5)
            np.testing.assert_allclose(asked.look.word, record["read_vector"][0], atol=2e-5)


def test_gate_shift_and_sharpening_do_what_they_say(recording):
    episode, step = recording.episodes[-1], 5
    key = tuple(np.ones(8))
    before = episode.record(step - 1)["read_weighting"][0]
    kept = ask(episode, step, Query(0, key, 5.0, 0.0))
    np.testing.assert_allclose(kept.look.weighting, before, atol=1e-6)
    moved = ask(episode, step, Query(0, key, 5.0, 0.0, (0.0, 0.0, 1.0)))
    np.testing.assert_allclose(moved.look.weighting, np.roll(before, 1), atol=1e-6)
    blurred, sharp = (ask(episode, step, Query(0, key, 5.0, 1.0, sharpening=gamma)).look for gamma in (1.0, 5.0))
    assert sharp.weighting.max() > blurred.weighting.max()
    flat = ask(episode, step, Query(0, key, 0.0, 1.0)).look
    np.testing.assert_allclose(flat.weighting, 1 / len(before), atol=1e-9)


def test_a_trained_networks_memory_is_asked_by_hand_and_goes_on_with_what_that_reads(open_window, session, qtbot):
    window = open_window(session)
    window.show_workspace("Recall")
    panel, step = window.views.lab.query, 7
    window.store.update(step=step)
    source = window.presenter.now.source
    own = source.record(step)["read_weighting"][0]
    np.testing.assert_allclose(window.recall.asking.figure.look.weighting, own, atol=2e-5)
    panel.numbers.setText("1 1 1")
    qtbot.keyClick(panel.numbers, Qt.Key.Key_Return)
    assert panel._refusal.text() == "8 numbers were wanted; got 3"
    panel.numbers.setText("1 -1 1 -1 1 -1 1 -1")
    qtbot.keyClick(panel.numbers, Qt.Key.Key_Return)
    sliders = panel.sliders
    sliders.strength.value, sliders.gate.value, sliders.shift.value = 40.0, 1.0, 1.0
    asked = window.recall.asking.figure.look
    assert np.abs(asked.weighting - own).max() > 0.01
    np.testing.assert_allclose(window.recall.asking.figure.plain.weighting, own, atol=2e-5)
    qtbot.waitUntil(lambda: panel.run.isEnabled(), timeout=WAKING_MS)
    panel.run.click()
    qtbot.waitUntil(lambda: window.presenter.now.step == step + 1 and window.by_hand.is_awake, timeout=WAKING_MS)
    assert window.arrangements.current == "Recall"
    line = window.presenter.now.source
    np.testing.assert_allclose(line.record(step)["read_weighting"][0], asked.weighting, atol=1e-6)
    np.testing.assert_allclose(line.record(step)["read_vector"][0], asked.word, atol=1e-6)
    assert np.abs(line.record(step + 1)["output"] - source.record(step + 1)["output"]).max() > 1e-6
    assert "edit read weighting and read vector" in line.info.label
    panel.take.click()
    assert "As the head was told" in window.recall.hint


def asked_in(window, qtbot, step):
    """The panel at a step of the session that is open, and the controls that it shows."""
    window.show_workspace("Recall")
    window.store.update(episode=0, step=step)
    qtbot.waitUntil(lambda: (figure := window.recall.asking.figure) is not None and figure.step == step)
    panel = window.views.lab.query
    sliders = panel.sliders
    names = ("strength", "gate", "shift", "sharpening")
    shown = [name for name in names if getattr(sliders, name).isVisible()]
    return panel, shown, [slider.isVisible() for slider in sliders.modes]


def test_a_head_that_follows_links_is_asked_by_its_three_shares(open_window, session_of_model, qtbot):
    window = open_window(session_of_model("dnc"))
    panel, shown, modes = asked_in(window, qtbot, 6)
    assert shown == ["strength"] and modes == [True] * 3
    assert [panel.heads.itemText(at) for at in range(panel.heads.count())] == ["Read head 1", "Read head 2"]
    assert "Links stay as recorded" in panel._note.text()
    panel.heads.setCurrentIndex(1)
    panel.heads.activated.emit(1)
    source = window.presenter.now.source
    figure = window.recall.asking.figure
    np.testing.assert_allclose(figure.look.weighting, source.record(6)["read_weighting"][1], atol=2e-5)
    panel.sliders.modes[2].value = 1.0
    asked = window.recall.asking.figure.look
    np.testing.assert_allclose(asked.weighting, source.record(6)["forward_weighting"][1], atol=2e-5)
    assert [slider.value for slider in panel.sliders.modes] == [0, 0, 1]
    qtbot.waitUntil(lambda: panel.run.isEnabled(), timeout=WAKING_MS)
    panel.run.click()
    qtbot.waitUntil(lambda: window.presenter.now.step == 7 and window.by_hand.is_awake, timeout=WAKING_MS)
    line = window.presenter.now.source
    np.testing.assert_allclose(line.record(6)["read_weighting"][1], asked.weighting, atol=1e-6)
    np.testing.assert_array_equal(line.record(6)["read_weighting"][0], source.record(6)["read_weighting"][0])
    window.store.update(step=6)
    assert "the state was edited here" in panel._note.text()


def test_a_head_of_content_alone_is_asked_by_its_key_and_usage_follows(open_window, session_of_model, qtbot):
    window = open_window(session_of_model("mann"))
    panel, shown, modes = asked_in(window, qtbot, 6)
    assert shown == [] and modes == [False] * 3 and not panel.sliders.isVisible()
    source = window.presenter.now.source
    panel.take_key(source.record(6)["memory"][3] * 5)
    asked = window.recall.asking.figure.look
    qtbot.waitUntil(lambda: panel.run.isEnabled(), timeout=WAKING_MS)
    panel.run.click()
    qtbot.waitUntil(lambda: window.presenter.now.step == 7 and window.by_hand.is_awake, timeout=WAKING_MS)
    line = window.presenter.now.source
    moved = asked.weighting - source.record(6)["read_weighting"][0]
    assert np.abs(moved).max() > 1e-5
    np.testing.assert_allclose(line.record(6)["usage"] - source.record(6)["usage"], moved, atol=1e-6)


def test_a_write_head_shows_where_it_would_write_and_does_not_go_on(open_window, session_of_model, qtbot):
    window = open_window(session_of_model("ntm"))
    panel, shown, modes = asked_in(window, qtbot, 6)
    assert shown == ["strength", "gate", "shift", "sharpening"] and modes == [False] * 3
    assert [panel.heads.itemText(at) for at in range(panel.heads.count())] == ["Read head", "Write head"]
    assert "Going on would need" in panel._note.text(), "it is primed by what is read"
    panel.heads.setCurrentIndex(1)
    panel.heads.activated.emit(1)
    source, figure = window.presenter.now.source, window.recall.asking.figure
    np.testing.assert_allclose(figure.look.weighting, source.record(6)["write_weighting"][0], atol=2e-5)
    assert "As the head was told, it writes to" in window.recall.hint
    assert not panel.run.isEnabled() and "where the head would have written" in panel._note.text()
    panel.sliders.gate.value = 0.0
    assert "With your key the head would write to" in window.recall.hint


def test_a_network_that_cannot_be_asked_says_why(open_window, session_of_model, qtbot):
    window = open_window(session_of_model("lstm"))
    window.show_workspace("Recall")
    cue = window.views.lab.cue
    qtbot.waitUntil(lambda: cue._message.text() == "This network has no memory to ask.")
    assert window.recall.asking.figure is None


def test_before_the_first_step_it_says_that_there_is_nothing_to_ask_yet(open_window, session, qtbot):
    window = open_window(session)
    asked_in(window, qtbot, 2)
    window.store.update(step=BEFORE_FIRST)
    cue = window.views.lab.cue
    qtbot.waitUntil(lambda: "go on a step to ask this memory" in cue._message.text())
    assert window.recall.asking.figure is None


def test_a_chart_keeps_its_bars_below_their_numbers():
    chart = Chart(BARS, "Shares", (Series("a", (1.0, 0.5)), Series("b", (0.0, 0.25))), labels=("one", "two"))
    assert Chart.from_json(chart.to_json()) == chart
    marks = list(charts_marks((chart,), 400, 200))
    bars = [mark for mark in marks if isinstance(mark, ink.Box) and mark.fill in ("text", "accent") and mark.height > 9]
    assert [round(bar.height / bars[0].height, 2) for bar in bars] == [1.0, 0.5, 0.25]
    numbers = {mark.text for mark in marks if isinstance(mark, ink.Text)}
    assert {"1.00", "0.50", "0.25", "one", "two"} <= numbers


def test_what_follows_and_what_is_primed_are_steps_too(hand, qtbot):
    hand.window.recall_by_hand.open_letters()
    hand.wait()
    hand.cue.choose_item("P")
    hand.step_on(Qt.Key.Key_Return)
    hand.step_on(Qt.Key.Key_F)
    assert hand.figure.names[hand.figure.read_row] == "R", "it was stored right after P"
    assert "stored right after" in hand.window.hint.text()
    hand.step_on(Qt.Key.Key_P, Qt.KeyboardModifier.ShiftModifier)
    primed = done_at(hand.now.source, hand.now.step)
    assert primed.kind.name == "PRIME"
    assert not hand.now.source.record(hand.now.step)["read_weighting"].any()
