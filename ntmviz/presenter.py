"""Keeps the views true to the view state and the session: state + recording -> resolve -> figures -> views.

Live and recorded go the same way; nothing here knows which it is. What has not changed is not drawn again.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from ntmviz import headlines
from ntmviz.addressing_figure import addressing
from ntmviz.cell_notes import note
from ntmviz.episode_figures import rows_to_show
from ntmviz.excerpts import Excerpts
from ntmviz.field_figure import field_figure, first_field, title_of
from ntmviz.figures import head_label, heads, machine
from ntmviz.lines import Lines
from ntmviz.stages import ALONE_MS, Stages
from ntmviz.state import Resolved, Store, ViewState, resolve
from ntmviz.step_words import describe
from ntmviz.training_presenter import TrainingPresenter
from ntmviz.views.machine_layout import NO_ROWS
from ntmviz.wording import grouped
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ntmviz.episode_figures import Happening
    from ntmviz.excerpts import Excerpt
    from ntmviz.figures import MachineFigure
    from ntmviz.notes import Bookmark
    from ntmviz.views.machine_marks import CellNote
    from ntmviz.workspace import Views
    from sessions import Recording

NO_MEMORY = "This network has no memory; its units are in the State panel"


class Presenter(QObject):
    """Draws; never asks the file for more than it shows."""

    presented = Signal(object)  # Resolved or None
    rested = Signal()  # all that `present` was to draw is drawn, or cannot be
    failed = Signal(str)  # why there is nothing to see of a damaged session, in one line

    def __init__(self, store: Store, views: Views, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._views = views
        self._recording: Recording | None = None
        self._lines: Lines | None = None
        self.excerpts = Excerpts()
        self._survey_timer = QTimer(self, interval=ALONE_MS, singleShot=True)
        self._survey_timer.timeout.connect(self._survey_on)
        self._first_row = 0
        self._hovered: tuple[int, int] | None = None
        self._now: Resolved | None = None
        self._steps_drawn = 0
        self._is_new_episode = False
        """Whether an episode was read that the machine has shown nothing of yet."""
        self._in_machine: Resolved | None = None
        """What the machine shows, which may be a turn behind."""
        self._addressing_key: tuple[object, ...] = ()
        self._training = TrainingPresenter(views)
        self._stages = Stages(self)
        self._stages.done.connect(self.rested)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.present)
        self._curves_soon = QTimer(self, singleShot=True, interval=ALONE_MS)
        self._curves_soon.timeout.connect(self._show_curves)
        store.changed.connect(self._on_state_changed)
        views.machine.cell_hovered.connect(self._on_cell_hovered)
        views.machine.rows_changed.connect(self._on_rows_changed)
        views.sequence.fitted.connect(self.refit)  # another number of steps may have room

    @property
    def now(self) -> Resolved | None:
        """What is shown: the episode and step that the wishes came to."""
        return self._now

    @property
    def is_behind(self) -> bool:
        """Whether some of what is to be seen is still to be read or drawn, in turns that come by themselves."""
        timers = self._soon, self._curves_soon, self._survey_timer
        return self._stages.is_active or any(timer.isActive() for timer in timers)

    @property
    def lines(self) -> Lines | None:
        """The episodes of the recording, each with what it goes on from."""
        return self._lines

    @property
    def happenings(self) -> tuple[Happening, ...]:
        """Of the episode that is drawn, bookmarks among them."""
        return () if self.excerpts.current is None else self.excerpts.current.happenings

    def show_recording(self, recording: Recording | None, bookmarks: frozenset[Bookmark] = frozenset()) -> None:
        """Another session, or none. Closing the old one is its owner's business."""
        self._recording = recording
        self.excerpts.begin(bookmarks)
        self._lines = None if recording is None else Lines(recording.episodes)
        self._survey_timer.stop()
        self._stages.drop()
        self._addressing_key = ()
        self._training.show_recording(recording)
        self._hovered = None
        self._views.episodes.episodes.show_episodes(() if recording is None else recording.episodes)
        if recording is None:
            self.present()
        else:
            self._now = None
            self.present_soon()

    def show_bookmarks(self, bookmarks: frozenset[Bookmark]) -> None:
        """Mark these steps among the events."""
        self.excerpts.show_bookmarks(bookmarks)
        self.present()

    def forget_rows(self) -> None:
        """Choose the rows in view anew at the next presentation."""
        self.excerpts.forget()

    def refresh(self) -> None:
        """The recording has taken in more."""
        self._views.episodes.episodes.refresh()
        recording, before, now = self._recording, self._now, None
        with self._telling_of_damage():
            now = None if self._lines is None else resolve(self._store.state, self._lines)
        if recording is None or now is None or now != before or len(now.source) != self._steps_drawn:
            self.present()
            return
        with self._telling_of_damage():
            self._views.episodes_header.say(grouped(len(recording.episodes)))
            self._training.show(now)
            self.presented.emit(now)

    def present_soon(self) -> None:
        """`present`, in a turn of the event loop of its own."""
        self._soon.start()

    def put_off(self) -> None:
        """Leave what was to be presented soon to a `present` that is sure to come."""
        self._soon.stop()

    def present(self) -> None:
        """Bring every view up to date, the machine first; what there is no time for in this turn, in the next."""
        self._soon.stop()
        with self._telling_of_damage():
            self._now = now = None if self._lines is None else resolve(self._store.state, self._lines)
            if self._recording is None or now is None:
                stages = [partial(self._show_nothing, self._recording)]
            else:
                shows = self._read, self._show_machine, self._show_rows, self._show_rest
                stages = [partial(self._guarded, show, now) for show in shows]
            self._stages.start(stages[0], [*stages[1:], partial(self._guarded, self.presented.emit, now)])

    def _guarded(self, show: Callable[[Resolved], None], now: Resolved) -> None:
        with self._telling_of_damage():
            show(now)

    def finish(self) -> None:
        """Have what was begun to be presented drawn to its end."""
        self._stages.finish()

    def refit(self) -> None:
        """The views stand elsewhere or have other sizes: draw what depends on that. Each draws itself at its size."""
        now = self._now
        if now is None or self.excerpts.current is None:
            return
        with self._telling_of_damage():
            self._take_excerpt(now)
            self._show_rows(now)
            self._show_field(now)
            self._say(now, self._views.machine.figure)

    @contextmanager
    def _telling_of_damage(self) -> Iterator[None]:
        """Where a part of the session cannot be read, show nothing and say why; other steps can still be gone to."""
        try:
            yield
        except SessionError as error:
            self._stages.drop()
            self._show_nothing(None)
            self.failed.emit(str(error))
            self.rested.emit()

    def _show_nothing(self, recording: Recording | None) -> None:
        views, state = self._views, self._store.state
        self.excerpts.forget()
        self._in_machine = None
        views.machine.show_figure(None, first_row=0, row_pitch=state.row_pitch)
        views.addressing.show_figure(None, NO_ROWS)
        self._addressing_key = ()
        views.sequence.show_figure(None, None, ())
        views.this_step.show_words(None)
        views.field.show_figure(None)
        views.episodes.show_current(None)
        for header in views.headers:
            header.say("")
        views.legend.set_entries([])
        views.head_button.setVisible(False)
        views.transport.show_position(None, 0)
        if recording is None:
            self._training.clear()
        else:
            self._training.show(None)

    def _read(self, now: Resolved) -> None:
        """What all views share of the episode."""
        self._steps_drawn = len(now.source)
        episode_before = self.excerpts.episode
        self._take_excerpt(now)
        self._is_new_episode |= now.episode != episode_before

    def _show_machine(self, now: Resolved) -> None:
        """What is at a step."""
        views, state = self._views, self._store.state
        excerpt = self.excerpts.current or self._take_excerpt(now)
        figure = machine(now.source, now.step, excerpt.survey.limit, excerpt.survey.column_limits)
        if state.first_row is not None:
            self._first_row = state.first_row
        elif figure is not None and self._is_new_episode:
            visible = views.machine.visible_rows(figure, state.row_pitch)
            self._first_row = rows_to_show(excerpt.figure, visible, figure.locations)
        views.machine.show_figure(
            figure,
            first_row=self._first_row,
            row_pitch=state.row_pitch,
            weighting_limit=excerpt.weighting_limit,
            shows_change=state.shows_change,
            note=None if figure is None else self._note(now, figure),
            absence=NO_MEMORY,
        )
        self._is_new_episode, self._in_machine = False, now
        views.transport.show_position(now.step, len(now.source))
        views.transport.show_playing(state.direction, state.speed)

    def _show_rest(self, now: Resolved) -> None:
        """What is told beside the pictures."""
        views = self._views
        views.this_step.show_words(describe(now.source, now.step, now.head))
        self._show_field(now)
        views.this_step_header.say(f"step {grouped(now.step)} in words" if now.step >= 0 else "")
        views.episodes.show_current(now.episode)
        if self._recording is not None:
            views.episodes_header.say(grouped(len(self._recording.episodes)))
        if self._training.has_drawn:
            self._training.show(now)
        elif not self._curves_soon.isActive():
            self._curves_soon.start()
        self._say(now, views.machine.figure)

    def _show_field(self, now: Resolved) -> None:
        """The field that was chosen for the State panel, if that is in sight."""
        views, spec = self._views, now.source.spec
        field = spec[self._store.state.field] if self._store.state.field in spec else first_field(spec)
        if field is None:
            return
        views.field_button.setText(f"{title_of(field)}  ▾")
        if views.field.isVisible():
            views.field.show_figure(field_figure(now.source, now.step, field), "It is known from the first step on")

    def _take_excerpt(self, now: Resolved) -> Excerpt:
        excerpt = self.excerpts.take(now, self._views.sequence.steps_in_view, self._store.state)
        if self.excerpts.has_more and not self._survey_timer.isActive():
            self._survey_timer.start()
        return excerpt

    def _survey_on(self) -> None:
        """Look through the next piece of a long episode, and draw what the whole has come to."""
        with self._telling_of_damage():
            if self.excerpts.look_on():
                self.present()
            elif self.excerpts.has_more:
                self._survey_timer.start()

    def _show_rows(self, now: Resolved) -> None:
        """Everything that shares the machine's rows."""
        views, excerpt = self._views, self.excerpts.current
        if excerpt is None:
            return
        layout = views.machine.machine_layout
        rows = NO_ROWS if layout is None else layout.rows
        stands_apart = views.addressing_stands_apart()
        key = (now.episode, now.step, len(now.source), now.head, rows, excerpt.weighting_limit, stands_apart)
        if key != self._addressing_key:
            self._addressing_key = key
            views.addressing.show_figure(
                addressing(now.source, now.step, now.head) if now.head in heads(now.source.spec) else None,
                rows,
                weighting_limit=excerpt.weighting_limit,
                names_rows=stands_apart,
                absence="This network has no heads",
            )
        views.sequence.show_figure(
            excerpt.figure,
            rows,
            excerpt.happenings,
            is_scored=excerpt.survey.is_scored,
            weighting_limit=excerpt.weighting_limit,
        )
        views.sequence.show_step(now.step, self._store.state.loop)

    def _show_curves(self) -> None:
        """The curves of another session have a turn of their own."""
        if self._recording is not None and self._now is not None:
            with self._telling_of_damage():
                self._training.show(self._now)

    def _say(self, now: Resolved, figure: MachineFigure | None) -> None:
        """The sentences in the headers, and the legend."""
        views, state, layout = self._views, self._store.state, self._views.machine.machine_layout
        excerpt = self.excerpts.current
        top = excerpt.weighting_limit if excerpt is not None else 1.0
        views.machine_header.say(
            headlines.machine(now, None if layout is None else layout.rows, top, is_change_shown=state.shows_change)
        )
        has_heads = bool(heads(now.source.spec))
        level = "" if views.addressing_stands_apart() or not has_heads else "same rows"
        views.addressing_header.say(level)
        views.head_button.setVisible(has_heads)
        if has_heads:
            views.head_button.setText(f"{head_label(now.head, now.source.spec)}  ▾")
            views.set_head_tone(now.head.kind)
        views.sequence_header.say(headlines.episode(now))
        views.legend.set_entries([] if figure is None else headlines.legend(figure, top))

    def _note(self, now: Resolved, figure: MachineFigure) -> CellNote | None:
        """What is said of the cell under the pointer, or else of the pinned one."""
        pinned = self._store.state.pinned
        cell = self._hovered or pinned
        return note(now.source, now.step, now.head, figure, cell, is_pinned=cell == pinned)

    def _on_state_changed(self, old: ViewState, new: ViewState) -> None:
        self.present()

    def _on_cell_hovered(self, cell: tuple[int, int] | None) -> None:
        self._hovered = cell
        now, figure = self._now, self._views.machine.figure
        if now is not None and now is self._in_machine and figure is not None:
            with self._telling_of_damage():
                self._views.machine.show_note(self._note(now, figure))

    def _on_rows_changed(self, rows: object) -> None:
        """The machine was resized or scrolled by itself: those beside it follow."""
        if self._now is not None:
            with self._telling_of_damage():
                self._show_rows(self._now)
                self._say(self._now, self._views.machine.figure)
