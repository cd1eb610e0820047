"""The Recall workspace with a real engine process: paint, recall, step back, fork, store."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from ntm_core.recall.operations import Recall, Store
from ntmviz import ink
from ntmviz.recall import glyphs, ready
from ntmviz.recall.arcs import Graph, arcs_of
from ntmviz.recall.figure import lab_figure, recorded, standing
from ntmviz.recall.ledger import done_at, ledger
from ntmviz.recall.lookup import look

pytestmark = pytest.mark.usefixtures("forked_engines")
WAKING_MS = 120_000


class Hand:
    """A person at the Recall workspace."""

    def __init__(self, window, qtbot):
        self.window, self._qtbot = window, qtbot
        self.lab, self.cue = window.recall, window.views.lab.cue

    @property
    def now(self):
        return self.window.presenter.now

    @property
    def figure(self):
        return self.lab.figure

    def wait(self):
        self._qtbot.waitUntil(lambda: self.lab.is_ready, timeout=WAKING_MS)

    def open(self, plan):
        self.window.recall_by_hand.open_lab(plan)
        self.wait()

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        self._qtbot.keyClick(self.window, key, modifier)
        self.wait()

    def step_on(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        """A key that does an operation: wait until its step is shown."""
        before = self.now.episode, self.now.step
        self.press(key, modifier)
        self._qtbot.waitUntil(lambda: (self.now.episode, self.now.step) != before and self.lab.is_ready)

    def drag(self, cells, button=Qt.MouseButton.LeftButton):
        editor = self.cue.editor
        points = [editor.centre_of(cell) for cell in cells]
        self._qtbot.mousePress(editor, button, pos=points[0])
        for point in points[1:]:
            self._qtbot.mouseMove(editor, point)
        self._qtbot.mouseRelease(editor, button, pos=points[-1])
        self.settle()

    def settle(self):
        self._qtbot.waitUntil(lambda: not self.lab._soon.isActive())


@pytest.fixture
def hand(window, qtbot):
    """A person who has come through the third door."""
    made = Hand(window, qtbot)
    window.welcome.cards["recall"].button.click()
    made.wait()
    return made


def test_the_third_door_opens_a_lab_of_letters_that_asks_with_a_half_erased_one(hand):
    assert hand.window.arrangements.current == "Recall"
    assert [name for name in hand.figure.names if name] == [*ready.LETTERS, *ready.DIGITS, *ready.SIGNS]
    assert hand.figure.is_preview
    assert (hand.cue.editor.mask == 0).sum() == 32
    assert np.array_equal(hand.cue.editor.word, glyphs.ready("R"))
    assert [hand.figure.names[row] for row in np.argsort(-hand.figure.look.weighting, kind="stable")[:3]] == list("BPR")
    assert hand.window.desk.recording.info.title == "recall lab"


def test_enter_recalls_until_it_settles_and_what_was_shown_before_is_what_is_recorded(hand):
    foretold = hand.figure.chain
    steps = len(hand.now.source)
    hand.step_on(Qt.Key.Key_Return)
    assert not hand.figure.is_preview
    assert len(hand.now.source) == steps + len(foretold) == hand.now.step + 1
    for told, done in zip(foretold, hand.figure.chain, strict=True):
        np.testing.assert_allclose(done.weighting, told.weighting, atol=1e-5)
        np.testing.assert_allclose(done.word, told.word, atol=1e-5)
    assert hand.figure.chain[-1].change < hand.cue.asked.below
    assert len(hand.lab.known.chains) == 1


def test_back_is_exact_and_another_cue_from_there_is_a_fork(hand):
    hand.step_on(Qt.Key.Key_Return)
    last, episode = hand.now.step, hand.now.episode
    while hand.now.step >= 16:
        hand.press(Qt.Key.Key_Left)
    assert hand.now.step == 15
    hand.cue.choose_item("T")
    hand.step_on(Qt.Key.Key_Return)
    assert hand.now.episode != episode
    assert hand.figure.names[hand.figure.read_row] == "T"
    hand.window.navigation.go_to_episode(episode)
    hand.window.store.update(step=last)
    assert (hand.now.episode, hand.now.step) == (episode, last)
    assert done_at(hand.now.source, 16).mask is not None


def test_the_mouse_paints_ink_and_unknown_cells_and_the_picture_follows(hand, qtbot):
    hand.press(Qt.Key.Key_C)
    word = glyphs.ready("T")
    ink = np.flatnonzero(word > 0).tolist()
    columns = glyphs.shape_of(word.size)[1]
    for row in range(8):
        cells = [cell for cell in ink if cell // columns == row]
        if cells:
            hand.drag([cells[0], cells[-1]] if len(cells) > 1 else cells)
    assert np.array_equal(hand.cue.editor.word, word)
    assert hand.figure.names[hand.figure.read_row] == "T"
    hand.drag([0, 7], Qt.MouseButton.RightButton)
    assert not hand.cue.editor.mask[:8].any()
    assert hand.cue.editor.mask[8:].all()
    assert hand.figure.look.mask[:8].sum() == 0


def test_keys_paint_too(hand, qtbot):
    editor = hand.cue.editor
    hand.press(Qt.Key.Key_C)
    editor.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_X):
        qtbot.keyClick(editor, key)
    assert editor.word[9] == 1
    assert editor.mask[8] == 0
    assert editor.mask[9] == 1
    assert hand.now.step == 15, "arrows move in the editor, not in time"


def test_a_painted_pattern_is_stored_under_its_name_and_comes_back(hand, qtbot):
    hand.cue.choose_item("Q")
    hand.cue.name.setText("Q")
    hand.cue.name.setFocus()
    qtbot.keyClick(hand.cue.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: hand.now.step == 16 and hand.lab.is_ready)
    assert isinstance(hand.figure.done, Store)
    assert hand.figure.names[hand.figure.stored_row] == "Q"
    assert hand.lab.names[16] == "Q"
    hand.cue.choose_item("Q")
    hand.cue.add_noise()
    hand.step_on(Qt.Key.Key_Return)
    assert hand.figure.names[hand.figure.read_row] == "Q"


def test_prominence_lifts_what_was_recalled_and_its_switch_takes_that_away(hand):
    hand.cue.choose_item("R")
    hand.step_on(Qt.Key.Key_Return)
    hand.press(Qt.Key.Key_E)
    hand.settle()
    tied = hand.figure.look.weighting
    assert hand.figure.read_row is None, "B, P and R are alike in their upper half"
    hand.press(Qt.Key.Key_P)
    hand.settle()
    assert hand.figure.names[hand.figure.read_row] == "R"
    assert np.array_equal(hand.figure.plain.weighting, tied)
    assert "R wins by prominence" in hand.window.hint.text()
    hand.press(Qt.Key.Key_P)
    hand.settle()
    assert hand.figure.read_row is None


def test_words_prime_each_other_and_without_the_switch_they_do_not(hand):
    hand.open(ready.words())
    hand.cue.choose_item("DINNER")
    hand.step_on(Qt.Key.Key_Return)
    hand.cue.editor.show_cue(np.zeros(64), np.zeros(64))
    hand.cue.settings.by_recalls.setChecked(True)
    hand.settle()
    of = {name: float(share) for name, share in zip(hand.figure.names, hand.figure.look.weighting, strict=True) if name}
    assert min(of[name] for name in ("DESSERT", "WINE", "BREAD")) > 1.1 * max(of[name] for name in ready.TRAVEL)
    hand.cue.settings.by_recalls.setChecked(False)
    hand.settle()
    of = [share for name, share in zip(hand.figure.names, hand.figure.look.weighting, strict=True) if name]
    np.testing.assert_allclose(of, 1 / 8, atol=1e-6)


def test_a_segment_keeps_the_recall_to_itself(hand):
    hand.cue.choose_item("S")
    hand.cue.settings.look_in(1)
    hand.step_on(Qt.Key.Key_Return)
    assert done_at(hand.now.source, 16).segment == 1
    assert hand.figure.names[hand.figure.read_row] in ready.DIGITS
    digits = hand.figure.members == 1
    assert hand.figure.look.weighting[digits].sum() == pytest.approx(1, abs=1e-6)


def test_any_of_the_segments_are_looked_in_together(hand):
    hand.cue.choose_item("S")
    settings = hand.cue.settings
    everywhere, letters, digits = (settings._group.button(at) for at in range(3))
    assert everywhere.isChecked() and everywhere.text() == "Everywhere"
    digits.click()
    assert not everywhere.isChecked() and hand.cue.asked.operation.segment == 1
    letters.click()
    asked = hand.cue.asked.operation
    assert (asked.segment, asked.segments) == (None, (0, 1))
    hand.settle()
    ahead = hand.figure.look.weighting
    hand.step_on(Qt.Key.Key_Return)
    assert done_at(hand.now.source, 16).segments == (0, 1)
    np.testing.assert_allclose(hand.figure.look.weighting, ahead, atol=1e-5)
    assert letters.isChecked() and digits.isChecked()
    everywhere.click()
    assert [button.isChecked() for button in (everywhere, letters, digits)] == [True, False, False]
    everywhere.click()
    assert everywhere.isChecked(), "one is always on"
    settings.show_segments(("a", "b"), is_routed=True)
    assert settings._group.button(0).text() == "The router decides"


def test_the_window_asks_itself_what_the_memory_would_answer(hand):
    """Every lookup of a line, recomputed in NumPy, is the one that was recorded."""
    hand.open(ready.words())
    cue = hand.cue
    cue.settings.by_prominence.setChecked(True)
    cue.settings.by_recalls.setChecked(True)
    cue.settings.by_links.setChecked(True)
    for place, name in enumerate(("WINE", "ROAD")):
        cue.choose_item(name)
        cue.add_noise()
        cue.settings.look_in(place)
        hand.step_on(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    source, config = hand.now.source, hand.lab.config
    checked = 0
    for step in range(len(source)):
        done = done_at(source, step)
        if isinstance(done, Recall):
            twin, ran = look(standing(source, step - 1), done, config), recorded(source, step, config)
            for term in ("content", "prominence", "priming", "router", "weighting"):
                np.testing.assert_allclose(getattr(twin, term), getattr(ran, term), atol=2e-4, err_msg=term)
            checked += 1
    assert checked >= 26


def test_a_click_on_an_earlier_recall_goes_there_and_shows_how_it_was_asked(hand, qtbot):
    for name in ("T", "5"):
        hand.cue.choose_item(name)
        hand.step_on(Qt.Key.Key_Return)
    view = hand.window.views.lab.recalls
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(96 + 20, 40))
    assert hand.now.step == hand.lab.known.chains[0].last
    assert np.array_equal(hand.cue.editor.word, glyphs.ready("T"))
    assert not hand.figure.is_preview


def test_a_lab_that_was_closed_goes_on_from_its_file(hand, qtbot):
    hand.step_on(Qt.Key.Key_Return)
    path, step = hand.window.desk.recording.path, hand.now.step
    hand.window.desk.close()
    qtbot.waitUntil(lambda: not hand.window.by_hand.link._leaving, timeout=WAKING_MS)
    hand.window.commands.open_path(path)
    assert hand.window.arrangements.current == "Recall"
    hand.window.store.update(step=step)
    hand.wait()
    hand.cue.choose_item("T")
    hand.step_on(Qt.Key.Key_Return)
    assert hand.window.desk.recording.path != path
    assert hand.figure.names[hand.figure.read_row] == "T"


def test_the_figure_of_a_step_before_anything_was_stored_is_empty(hand):
    figure = lab_figure(hand.now.source, -1, hand.lab.config, hand.lab.names, ledger(hand.now.source))
    assert len(figure.rows) == 0
    assert figure.look is None
    assert figure.free == (12, 8, 8)


def test_the_three_graphs_are_drawn_apart(hand, qtbot):
    """In the order of storing, by likeness, and, once something was recalled, by what was recalled together."""
    memory, button = hand.window.views.lab.memory, hand.window.views.lab.graph_button
    actions = dict(zip(Graph, button.menu().actions(), strict=True))

    def shown(graph):
        actions[graph].trigger()
        assert button.text().startswith(graph.value)
        return [mark for mark in memory.over.marks if isinstance(mark, ink.Path)]

    figure = hand.figure
    assert not arcs_of(figure, Graph.TOGETHER, figure.rows)
    assert not shown(Graph.TOGETHER)
    in_turn = arcs_of(figure, Graph.IN_TURN, figure.rows)
    stored = figure.rows.tolist()
    assert sorted((arc.start, arc.end) for arc in in_turn) == list(pairwise(stored))
    assert all(mark.has_arrow for mark in shown(Graph.IN_TURN))
    alike = arcs_of(figure, Graph.ALIKE, figure.rows)
    for arc in alike:
        assert arc.share == pytest.approx(_cosine(figure.memory[arc.start], figure.memory[arc.end]), abs=1e-5)
    most = max(combinations(stored, 2), key=lambda pair: _cosine(*figure.memory[list(pair)]))
    assert alike[-1].share == pytest.approx(_cosine(*figure.memory[list(most)]), abs=1e-5)
    assert len(shown(Graph.ALIKE)) == len(alike)
    hand.step_on(Qt.Key.Key_Return)
    hand.cue.choose_item("P")
    hand.step_on(Qt.Key.Key_Return)
    together = arcs_of(hand.figure, Graph.TOGETHER, hand.figure.rows)
    assert {hand.figure.names[row] for row in (together[-1].start, together[-1].end)} == {"P", "R"}


def _cosine(one, other):
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_a_lab_with_a_router_looks_where_the_router_says(hand, qtbot):
    hand.window.actions_by_name["routed_lab"].trigger()
    qtbot.waitUntil(lambda: hand.lab.config is not None and hand.lab.config.routing == "soft", timeout=WAKING_MS)
    hand.wait()
    hand.cue.choose_item("heart")
    hand.step_on(Qt.Key.Key_Return)
    shares = dict(zip(hand.lab.config.parts.names, hand.figure.look.shares, strict=True))
    assert max(shares, key=shares.get) == "Signs"
    assert sum(shares.values()) == pytest.approx(1)
    for segment, name in enumerate(shares):
        mass = hand.figure.look.weighting[hand.figure.members == segment].sum()
        assert mass == pytest.approx(shares[name], abs=1e-5)


def test_of_a_lab_with_two_stores_only_what_is_replayed_outlives_the_fading(hand, qtbot):
    hand.window.actions_by_name["stores_lab"].trigger()
    qtbot.waitUntil(lambda: hand.lab.config is not None and hand.lab.config.long_term, timeout=WAKING_MS)
    hand.wait()
    hand.cue.choose_item("A")
    hand.step_on(Qt.Key.Key_Return)
    before = hand.now.step
    hand.window.actions_by_name["replay"].trigger()
    qtbot.waitUntil(lambda: hand.now.step > before and hand.lab.is_ready)
    short, long = np.split(hand.figure.memory, 2)
    norms = np.linalg.norm(long, axis=1)
    assert norms.argmax() == ready.LETTERS.index("A") and np.count_nonzero(norms > 1e-3) == 1
    strength = np.linalg.norm(short[0])
    for _ in range(3):
        at = hand.now.step
        hand.window.actions_by_name["wait_ten"].trigger()
        qtbot.waitUntil(lambda at=at: hand.now.step > at and hand.lab.is_ready)
    faded, kept = np.split(hand.figure.memory, 2)
    assert np.linalg.norm(faded[0]) < strength
    assert np.array_equal(kept, long)
    turned = [mark.text for mark in hand.window.views.lab.memory.over.marks if getattr(mark, "turned", False)]
    assert turned[:3] == ["Letters", "Digits", "Signs"]
    assert hand.figure.part_of(len(faded) + ready.LETTERS.index("A")) == "long-term"
    assert hand.figure.free == (4, 4, 4), "the long-term rows are not for storing"
