"""What the File, View and Run menus do: open, train, arrange."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QFileDialog, QMessageBox

from ntm_core import registry
from ntmviz import __version__
from ntmviz.actions import submenu
from ntmviz.assets import asset
from ntmviz.dialogs import CommandPalette, KeysDialog
from ntmviz.recall.demo_panel import DEMONSTRATIONS
from ntmviz.run_options import DEMO_SEED, RunOptions
from ntmviz.settings import THEMES, new_session_path
from ntmviz.training_dialog import TrainingDialog
from ntmviz.views.run_panel import RunStatus
from ntmviz.welcome import SAMPLES
from ntmviz.wording import grouped, size_on_disk, task_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ntmviz.window import MainWindow

_FILTER = "Sessions (*.h5 *.hdf5);;All files (*)"


class SessionCommands(QObject):
    """The window's commands that are not about time."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.starting_status: RunStatus | None = None
        """What the Run panel says between the start of a training and its first step."""
        actions = window.actions_by_name
        for name, slot in {
            "train_copy": self.train_copy,
            "new_training": self.new_training,
            "open": self.ask_to_open,
            "follow_training": self.ask_to_open,
            "close_session": window.desk.close,
            "quit": window.close,
            "full_screen": self._full_screen,
            "reset_docks": self._reset_docks,
            "show_training": self.show_training,
            "pause_training": self.pause_or_go_on,
            "stop_training": window.desk.finish,
            "help": self._help,
            "palette": self._palette,
            "about": self._about,
        }.items():
            actions[name].triggered.connect(slot)
        panel = window.views.run
        panel.pause_wished.connect(self.pause_or_go_on)
        panel.resume_wished.connect(self.pause_or_go_on)
        panel.stop_wished.connect(window.desk.finish)
        panel.new_wished.connect(self.new_training)
        panel.policy_wished.connect(self._set_policy)
        self._is_paused = False
        window.desk.progressed.connect(self._on_progressed)
        keep = actions["keep_training"]
        keep.setChecked(window.settings.keeps_training)
        window.desk.keep_on(keep.isChecked())
        keep.toggled.connect(self._keep_training)
        self._fill_menus()

    def _fill_menus(self) -> None:
        """The parts of menus that are lists: recent files, samples, docks, themes."""
        window = self._window
        menus = window.menus
        after_open = window.actions_by_name["save_copy"]
        recent = self._recent = submenu("Open recent", menus["File"])
        samples = submenu("Open a sample", menus["File"])
        for menu in (recent, samples):
            menus["File"].insertMenu(after_open, menu)
        recent.aboutToShow.connect(self._list_recent)
        for file, name, note in SAMPLES:
            action = samples.addAction(f"{name}: {note}")
            action.triggered.connect(self._opener_of_sample(file))
        shows = submenu("Demonstrations", menus["Recall"])
        menus["Recall"].insertMenu(window.actions_by_name["recall_cue"], shows)
        for number, entry in enumerate(DEMONSTRATIONS, 1):
            action = shows.addAction(f"{number}. {entry.title}")
            action.setToolTip(entry.tip)
            action.triggered.connect(self._starter_of(entry.name))
        panels = submenu("Panels", menus["View"])
        for title, dock in window.views.docks.items():
            action = dock.toggleViewAction()
            action.setText(title)
            panels.addAction(action)
        themes = submenu("Theme", menus["View"])
        self._themes = QActionGroup(self)
        for name in THEMES:
            action = themes.addAction(name.capitalize())
            action.setCheckable(True)
            action.setData(name)
            action.setChecked(name == window.settings.theme)
            self._themes.addAction(action)
        self._themes.triggered.connect(self._on_theme)

    def enable(self) -> None:
        """Let only those commands be chosen that have something to act on."""
        window = self._window
        desk, actions = window.desk, window.actions_by_name
        has_session, has_step = desk.recording is not None, window.presenter.now is not None
        for name in ("save_copy", "close_session"):
            actions[name].setEnabled(has_session)
        actions["pause_training"].setEnabled(desk.is_training)
        actions["stop_training"].setEnabled(desk.is_training or desk.detached is not None)
        is_by_hand = window.by_hand.is_awake
        actions["feed"].setEnabled(is_by_hand or window.by_hand.is_at_work)
        for name in ("run_to_end", "run_to_step"):
            actions[name].setEnabled(is_by_hand)
        actions["edit_cell"].setEnabled(is_by_hand and window.store.state.pinned is not None)
        actions["show_training"].setEnabled(desk.training_path is not None and not desk.shows_training)
        for name, action in actions.items():
            if name in _NEED_A_STEP:
                action.setEnabled(has_step)
        for name in ("save_figure", "copy_values", "bookmark"):  # there is a step, and not only its start
            actions[name].setEnabled(has_step and window.presenter.now.step >= 0)
        for menu_action in window.menus["View"].actions():
            if menu_action.text() == "Panels":
                menu_action.setEnabled(window.stack.currentWidget() is not window.welcome)
        window.recall_by_hand.enable(actions)

    def open_door(self, name: str) -> None:
        """What the doors of the welcome page lead to."""
        labs = self._window.recall_by_hand
        {"watch": self.train_copy, "replay": self.ask_to_open, "recall": labs.open_letters}[name]()

    def door_of_key(self, key: str) -> Callable[[], None]:
        def choose() -> None:
            card = list(self._window.welcome.cards.values())[int(key) - 1]
            card.button.click()

        return choose

    def open_path(self, path: Path) -> None:
        """Open a session; where that fails and none is open, the welcome page offers others."""
        if not self._window.desk.open(path) and self._window.desk.recording is None:
            self._window.show_welcome()

    def ask_to_open(self) -> None:
        recent = self._window.settings.recent
        start = str(recent[0].path.parent) if recent else str(Path.home())
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a session", start, _FILTER)
        if path:
            self.open_path(Path(path))

    def train_copy(self) -> None:
        """The first door: copy, from nothing, until it is solved."""
        self._window.desk.train(RunOptions(out=str(new_session_path("copy", DEMO_SEED)), seed=DEMO_SEED))

    def new_training(self) -> None:
        dialog = TrainingDialog(self._window)
        if dialog.exec():
            self._window.desk.train(dialog.options(new_session_path))

    def on_starting(self, options: RunOptions) -> None:
        """A training was started: show the workspace, which fills as soon as the engine is up."""
        window = self._window
        window.desk.close()
        self._is_paused = False
        nan = float("nan")
        self.starting_status = RunStatus(
            headline=f"Learning {task_name(options.task)}",
            settings="Starting the engine; this takes a few seconds",
            iteration=0,
            iterations=None,
            loss=nan,
            wrong_bits=nan,
            gradient_norm=nan,
            is_starting=True,
        )
        name = Path(options.out).name.split(".")[0]
        entry = registry.tasks().get(options.task)  # a task that there is not is the engine's to refuse
        most = "" if entry is None else f"; at most {grouped(entry.most_sequences)} sequences"
        window.headline.name(name, f"starting{most}")
        window.show_workspace()
        window.views.run.show_status(self.starting_status)
        window.hint.setText("Starting the engine")

    def pause_or_go_on(self) -> None:
        engine = self._window.desk.engine
        if engine is not None:
            if self._is_paused or engine.is_stopped:
                engine.resume()
            else:
                engine.pause()

    def show_training(self) -> None:
        """Back to the session of the training that goes on."""
        path = self._window.desk.training_path
        if path is not None:
            self.open_path(path)

    def queue_words(self, progress: Mapping[str, Any]) -> str:
        """How far the recorder is behind, or how a training fares while another session is shown."""
        desk = self._window.desk
        if desk.is_training and not desk.shows_training and desk.training_path is not None:
            what = "is paused" if progress.get("is_paused") else "trains"
            return f"{desk.training_path.name} {what} in the background; Ctrl+Shift+T shows it"
        waiting = progress.get("queued_bytes")
        return "" if waiting is None else f"recorder queue {size_on_disk(int(waiting))}"

    def _on_progressed(self, progress: dict[str, Any]) -> None:
        self._is_paused = bool(progress.get("is_paused"))

    def _keep_training(self, is_on: bool) -> None:
        self._window.settings.keeps_training = is_on
        self._window.desk.keep_on(is_on)

    def _set_policy(self, policy: str) -> None:
        if self._window.desk.engine is not None:
            self._window.desk.engine.record(policy)

    def _list_recent(self) -> None:
        self._recent.clear()
        for each in self._window.settings.recent:
            action = self._recent.addAction(each.path.name)
            action.setToolTip(str(each.path))
            action.triggered.connect(self._opener(each.path))
        if self._recent.isEmpty():
            self._recent.addAction("No session was open yet").setEnabled(False)

    def _opener(self, path: Path) -> Callable[[], None]:
        def open_it() -> None:
            self.open_path(path)

        return open_it

    def _opener_of_sample(self, file: str) -> Callable[[], None]:
        def open_it() -> None:
            try:
                self.open_path(asset(file))
            except FileNotFoundError as error:
                self._window.notice.show_failure(str(error))

        return open_it

    def _starter_of(self, demonstration: str) -> Callable[[], None]:
        def start() -> None:
            self._window.demonstrator.start(demonstration)

        return start

    def _on_theme(self, action: object) -> None:
        self._window.set_theme(action.data())  # type: ignore[attr-defined]

    def _full_screen(self, is_on: bool) -> None:
        if is_on:
            self._window.showFullScreen()
        else:
            self._window.showNormal()

    def _reset_docks(self) -> None:
        self._window.arrangements.reset()

    def _help(self) -> None:
        KeysDialog(self._window.theme, self._window).exec()

    def _palette(self) -> None:
        actions = self._window.actions_by_name
        dialog = CommandPalette(actions, self._window)
        if dialog.exec() and dialog.chosen is not None:
            actions[dialog.chosen].trigger()

    def _about(self) -> None:
        QMessageBox.about(
            self._window,
            "About ntmviz",
            f"ntmviz {__version__}\n\nSee what a memory network writes, where it looks, and why.",
        )


_NEED_A_STEP = frozenset(
    {
        "save_weights",
        "save_figure",
        "unpin",
        "copy_values",
        "show_change",
        "to_largest",
        "next_head",
        "rows_taller",
        "rows_lower",
        "rows_found",
        "play",
        "play_back",
        "slower",
        "faster",
        "previous_step",
        "next_step",
        "back_ten",
        "on_ten",
        "first_step",
        "last_step",
        "go_to_step",
        "previous_episode",
        "next_episode",
        "loop_start",
        "loop_end",
        "next_event",
        "previous_event",
        "bookmark",
    }
)
