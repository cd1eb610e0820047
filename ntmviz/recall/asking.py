"""Asks a trained network's memory in the window: the step that is shown, a head, and a key that is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from ntm_core.trace import Role
from ntmviz.figures import HeadKind, head_label
from ntmviz.recall.askable import Terms, Way, askable_heads, refusal, staying, terms_of, way_of
from ntmviz.recall.figure import named
from ntmviz.recall.head_record import HeadRecord
from ntmviz.recall.query import emitted
from ntmviz.recall.query_figure import query_figure
from ntmviz.recall.query_running import going_on, hindrance
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from ntmviz.figures import Head
    from ntmviz.recall.figure import LabFigure
    from ntmviz.state import Resolved
    from ntmviz.window import MainWindow

_APART = 1e-3
"""How far what is computed may be from what was recorded."""
_NOT_AS_ASSUMED = (
    "As it was told, the head would not be where it was recorded: the state was edited here, or its lookup takes more "
    "into account."
)


class Asking(QObject):
    """The Recall workspace on any session but a lab's."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._views = window.views.lab
        self._place: tuple[object, ...] = ()
        self._head = 0
        self._terms = Terms()
        self.figure: LabFigure | None = None
        self.refusal = ""
        """Why there is nothing to ask, in one sentence."""
        panel = self._views.query
        panel.edited.connect(self._on_edited)
        panel.emitted_wished.connect(self._on_emitted_wished)
        panel.head_wished.connect(self._on_head_wished)
        panel.run_wished.connect(self.run_on)

    def show(self, now: Resolved) -> bool:
        """Show the memory at a step and what the query reads; False where it cannot be asked, as `refusal` says."""
        spec, recording = now.source.spec, self._window.desk.recording
        if recording is None:
            return False
        settings = recording.info.model_config
        self.refusal = refusal(spec, settings)
        if not self.refusal and now.step < 0:
            self.refusal = "Before the first step no head was told anything: go on a step to ask this memory."
        if self.refusal:
            self.figure = None
            return False
        views, known = self._views, askable_heads(spec)
        self._terms = terms_of(settings)
        self._head = min(self._head, len(known) - 1)
        place = (recording.path, now.episode, now.step, self._head)
        if place != self._place or views.query.query is None:
            self._place = place
            views.query.show_heads([head_label(head, spec).capitalize() for head in known], self._head)
            views.query.show_controls(way_of(spec), has_strength=spec.with_role(Role.KEY_STRENGTH) is not None)
            views.query.show_query(emitted(now.source, now.step, self._head))
        query = views.query.query
        assert query is not None
        self.figure = figure = query_figure(now.source, now.step, query, self._terms)
        views.show_query_panel()
        for view in (views.chain, views.memory, views.ranking):
            view.show_figure(figure)
        views.recalls.show_recalls(None, None, None)
        views.show_limits(figure.limit)
        self._say(now, known[self._head])
        return True

    def _say(self, now: Resolved, head: Head) -> None:
        """Sentences of the headers, and whether the network can go on."""
        views, figure, at = self._views, self.figure, f"step {grouped(now.step)}"
        assert figure is not None and figure.plain is not None
        if head.kind is HeadKind.READ:
            told = "what the head would read with your key, and what it did read"
        else:
            told = "what stands where the head would write with your key, and where it wrote"
        views.chain_panel.header.say(f"{at}: {told}")
        views.memory_panel.header.say(f"as the head found it at {at}")
        views.docks["Ranking"].header.say(at)
        recorded = HeadRecord(now.source, now.step, self._head).own(head.kind.weighting)
        is_as_assumed = recorded is not None and np.allclose(figure.plain.weighting, recorded, atol=_APART)
        stopped = hindrance(now.source.spec, head)
        if not stopped and not self._window.by_hand.is_awake:
            stopped = "To go on with what is read, the network must be awake."
        spec = now.source.spec
        has_more = way_of(spec) is not Way.CONTENT or spec.with_role(Role.KEY_STRENGTH) is not None
        alone = "" if has_more else "This head goes by its key alone."
        notes = (alone, "" if is_as_assumed else _NOT_AS_ASSUMED, staying(spec), stopped)
        views.query.show_running(not stopped, " ".join(note for note in notes if note))

    def story(self) -> str:
        """What the query comes to, in one sentence."""
        figure = self.figure
        if figure is None or figure.look is None or figure.plain is None:
            return ""
        mine, its = (named(each.weighting, figure.names) for each in (figure.look, figure.plain))
        is_alike = np.allclose(figure.look.weighting, figure.plain.weighting, atol=5e-4)
        if figure.asked is HeadKind.WRITE:
            if is_alike:
                return f"As the head was told, it writes to {its}."
            return f"With your key the head would write to {mine}; it wrote to {its}."
        if is_alike:
            return f"As the head was told, it reads {its}."
        return f"With your key the head would read {mine}; it read {its}."

    def run_on(self) -> None:
        """Set what was read to what the query reads, after the step that is shown, and run the next step: a fork."""
        now, query = self._window.presenter.now, self._views.query.query
        if now is None or query is None or self.figure is None or not self._window.by_hand.is_awake:
            return
        orders = going_on(now.source, now.step, query, self._terms)
        if orders:
            self._window.by_hand.carry_out(*orders)

    def _on_edited(self) -> None:
        self._window.recall.show()

    def _on_emitted_wished(self) -> None:
        self._place = ()
        self._window.recall.show()

    def _on_head_wished(self, head: int) -> None:
        self._head = head
        self._window.recall.show()
