"""Keeps the Recall workspace true to the step that is shown and the cue that is being painted.

Nothing is known here but those: all that was done is in the session.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from ntm_core.errors import CoreError
from ntm_core.recall import prominence
from ntm_core.recall.operations import Prime, Recall
from ntm_core.recall.recall_config import RecallConfig, RecallRouting
from ntmviz.recall.asking import Asking
from ntmviz.recall.figure import lab_figure, standing
from ntmviz.recall.items import is_lab, names_of, row_names
from ntmviz.recall.ledger import done_at, ledger
from ntmviz.recall.words import story
from ntmviz.run_words import lost_nothing
from ntmviz.views.by_hand import HandState
from ntmviz.wording import grouped, size_on_disk
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ntmviz.recall.figure import LabFigure
    from ntmviz.recall.ledger import Ledger
    from ntmviz.state import Resolved
    from ntmviz.window import MainWindow

WORKSPACE = "Recall"


class LabPresenter(QObject):
    """What the Recall workspace shows: of a lab its recalls, of any other network its memory, to be asked."""

    shown = Signal()  # another figure, or none

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._views = window.views.lab
        self.figure: LabFigure | None = None
        self.known: Ledger | None = None
        """What was done on the line that is shown."""
        self.names: tuple[str, ...] = ()
        """Of the items, by number."""
        self._config: RecallConfig | None = None
        self._key: tuple[object, ...] = ()
        self._place: tuple[object, ...] = ()
        self._is_edited = True
        """Whether the cue is another one than the step that is shown was asked with."""
        self.first_cue: str | None = None
        """The item that a lab which is on its way begins to ask with; None where none is."""
        self._shown: int | None = None
        """The recall of the chain that was chosen to be shown."""
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.show)
        self.asking = Asking(window)
        views = self._views
        window.presenter.presented.connect(self._on_presented)
        window.by_hand.link.changed.connect(self._on_link_changed)
        views.cue.edited.connect(self._on_edited)
        views.chain.recall_pressed.connect(self._on_recall_pressed)
        views.memory.row_pressed.connect(self._on_row_pressed)
        views.recalls.chain_wished.connect(self._on_chain_wished)

    @property
    def is_shown(self) -> bool:
        """Whether the Recall workspace is."""
        return self._window.arrangements.current == WORKSPACE

    @property
    def is_ready(self) -> bool:
        """Whether a recall can be done now."""
        return self.is_shown and self._config is not None and self._window.by_hand.is_awake

    @property
    def config(self) -> RecallConfig | None:
        """Of the memory that is shown."""
        return self._config

    @property
    def hint(self) -> str:
        """What the keys do, for the status bar."""
        if self._config is None and self.asking.figure is not None:
            return f"{self.asking.story()}   Left and Right: a step   Ctrl+L: a lab of letters   Ctrl+K: all commands"
        if self._config is None:
            return "Recall: an associative memory that you work by hand.   Ctrl+L: new lab   Ctrl+K: all commands"
        return (
            f"{self.story()}   Enter: recall   E: erase half   N: noise   Left: step back, exact   Ctrl+K: all commands"
        )

    def show(self) -> None:
        """Bring the workspace up to date with the step that is shown and the cue."""
        self._soon.stop()
        if not self.is_shown:
            return
        try:
            self._show()
        except (SessionError, CoreError) as error:
            self._show_nothing()
            self._window.notice.show_failure(str(error))
        self.shown.emit()

    def _show(self) -> None:
        now, recording = self._window.presenter.now, self._window.desk.recording
        self.asking.refusal = ""
        if now is None or recording is None or not is_lab(recording):
            if now is not None and self.asking.show(now):
                self._forget()
                self._show_state()
                self.tell()
            else:
                self._show_nothing()
            return
        self._views.show_cue_panel()
        config = self._take_in(now)
        assert config is not None and self.known is not None
        place = (recording.path, now.episode, now.step)
        if place != self._place:
            self._place, self._shown = place, None
            self._on_moved(now, config)
        asked = self._views.cue.asked
        is_recall = self.known.chain_of(now.step) is not None
        preview = asked if self._is_edited or not is_recall else None
        self.figure = lab_figure(
            now.source, now.step, config, self.names, self.known, preview, asked.below, self._shown
        )
        self._draw(self.figure, config)
        self._say(now)

    def _take_in(self, now: Resolved) -> RecallConfig:
        """What only changes with the session or the length of its line."""
        recording = self._window.desk.recording
        assert recording is not None
        key = (recording.path, now.episode, len(now.source), len(recording.events))
        if key != self._key or self._config is None:
            self._key = key
            plain = recording.info.model_config
            self._config = RecallConfig.from_json(plain)
            self.known = ledger(now.source)
            self.names = names_of(recording)
        return self._config

    def _on_moved(self, now: Resolved, config: RecallConfig) -> None:
        """Another step is shown: the cue is the one that it was asked with, if any."""
        cue, known = self._views.cue, self.known
        assert known is not None
        after = standing(now.source, now.step)
        self._show_items(after)
        if self.first_cue is not None:
            self._show_first_cue(config)
            return
        place = known.chain_of(now.step)
        if place is None:
            self._is_edited = True
            if cue.editor.word.size != config.word_size:
                self._show_first_cue(config)
            return
        done = done_at(now.source, known.chains[place].first)
        self._is_edited = False
        if isinstance(done, Recall | Prime) and done.cue is not None:
            cue.show_asked(done)

    def _show_items(self, after: Mapping[str, NDArray[np.floating]]) -> None:
        """What is stored can be chosen as a cue."""
        assert self._config is not None
        items: dict[str, NDArray[np.float32]] = {}
        for row, name in enumerate(row_names(after, self.names)):
            if name:
                items.setdefault(name, np.asarray(after["memory"][row], np.float32))
        is_routed = self._config.routing is not RecallRouting.FLAT
        self._views.cue.show_items(items, self._config.parts.names, is_routed=is_routed)

    def _show_first_cue(self, config: RecallConfig) -> None:
        """What a lab begins to ask with: a half-erased item."""
        name, self.first_cue = self.first_cue, None
        cue = self._views.cue
        word = cue.item(name) if name else None
        if word is None or word.size != config.word_size:
            word, name = np.full(config.word_size, -1, np.float32), ""
        cue.show_cue(word, None, name or "")
        if name:
            cue.erase_half()
        self._is_edited = True

    def _draw(self, figure: LabFigure, config: RecallConfig) -> None:
        views, known = self._views, self.known
        assert known is not None
        views.chain.show_figure(figure)
        views.memory.show_figure(figure)
        views.ranking.show_figure(figure)
        current = known.chain_of(figure.step)
        views.recalls.show_recalls(figure, known, current)
        views.show_limits(figure.limit)
        look = figure.look
        views.cue.settings.show_shares(() if look is None else look.shares.tolist())
        weight = views.cue.asked.operation.prominence
        views.cue.settings.warn(prominence.warning(weight, config.prominence_decay))

    def _say(self, now: Resolved) -> None:
        """Sentences of the headers, and whether something can be done."""
        views, figure, known = self._views, self.figure, self.known
        assert figure is not None and known is not None
        at = "before the first step" if now.step < 0 else f"after step {grouped(now.step)}"
        if figure.is_preview:
            views.chain_panel.header.say("what Enter would recall; what is read becomes the next key")
        else:
            views.chain_panel.header.say(f"step {grouped(now.step)}; what was read became the next key")
        of = f"recall {figure.shown + 1} of {len(figure.chain)}" if figure.chain else at
        views.memory_panel.header.say(f"one row an item; {of}")
        places = int(figure.look.candidates[figure.rows].sum()) if figure.look is not None else 0
        views.docks["Ranking"].header.say(f"{of}, {places} rows" if places else "")
        views.docks["Recalls"].header.say("each is kept; click one to go there")
        self._show_state()
        self.tell()

    def _rates(self) -> str:
        recording = self._window.desk.recording
        count = 0 if self.known is None else len(self.known.chains)
        size = "" if recording is None else f"{size_on_disk(recording.bytes)} on disk     "
        saved = "every step saved" if recording is None or lost_nothing(recording) else ""
        return f"{grouped(count)} recall{'' if count == 1 else 's'}     {size}{saved}"

    def tell(self) -> None:
        """What is said around the views: the lab's name and sizes, what the recall came to."""
        window = self._window
        window.hint.setText(self.hint)
        if self._config is not None:
            window.headline.name(*self._headline(self._config))
            window.headline.rates.setText(self._rates())

    def _headline(self, config: RecallConfig) -> tuple[str, str]:
        recording = self._window.desk.recording
        assert recording is not None
        count = 0 if self.figure is None else len(self.figure.rows)
        segments = len(config.parts.names)
        return recording.info.title or "recall lab", (
            f"{count} item{'' if count == 1 else 's'}, {config.word_size} cells each, "
            f"{segments} segment{'' if segments == 1 else 's'}"
        )

    def deed(self) -> str:
        """What the step that is shown did and came to, whatever the cue would recall."""
        return "" if self.figure is None else story(replace(self.figure, is_preview=False))

    def story(self) -> str:
        """What the recall that is shown comes to, in one sentence."""
        return "" if self.figure is None else story(self.figure)

    def _show_state(self) -> None:
        link, cue = self._window.by_hand.link, self._views.cue
        status = self._window.views.by_hand.status
        if self.asking.refusal:
            cue.set_enabled(False, self.asking.refusal)
        elif link.state is HandState.WAKING:
            cue.set_enabled(False, "Making the memory; this takes a few seconds.")
        elif self._config is None:
            cue.set_enabled(False, link.failure or "No lab is open.", "warning" if link.failure else "muted")
        elif status.state in (HandState.AWAKE, HandState.BUSY):
            now = self._window.presenter.now
            forks = now is not None and now.step + 1 < len(now.source)
            cue.set_enabled(True, "Another recall from here is a fork." if forks else "")
        else:
            cue.set_enabled(False, status.message, status.tone)

    def _forget(self) -> None:
        """The lab that was shown is no longer."""
        self.figure = self.known = self._config = None
        self._key = self._place = ()
        self._views.cue.settings.warn("")

    def _show_nothing(self) -> None:
        self._forget()
        views = self._views
        views.show_cue_panel()
        self.asking.figure = None
        for view in (views.chain, views.memory, views.ranking):
            view.show_figure(None)
        views.recalls.show_recalls(None, None, None)
        for header in views.headers:
            header.say("")
        self._show_state()
        self.tell()

    def _on_presented(self, now: object) -> None:
        self.show()

    def _on_link_changed(self) -> None:
        if self.is_shown:
            self._show_state()

    def _on_recall_pressed(self, place: int) -> None:
        self._shown = place
        self.show()

    def _on_edited(self) -> None:
        self._is_edited, self._shown = True, None
        self._soon.start()

    def _on_row_pressed(self, row: int) -> None:
        """A row that is clicked becomes the cue, or the key."""
        if self.asking.figure is not None:
            self._views.query.take_key(self.asking.figure.memory[row])
        elif self.figure is not None and self.figure.names[row]:
            self._views.cue.choose_item(self.figure.names[row])

    def _on_chain_wished(self, place: int) -> None:
        if self.known is not None and place < len(self.known.chains):
            self._window.navigation.go_to_step(self.known.chains[place].last)
