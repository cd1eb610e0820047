"""What the hand does, and how often. To drive something new, write its events and add a line to `table`."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QInputDialog, QMenu, QMenuBar

from ntmviz import notes
from ntmviz.actions import COMMANDS, Command
from ntmviz.views import sequence_layout
from ntmviz.workspace_tabs import WORKSPACES
from tests.app.processes import children
from tests.soak.driver import Act, Events
from tests.soak.hand import Hand, open_dialog, wait

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from PySide6.QtGui import QAction

    from tests.soak.files import Files

SMALLEST, LARGEST = (1024, 680), (1920, 1200)
STARTING_S, STOPPING_S = 20.0, 20.0
_NOT_BY_ITSELF = {"go_to_step", "bookmark"}
"""Commands of the Time menu that have acts of their own."""


def table(files: Files) -> tuple[Act, ...]:
    """Every act. Each is done once in this order before chance chooses."""
    return (
        Act("start a training", 0.3, lambda hand, chance: start_training(hand, chance, files)),
        Act("follow live", 4, keys("End")),
        Act("a key of the Time menu", 12, key_of_time_menu),
        Act("hold an arrow key", 8, hold_arrow),
        Act("drag along the sequence", 8, drag_along_sequence),
        Act("drag along the training", 4, click_along_training),
        Act("hover over the machine", 6, hover_over_machine),
        Act("wheel over the machine", 5, wheel_over_machine),
        Act("drag in the overview", 3, drag_in_overview),
        Act("pin a cell", 4, pin_cell),
        Act("choose an episode in the list", 4, choose_episode),
        Act("play", 4, play),
        Act("go to a step", 2, go_to_step),
        Act("bookmark", 2, lambda hand, chance: bookmark(hand, chance, files)),
        Act("frame what changed", 3, keys("D")),
        Act("weightings to their largest", 3, keys("W")),
        Act("another head", 3, keys("H")),
        Act("taller and lower rows", 4, keys("Ctrl++", "Ctrl++", "Ctrl+-", "Ctrl+-", "Ctrl+-", "Ctrl+0")),
        Act("resize the window", 4, resize),
        Act("full screen", 1, keys("F11", "F11")),
        Act("hide and show docks", 3, hide_and_show_docks),
        Act("reset the arrangement", 1, reset_docks),
        Act("another theme", 2, other_theme),
        Act("other workspaces", 2, other_workspaces),
        Act("look through the menus", 2, open_menus),
        Act("command palette", 2, palette),
        Act("list of keys", 1, keys("F1", "Escape")),
        Act("pause the training and go on", 1, pause_and_go_on),
        Act("open a session", 4, lambda hand, chance: open_session(hand, chance, files)),
        Act("open a session by dialog", 1, lambda hand, chance: open_by_dialog(hand, chance, files)),
        Act("open what is damaged", 1, lambda hand, chance: open_damaged(hand, files)),
        Act("close the session", 2, keys("Ctrl+W")),
        Act("open from the welcome page", 2, open_from_welcome_page),
        Act("back to the training", 6, keys("Ctrl+Shift+T")),
    )


def rest(hand: Hand, chance: random.Random) -> Events:
    """End the training, put the session away, and stand as at first."""
    yield from stop_training(hand)
    yield hand.key("Ctrl+1")
    yield hand.key("Ctrl+W")
    if hand.window.isFullScreen():
        yield hand.key("F11")
    yield lambda: hand.window.resize(1440, 900)
    yield from _until(lambda: not children(os.getpid()), STOPPING_S)
    yield from _until(lambda: False, 0.5)


REST = Act("rest", 0, rest)


def start_training(hand: Hand, chance: random.Random, files: Files) -> Events:
    """A new one, in place of the one that runs."""
    yield from stop_training(hand)
    options = files.new_training(chance.randrange(1000))
    yield lambda: hand.window.desk.train(options)
    yield from _until(lambda: hand.window.presenter.now is not None or not hand.window.desk.is_training, STARTING_S)


def stop_training(hand: Hand) -> Events:
    if hand.window.desk.is_training:
        yield hand.key("Ctrl+.")
        yield from _until(lambda: not hand.window.desk.is_training, STOPPING_S)
    assert not hand.window.desk.is_training, f"the training did not end in {STOPPING_S:g} s"


def pause_and_go_on(hand: Hand, chance: random.Random) -> Events:
    yield hand.key("Ctrl+P")
    yield from _until(lambda: False, 0.3)
    yield hand.key("Ctrl+P")
    yield from _until(lambda: False, 0.3)


def keys(*strokes: str) -> Callable[[Hand, random.Random], Events]:
    def press(hand: Hand, chance: random.Random) -> Events:
        for stroke in strokes:
            yield hand.key(stroke)

    return press


def key_of_time_menu(hand: Hand, chance: random.Random) -> Events:
    known = [each for each in COMMANDS if each.menu == "Time" and each.keys and each.name not in _NOT_BY_ITSELF]
    command: Command = chance.choice(known)
    for _ in range(chance.choice((1, 1, 2, 4))):
        yield hand.key(command.keys[0])


def hold_arrow(hand: Hand, chance: random.Random) -> Events:
    stroke = chance.choice(("Left", "Right", "Shift+Left", "Shift+Right", "Up", "Down"))
    for _ in range(chance.randrange(5, 40)):
        yield hand.key(stroke)


def drag_along_sequence(hand: Hand, chance: random.Random) -> Events:
    view = hand.window.views.sequence
    y = view.height() // 2
    xs = _walk(chance, sequence_layout.LANES_LEFT, view.width() - 10, 40)
    yield hand.press(view, QPoint(xs[0], y))
    for x in xs:
        yield hand.move(view, QPoint(x, y))
    yield hand.release(view, QPoint(xs[-1], y))


def click_along_training(hand: Hand, chance: random.Random) -> Events:
    view = hand.window.views.training
    for x in _walk(chance, 70, view.width() - 20, chance.randrange(1, 8)):
        yield hand.click(view, QPoint(x, view.height() * 3 // 4))
        yield wait


def hover_over_machine(hand: Hand, chance: random.Random) -> Events:
    view = hand.window.views.machine
    xs, ys = (_walk(chance, 1, size - 1, 50) for size in (view.width(), view.height()))
    for x, y in zip(xs, ys, strict=True):
        yield hand.move(view, QPoint(x, y))


def wheel_over_machine(hand: Hand, chance: random.Random) -> Events:
    modifiers = chance.choice((Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier))
    for _ in range(chance.randrange(3, 15)):
        yield hand.wheel(hand.window.views.machine, chance.choice((-1, 1)), modifiers)


def drag_in_overview(hand: Hand, chance: random.Random) -> Events:
    view = hand.window.views.machine
    layout = view.machine_layout
    if layout is None:
        return
    ys = _walk(chance, layout.rows.top, layout.rows.top + layout.rows.height, 20)
    yield hand.press(view, QPoint(12, ys[0]))
    for y in ys:
        yield hand.move(view, QPoint(12, y))
    yield hand.release(view, QPoint(12, ys[-1]))


def pin_cell(hand: Hand, chance: random.Random) -> Events:
    view = hand.window.views.machine
    for _ in range(3):
        yield hand.click(view, QPoint(chance.randrange(1, view.width()), chance.randrange(1, view.height())))
    if chance.random() < 0.5:
        yield hand.key("Escape")


def choose_episode(hand: Hand, chance: random.Random) -> Events:
    view = hand.window.views.episodes.viewport()
    for _ in range(4):
        yield hand.wheel(view, chance.choice((-2, 1)))
        yield hand.click(view, QPoint(30, chance.randrange(1, max(2, view.height()))))


def play(hand: Hand, chance: random.Random) -> Events:
    """At some speed and for a while; the next key may pause it, or not."""
    yield hand.key(chance.choice(("Space", "Shift+Space")))
    for _ in range(chance.randrange(4)):
        yield hand.key(chance.choice((".", ".", ",")))
    yield from _until(lambda: False, chance.uniform(0.2, 1.5))


def go_to_step(hand: Hand, chance: random.Random) -> Events:
    yield hand.key("G")
    if isinstance(open_dialog(), QInputDialog):
        yield hand.type(str(chance.randrange(60)))
        yield hand.key("Return")


def bookmark(hand: Hand, chance: random.Random, files: Files) -> Events:
    """Only in the driver's own files: what it is lent stays as it was."""
    recording = hand.window.desk.recording
    if recording is not None and files.folder in notes.notes_path(recording.path).parents:
        yield hand.key("B")


def resize(hand: Hand, chance: random.Random) -> Events:
    """Drag the window's corner from one size to another."""
    window = hand.window
    if window.isFullScreen():
        return
    start = window.width(), window.height()
    goal = tuple(chance.randint(least, most) for least, most in zip(SMALLEST, LARGEST, strict=True))
    for part in range(1, 13):
        width, height = (a + (b - a) * part // 12 for a, b in zip(start, goal, strict=True))
        yield lambda width=width, height=height: window.resize(width, height)


def hide_and_show_docks(hand: Hand, chance: random.Random) -> Events:
    """By the button in a dock's header, and back by the menu; sometimes torn off in between."""
    dock = chance.choice(list(hand.window.views.docks.values()))
    button = next(each for each in dock.header.findChildren(QAbstractButton) if each.toolTip().startswith("Close"))
    if chance.random() < 0.3:
        yield lambda: dock.setFloating(True)
        yield wait
        yield lambda: dock.setFloating(False)
    yield hand.click(button)
    yield wait
    yield _choose(dock.toggleViewAction(), unless=dock.isVisible)


def reset_docks(hand: Hand, chance: random.Random) -> Events:
    yield _choose(hand.window.actions_by_name["reset_docks"])


def other_theme(hand: Hand, chance: random.Random) -> Events:
    yield _choose(chance.choice(_actions_under(hand.window.menus["View"], "Theme")))


def other_workspaces(hand: Hand, chance: random.Random) -> Events:
    """All of them, by their tabs or by their keys."""
    tabs = {each.text(): each for each in hand.window.tabs.findChildren(QAbstractButton)}
    for number in chance.sample(range(len(WORKSPACES)), len(WORKSPACES)):
        yield chance.choice((hand.click(tabs[WORKSPACES[number]]), hand.key(f"Ctrl+{number + 1}")))
        yield from _until(lambda: False, 0.3)


def open_menus(hand: Hand, chance: random.Random) -> Events:
    bar = hand.window.menuBar()
    for action in chance.sample(bar.actions(), 3):
        yield hand.click(bar, bar.actionGeometry(action).center())
        for _ in range(chance.randrange(1, 12)):
            if open_dialog() is not None:
                yield hand.key("Down")
        while open_dialog() is not None or isinstance(QApplication.focusWidget(), QMenuBar):
            yield hand.key("Escape")


def palette(hand: Hand, chance: random.Random) -> Events:
    yield hand.key("Ctrl+K")
    yield hand.type(chance.choice(("step", "row", "play", "training")))
    for _ in range(4):
        yield hand.key("Down")
    yield hand.key("Escape")


def open_session(hand: Hand, chance: random.Random, files: Files) -> Events:
    """Dropped on the window, from the menu of samples, or from that of recent ones."""
    submenu = chance.choice(("", "Open a sample", "Open recent"))
    actions = _actions_under(hand.window.menus["File"], submenu) if submenu else []
    yield _choose(chance.choice(actions)) if actions else hand.drop(chance.choice(files.sessions))
    yield wait


def open_by_dialog(hand: Hand, chance: random.Random, files: Files) -> Events:
    yield hand.key("Ctrl+O")
    yield hand.type(str(chance.choice(files.sessions)))
    yield hand.key("Return")
    yield wait


def open_damaged(hand: Hand, files: Files) -> Events:
    yield hand.drop(files.damaged)
    yield wait
    yield hand.click(hand.window.notice.findChildren(QAbstractButton)[0])


def open_from_welcome_page(hand: Hand, chance: random.Random) -> Events:
    yield hand.key("Ctrl+W")
    yield wait
    rows = [each for each in hand.window.welcome.findChildren(QAbstractButton) if each.objectName() == "fileRow"]
    if rows:
        yield hand.click(chance.choice(rows))
        yield wait


def _choose(action: QAction, unless: Callable[[], bool] = lambda: False) -> Callable[[], None]:
    def choose() -> None:
        if action.isEnabled() and not unless():
            action.trigger()

    return choose


def _actions_under(menu: QMenu, title: str) -> list[QAction]:
    """Of a submenu, as it is when it is opened."""
    found = next(each for each in menu.actions() if each.text() == title).menu()
    assert isinstance(found, QMenu)
    found.aboutToShow.emit()
    return [action for action in found.actions() if action.isEnabled()]


def _walk(chance: random.Random, low: int, high: int, count: int) -> list[int]:
    """Places of a pointer that moves to and fro."""
    at = chance.uniform(low, max(low, high))
    places = []
    for _ in range(count):
        at = min(max(at + chance.gauss(0, 25), low), max(low, high))
        places.append(round(at))
    return places


def _until(condition: Callable[[], bool], seconds: float) -> Events:
    """Turns without an event until the condition holds, or the time is over."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        yield wait
