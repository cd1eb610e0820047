"""The views of stepping by hand: what is edited is what is fed, and every state says what it is."""

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMainWindow, QProgressBar, QPushButton, QSpinBox

from ntmviz import ink, painting, theme
from ntmviz.colours import PALETTES
from ntmviz.views.bit_toggles import BitToggles
from ntmviz.views.by_hand import ByHandPanel, HandState, HandStatus, Offer
from ntmviz.views.output_bits import OutputBits, OutputBitsView

DELIMITER = (0.0, 0.0, 0.0, 0.0, 1.0)
PLANNED = (1.0, 0.0, 0.0, 1.0, 0.0)
AWAKE = HandStatus(
    HandState.AWAKE, step=3, channels=5, delimiter=DELIMITER, planned=PLANNED, steps_left=7, can_go_back=True
)
OFFERS = (Offer("Wake it here", "wake", "Start the engine"), Offer("New sequence", "new"))
KEYS = Qt.Key


@pytest.fixture
def window(qtbot, qapp):
    """A window with shortcuts on the very keys that the panel's widgets use, and the panel in it."""
    theme.apply(qapp, PALETTES["dark"])
    made = QMainWindow()
    made.panel = ByHandPanel(PALETTES["dark"])
    made.setCentralWidget(made.panel)
    made.shortcuts = []
    for keys in ("Left", "Right", "Up", "Down", "Space", "Home"):
        action = QAction(keys, made)
        action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _=False, keys=keys: made.shortcuts.append(keys))
        made.addAction(action)
    made.resize(220, 420)
    made.show()
    made.activateWindow()
    qtbot.waitActive(made)
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def panel(window):
    window.panel.show_status(AWAKE)
    return window.panel


@pytest.fixture
def said(panel):
    """Everything that the panel reports, in its order."""
    heard = []
    panel.fed.connect(lambda values: heard.append(("fed", values)))
    panel.back_wished.connect(lambda: heard.append("back"))
    panel.run_wished.connect(lambda steps: heard.append(("run", steps)))
    panel.run_to_end_wished.connect(lambda: heard.append("to end"))
    panel.offer_chosen.connect(lambda key: heard.append(("offer", key)))
    return heard


def button(panel, text):
    """The button that says this, if it can be seen."""
    found = [each for each in panel.findChildren(QPushButton) if each.text() == text and each.isVisible()]
    return found[0] if found else None


def labels(panel):
    return [each.text() for each in panel.findChildren(QLabel) if each.isVisible() and each.text()]


def toggles(panel):
    return panel.findChild(BitToggles)


def middle_of(panel, channel):
    place = toggles(panel).toggles[channel].geometry()
    return QPoint(place.center().x(), place.top() + 10)


def press(qtbot, panel, channel):
    qtbot.mouseClick(toggles(panel), Qt.MouseButton.LeftButton, pos=middle_of(panel, channel))


def type_numbers(qtbot, panel, text):
    qtbot.mouseClick(button(panel, "As numbers"), Qt.MouseButton.LeftButton)
    field = panel.findChild(QLineEdit, "numbers")
    qtbot.keyClick(field, KEYS.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(field, KEYS.Key_Delete)
    qtbot.keyClicks(field, text)
    return field


def test_a_click_flips_a_bit_and_feeding_reports_what_is_shown(qtbot, panel, said):
    press(qtbot, panel, 1)
    press(qtbot, panel, 3)
    panel.feed()
    qtbot.mouseClick(button(panel, "Feed"), Qt.MouseButton.LeftButton)
    assert said == [("fed", (1, 1, 0, 0, 0))] * 2


def test_one_stroke_paints_every_bit_that_it_passes(qtbot, panel):
    panel.set_input((0.0,) * 5)
    row = toggles(panel)
    qtbot.mousePress(row, Qt.MouseButton.LeftButton, pos=middle_of(panel, 1))
    qtbot.mouseMove(row, middle_of(panel, 4))
    qtbot.mouseRelease(row, Qt.MouseButton.LeftButton)
    qtbot.mouseMove(row, middle_of(panel, 0))
    assert panel.input == (0, 1, 1, 1, 1), "the jumped ones too, and none after the button was let go"
    qtbot.mousePress(row, Qt.MouseButton.LeftButton, pos=middle_of(panel, 4))
    qtbot.mouseMove(row, middle_of(panel, 3))
    qtbot.mouseRelease(row, Qt.MouseButton.LeftButton)
    assert panel.input == (0, 1, 1, 0, 0), "a stroke that starts on a 1 clears"
    qtbot.mousePress(row, Qt.MouseButton.LeftButton, pos=QPoint(row.width() - 2, 10))
    qtbot.mouseMove(row, middle_of(panel, 2))
    qtbot.mouseRelease(row, Qt.MouseButton.LeftButton)
    assert panel.input == (0, 1, 1, 0, 0), "a stroke that starts beside the bits paints none"


def test_arrows_and_space_belong_to_the_toggle_that_has_the_focus(qtbot, window, panel):
    press(qtbot, panel, 1)
    for key in (KEYS.Key_Right, KEYS.Key_Space, KEYS.Key_Right, KEYS.Key_Right, KEYS.Key_Right, KEYS.Key_Space):
        qtbot.keyClick(QApplication.focusWidget(), key)
    qtbot.keyClick(QApplication.focusWidget(), KEYS.Key_Left)
    assert panel.input == (1, 1, 1, 1, 1)
    assert toggles(panel).toggles[3].hasFocus()
    assert window.shortcuts == []
    qtbot.keyClick(QApplication.focusWidget(), KEYS.Key_Home)
    assert window.shortcuts == ["Home"], "other keys are the window's"


def test_the_window_keeps_its_arrows_while_a_button_has_the_focus(qtbot, window, panel, said):
    button(panel, "Back").setFocus()
    for key in (KEYS.Key_Left, KEYS.Key_Right, KEYS.Key_Up, KEYS.Key_Down):
        qtbot.keyClick(button(panel, "Back"), key)
    assert window.shortcuts == ["Left", "Right", "Up", "Down"]
    qtbot.keyClick(button(panel, "Back"), KEYS.Key_Space)
    assert said == ["back"], "Space presses the button that has the focus"


def test_tab_goes_through_the_panel_in_the_order_of_reading(qtbot, panel):
    toggles(panel).move_focus(1, 1)
    order = []
    for _ in range(9):
        order.append(QApplication.focusWidget())
        qtbot.keyClick(order[-1], KEYS.Key_Tab)
    names = [widget.accessibleName() or widget.text() for widget in order]
    assert names == [
        "Bit 2 of the next input",
        "Delimiter",
        "Random",
        "Next of the task",
        "As numbers",
        "Feed",
        "Back",
        "Steps to run on the task's own inputs",
        "Run",
    ]


def test_a_toggle_that_has_the_focus_looks_so(qtbot, panel):
    toggle = toggles(panel).toggles[1]
    before = toggle.grab().toImage()
    toggles(panel).move_focus(0, 1)
    qtbot.waitUntil(toggle.hasFocus)
    assert toggle.grab().toImage() != before


def test_the_editor_takes_what_the_task_plans_until_the_user_edits(qtbot, panel):
    assert panel.input == PLANNED
    other = (0.0, 1.0, 0.0, 0.0, 0.0)
    panel.show_status(replace(AWAKE, planned=other))
    assert panel.input == other
    press(qtbot, panel, 0)
    panel.show_status(replace(AWAKE, can_go_back=False))
    assert panel.input == (1, 1, 0, 0, 0), "the step stayed, and so does what was edited"
    panel.show_status(replace(AWAKE, step=4))
    assert panel.input == PLANNED
    panel.show_status(replace(AWAKE, step=5, planned=None))
    assert panel.input == (0,) * 5


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        ((0.0,) * 5, "the task would feed all zeros"),
        (DELIMITER, "the task would feed the delimiter"),
        (PLANNED, "the task would feed bits 0, 3"),
        ((0.0, 1.0, 0.0, 0.0, 0.0), "the task would feed the same"),
        (None, "the task's sequence is over"),
    ],
)
def test_what_the_task_would_feed_is_told(panel, planned, words):
    panel.show_status(replace(AWAKE, planned=planned))
    panel.set_input((0.0, 1.0, 0.0, 0.0, 0.0))
    assert words in labels(panel)


def test_buttons_fill_the_editor(qtbot, panel):
    qtbot.mouseClick(button(panel, "Delimiter"), Qt.MouseButton.LeftButton)
    assert panel.input == DELIMITER
    qtbot.mouseClick(button(panel, "Next of the task"), Qt.MouseButton.LeftButton)
    assert panel.input == PLANNED
    drawn = set()
    for _ in range(60):
        qtbot.mouseClick(button(panel, "Random"), Qt.MouseButton.LeftButton)
        drawn.add(panel.input)
    assert all(set(values) <= {0, 1} and values[4] == 0 for values in drawn), "the delimiter's channel stays empty"
    assert len(drawn) > 8, "of 16 that are possible"


def test_without_a_delimiter_or_a_plan_their_buttons_cannot_be_pressed(panel):
    panel.show_status(replace(AWAKE, delimiter=(), planned=None))
    assert button(panel, "Delimiter") is None
    assert not button(panel, "Next of the task").isEnabled()


@pytest.mark.parametrize("text", ["0 1 0 0 1", "[0. 1. 0. 0. 1.]", "01001"])
def test_an_input_can_be_typed(qtbot, window, panel, said, text):
    type_numbers(qtbot, panel, text)
    panel.feed()
    assert said == [("fed", (0, 1, 0, 0, 1))]
    qtbot.mouseClick(button(panel, "As toggles"), Qt.MouseButton.LeftButton)
    assert toggles(panel).values == (0, 1, 0, 0, 1)
    assert window.shortcuts == []


def test_a_wrong_text_is_told_under_the_field_and_nothing_is_fed(qtbot, window, panel, said):
    field = type_numbers(qtbot, panel, "0 1 0")
    assert "5 numbers, or bits such as 0110" in labels(panel)
    panel.feed()
    assert said == []
    assert "▲ 5 numbers were wanted; got 3" in labels(panel)
    assert field.text() == "0 1 0", "what was typed is not lost"
    qtbot.mouseClick(button(panel, "As toggles"), Qt.MouseButton.LeftButton)
    assert field.isVisible()
    for key in (KEYS.Key_Left, KEYS.Key_Right, KEYS.Key_Up, KEYS.Key_Home, KEYS.Key_Space):
        qtbot.keyClick(field, key)
    assert window.shortcuts == [], "the field edits with these keys"


def test_toggles_do_not_hide_a_number_that_is_no_bit(qtbot, panel, said):
    type_numbers(qtbot, panel, "0.5 0 0 0 0")
    qtbot.mouseClick(button(panel, "As toggles"), Qt.MouseButton.LeftButton)
    assert "▲ toggles show 0 and 1 alone" in labels(panel)
    panel.feed()
    assert said == [("fed", (0.5, 0, 0, 0, 0))]


@pytest.mark.parametrize("status", [replace(AWAKE, are_bits=False), replace(AWAKE, channels=65, planned=None)])
def test_what_has_no_toggles_is_typed(qtbot, panel, status):
    status = replace(status, delimiter=())
    panel.show_status(status)
    assert not toggles(panel).isVisible()
    assert panel.findChild(QLineEdit, "numbers").isVisible()
    assert button(panel, "As toggles") is None
    qtbot.mouseClick(button(panel, "Random"), Qt.MouseButton.LeftButton)
    assert len(panel.input) == status.channels
    assert all(-1 <= value <= 1 for value in panel.input)
    assert status.are_bits == (set(panel.input) <= {0.0, 1.0})


def test_numbers_of_the_task_reach_the_network_unrounded(panel, said):
    exact = (1 / 3, -2e-9, 0.1, 1e7, 0.0)
    panel.show_status(replace(AWAKE, are_bits=False, delimiter=(), planned=exact))
    panel.feed()
    assert said == [("fed", exact)]


def test_the_task_is_run_so_many_steps_or_to_its_end(qtbot, window, panel, said):
    steps = panel.findChild(QSpinBox)
    steps.setFocus()
    qtbot.keyClick(steps, KEYS.Key_Up)
    qtbot.keyClick(steps, KEYS.Key_Return)
    qtbot.mouseClick(button(panel, "Run"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(button(panel, "Run to end"), Qt.MouseButton.LeftButton)
    assert said == [("run", 11), ("run", 11), "to end"]
    assert window.shortcuts == []
    panel.show_status(replace(AWAKE, steps_left=0, can_go_back=False))
    assert not any(button(panel, text).isEnabled() for text in ("Run", "Run to end", "Back"))


def test_feeding_that_starts_a_fork_says_so(panel):
    panel.show_status(replace(AWAKE, starts_fork=True))
    assert button(panel, "Feed") is None
    assert "fork starts here" in button(panel, "Feed, fork").toolTip()


@pytest.mark.parametrize(
    ("state", "has_input", "has_offers", "is_busy"),
    [
        (HandState.EMPTY, False, True, False),
        (HandState.ASLEEP, True, True, False),
        (HandState.NO_WEIGHTS, False, True, False),
        (HandState.WAKING, True, False, True),
        (HandState.AWAKE, True, False, False),
        (HandState.BUSY, True, False, False),
        (HandState.FAILED, True, True, False),
    ],
)
def test_every_state_says_what_it_is_and_how_it_goes_on(qtbot, panel, said, state, has_input, has_offers, is_busy):
    panel.show_status(replace(AWAKE, state=state, message="This is so.", offers=OFFERS))
    can_feed = state in (HandState.AWAKE, HandState.BUSY)
    assert "This is so." in labels(panel)
    assert ("Next input, step 3" in labels(panel)) == has_input
    assert toggles(panel).isVisible() == has_input
    assert not has_input or toggles(panel).isEnabled() == can_feed
    assert panel.findChild(QProgressBar).isVisible() == is_busy
    assert (button(panel, "Feed") is not None) == (not has_offers)
    if has_offers:
        assert button(panel, "Wake it here").toolTip() == "Start the engine"
        qtbot.mouseClick(button(panel, "Wake it here"), Qt.MouseButton.LeftButton)
        qtbot.mouseClick(button(panel, "New sequence"), Qt.MouseButton.LeftButton)
        assert said == [("offer", "wake"), ("offer", "new")]
        said.clear()
    panel.feed()
    assert bool(said) == (state is HandState.AWAKE)


def test_a_short_step_does_not_make_the_buttons_flicker(qtbot, panel, said):
    feed = button(panel, "Feed")
    panel.show_status(replace(AWAKE, state=HandState.BUSY))
    for text in ("Feed", "Back", "Run", "Run to end"):
        assert button(panel, text).isEnabled()
        qtbot.mouseClick(button(panel, text), Qt.MouseButton.LeftButton)
    assert said == [], "nothing is wished twice"
    panel.show_status(replace(AWAKE, step=4))
    assert feed.isEnabled()
    panel.show_status(replace(AWAKE, step=4, state=HandState.BUSY))
    qtbot.waitUntil(lambda: not feed.isEnabled(), timeout=2000)
    assert panel.findChild(QProgressBar).isVisible()
    assert toggles(panel).isEnabled(), "the next input can be prepared meanwhile"
    panel.show_status(replace(AWAKE, step=5))
    assert feed.isEnabled()
    assert not panel.findChild(QProgressBar).isVisible()


def test_nothing_moves_while_a_network_wakes(qtbot, panel):
    panel.show_output(OutputBits(2, (0.9, 0.1), None))
    output = panel.findChild(OutputBitsView)
    qtbot.waitUntil(lambda: output.height() == output.sizeHint().height())
    places = []
    for state, message in ((HandState.ASLEEP, "Kept, not running."), (HandState.WAKING, ""), (HandState.AWAKE, "")):
        panel.show_status(replace(AWAKE, state=state, message=message, offers=OFFERS[:1]))
        QApplication.processEvents()
        places.append([panel.findChild(kind).mapTo(panel, QPoint()) for kind in (BitToggles, OutputBitsView)])
    assert places[0] == places[1] == places[2]


@pytest.mark.parametrize("family", ["Inter", "DejaVu Sans"])
def test_nothing_is_cut_in_a_narrow_dock(qtbot, qapp, monkeypatch, family):
    caches = (painting.font, painting.metrics, painting.text_width)
    monkeypatch.setattr(painting, "family", lambda: family)
    for cache in caches:
        cache.cache_clear()
    theme.apply(qapp, PALETTES["light"])
    made = ByHandPanel(PALETTES["light"])
    qtbot.addWidget(made)
    made.resize(198, 300)
    nine = replace(AWAKE, step=9999, channels=9, delimiter=(0.0,) * 8 + (1.0,), planned=(1.0,) * 9, starts_fork=True)
    made.show_status(nine)
    made.show_output(OutputBits(9998, (0.5,) * 9, (1.0,) * 9, "▲ 9 of 9 bits wrong", "warning"))
    made.show()
    QApplication.processEvents()
    room = made.viewport().width()
    assert made.widget().width() <= room
    for each in (*made.findChildren(QPushButton), *made.findChildren(QLabel)):
        if each.isVisible():
            right = each.mapTo(made.viewport(), QPoint(each.width(), 0)).x()
            assert right <= room, each.text()
            wraps = isinstance(each, QLabel) and each.wordWrap()
            assert wraps or each.width() >= each.fontMetrics().horizontalAdvance(each.text()), each.text()
    for cache in caches:
        cache.cache_clear()


def texts(view):
    return [mark.text for mark in view.marks if isinstance(mark, ink.Text)]


@pytest.fixture
def bits(panel):
    def show(*values, targets=None, note="", tone="muted"):
        panel.show_output(OutputBits(2, values, targets, note, tone))
        QApplication.processEvents()
        return panel.findChild(OutputBitsView)

    return show


def test_an_output_is_shown_as_bits_with_how_sure_they_are(panel, bits):
    view = bits(0.26, 0.5, 0.98, 1.0)
    assert texts(view) == ["0", "74", "0", "50", "1", "98", "1", "100"]
    bars = [mark.width for mark in view.marks if isinstance(mark, ink.Box) and mark.fill == "muted"]
    squares = next(mark.width for mark in view.marks if isinstance(mark, ink.Box) and mark.stroke)
    assert bars == pytest.approx([0.48 * squares, 0, 0.96 * squares, squares])
    assert "Output, step 2" in labels(panel)
    assert view.accessibleDescription().startswith("bit 0: 0.260, bit 1: 0.500")


def test_wrong_bits_are_outlined_and_told(panel, bits):
    view = bits(0.26, 0.9, 0.7, targets=(1.0, 1.0, 0.0), note="▲ 2 of 3 bits wrong", tone="warning")
    outlines = [(mark.stroke, mark.stroke_width) for mark in view.marks if isinstance(mark, ink.Box) and mark.stroke]
    assert outlines == [("warning", 2), ("border", 1), ("warning", 2)]
    assert "▲ 2 of 3 bits wrong" in labels(panel)
    assert "bit 2: 0.700, wanted 0" in view.accessibleDescription()


def test_an_output_that_is_not_scored_is_quiet(bits):
    view = bits(0.26, 0.9)
    assert {mark.token for mark in view.marks if isinstance(mark, ink.Text)} == {"muted"}


def test_an_output_that_is_no_number_is_hatched(bits):
    view = bits(0.1, math.nan)
    assert texts(view)[-1] == "NaN"
    assert any(isinstance(mark, ink.Hatch) and mark.fill == "not_finite" for mark in view.marks)


def test_many_outputs_are_drawn_as_a_map(qtbot, bits):
    view = bits(*[index / 100 for index in range(100)])
    images = [mark for mark in view.marks if isinstance(mark, ink.Image)]
    assert [value for image in images for value in image.values[0]] == [index / 100 for index in range(100)]
    qtbot.waitUntil(lambda: view.height() == images[-1].y + images[-1].height)


def test_no_output_leaves_no_heading(panel, bits):
    bits(0.5)
    panel.show_output(None)
    assert not any(text.startswith("Output") for text in labels(panel))


def test_another_theme_repaints_what_paints_itself(panel, bits):
    view = bits(0.9, 0.2)
    for name in ("light", "dark"):
        panel.set_theme(PALETTES[name])
        for widget, token in ((toggles(panel).toggles[1], "well"), (view, "raised"), (button(panel, "Feed"), None)):
            image = widget.grab().toImage()
            if token is not None:
                assert image.pixelColor(5, 4).name().upper() == PALETTES[name].colour(token), (name, token)
