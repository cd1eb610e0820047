"""Keeps the views true to the view state and the session: state + recording -> resolve -> figures -> views.

Live and recorded go the same way; nothing here knows which it is. What has not changed is not drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from ntm_core.trace import Order, Role
from ntmviz.colours import Scale
from ntmviz.episode_figures import Happening, rows_to_show, sequence, survey
from ntmviz.figures import addressing, cosine, head_label, heads, last_write, machine
from ntmviz.state import Resolved, Store, ViewState, resolve
from ntmviz.views.machine_layout import NO_ROWS
from ntmviz.views.machine_marks import CellNote
from ntmviz.views.sequence_layout import first_step_in_view
from ntmviz.views.this_step import describe
from ntmviz.views.training import TrainingFigure
from ntmviz.wording import grouped, short

if TYPE_CHECKING:
    from ntmviz.episode_figures import SequenceFigure, Survey
    from ntmviz.figures import MachineFigure
    from ntmviz.notes import Bookmark
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


class Presenter(QObject):
    """Draws; never asks the file for more than it shows."""

    presented = Signal(object)  # Resolved or None

    def __init__(self, store: Store, views: Views, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._views = views
        self._recording: Recording | None = None
        self._excerpt: _Excerpt | None = None
        self._excerpt_key: tuple[object, ...] = ()
        self._survey: Survey | None = None
        self._survey_key = (-1, -1)
        self._first_row = 0
        self._hovered: tuple[int, int] | None = None
        self._now: Resolved | None = None
        self._steps_drawn = 0
        self._bookmarks: frozenset[Bookmark] = frozenset()
        self._training_key: tuple[object, ...] = ()
        store.changed.connect(self._on_state_changed)
        views.machine.cell_hovered.connect(self._on_cell_hovered)
        views.machine.rows_changed.connect(self._on_rows_changed)
        views.sequence.resized.connect(self.present, Qt.ConnectionType.QueuedConnection)

    @property
    def now(self) -> Resolved | None:
        """What is shown: the episode and step that the wishes came to."""
        return self._now

    @property
    def happenings(self) -> tuple[Happening, ...]:
        """Of the episode that is drawn, bookmarks among them."""
        return () if self._excerpt is None else self._excerpt.happenings

    def show_recording(self, recording: Recording | None, bookmarks: frozenset[Bookmark] = frozenset()) -> None:
        """Another session, or none. Closing the old one is its owner's business."""
        self._recording, self._bookmarks = recording, bookmarks
        self._survey = None
        self._excerpt, self._excerpt_key, self._training_key = None, (), ()
        self._hovered = None
        self._views.episodes.episodes.show_episodes(() if recording is None else recording.episodes)
        self.present()

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
        recording, before = self._recording, self._now
        now = None if recording is None else resolve(self._store.state, recording.episodes)
        is_drawn = now is not None and now == before and len(now.source) == self._steps_drawn
        if recording is None or not is_drawn:
            self.present()
            return
        self._views.episodes_header.say(grouped(len(recording.episodes)))
        self._show_training(recording, now)
        self.presented.emit(now)

    def present(self) -> None:
        """Bring every view up to date."""
        recording, state = self._recording, self._store.state
        self._now = now = None if recording is None else resolve(state, recording.episodes)
        if recording is None or now is None:
            self._show_nothing(recording)
        else:
            self._show(recording, now)
        self.presented.emit(now)

    def _show_nothing(self, recording: Recording | None) -> None:
        views, state = self._views, self._store.state
        self._excerpt, self._excerpt_key = None, ()
        views.machine.show_figure(None, first_row=0, row_pitch=state.row_pitch)
        views.addressing.show_figure(None, NO_ROWS)
        views.sequence.show_figure(None, None, ())
        views.this_step.show_words(None)
        views.episodes.show_current(None)
        for header in views.headers:
            header.say("")
        views.legend.set_entries([])
        views.head_button.setVisible(False)
        views.transport.show_position(None, 0)
        self._show_training(recording, None)

    def _show(self, recording: Recording, now: Resolved) -> None:
        views, state = self._views, self._store.state
        self._steps_drawn = len(now.source)
        episode_before = self._excerpt_key[:1]
        excerpt = self._take_excerpt(now)
        figure = machine(now.source, now.step, excerpt.survey.limit)
        if state.first_row is not None:
            self._first_row = state.first_row
        elif self._excerpt_key[:1] != episode_before:
            visible = views.machine.visible_rows(figure, state.row_pitch)
            self._first_row = rows_to_show(excerpt.figure, visible, figure.locations)
        views.machine.show_figure(
            figure,
            first_row=self._first_row,
            row_pitch=state.row_pitch,
            weighting_limit=excerpt.weighting_limit,
            shows_change=state.shows_change,
            note=self._note(now, figure),
        )
        self._show_rows(now)
        views.transport.show_position(now.step, len(now.source))
        views.transport.show_playing(state.direction, state.speed)
        views.this_step.show_words(describe(now.source, now.step, now.head))
        views.this_step_header.say(f"step {grouped(now.step)} in words")
        views.episodes.show_current(now.episode)
        views.episodes_header.say(grouped(len(recording.episodes)))
        self._show_training(recording, now)
        self._say(now, figure)

    def _take_excerpt(self, now: Resolved) -> _Excerpt:
        """The excerpt around the step: the kept one while episode, length and window are the same."""
        views, state = self._views, self._store.state
        steps = len(now.source)
        in_view = views.sequence.steps_in_view(steps)
        before = self._excerpt.figure.start if self._excerpt is not None else 0
        start = first_step_in_view(steps, in_view, now.step, before)
        marked = tuple(sorted(each.step for each in self._bookmarks if each.episode == now.episode))
        key = (now.episode, steps, start, in_view, state.weighting_to_largest, marked)
        if key != self._excerpt_key or self._excerpt is None:
            figure = sequence(now.source, start, start + in_view)
            known = self._surveyed(now)
            bookmarked = [Happening(step, "bookmark") for step in marked]
            self._excerpt = _Excerpt(
                figure,
                known,
                tuple(sorted([*known.happenings, *bookmarked])),
                known.largest_weighting if state.weighting_to_largest else 1.0,
            )
            self._excerpt_key = key
        return self._excerpt

    def _surveyed(self, now: Resolved) -> Survey:
        """The survey of an episode, made once for each length it has."""
        key = (now.episode, len(now.source))
        if key != self._survey_key or self._survey is None:
            self._survey, self._survey_key = survey(now.source), key
        return self._survey

    def _show_rows(self, now: Resolved) -> None:
        """Everything that shares the machine's rows."""
        views, excerpt = self._views, self._excerpt
        layout = views.machine.machine_layout
        if layout is None or excerpt is None:
            return
        views.addressing.show_figure(
            addressing(now.source, now.step, now.head),
            layout.rows,
            weighting_limit=excerpt.weighting_limit,
            names_rows=views.addressing_stands_apart(),
        )
        views.sequence.show_figure(
            excerpt.figure,
            layout.rows,
            excerpt.happenings,
            is_scored=excerpt.survey.is_scored,
            weighting_limit=excerpt.weighting_limit,
        )
        views.sequence.show_step(now.step, self._store.state.loop)

    def _show_training(self, recording: Recording | None, now: Resolved | None) -> None:
        if recording is None:
            self._views.training.show_figure(None)
            self._training_key = ()
            return
        metrics = recording.metrics
        iteration = -1 if now is None else now.source.info.iteration
        key = (len(metrics.iterations()), len(recording.episodes), iteration)
        if key == self._training_key:
            return
        self._training_key = key
        missing = np.full(len(metrics.iterations()), np.nan)
        loss = metrics["loss"] if "loss" in metrics.names else missing
        if "bit_error_rate" in metrics.names:
            wrong, unit = 100 * metrics["bit_error_rate"], "% of the scored bits; guessing is 50 %"
        else:
            wrong, unit = metrics["wrong_bits"] if "wrong_bits" in metrics.names else missing, "per sequence"
        self._views.training.show_figure(
            TrainingFigure(metrics.iterations(), loss, wrong, unit, recording.episode_iterations, iteration)
        )
        self._views.training_header.say("by iteration, a tick for every recorded episode")

    def _say(self, now: Resolved, figure: MachineFigure) -> None:
        """The sentences in the headers, and the legend."""
        views, state = self._views, self._store.state
        layout = views.machine.machine_layout
        assert layout is not None
        rows = layout.rows
        top = self._excerpt.weighting_limit if self._excerpt is not None else 1.0
        parts = [
            f"after step {grouped(now.step)}",
            f"rows {grouped(rows.first)} to {grouped(rows.last)} of {grouped(rows.total)}",
            *(["changes framed"] if state.shows_change else []),
            *([f"weightings up to {short(top)}"] if state.weighting_to_largest else []),
        ]
        views.machine_header.say(", ".join(parts))
        views.addressing_header.say("" if views.addressing_stands_apart() else "same rows")
        views.head_button.setVisible(True)
        views.head_button.setText(f"{head_label(now.head, now.source.spec)}  ▾")
        views.set_head_tone(now.head.kind)
        info = now.source.info
        if info.iteration >= 0:
            place = f"iteration {grouped(info.iteration)}, {info.kind}"
        else:
            place = f"episode {grouped(now.episode)}, {info.kind}"
        views.sequence_header.say(f"{place}, {info.label}" if info.label else place)
        views.legend.set_entries(
            [
                ("memory, key, vector", "muted", Scale.SIGNED, -figure.limit, figure.limit),
                *([("erase", "muted", Scale.WRITE, 0.0, 1.0)] if figure.writes and top != 1 else []),
                *([("write", "write", Scale.WRITE, 0.0, top)] if figure.writes else []),
                *([("read", "read", Scale.READ, 0.0, top)] if figure.reads else []),
            ]
        )

    def _note(self, now: Resolved, figure: MachineFigure) -> CellNote | None:
        """What is said of the cell under the pointer, or else of the pinned one."""
        cell = self._hovered or self._store.state.pinned
        if cell is None or cell[0] >= figure.locations or cell[1] >= figure.word_size:
            return None
        location, word = cell
        spec = now.source.spec
        key_field = spec.with_role(Role.KEY)
        similarity = float("nan")
        seen = figure.before if spec.order is Order.READ_FIRST else figure.memory
        if key_field is not None:
            keys = now.source.record(now.step)[key_field.name]
            similarity = cosine(seen[location], keys[heads(spec).index(now.head)])
        return CellNote(
            location=location,
            word=word,
            value=float(figure.memory[location, word]),
            row_norm=float(np.linalg.norm(figure.memory[location])),
            cosine=similarity,
            head=now.head.kind,
            last_write=last_write(now.source, now.step, location),
            is_pinned=cell == self._store.state.pinned,
        )

    def _on_state_changed(self, old: ViewState, new: ViewState) -> None:
        self.present()

    def _on_cell_hovered(self, cell: tuple[int, int] | None) -> None:
        self._hovered = cell
        if self._now is not None and self._views.machine.figure is not None:
            self._views.machine.show_note(self._note(self._now, self._views.machine.figure))

    def _on_rows_changed(self, rows: object) -> None:
        """The machine was resized or scrolled by itself: those beside it follow."""
        if self._now is not None:
            self._show_rows(self._now)
