"""Moving about: turns keys, clicks and the playing clock into changes of the view state."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QInputDialog, QMenu

from ntm_core.trace import EpisodeKind
from ntmviz import playhead
from ntmviz.field_figure import shown_fields, title_of
from ntmviz.figures import Head, head_label, heads
from ntmviz.notes import Bookmark
from ntmviz.state import STEPS_PER_SECOND, ViewState
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ntmviz.state import Resolved
    from ntmviz.window import MainWindow
    from sessions import Recording

_PITCHES = (3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24)


class Navigation(QObject):
    """The hand and the clock on the play head."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._store = window.store
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._on_tick)
        self._heads_menu = QMenu(window)
        self._heads = QActionGroup(self)
        self._heads.triggered.connect(self._on_head_chosen)
        window.views.head_button.setMenu(self._heads_menu)
        self._fields_menu = QMenu(window)
        self._fields = QActionGroup(self)
        self._fields.triggered.connect(self._on_field_chosen)
        window.views.field_button.setMenu(self._fields_menu)
        self._connect()
        self._store.changed.connect(self._on_state_changed)

    def _connect(self) -> None:
        actions, views = self._window.actions_by_name, self._window.views
        for name, slot in {
            "play": self.play,
            "play_back": self.play_back,
            "slower": self._slower,
            "faster": self._faster,
            "first_step": self._first,
            "last_step": self._last,
            "go_to_step": self._ask_for_step,
            "loop_start": self._loop_start,
            "loop_end": self._loop_end,
            "unpin": self._escape,
            "bookmark": self._bookmark,
            "next_head": self._next_head,
            "rows_found": self._find_rows,
        }.items():
            actions[name].triggered.connect(slot)
        for name, count in (("previous_step", -1), ("next_step", 1), ("back_ten", -10), ("on_ten", 10)):
            actions[name].triggered.connect(self._step_mover(count))
        for name, count in (("previous_episode", -1), ("next_episode", 1)):
            actions[name].triggered.connect(self._episode_mover(count))
        for name, direction in (("next_event", 1), ("previous_event", -1)):
            actions[name].triggered.connect(self._event_mover(direction))
        for name, change in (("rows_taller", 1), ("rows_lower", -1)):
            actions[name].triggered.connect(self._zoomer(change))
        actions["show_change"].toggled.connect(self._on_show_change)
        actions["to_largest"].toggled.connect(self._on_to_largest)
        views.sequence.step_wished.connect(self.go_to_step)
        views.this_step.step_wished.connect(self.go_to_step)
        views.episodes.episode_wished.connect(self.go_to_episode)
        views.training.iteration_wished.connect(self._on_iteration_wished)
        views.machine.cell_pressed.connect(self._on_cell_pressed)
        views.machine.rows_wished.connect(self._on_rows_wished)
        views.machine.zoomed.connect(self._zoom)

    @property
    def _now(self) -> Resolved | None:
        return self._window.presenter.now

    @property
    def _episodes(self) -> int:
        recording = self._window.desk.recording
        return 0 if recording is None else len(recording.episodes)

    def go_to_step(self, step: int) -> None:
        if self._now is not None:
            self._store.update(**playhead.to_step(self._now, step), direction=0)

    def go_to_episode(self, episode: int) -> None:
        if self._now is not None:
            self._store.update(**playhead.to_episode(self._now, episode, self._episodes))

    def follow(self) -> None:
        """Show the newest episode as it arrives, while the session grows."""
        if self._window.desk.is_live and self._now is not None:
            self._store.update(**playhead.to_end(self._now, is_live=True))
        elif self._window.desk.is_live:
            self._store.update(is_following=True, episode=-1, step=-1)

    def stop_following(self) -> None:
        """Stay with what is shown."""
        if self._now is not None:
            self._store.update(**playhead.to_step(self._now, self._now.step))

    def play(self) -> None:
        if self._now is not None:
            self._store.update(**playhead.toggle_play(self._now, 1))

    def play_back(self) -> None:
        if self._now is not None:
            self._store.update(**playhead.toggle_play(self._now, -1) | {"is_following": False})

    def stop(self) -> None:
        """Stop the clock."""
        self._clock.stop()

    def show_telling_step(self, recording: Recording) -> None:
        """Open a recording where there is most to see: its last evaluation, in the midst of the scored steps."""
        episodes = recording.episodes
        best = len(episodes) - 1
        with suppress(SessionError):  # of a damaged one, what can be shown is shown by the presenter
            for index in range(len(episodes) - 1, max(-1, len(episodes) - 50), -1):
                if episodes[index].info.kind == EpisodeKind.EVAL:
                    best = index
                    break
        if best >= 0:
            self._store.update(episode=best, step=len(episodes[best]) * 3 // 4)

    def list_choices(self, recording: Recording) -> None:
        """Offer the heads of a session's model for explanation, and its fields to be shown."""
        spec = recording.spec
        _offer(self._heads_menu, self._heads, ((head_label(head, spec), head) for head in heads(spec)))
        _offer(self._fields_menu, self._fields, ((title_of(field), field.name) for field in shown_fields(spec)))

    def hint(self, is_live: bool, state: ViewState) -> str:
        """What the keys do now, for the status bar."""
        if is_live and state.is_following:
            where = "Following live: the newest episode as it arrives."
        elif is_live:
            where = "Looking back while it trains. End: follow live again."
        else:
            where = "Replay."
        keys = "Left and Right: a step   Up and Down: an episode   Space: play   N: next event   Ctrl+K: all commands"
        return f"{where}   {keys}"

    def _on_state_changed(self, old: ViewState, new: ViewState) -> None:
        if new.direction:
            self._clock.setInterval(max(10, round(1000 / (STEPS_PER_SECOND * new.speed))))
            if not self._clock.isActive():
                self._clock.start()
        else:
            self._clock.stop()

    def _on_tick(self) -> None:
        if self._now is not None:
            self._store.update(**playhead.tick(self._now, self._episodes))

    def _slower(self) -> None:
        self._store.update(**playhead.slower(self._store.state))

    def _faster(self) -> None:
        self._store.update(**playhead.faster(self._store.state))

    def _first(self) -> None:
        if self._now is not None:
            self._store.update(**playhead.to_start(self._now))

    def _last(self) -> None:
        if self._window.desk.is_live:
            self.follow()
        elif self._now is not None:
            self._store.update(**playhead.to_end(self._now, is_live=False))

    def _ask_for_step(self) -> None:
        now = self._now
        if now is None or not len(now.source):
            return
        last = len(now.source) - 1
        shown = max(0, now.step)
        step, is_given = QInputDialog.getInt(self._window, "Go to step", f"Step, 0 to {last}", shown, 0, last)
        if is_given:
            self.go_to_step(step)

    def _loop_start(self) -> None:
        if self._now is not None:
            self._store.update(**playhead.set_loop_start(self._now))

    def _loop_end(self) -> None:
        if self._now is not None:
            self._store.update(**playhead.set_loop_end(self._now))

    def _step_mover(self, count: int) -> object:
        def move() -> None:
            self._window.by_hand.when_free(go)

        def go() -> None:
            if self._now is not None:
                first = -1 if self._window.by_hand.is_shown else 0
                self._store.update(**playhead.by_steps(self._now, count, first), direction=0)

        return move

    def _episode_mover(self, count: int) -> object:
        def move() -> None:
            if self._now is not None:
                self._store.update(**playhead.by_episodes(self._now, count, self._episodes))

        return move

    def _event_mover(self, direction: int) -> object:
        def move() -> None:
            if self._now is not None:
                changes = playhead.to_happening(self._now, self._window.presenter.happenings, direction)
                self._store.update(**changes)

        return move

    def _zoomer(self, change: int) -> object:
        def zoom() -> None:
            self._zoom(change)

        return zoom

    def _zoom(self, change: int) -> None:
        pitch = self._store.state.row_pitch
        at = min(range(len(_PITCHES)), key=lambda index: abs(_PITCHES[index] - pitch))
        self._store.update(row_pitch=_PITCHES[min(max(at + (1 if change > 0 else -1), 0), len(_PITCHES) - 1)])

    def _find_rows(self) -> None:
        self._window.presenter.forget_rows()
        self._store.update(first_row=None, row_pitch=ViewState().row_pitch)
        self._window.presenter.present()

    def _bookmark(self) -> None:
        if self._now is not None:
            self._window.desk.toggle_bookmark(Bookmark(self._now.episode, self._now.step))

    def _escape(self) -> None:
        """Let go of the cell, and of the menus: the bar leaves Escape to the window once no menu is marked in it."""
        self._store.update(pinned=None)
        bar = self._window.menuBar()
        if bar.hasFocus():
            bar.clearFocus()

    def _next_head(self) -> None:
        known = () if self._now is None else heads(self._now.source.spec)
        if self._now is not None and known:
            self._store.update(head=known[(known.index(self._now.head) + 1) % len(known)])

    def _on_head_chosen(self, action: object) -> None:
        head = action.data()  # type: ignore[attr-defined]
        assert isinstance(head, Head)
        self._store.update(head=head)

    def _on_field_chosen(self, action: object) -> None:
        self._store.update(field=str(action.data()))  # type: ignore[attr-defined]

    def _on_show_change(self, is_on: bool) -> None:
        self._store.update(shows_change=is_on)

    def _on_to_largest(self, is_on: bool) -> None:
        self._store.update(weighting_to_largest=is_on)

    def _on_iteration_wished(self, iteration: float) -> None:
        recording = self._window.desk.recording
        if recording is not None and self._episodes:
            self.go_to_episode(playhead.nearest_episode(recording.episode_iterations.tolist(), iteration))

    def _on_cell_pressed(self, cell: tuple[int, int] | None) -> None:
        self._store.update(pinned=None if cell == self._store.state.pinned else cell)

    def _on_rows_wished(self, first: int) -> None:
        self._store.update(first_row=first)


def _offer(menu: QMenu, group: QActionGroup, choices: Iterable[tuple[str, object]]) -> None:
    """Fill a menu anew."""
    for action in group.actions():
        group.removeAction(action)
    menu.clear()
    for text, data in choices:
        action = menu.addAction(text)
        action.setData(data)
        group.addAction(action)
