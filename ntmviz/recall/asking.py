"""Asks a trained network's memory in the window: the step that is shown, a read head, and a key that is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from ntm_core import commands
from ntm_core.trace import Role
from ntmviz.figures import HeadKind, head_label, heads
from ntmviz.recall.figure import named
from ntmviz.recall.query import ask, can_be_asked, emitted, query_figure
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from ntmviz.recall.figure import LabFigure
    from ntmviz.state import Resolved
    from ntmviz.window import MainWindow


class Asking(QObject):
    """The Recall workspace on any session but a lab's."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._views = window.views.lab
        self._place: tuple[object, ...] = ()
        self._head = 0
        self.figure: LabFigure | None = None
        panel = self._views.query
        panel.edited.connect(self._on_edited)
        panel.emitted_wished.connect(self._on_emitted_wished)
        panel.head_wished.connect(self._on_head_wished)
        panel.run_wished.connect(self.run_on)

    def show(self, now: Resolved) -> bool:
        """Show the memory at a step and what the query reads; False where this network cannot be asked so."""
        spec, recording = now.source.spec, self._window.desk.recording
        if recording is None or now.step < 0 or not can_be_asked(spec):
            self.figure = None
            return False
        views = self._views
        known = [head for head in heads(spec) if head.kind is HeadKind.READ]
        self._head = min(self._head, len(known) - 1)
        place = (recording.path, now.episode, now.step, self._head)
        if place != self._place or views.query.query is None:
            self._place = place
            views.query.show_heads([head_label(head, spec) for head in known], self._head)
            views.query.show_query(emitted(now.source, now.step, self._head))
        query = views.query.query
        assert query is not None
        self.figure = figure = query_figure(now.source, now.step, query)
        views.show_query_panel()
        for view in (views.chain, views.memory, views.ranking):
            view.show_figure(figure)
        views.recalls.show_recalls(None, None, None)
        views.show_limits(figure.limit)
        at = f"step {grouped(now.step)}"
        views.chain_panel.header.say(f"{at}: what the head would read with your key, and what it did read")
        views.memory_panel.header.say(f"as the head found it at {at}")
        views.docks["Ranking"].header.say(at)
        is_awake = self._window.by_hand.is_awake
        views.query.show_running(
            is_awake,
            ""
            if is_awake
            else "Computed from what was recorded. To go on with what is read, the network must be awake.",
        )
        return True

    def story(self) -> str:
        """What the query comes to, in one sentence."""
        figure = self.figure
        if figure is None or figure.look is None or figure.plain is None:
            return ""
        mine, its = (named(each.weighting, figure.names) for each in (figure.look, figure.plain))
        if np.allclose(figure.look.weighting, figure.plain.weighting, atol=5e-4):
            return f"As the head was told, it reads {its}."
        return f"With your key the head would read {mine}; it read {its}."

    def run_on(self) -> None:
        """Set what was read to what the query reads, after the step that is shown, and run the next step: a fork."""
        now, query = self._window.presenter.now, self._views.query.query
        if now is None or query is None or not self._window.by_hand.is_awake:
            return
        look = ask(now.source, now.step, query).look
        spec = now.source.spec
        told = {
            field.name: tuple(values.astype(float).tolist())
            for role, values in ((Role.READ_WEIGHTING, look.weighting), (Role.READ_VECTOR, look.word))
            if (field := spec.with_role(role)) is not None and field.carried
        }
        if told:
            edit = commands.EditRows(tuple(told), query.head, tuple(told.values()))
            self._window.by_hand.carry_out(edit, commands.Run(1))

    def _on_edited(self) -> None:
        self._window.recall.show()

    def _on_emitted_wished(self) -> None:
        self._place = ()
        self._window.recall.show()

    def _on_head_wished(self, head: int) -> None:
        self._head = head
        self._window.recall.show()
