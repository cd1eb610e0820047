"""The window from its doors to their results: replaying by mouse and by keyboard, arranging, failing in one line."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMenu

from ntm_core.trace import StepRecord
from ntmviz import ink, notes
from ntmviz.actions import COMMANDS
from ntmviz.figures import HeadKind
from ntmviz.notes import Bookmark
from ntmviz.settings import Settings
from ntmviz.step_words import describe
from ntmviz.views import machine_layout, sequence_layout
from ntmviz.workspace_tabs import WORKSPACES
from tests.app.recent_rows import recent_rows


@pytest.fixture
def replay(open_window, session):
    return open_window(session)


def press(qtbot, window, key, modifier=Qt.KeyboardModifier.NoModifier):
    """A key as the window's shortcuts get it."""
    window.activateWindow()
    qtbot.keyClick(window, key, modifier)


def shown_step(window):
    return window.presenter.now.step


def test_the_welcome_page_has_three_doors_and_no_panels(window):
    assert window.stack.currentWidget() is window.welcome
    assert [card.button.text() for card in window.welcome.cards.values()] == ["Start", "Open a file…", "Open the lab"]
    assert not any(dock.isVisible() for dock in window.views.docks.values())


def test_the_second_door_opens_a_session_by_mouse(window, qtbot, session, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(session), ""))
    qtbot.mouseClick(window.welcome.cards["replay"].button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.views.machine.figure is not None)
    assert window.stack.currentWidget() is window.views.machine_panel
    assert window.presenter.now.source.info.kind == "eval"
    others = {"By hand", "Forks", *window.views.lab.docks}
    assert {name for name, dock in window.views.docks.items() if not dock.isVisible()} == others


def test_the_second_door_opens_a_session_by_key(window, qtbot, session, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(session), ""))
    window.activateWindow()
    window.welcome.setFocus()
    qtbot.keyClick(window.welcome, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: window.views.machine.figure is not None)


def test_a_dropped_file_is_opened(window, qtbot, session):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(session))])
    position, buttons = QPoint(100, 100), Qt.MouseButton.LeftButton
    no_keys = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(position, Qt.DropAction.CopyAction, data, buttons, no_keys)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(position), Qt.DropAction.CopyAction, data, buttons, no_keys))
    qtbot.waitUntil(lambda: window.views.machine.figure is not None)


def test_an_opened_session_is_listed_as_recent_and_opens_from_there(window, qtbot, session):
    window.desk.open(session)
    window.actions_by_name["close_session"].trigger()
    assert window.stack.currentWidget() is window.welcome
    row = recent_rows(window)[0]
    assert row.path == session
    qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert window.desk.recording.path == session


def test_what_is_drawn_is_what_was_recorded(replay):
    now, figure = replay.presenter.now, replay.views.machine.figure
    record = now.source.record(now.step)
    np.testing.assert_array_equal(figure.memory, record["memory"])
    np.testing.assert_array_equal(figure.reads[0].values, record["read_weighting"][0])
    layout = replay.views.machine.machine_layout
    heatmap = replay.views.machine.heatmap("memory")
    assert heatmap.boundingRect().width() == layout.column_pitch * figure.word_size
    assert heatmap.boundingRect().height() == layout.rows.pitch * layout.rows.count


@pytest.mark.parametrize(
    ("key", "modifier", "start", "end"),
    [
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 2, 3),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 2, 1),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, 2, 12),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier, 2, 0),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 5, 0),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, 5, 12),
    ],
)
def test_keys_move_the_play_head(replay, qtbot, key, modifier, start, end):
    replay.navigation.go_to_step(start)
    press(qtbot, replay, key, modifier)
    assert shown_step(replay) == end
    assert replay.views.machine.figure.step == end
    assert replay.views.this_step.words is not None


def test_up_and_down_change_the_episode_in_the_list_too(replay, qtbot):
    last = replay.presenter.now.episode
    press(qtbot, replay, Qt.Key.Key_Up)
    assert replay.presenter.now.episode == last - 1
    episodes = replay.views.episodes
    assert episodes.episodes.episode_at(episodes.currentIndex().row()) == last - 1
    press(qtbot, replay, Qt.Key.Key_Down)
    assert replay.presenter.now.episode == last


def test_a_click_in_the_list_shows_that_episode(replay, qtbot):
    episodes = replay.views.episodes
    row = episodes.episodes.row_of(0)
    episodes.scrollTo(episodes.episodes.index(row, 0))
    place = episodes.visualRect(episodes.episodes.index(row, 0)).center()
    qtbot.mouseClick(episodes.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert replay.presenter.now.episode == 0


def test_space_plays_to_the_end_and_stops_there(replay, qtbot):
    replay.store.update(speed=16.0)
    replay.navigation.go_to_step(8)
    press(qtbot, replay, Qt.Key.Key_Space)
    assert replay.store.state.direction == 1
    qtbot.waitUntil(lambda: replay.store.state.direction == 0)
    assert shown_step(replay) == len(replay.presenter.now.source) - 1
    press(qtbot, replay, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: replay.store.state.direction == 0)
    assert shown_step(replay) == 0


def test_a_loop_goes_round_until_it_is_paused(replay, qtbot):
    replay.navigation.go_to_step(2)
    press(qtbot, replay, Qt.Key.Key_BracketLeft)
    replay.navigation.go_to_step(4)
    press(qtbot, replay, Qt.Key.Key_BracketRight)
    assert replay.store.state.loop == (2, 4)
    replay.store.update(speed=16.0)
    seen = []
    replay.presenter.presented.connect(lambda now: now is not None and seen.append(now.step))
    press(qtbot, replay, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: seen.count(3) >= 3)
    press(qtbot, replay, Qt.Key.Key_Space)
    assert replay.store.state.direction == 0
    assert set(seen) <= {2, 3, 4}


def test_comma_and_period_change_the_speed_and_say_so(replay, qtbot):
    press(qtbot, replay, Qt.Key.Key_Period)
    assert replay.store.state.speed == 2.0
    press(qtbot, replay, Qt.Key.Key_Comma)
    press(qtbot, replay, Qt.Key.Key_Comma)
    assert replay.views.transport._speed.text() == "speed 0.5×"


def test_g_goes_to_a_step(replay, qtbot, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getInt", lambda *_: (7, True))
    press(qtbot, replay, Qt.Key.Key_G)
    assert shown_step(replay) == 7


def test_n_and_p_visit_the_wrong_bits(replay, qtbot):
    steps = sorted({each.step for each in replay.presenter.happenings})
    assert steps, "a network that trained this little has wrong bits"
    replay.navigation.go_to_step(0)
    press(qtbot, replay, Qt.Key.Key_N)
    assert shown_step(replay) == next(step for step in steps if step > 0)
    replay.navigation.go_to_step(len(replay.presenter.now.source) - 1)
    press(qtbot, replay, Qt.Key.Key_P)
    assert shown_step(replay) == [step for step in steps if step < len(replay.presenter.now.source) - 1][-1]


def test_b_bookmarks_a_step_for_the_next_time(open_window, session, qtbot, tmp_path):
    path = Path(shutil.copy(session, tmp_path / "mine.ntmviz.h5"))
    window = open_window(path)
    window.navigation.go_to_step(3)
    press(qtbot, window, Qt.Key.Key_B)
    assert Bookmark(window.presenter.now.episode, 3) in notes.load(path)
    window.actions_by_name["close_session"].trigger()
    open_window(path)
    assert (3, "bookmark") in [(each.step, each.kind) for each in window.presenter.happenings]
    window.navigation.go_to_step(3)
    press(qtbot, window, Qt.Key.Key_B)
    assert notes.load(path) == frozenset()


def test_notes_that_cannot_be_read_are_one_line_and_the_session_opens(open_window, session, tmp_path):
    path = Path(shutil.copy(session, tmp_path / "mine.ntmviz.h5"))
    notes.notes_path(path).write_text("{]")
    window = open_window(path)
    assert window.notice.isVisible()
    assert "otes of format 1 were wanted" in window.notice.text


def test_the_sample_opens_from_the_menu(window, qtbot):
    samples = next(menu for menu in window.menus["File"].findChildren(QMenu) if menu.title() == "Open a sample")
    samples.actions()[0].trigger()
    qtbot.waitUntil(lambda: window.views.machine.figure is not None)
    assert window.desk.recording.complete


def test_a_click_on_the_sequence_goes_to_the_step_under_it(replay, qtbot):
    view = replay.views.sequence
    x = view.sequence_layout.x(5) + 2
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, 80))
    assert shown_step(replay) == 5


def test_dragging_over_the_sequence_scrubs(replay, qtbot):
    view = replay.views.sequence
    seen = []
    replay.presenter.presented.connect(lambda now: now is not None and seen.append(now.step))
    places = [QPoint(view.sequence_layout.x(step) + 2, 60) for step in (2, 5, 9)]
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        qtbot.mouseMove(view.viewport(), place)
        view.dragged.emit(place.x(), place.y())
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=places[-1])
    assert [step for step in (2, 5, 9) if step in seen] == [2, 5, 9]
    assert shown_step(replay) == 9


def test_a_click_on_the_iteration_axis_goes_to_the_nearest_episode(replay):
    replay.views.training.iteration_wished.emit(8.6)
    assert replay.presenter.now.source.info.iteration == 8


def test_a_pinned_cell_says_its_exact_numbers(replay, qtbot):
    machine = replay.views.machine
    layout = machine.machine_layout
    location, word = layout.rows.first + 1, 3
    place = QPoint(layout.memory_left + word * layout.column_pitch + 3, layout.rows.y(location) + 2)
    qtbot.mouseClick(machine.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert replay.store.state.pinned == (location, word)
    now = replay.presenter.now
    note = replay.presenter._note(now, machine.figure)
    memory = now.source.record(now.step)["memory"]
    assert note.value == memory[location, word]
    assert note.row_norm == pytest.approx(np.linalg.norm(memory[location]))
    texts = [mark.text for mark in machine.over.marks if hasattr(mark, "text")]
    assert f"row {location}, word {word}" in texts
    assert "pinned" in texts
    press(qtbot, replay, Qt.Key.Key_Escape)
    assert replay.store.state.pinned is None


def test_escape_takes_the_keys_from_the_menu_bar(replay, qtbot):
    bar = replay.menuBar()
    bar.setFocus()
    qtbot.waitUntil(bar.hasFocus)
    qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert not bar.hasFocus()


def test_pointing_at_a_cell_explains_it_until_the_pointer_leaves(replay, qtbot):
    machine = replay.views.machine
    layout = machine.machine_layout
    machine.hovered.emit(layout.memory_left + 3.0, layout.rows.top + 3.0)
    assert "click to pin" in [mark.text for mark in machine.over.marks if hasattr(mark, "text")]
    machine.left.emit()
    assert "click to pin" not in [mark.text for mark in machine.over.marks if hasattr(mark, "text")]


def wheel(view, notches, modifier=Qt.KeyboardModifier.NoModifier):
    event = QWheelEvent(
        QPointF(200, 200), view.mapToGlobal(QPointF(200, 200)), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, modifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    view.wheelEvent(event)


def test_the_wheel_scrolls_all_views_that_share_the_rows(replay):
    before = replay.views.machine.machine_layout.rows
    assert before.count < before.total
    wheel(replay.views.machine, -2)
    rows = replay.views.machine.machine_layout.rows
    assert rows.first == min(before.first + 6, before.total - before.count)
    assert replay.views.addressing._rows == rows
    assert replay.views.sequence._rows == rows
    press_ctrl = Qt.KeyboardModifier.ControlModifier
    wheel(replay.views.machine, 1, press_ctrl)
    assert replay.views.machine.machine_layout.rows.pitch > rows.pitch
    replay.actions_by_name["rows_found"].trigger()
    assert replay.views.machine.machine_layout.rows == before


def test_d_frames_the_cells_that_the_step_changed(replay, qtbot):
    replay.navigation.go_to_step(0)
    assert not [mark for mark in replay.views.machine.over.marks if isinstance(mark, ink.Frames)]
    press(qtbot, replay, Qt.Key.Key_D)
    figure = replay.views.machine.figure
    rows = replay.views.machine.machine_layout.rows
    moved = np.abs(figure.memory - figure.before)[rows.first : rows.last + 1] > 0.02 * figure.limit
    assert moved.any()
    (frames,) = (mark for mark in replay.views.machine.over.marks if isinstance(mark, ink.Frames))
    layout = replay.views.machine.machine_layout
    row, word = np.argwhere(moved)[0]
    assert len(frames.corners) == moved.sum()
    assert frames.corners[0].tolist() == [
        layout.memory_left + word * layout.column_pitch + 1,
        rows.y(rows.first + int(row)) + 1,
    ]
    assert "changes framed" in replay.views.machine_header.sentence


def test_w_draws_weightings_up_to_their_largest_and_says_so(replay, qtbot):
    press(qtbot, replay, Qt.Key.Key_W)
    source = replay.presenter.now.source
    largest = max(source.series(name).max() for name in ("read_weighting", "write_weighting"))
    limits = {name: high for name, _, _, _, high in replay.views.legend._entries}
    assert limits["read"] == pytest.approx(largest)


def test_h_explains_the_next_head(replay, qtbot):
    assert replay.presenter.now.head.kind is HeadKind.READ
    press(qtbot, replay, Qt.Key.Key_H)
    assert replay.presenter.now.head.kind is HeadKind.WRITE
    assert replay.views.addressing._figure.head.kind is HeadKind.WRITE
    assert "write head" in replay.views.head_button.text()
    assert "write head" in replay.views.this_step.words.statement


def test_addressing_stands_on_the_rows_of_the_machine(replay, qtbot):
    qtbot.waitUntil(lambda: not replay.views.addressing_stands_apart())
    replay.views.docks["Addressing"].setFloating(True)
    qtbot.waitUntil(lambda: replay.views.addressing_stands_apart())


def test_several_heads_stand_side_by_side(open_window, session_of_two_heads):
    window = open_window(session_of_two_heads)
    layout = window.views.machine.machine_layout
    assert (layout.write_strips, layout.read_strips, layout.above) == (2, 2, 8)
    words = [row.name for row in window.views.this_step.words.rows]
    assert ["read head 1", "read head 2", "write head 1", "write head 2"] == [n for n in words if "head" in n]


def test_go_to_the_step_that_wrote_what_is_read(replay, qtbot):
    for step in range(len(replay.presenter.now.source) - 1, 0, -1):
        replay.navigation.go_to_step(step)
        words = replay.views.this_step.words
        if words.written_at is not None:
            break
    else:
        pytest.skip("this network never reads what it wrote")
    qtbot.mouseClick(replay.views.this_step._go, Qt.MouseButton.LeftButton)
    assert shown_step(replay) == words.written_at


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_changes_every_view_and_is_remembered(replay, qtbot, theme):
    replay.set_theme(theme)
    views = replay.views
    drawn = (views.machine, views.addressing, views.sequence)
    qtbot.waitUntil(lambda: {view.theme.name for view in drawn} == {theme} and replay.updatesEnabled())
    assert Settings().theme == theme


def test_panels_close_come_back_and_are_reset(replay, qtbot):
    dock = replay.views.docks["Training"]
    qtbot.mouseClick(dock._close, Qt.MouseButton.LeftButton)
    assert not dock.isVisible()
    dock.toggleViewAction().trigger()
    assert dock.isVisible()
    replay.views.docks["Run"].setFloating(True)
    replay.actions_by_name["reset_docks"].trigger()
    assert not replay.views.docks["Run"].isFloating()


def test_the_arrangement_is_kept_for_the_next_start(replay, session):
    from ntmviz.app import make_window

    replay.views.docks["Training"].close()
    replay.close()
    again = make_window()
    again.show()
    again.desk.open(session)
    shown = {name: not dock.isHidden() for name, dock in again.views.docks.items()}
    again.close()
    again.deleteLater()
    assert not shown["Training"]
    assert shown["Run"]


def test_the_palette_finds_and_runs_a_command(replay, qtbot):
    from ntmviz.dialogs import CommandPalette

    replay.navigation.go_to_step(3)
    palette = CommandPalette(replay.actions_by_name, replay)
    qtbot.addWidget(palette)
    qtbot.keyClicks(palette.entry, "first st")
    qtbot.keyClick(palette.entry, Qt.Key.Key_Return)
    assert palette.chosen == "first_step"
    assert len([action for action in replay.actions_by_name.values() if not action.text()]) == 0


COMMANDS_BY_NAME = {command.name: command for command in COMMANDS}


def _keys(window):
    return [(name, key) for name, action in window.actions_by_name.items() for key in action.shortcuts()]


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_a_key_does_one_thing_in_each_workspace(replay, workspace):
    replay.show_workspace(workspace)
    replay.presenter.present()
    enabled = [key.toString() for name, key in _keys(replay) if replay.actions_by_name[name].isEnabled()]
    assert len(enabled) == len(set(enabled))


def test_every_command_has_a_menu_entry_and_no_key_is_given_twice_in_a_workspace(window):
    in_menus = {action.objectName() for menu in window.menus.values() for action in menu.actions()}
    assert set(window.actions_by_name) <= in_menus
    keys = [key.toString() for name, key in _keys(window) if COMMANDS_BY_NAME[name].menu != "Recall"]
    assert len(keys) == len(set(keys))
    keys = [key.toString() for name, key in _keys(window) if COMMANDS_BY_NAME[name].menu == "Recall"]
    assert len(keys) == len(set(keys))
    for name, action in window.actions_by_name.items():
        for key in action.shortcuts():
            assert key.toString(key.SequenceFormat.NativeText) in action.toolTip(), name


def test_copied_values_are_the_memory(replay):
    replay.actions_by_name["copy_values"].trigger()
    rows = [line.split("\t") for line in QApplication.clipboard().text().splitlines()]
    now = replay.presenter.now
    np.testing.assert_array_equal(np.array(rows, np.float32), now.source.record(now.step)["memory"])


def test_a_figure_is_saved_from_the_window(replay, tmp_path, monkeypatch):
    path = tmp_path / "out.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    replay.actions_by_name["save_figure"].trigger()
    assert "write weighting" in path.read_text()


def test_a_copy_of_the_session_is_the_session(replay, session, tmp_path, monkeypatch):
    path = tmp_path / "copy.ntmviz.h5"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    replay.actions_by_name["save_copy"].trigger()
    assert path.read_bytes() == session.read_bytes()


@pytest.mark.parametrize("content", [None, b"", b"not a session at all", "folder"])
def test_a_file_that_is_no_session_is_one_line_and_the_open_one_stays(replay, session, tmp_path, content):
    path = tmp_path / "bad.h5"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    replay.commands.open_path(path)
    assert replay.notice.isVisible()
    assert "\n" not in replay.notice.text
    assert str(path) in replay.notice.text
    assert replay.desk.recording.path == session
    assert replay.presenter.now is not None


def test_a_truncated_session_opens_or_says_why(window, session, tmp_path):
    path = Path(shutil.copy(session, tmp_path / "cut.h5"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    window.commands.open_path(path)
    assert window.notice.isVisible() or window.presenter.now is not None


@pytest.mark.parametrize("size", [(1024, 680), (1900, 1100)])
def test_a_long_episode_survives_any_size(open_window, long_session, qtbot, size):
    window = open_window(long_session)
    view = window.views.sequence
    assert view.sequence_layout.count < view.sequence_layout.steps
    window.resize(*size)
    qtbot.waitUntil(lambda: view.sequence_layout.count == view.steps_in_view(view.sequence_layout.steps))
    window.actions_by_name["reset_docks"].trigger()
    qtbot.waitUntil(lambda: view.sequence_layout.count == view.steps_in_view(view.sequence_layout.steps))


def test_events_and_colours_are_those_of_the_whole_episode(open_window, long_session, qtbot):
    window = open_window(long_session)
    source = window.presenter.now.source
    largest = max(np.abs(source.series(name)).max() for name in ("memory", "add", "read_vector"))
    window.navigation.go_to_step(0)
    assert window.views.machine.figure.limit >= largest
    first_scored = int(source.series("mask").argmax())
    assert first_scored > window.views.sequence.sequence_layout.count
    press(qtbot, window, Qt.Key.Key_N)
    assert shown_step(window) >= first_scored
    assert window.views.machine.figure.limit >= largest


def test_one_session_after_another_is_shown_without_a_trace_of_the_first(open_window, session, long_session):
    open_window(session).navigation.go_to_step(3)
    window = open_window(long_session)
    assert window.notice.isHidden()
    assert window.presenter.now.source.spec is window.desk.recording.spec
    assert window.headline._title.text() == "long"


def test_a_spread_head_is_not_said_to_look_at_a_row(open_window, session, monkeypatch):
    window = open_window(session)
    now = window.presenter.now
    field = now.source.spec["read_weighting"]
    flat = np.full(field.shape, 1 / field.shape[1], np.float32)
    record = now.source.record(now.step)
    spread_out = StepRecord(now.step, {**record, "read_weighting": flat})
    monkeypatch.setattr(type(now.source), "record", lambda *_: spread_out)
    words = describe(now.source, now.step, now.head)
    assert words.statement.startswith("The read head is spread over 48.0 rows")
    assert words.written_at is None


def test_commands_without_a_session_cannot_be_chosen(window):
    assert not window.actions_by_name["next_step"].isEnabled()
    assert not window.actions_by_name["save_copy"].isEnabled()
    assert window.actions_by_name["open"].isEnabled()


def test_a_long_episode_is_drawn_a_window_at_a_time():
    pitch, in_view = sequence_layout.step_columns(700, 100_000)
    assert pitch == sequence_layout.NARROWEST_STEP
    start = sequence_layout.first_step_in_view(100_000, in_view, 50_000, 0)
    assert start <= 50_000 < start + in_view
    assert sequence_layout.first_step_in_view(100_000, in_view, 49_999, start) == start
    assert machine_layout.index_ticks(1, 5) == [0]


def test_the_step_and_how_many_there_are_stand_side_by_side_at_once(open_window, session):
    window = open_window(session)
    transport = window.views.transport
    for step, steps in ((3, 12), (-1, 12), (1234, 56789), (3, 12)):
        transport.show_position(step, steps)
        assert transport._step.geometry().right() < transport._range.x()
