"""Draws every workspace, dark and light, from real sessions: `make screenshots`. It trains, which takes two minutes.

usage: python tests/make_screenshots.py [FOLDER]      FOLDER: assets/screenshots
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop

import sessions
from ntmviz.app import application, make_window
from ntmviz.figures import Head, HeadKind
from ntmviz.recall.demo_panel import DEMONSTRATIONS
from ntmviz.recall.demonstrating import Stage
from ntmviz.window import MainWindow

ROOT = Path(__file__).parent.parent
LIVE_ITERATIONS = 170
"""Where the picture of a training under way is taken: the demo's seed is in the midst of learning."""


def ntmviz(*words: object) -> None:
    subprocess.run([sys.executable, "-m", "ntmviz", *map(str, words)], check=True)


def shown_window(*, keeps_settings: bool = True) -> MainWindow:
    window = make_window("dark", keeps_settings=keeps_settings)
    window.resize(1440, 900)
    window.show()
    turn()
    return window


def draw_live(picture: Path) -> None:
    """The window while it trains, following."""
    window = shown_window()
    window.commands.train_copy()
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        turn()
        status = window.views.run.status
        if window.presenter.now is not None and status is not None and status.iteration >= LIVE_ITERATIONS:
            break
    window.grab().save(str(picture))
    window.close()


def almost_right(session: Path) -> tuple[int, int]:
    """(episode, step) of a long training episode with a few wrong bits, in the midst of recall."""
    with sessions.open(session) as recording:
        for index in range(len(recording.episodes) - 1, -1, -1):
            episode = recording.episodes[index]
            if 1 <= episode.info.wrong_bits <= 4 and len(episode) >= 25:
                return index, len(episode) * 5 // 8
        return len(recording.episodes) - 1, 30


def draw_pinned(session: Path, picture: Path) -> None:
    """A cell explained, in an episode that went slightly wrong."""
    window = shown_window()
    window.desk.open(session)
    episode, step = almost_right(session)
    window.store.update(episode=episode, step=step)
    settled(window)
    figure = window.views.machine.figure
    assert figure is not None
    window.store.update(pinned=(figure.reads[0].peak + 1, 8))
    settled(window)
    window.grab().save(str(picture))
    window.close()


def draw_step(session: Path, picture: Path, theme: str) -> None:
    """By hand: two forks, the second from an edited cell of the row that was about to be read."""
    window = make_window(theme)
    window.resize(1440, 900)
    window.show()
    window.commands.open_path(session)
    episode = window.store.state.episode
    source = window.presenter.lines[episode]
    middle = len(source) // 2
    window.store.update(step=middle - 3)
    window.show_workspace("Step")
    hand = window.by_hand

    def carried_out(*wish: object) -> None:
        until(lambda: hand.is_awake)

    carried_out()
    flipped = list(source.record(middle - 2)["input"])
    flipped[5] = 1 - flipped[5]
    window.views.by_hand.set_input(tuple(map(float, flipped)))
    carried_out(window.views.by_hand.feed())
    carried_out(hand.run_to_end())
    window.store.update(episode=0, step=middle + 2)
    row = int(source.record(middle + 3)["read_weighting"][0].argmax())
    cell = (row, 15)
    window.store.update(pinned=cell)
    carried_out(hand.edit("memory", cell, -1.5 if source.record(middle + 2)["memory"][cell] > 0 else 1.5))
    carried_out(window.views.by_hand.feed())
    carried_out(hand.back())
    settled(window)
    window.grab().save(str(picture))
    window.close()


def draw_state(session: Path, picture: Path, head: HeadKind, theme: str) -> None:
    """A network with more than content and shift: how a head goes, and the State panel beside it."""
    window = make_window(theme)
    window.resize(1440, 900)
    window.show()
    window.commands.open_path(session)
    window.store.update(head=Head(head))
    settled(window)
    window.views.docks["State"].raise_()
    settled(window)
    window.grab().save(str(picture))
    window.close()


def until(is_so: Callable[[], bool]) -> None:
    """Let the window work until something is so."""
    deadline = time.monotonic() + 300
    while not is_so():
        application().processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
        turn()
        if time.monotonic() > deadline:
            raise SystemExit("a picture was not ready within 300 s")


def draw_recall(picture: Path, theme: str, size: tuple[int, int] = (1440, 900)) -> None:
    """A lab of letters: five were recalled, and then a half-erased R, which prominence brings back."""
    window = make_window(theme, keeps_settings=False)
    window.resize(*size)
    window.show()
    lab, cue = window.recall, window.views.lab.cue
    window.recall_by_hand.open_letters()
    until(lambda: lab.is_ready)

    def recall(name: str, *, is_erased: bool = False) -> None:
        cue.choose_item(name)
        if is_erased:
            cue.erase_half()
        before = window.presenter.now.step
        window.recall_by_hand.recall()
        until(lambda: lab.is_ready and window.presenter.now.step > before)

    for name in ("5", "S", "T", "A", "R"):
        recall(name)
    cue.settings.by_prominence.setChecked(True)
    cue.settings.by_recalls.setChecked(True)
    recall("R", is_erased=True)
    window.noise.start()
    until(lambda: not window.noise.is_measuring)
    settled(window)
    window.grab().save(str(picture))
    window.close()


def draw_demonstrations(folder: Path) -> None:
    """The nine guided demonstrations and patient HM's two tables, each at its end."""
    window = shown_window(keeps_settings=False)
    shows = window.demonstrator
    for entry in DEMONSTRATIONS:
        shows.start(entry.name)
        shows.hurry()
        until(lambda: shows.stage is Stage.SHOWN)
        settled(window)
        window.grab().save(str(folder / f"recall-{entry.name}.png"))
    for network in ("learned", "trapped"):
        shows.examine(network)
        until(lambda: shows.stage is Stage.SHOWN)
        settled(window)
        window.views.docks["Demonstrations"].grab().save(str(folder / f"recall-hm-{network}.png"))
    window.close()


def draw_query(session: Path, picture: Path) -> None:
    """The memory of a trained network, asked with another gate and shift than its head had."""
    window = shown_window(keeps_settings=False)
    window.commands.open_path(session)
    settled(window)
    window.show_workspace("Recall")
    settled(window)
    until(lambda: window.by_hand.is_awake)
    query = window.views.lab.query
    figure = window.recall.asking.figure
    assert figure is not None
    query.take_key(figure.memory[2])  # what was written third, and neither its neighbour nor the row that was read
    sliders = query.sliders
    sliders.strength.value, sliders.gate.value, sliders.shift.value = 30.0, 1.0, 1.0
    settled(window)
    window.grab().save(str(picture))
    window.close()


def settled(window: MainWindow) -> None:
    """Let docks take their sizes, in several rounds of layout, and what they no longer need go."""
    for _ in range(4):
        turn()
        window.presenter.present()
    turn()


def turn() -> None:
    """One turn of the event loop, with what only a loop that runs does: to delete what was marked for it."""
    application().processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "assets" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        # Settings and recent files of nobody's, so that the pictures are the same wherever they are made.
        os.environ |= {"XDG_CONFIG_HOME": f"{home}/config", "XDG_DATA_HOME": f"{home}/data"}
        session = Path(home) / "copy-seed3.ntmviz.h5"
        ntmviz("train", "copy", "--seed", 3, "--until-solved", "--device", "cpu", "--out", session)
        for theme, ending in (("dark", ""), ("light", "-light")):
            ntmviz(session, "--screenshot", folder / f"watch{ending}.png", "--theme", theme, "--scale", 1.5)
            ntmviz("--screenshot", folder / f"welcome{ending}.png", "--theme", theme, "--scale", 1)
        ntmviz(session, "--screenshot", folder / "small.png", "--size", "1024x680", "--scale", 1)
        ntmviz("figure", session, "-o", folder / "figure.png")
        os.environ["QT_SCALE_FACTOR"] = "1.5"
        application()
        draw_pinned(session, folder / "pinned.png")
        draw_live(folder / "live.png")
        for theme, ending in (("dark", ""), ("light", "-light")):
            draw_step(session, folder / f"step{ending}.png", theme)
        for theme, ending in (("dark", ""), ("light", "-light")):
            draw_recall(folder / f"recall{ending}.png", theme)
        draw_recall(folder / "recall-small.png", "dark", (1024, 680))
        draw_query(session, folder / "recall-query.png")
        draw_demonstrations(folder)
        for model, head, theme in (("dnc", HeadKind.READ, "dark"), ("mann", HeadKind.WRITE, "light")):
            session = Path(home) / f"{model}.ntmviz.h5"
            sizes = ("--iterations", 300, "--seed", 1, "--set", "task.max_length=8", "--record", "every:50")
            ntmviz("train", "copy", "--model", model, *sizes, "--device", "cpu", "--out", session)
            draw_state(session, folder / f"{model}.png", head, theme)
    print(*sorted(folder.iterdir()), sep="\n")


if __name__ == "__main__":
    main()
