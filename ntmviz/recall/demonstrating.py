"""Plays a guided demonstration: its operations one after another through the hand, then its picture."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from ntm_core import commands
from ntm_core.recall import operations
from ntmviz.assets import asset
from ntmviz.recall.chart import Chart, Shown
from ntmviz.recall.items import MODEL, is_lab
from ntmviz.recall.ledger import in_words
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from pathlib import Path

    from ntmviz.window import MainWindow
    from sessions import Recording

SEED = 0
SAMPLES = {"learned": "copy.ntmviz.h5", "trapped": "trapped.ntmviz.h5"}
IDEA = (
    "HM kept what was old and stored nothing new. Here writing is cut in the midst of a sequence, or reading, or the "
    "controller's state is reset before the answer."
)
SHORTEST_MS, LONGEST_MS = 60, 900
WHOLE_MS = 24_000
"""About how long a demonstration plays; many operations go faster than few."""


class Stage(StrEnum):
    """How far a demonstration is."""

    NONE = "none"
    ASKED = "asked"
    """Its operations are on their way."""
    MAKING = "making"
    """A memory is made for its next scene."""
    PLAYING = "playing"
    ENDING = "ending"
    """Its figures are on their way."""
    SHOWN = "shown"


class Demonstrator(QObject):
    """One demonstration at a time."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._panel = window.views.lab.demonstrations
        self.stage = Stage.NONE
        self.is_paused = False
        self._hurries = False
        """Whether all that is left is done at once."""
        self._told: dict[str, Any] = {}
        self._scene = self._step = 0
        self._at: tuple[int, int] | None = None
        """Episode and step of the last operation."""
        self.patient: Path | None = None
        """The last session of a trained network that was open."""
        self._clock = QTimer(self, singleShot=True)
        self._clock.timeout.connect(self._play_on)
        panel, link = self._panel, window.by_hand.link
        panel.wished.connect(self.start)
        panel.pause_wished.connect(self.pause)
        panel.next_wished.connect(self.next)
        panel.end_wished.connect(self.hurry)
        panel.left.connect(self.leave)
        panel.patient_wished.connect(self.examine)
        link.answered.connect(self._on_answered)
        window.desk.opened.connect(self.remember)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._look)
        window.presenter.presented.connect(self._on_change)
        link.changed.connect(self._on_change)

    @property
    def is_playing(self) -> bool:
        """Whether the hand is the demonstration's."""
        return self.stage in (Stage.ASKED, Stage.MAKING, Stage.PLAYING) and not self.is_paused

    def start(self, name: str) -> None:
        """Play a demonstration from its first operation."""
        self._window.show_workspace("Recall")
        self._raise()
        self.stage, self.is_paused, self._hurries = Stage.ASKED, False, False
        self._panel.show_start("Demonstration", "It is being prepared; this takes a few seconds")
        self._panel.show_paused(False)
        if not self._window.by_hand.link.ask("scenes", demonstration=name, seed=SEED):
            self.leave()

    def examine(self, network: str) -> None:
        """Patient HM's table: of a sample, or of the last trained network that was open."""
        window = self._window
        try:
            path = self.patient if network == "open" else asset(SAMPLES[network])
        except FileNotFoundError as error:
            window.notice.show_failure(str(error))
            return
        if path is None:
            window.notice.show_failure("no session of a trained network was open yet: open one, then try its lesions")
            return
        window.show_workspace("Recall")
        self._raise()
        self._told = {"title": "Patient HM"}
        self.stage, self.is_paused = Stage.ENDING, False
        self._panel.show_start(f"Patient HM: {path.name}", IDEA)
        self._panel.show_step("Sequences run under each lesion", "", 0, 0)
        if not window.by_hand.link.ask("patient", path=str(path)):
            self.leave()

    def pause(self) -> None:
        """Stand still, or go on."""
        self.is_paused = not self.is_paused
        self._panel.show_paused(self.is_paused)
        if self.is_paused:
            self._clock.stop()
        elif self.stage is Stage.PLAYING:
            self._clock.start(0)

    def next(self) -> None:
        """One operation, and stand still."""
        self.is_paused = True
        self._panel.show_paused(True)
        self._clock.stop()
        if self.stage is Stage.PLAYING:
            self._do_next()

    def hurry(self) -> None:
        """All that is left at once."""
        self._hurries, self.is_paused = True, False
        self._panel.show_paused(False)
        if self.stage is Stage.PLAYING:
            self._clock.start(0)

    def _raise(self) -> None:
        dock = self._window.views.docks["Demonstrations"]
        dock.show()
        dock.raise_()

    def leave(self) -> None:
        """Back to the list; what was done stays where it is."""
        self._clock.stop()
        self.stage = Stage.NONE
        self._panel.show_list()
        self._window.views.lab.give_room(self._window, "Ranking")

    def remember(self, recording: Recording) -> None:
        """A session was opened: one of a trained network can be examined later."""
        if not is_lab(recording) and len(recording.checkpoints):
            self.patient = recording.path

    @property
    def _scene_told(self) -> dict[str, Any]:
        told: dict[str, Any] = self._told["scenes"][self._scene]
        return told

    def _on_answered(self, news: dict[str, Any]) -> None:
        if news["news"] == "scenes" and self.stage is Stage.ASKED:
            self._told, self._scene = news, 0
            self._panel.show_start(news["title"], news["idea"])
            self._make_scene()
        elif news["news"] == "shown" and self.stage is Stage.ENDING:
            self.stage = Stage.SHOWN
            charts = tuple(Chart.from_json(each) for each in news["charts"])
            self._panel.show_end(Shown(news["sentence"], news["note"], charts))
            self._raise()
            self._window.views.lab.give_room(self._window, "Demonstrations")
        elif news["news"] == "unable" and self.stage not in (Stage.NONE, Stage.SHOWN):
            self.leave()

    def _make_scene(self) -> None:
        scene = self._scene_told
        self.stage, self._step, self._at = Stage.MAKING, 0, None
        options = {
            "model": MODEL,
            "model_settings": scene["settings"],
            "task": MODEL,
            "task_settings": {"bits": scene["word_size"], "min_length": 1, "max_length": 1},
            "seed": SEED,
            "length": 1,
            "title": f"{self._told['title']}: {scene['name']}",
        }
        self._say("A memory is made", "")
        self._window.by_hand.link.make(options, (), scene["names"])

    def _on_change(self, now: object = None) -> None:
        if self.stage in (Stage.MAKING, Stage.PLAYING):
            self._soon.start()

    def _look(self) -> None:
        """Where what was done last can be seen, go on after a moment."""
        window = self._window
        if self.stage not in (Stage.MAKING, Stage.PLAYING) or not window.recall.is_ready:
            return
        shown, recording = window.presenter.now, window.desk.recording
        if shown is None or recording is None:
            return
        if self.stage is Stage.MAKING:
            if shown.step != -1 or recording.info.title != f"{self._told['title']}: {self._scene_told['name']}":
                return
            self.stage, self._at = Stage.PLAYING, (shown.episode, -1)
            self._raise()
        elif self._at == (shown.episode, shown.step) or shown.step + 1 != self._step:
            return
        self._at = (shown.episode, shown.step)
        self._tell_step()
        if not self.is_paused:
            self._clock.start(0 if self._hurries else self._pause_ms)

    @property
    def _pause_ms(self) -> int:
        total = sum(len(scene["operations"]) for scene in self._told["scenes"])
        return round(min(LONGEST_MS, max(SHORTEST_MS, WHOLE_MS / max(1, total))))

    def _play_on(self) -> None:
        if self.stage is not Stage.PLAYING or self.is_paused:
            return
        if not self._window.recall.is_ready:
            self._clock.start(SHORTEST_MS)
            return
        self._do_next()

    def _do_next(self) -> None:
        """The next operation, or all of the scene; after the last one the next scene, or the end."""
        every = self._scene_told["operations"]
        if self._step >= len(every):
            if self._scene + 1 < len(self._told["scenes"]):
                self._scene += 1
                self._make_scene()
            else:
                self.stage = Stage.ENDING
                self._say("The figures are read off", "")
                self._window.by_hand.link.ask("shown", demonstration=self._told["name"], seed=SEED)
            return
        window, at = self._window, self._at
        now = window.presenter.now
        if at is not None and now is not None and (now.episode, now.step) != at and at[1] >= 0:
            window.store.update(episode=at[0], step=at[1])  # somebody looked elsewhere meanwhile
        last = len(every) if self._hurries else self._step + 1
        steps = [commands.Step(tuple(map(float, vector))) for vector in every[self._step : last]]
        self._step = last
        window.by_hand.carry_out(*steps)

    def _tell_step(self) -> None:
        scene, lab = self._scene_told, self._window.recall
        if not self._step:
            self._say(f"{scene['name']}: nothing is stored yet", "")
            return
        vector = scene["operations"][self._step - 1]
        done = operations.of_vector(vector, scene["word_size"])
        segments = () if lab.config is None else lab.config.parts.names
        self._say(in_words(done, scene["names"], segments), lab.deed())

    def _say(self, caption: str, result: str) -> None:
        scenes = self._told["scenes"]
        scene, steps = scenes[self._scene], len(scenes[self._scene]["operations"])
        of = f"{scene['name']}, step {grouped(self._step)} of {grouped(steps)}"
        before = sum(len(each["operations"]) for each in scenes[: self._scene])
        total = sum(len(each["operations"]) for each in scenes)
        self._panel.show_step(f"{of}: {caption}", result, before + self._step, total)
