"""Keeps the views true to the view state and the session: state + recording -> resolve -> figures -> views.

Live and recorded go the same way; nothing here knows which it is. What has not changed is not drawn again.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from ntmviz import headlines
from ntmviz.addressing_figure import addressing
from ntmviz.cell_notes import note
from ntmviz.episode_figures import Happening, forks, planned_phases, rows_to_show, sequence
from ntmviz.field_figure import field_figure, first_field, title_of
from ntmviz.figures import head_label, heads, machine
from ntmviz.lines import Lines
from ntmviz.state import Resolved, Store, ViewState, resolve
from ntmviz.step_words import describe
from ntmviz.survey import Survey, Surveyor
from ntmviz.training_presenter import TrainingPresenter
from ntmviz.views.machine_layout import NO_ROWS
from ntmviz.views.sequence_layout import first_step_in_view
from ntmviz.wording import grouped
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ntmviz.episode_figures import SequenceFigure
    from ntmviz.figures import MachineFigure
    from ntmviz.hand_words import Plan
    from ntmviz.notes import Bookmark
    from ntmviz.views.machine_marks import CellNote
    from ntmviz.workspace import Views
    from sessions import Recording


@dataclass(frozen=True, slots=True)
class _Excerpt:
    """The steps of an episode that are drawn over time, with what only changes with them."""

    figure: SequenceFigure
    survey: Survey
    happenings: tuple[Happening, ...]
    """Of the whole episode, bookmarks among them."""
    weighting_limit: float


_PAUSE_MS = 5
"""Before what is drawn after the rest: in a turn of the event loop that paints nothing else."""
NO_MEMORY = "This network has no memory; its units are in the State panel"


class Presenter(QObject):
    """Draws; never asks the file for more than it shows."""

    presented = Signal(object)  # Resolved or None
    failed = Signal(str)  # why there is nothing to see of a damaged session, in one line

    def __init__(self, store: Store, views: Views, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._views = views
        self._recording: Recording | None = None
        self._lines: Lines | None = None
        self.planner: Callable[[Resolved], Plan | None] = _no_plan
        """Asked for the task's sequence on the line that is shown, to draw what is not run yet."""
        self._excerpt: _Excerpt | None = None
        self._excerpt_key: tuple[object, ...] = ()
        self._surveyor: Surveyor | None = None
        self._survey_key = (-1, -1)
        self._survey_timer = QTimer(self, interval=_PAUSE_MS, singleShot=True)
        self._survey_timer.timeout.connect(self._survey_on)
        self._first_row = 0
        self._hovered: tuple[int, int] | None = None
        self._now: Resolved | None = None
        self._steps_drawn = 0
        self._bookmarks: frozenset[Bookmark] = frozenset()
        self._addressing_key: tuple[object, ...] = ()
        self._training = TrainingPresenter(views)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.present)
        self._curves_soon = QTimer(self, singleShot=True, interval=_PAUSE_MS)
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
        return any(timer.isActive() for timer in (self._soon, self._curves_soon, self._survey_timer))

    @property
    def lines(self) -> Lines | None:
        """The episodes of the recording, each with what it goes on from."""
        return self._lines

    @property
    def happenings(self) -> tuple[Happening, ...]:
        """Of the episode that is drawn, bookmarks among them."""
        return () if self._excerpt is None else self._excerpt.happenings

    def show_recording(self, recording: Recording | None, bookmarks: frozenset[Bookmark] = frozenset()) -> None:
        """Another session, or none. Closing the old one is its owner's business."""
        self._recording, self._bookmarks = recording, bookmarks
        self._lines = None if recording is None else Lines(recording.episodes)
        self._surveyor = None
        self._survey_timer.stop()
        self._excerpt, self._excerpt_key, self._addressing_key = None, (), ()
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
        self._bookmarks = bookmarks
        self.present()

    def forget_rows(self) -> None:
        """Choose the rows in view anew at the next presentation."""
        self._excerpt, self._excerpt_key = None, ()

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
        """Bring every view up to date."""
        self._soon.stop()
        recording, state = self._recording, self._store.state
        with self._telling_of_damage():
            self._now = now = None if self._lines is None else resolve(state, self._lines)
            if recording is None or now is None:
                self._show_nothing(recording)
            else:
                self._show(recording, now)
            self.presented.emit(now)

    def refit(self) -> None:
        """The views stand elsewhere or have other sizes: draw what depends on that. Each draws itself at its size."""
        now = self._now
        if now is None or self._excerpt is None:
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
            self._show_nothing(None)
            self.failed.emit(str(error))

    def _show_nothing(self, recording: Recording | None) -> None:
        views, state = self._views, self._store.state
        self._excerpt, self._excerpt_key = None, ()
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

    def _show(self, recording: Recording, now: Resolved) -> None:
        views, state = self._views, self._store.state
        self._steps_drawn = len(now.source)
        episode_before = self._excerpt_key[:1]
        excerpt = self._take_excerpt(now)
        figure = machine(now.source, now.step, excerpt.survey.limit, excerpt.survey.column_limits)
        if state.first_row is not None:
            self._first_row = state.first_row
        elif figure is not None and self._excerpt_key[:1] != episode_before:
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
        self._show_rows(now)
        views.transport.show_position(now.step, len(now.source))
        views.transport.show_playing(state.direction, state.speed)
        views.this_step.show_words(describe(now.source, now.step, now.head))
        self._show_field(now)
        views.this_step_header.say(f"step {grouped(now.step)} in words" if now.step >= 0 else "")
        views.episodes.show_current(now.episode)
        views.episodes_header.say(grouped(len(recording.episodes)))
        if self._training.has_drawn:
            self._training.show(now)
        elif not self._curves_soon.isActive():
            self._curves_soon.start()
        self._say(now, figure)

    def _show_field(self, now: Resolved) -> None:
        """The field that was chosen for the State panel, if that is in sight."""
        views, spec = self._views, now.source.spec
        field = spec[self._store.state.field] if self._store.state.field in spec else first_field(spec)
        if field is None:
            return
        views.field_button.setText(f"{title_of(field)}  ▾")
        if views.field.isVisible():
            views.field.show_figure(field_figure(now.source, now.step, field), "It is known from the first step on")

    def _take_excerpt(self, now: Resolved) -> _Excerpt:
        """The excerpt around the step: the kept one while episode, length and window are the same."""
        views, state = self._views, self._store.state
        steps = len(now.source)
        plan = self.planner(now)
        planned = 0 if plan is None else max(0, len(plan) - steps)
        in_view = views.sequence.steps_in_view(steps + planned)
        before = self._excerpt.figure.start if self._excerpt is not None else 0
        start = first_step_in_view(steps + planned, in_view, max(0, now.step), before)
        marked = tuple(sorted(each.step for each in self._bookmarks if each.episode == now.episode))
        key = (now.episode, steps, planned, start, in_view, state.weighting_to_largest, marked)
        if key != self._excerpt_key or self._excerpt is None:
            figure = sequence(now.source, start, start + in_view)
            if plan is not None and planned:
                inputs, targets = (values[steps:].T for values in (plan.inputs, plan.targets))
                figure = replace(
                    figure, planned_inputs=inputs, planned_targets=targets, phases=planned_phases(figure, plan.phases)
                )
            known = self._surveyed(now)
            own = [Happening(step, "bookmark") for step in marked] + forks(now.source)
            self._excerpt = _Excerpt(
                figure,
                known,
                tuple(sorted([*known.happenings, *own])),
                known.largest_weighting if state.weighting_to_largest else 1.0,
            )
            self._excerpt_key = key
        return self._excerpt

    def _surveyed(self, now: Resolved) -> Survey:
        """The survey of an episode, made once for each length it has; a long one grows while the window stays free."""
        key = (now.episode, len(now.source))
        if key != self._survey_key or self._surveyor is None:
            self._surveyor, self._survey_key = Surveyor(now.source), key
            self._surveyor.look_on()
            if not self._surveyor.is_done:
                self._survey_timer.start()
        return self._surveyor.found

    def _survey_on(self) -> None:
        """Look through the next piece of a long episode, and draw what the whole has come to."""
        surveyor = self._surveyor
        if surveyor is None or surveyor.is_done:
            return
        with self._telling_of_damage():
            surveyor.look_on()
            if not surveyor.is_done:
                self._survey_timer.start()
                return
            self._excerpt_key = self._excerpt_key[:1]  # the same episode, with more known of it
            self.present()

    def _show_rows(self, now: Resolved) -> None:
        """Everything that shares the machine's rows."""
        views, excerpt = self._views, self._excerpt
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
        top = self._excerpt.weighting_limit if self._excerpt is not None else 1.0
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
        if self._now is not None and self._views.machine.figure is not None:
            with self._telling_of_damage():
                self._views.machine.show_note(self._note(self._now, self._views.machine.figure))

    def _on_rows_changed(self, rows: object) -> None:
        """The machine was resized or scrolled by itself: those beside it follow."""
        if self._now is not None:
            with self._telling_of_damage():
                self._show_rows(self._now)
                self._say(self._now, self._views.machine.figure)


def _no_plan(now: Resolved) -> None:
    return None
