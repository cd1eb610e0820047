"""Stepping by hand in the window: from where the play head stands, by a network in an engine process.

The play head is all there is to know of where: what is fed goes on from the step that is shown. What comes of it is in
the session file, which the window follows as ever, and the play head goes there.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QSignalBlocker, QTimer
from PySide6.QtWidgets import QInputDialog

from ntm_core import commands
from ntm_core.lineage import Lineage
from ntm_core.trace import EpisodeKind, Role
from ntmviz import hand_words, weights
from ntmviz.fork_nodes import forks
from ntmviz.hand_link import HandLink
from ntmviz.hand_words import Plan
from ntmviz.network_dialog import NetworkDialog
from ntmviz.state import BEFORE_FIRST
from ntmviz.views.by_hand import HandState, HandStatus, Offer
from ntmviz.wording import grouped
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ntm_core.commands import Command
    from ntm_core.lineage import Place
    from ntm_core.recall.references import Reference
    from ntmviz.state import Resolved
    from ntmviz.window import MainWindow
    from sessions import Recording

WORKSPACE = "Step"
WORKSPACES = (WORKSPACE, "Recall")
"""Those in which the network runs as a hand feeds it."""
_DECIMALS = 9
"""Of a number that is edited: enough for any float32 of the size that memories hold."""
_MOST_WAITING = 32


class ByHand(QObject):
    """The hand: feeds, goes back, runs on, edits; and the Step workspace that shows where it stands."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._store = window.store
        self.link = HandLink(window.desk, self)
        self._next: tuple[Path, int, int] | None = None
        """The session that is about to be opened, and where to go in it."""
        self._waiting: deque[Callable[[], None]] = deque(maxlen=_MOST_WAITING)
        """What was wished for while a step was at work."""
        self._plans: dict[tuple[Path, int, int], Plan | None] = {}
        """Of the sequence that was looked at last: its session and episode."""
        self._connect()

    def _connect(self) -> None:
        window = self._window
        window.presenter.presented.connect(self._on_presented)
        window.presenter.excerpts.planner = self._planned
        self.link.changed.connect(self._on_link_changed)
        window.desk.failed.connect(self._on_opening_failed)
        window.desk.opened.connect(self._on_opened)
        self.link.planned.connect(window.presenter.present)
        self.link.stood.connect(self._on_stood)
        self.link.said.connect(window.notice.show_failure)
        panel, actions = window.views.by_hand, window.actions_by_name
        panel.fed.connect(self._on_fed)
        panel.back_wished.connect(self.back)
        panel.run_wished.connect(self._on_run_wished)
        panel.run_to_end_wished.connect(self.run_to_end)
        panel.offer_chosen.connect(self._on_offer)
        window.views.forks.episode_wished.connect(self._on_episode_wished)
        window.views.sequence.step_wished.connect(self._on_step_wished)
        for name, slot in {
            "feed": self.feed,
            "run_to_end": self.run_to_end,
            "run_to_step": self._ask_for_step,
            "edit_cell": self._ask_for_value,
            "new_network": self.ask_for_network,
        }.items():
            actions[name].triggered.connect(slot)

    @property
    def is_shown(self) -> bool:
        """Whether a workspace is in which a network is stepped."""
        return self._window.arrangements.current in WORKSPACES

    @property
    def is_awake(self) -> bool:
        """Whether the network of the step that is shown can be fed now."""
        return self.is_shown and self._window.views.by_hand.status.state is HandState.AWAKE

    @property
    def is_at_work(self) -> bool:
        """Whether a step is on its way; what is wished for meanwhile is done after it."""
        return self.is_shown and self.link.state is HandState.BUSY

    @property
    def hint(self) -> str:
        """What the keys do, for the status bar."""
        return (
            "By hand: the next input is yours.   Enter: feed   Left: step back, exact   Shift+Enter: run to the end   "
            "E: edit the pinned cell   Ctrl+K: all commands"
        )

    def takes_over(self, recording: Recording) -> bool:
        """Whether a session that is opened is one that the hand began, and shows the step it came to."""
        wished, self._next = self._next, None
        if wished is None or wished[0] != recording.path:
            return False
        self._go(*wished[1:])
        self._store.update(loop=(None, None))
        return True

    def feed(self) -> None:
        """Feed what the editor holds; while a step is at work, what it holds after that."""
        self.when_free(self._window.views.by_hand.feed)

    def back(self) -> None:
        """One step back: nothing is computed, and nothing forgotten."""
        self.when_free(self._go_back)

    def run_to_end(self) -> None:
        """Run the rest of the task's sequence from here."""
        self.carry_out(commands.Run())

    def run_to(self, step: int) -> None:
        """Run the task's own inputs up to a step of the line."""
        now = self._now
        if now is not None and step > now.step:
            self.carry_out(commands.Run(step - now.step))

    def edit(self, field: str, index: tuple[int, ...], value: float) -> None:
        """Set one number of the state at the step that is shown: a fork."""
        self.carry_out(commands.Edit(field, index, value))

    def ask_for_network(self) -> None:
        """Choose a network and a task, and step it from the start."""
        dialog = NetworkDialog(self._window)
        if dialog.exec():
            self._window.show_workspace(WORKSPACE)
            self.link.make(dialog.options)

    def shut_down(self) -> None:
        """End the process that steps; its session is sealed."""
        self.link.shut_down()

    @property
    def _now(self) -> Resolved | None:
        return self._window.presenter.now

    def when_free(self, act: Callable[[], None]) -> None:
        """Do it now, or, where a network is stepped, after the step that is at work: no key is lost."""
        if self.is_at_work:
            self._waiting.append(act)
        else:
            act()

    def _on_link_changed(self) -> None:
        self._show_status()
        if self.link.state is HandState.ASLEEP or not self.is_shown:
            self._waiting.clear()
        elif self._waiting:
            QTimer.singleShot(0, self, self._on_free)

    def _on_free(self) -> None:
        """The next thing that was wished for, once the step before it is there to be seen."""
        while self._waiting and self.is_awake and self.link.state is HandState.AWAKE:
            self._waiting.popleft()()

    def _go_back(self) -> None:
        now = self._now
        if now is not None and now.step >= 0:
            self._go(now.episode, now.step - 1)

    def _on_opened(self, recording: Recording) -> None:
        """What went wrong with the network of another session is no news of this one."""
        self.link.forget_failure()

    def _on_opening_failed(self, message: str) -> None:
        self._next = None

    def _show(self) -> None:
        """All there is in the Step workspace alone: after another step, episode or session came into view."""
        self._show_status()
        views, now, recording = self._window.views, self._now, self._window.desk.recording
        lines = self._window.presenter.lines
        if not self.is_shown or now is None or recording is None or lines is None:
            views.by_hand.show_output(None)
            views.forks.show_nodes((), None)
            views.forks_header.say("")
            return
        views.by_hand.show_output(hand_words.output(_line(now), now.step))
        nodes = forks(lines, recording.by_hand, now.episode)
        views.forks.show_nodes(nodes, now.episode)
        count = sum(node.parent is not None for node in nodes)
        views.forks_header.say(f"{grouped(count)} fork{'' if count == 1 else 's'}" if count else "none yet")

    def _show_status(self) -> None:
        """Only what changes with the network: asleep, awake, at work."""
        now, recording = self._now, self._window.desk.recording
        if not self.is_shown:
            return
        if now is None or recording is None:
            status = self._status_of_nothing(recording is not None)
        else:
            status = self._status(recording, _line(now), now.step)
        self._window.views.by_hand.show_status(status)
        self._window.commands.enable()

    def _status_of_nothing(self, has_session: bool) -> HandStatus:
        status = hand_words.empty(has_session)
        if self.link.state is HandState.WAKING:
            return HandStatus(HandState.WAKING, message="Making the network; this takes a few seconds.")
        if self.link.failure:
            return HandStatus(HandState.FAILED, message=self.link.failure, tone="warning", offers=status.offers)
        return status

    def _status(self, recording: Recording, line: Lineage, step: int) -> HandStatus:
        link, place = self.link, line.place(step)
        known = self._weights(recording, place)
        state, message, tone = link.state, "", "muted"
        offers: tuple[Offer, ...] = ()
        if link.failure:
            state, message, tone = HandState.FAILED, link.failure, "warning"
            if known is None:
                _, offers = hand_words.without_weights(recording, place.episode)
            else:
                offers = (Offer("Wake it again", hand_words.WAKE),)
        elif known is None and state is not HandState.WAKING:
            state = HandState.NO_WEIGHTS
            message, offers = hand_words.without_weights(recording, place.episode)
        elif state is HandState.WAKING:
            message = "Waking the network; this takes a few seconds."
        elif not link.is_awake_for(recording.path):
            state, offers = HandState.ASLEEP, (Offer("Wake the network here", hand_words.WAKE),)
            if self._window.desk.shows_training:
                message = "The training goes on; to wake a network of its session pauses it."
        elif known is not None:
            message = self._exactness(recording, place, known)
        return hand_words.status(state, line, step, self._plan(line), link.delimiter, message, tone, offers)

    def _exactness(self, recording: Recording, place: Place, known: weights.Weights) -> str:
        info = recording.episodes[place.episode].info
        if info.kind.is_by_hand and self.link.is_same_device:
            return "Back and forth, to the very bit."
        return weights.exactness(info, known, self.link.is_same_device)

    def _weights(self, recording: Recording, place: Place) -> weights.Weights | None:
        """Those that an episode is woken on: its own, or else those that were chosen."""
        own = weights.own(recording, place.episode)
        if own is None and self.link.checkpoint is not None and self.link.is_awake_for(recording.path):
            return weights.chosen(recording, place.episode, self.link.checkpoint)
        return own

    def _plan(self, line: Lineage) -> Plan | None:
        """The task's sequence on a line: as its root recorded it, but what was drawn by hand as the engine tells it."""
        recording, root = self._window.desk.recording, line.root
        if recording is None:
            return None
        place = recording.path, root.episode
        if root.source.info.kind is EpisodeKind.MANUAL and place in self.link.plans:
            return self.link.plans[place]
        so_far = (*place, len(root.source))
        if so_far not in self._plans:
            self._plans = {so_far: Plan.as_it_ran(root.source)}
        return self._plans[so_far]

    def _planned(self, now: Resolved) -> Plan | None:
        return self._plan(_line(now)) if self.is_shown else None

    def _wake_unasked(self) -> None:
        """Wake the network of what is shown, where nobody has to be asked before."""
        now, desk, link = self._now, self._window.desk, self.link
        is_opening = self._next is not None  # the session of the network that is awake
        if not self.is_shown or now is None or desk.recording is None or link.failure or is_opening:
            return
        is_at_work = link.state in (HandState.WAKING, HandState.BUSY)
        if is_at_work or link.is_awake_for(desk.recording.path) or desk.shows_training:
            return
        if weights.own(desk.recording, _line(now).place(now.step).episode) is not None:
            self._wake(None)

    def _wake(self, checkpoint: int | None) -> None:
        now, recording = self._now, self._window.desk.recording
        if now is not None and recording is not None:
            self.link.wake(recording.path, _line(now).place(now.step), checkpoint)

    def carry_out(
        self,
        *several: Command,
        names: Mapping[int, str] | None = None,
        pointers: Mapping[int, Reference | None] | None = None,
    ) -> None:
        """Carry commands out from the step that is shown. names, pointers: as in `HandLink.do`."""
        now = self._now
        if now is not None and self.is_awake:
            self.link.do(_line(now).place(now.step), *several, names=names, pointers=pointers)

    def _go(self, episode: int, step: int) -> None:
        wish = BEFORE_FIRST if step < 0 else step
        self._store.update(episode=episode, step=wish, is_following=False, direction=0)

    def _on_presented(self, now: object) -> None:
        try:
            self._show()
            self._wake_unasked()
            if self._waiting:
                QTimer.singleShot(0, self, self._on_free)
        except SessionError as error:  # a part of a damaged session that only this workspace reads
            self._window.notice.show_failure(str(error))

    def _on_stood(self, session: Path, episode: int, step: int) -> None:
        desk = self._window.desk
        self._store.update(direction=0)
        if desk.recording is None or desk.recording.path != session:
            self._next = (session, episode, step)
            desk.open(session)
        else:
            with QSignalBlocker(self._store):  # one drawing for the step that came and for going to it
                self._go(episode, step)
            desk.refresh()
            now = self._now
            if now is None or (now.episode, now.step) != (episode, step):
                self._window.presenter.refresh()

    def _on_fed(self, values: tuple[float, ...]) -> None:
        self.carry_out(commands.Step(tuple(map(float, values))))

    def _on_run_wished(self, steps: int) -> None:
        self.carry_out(commands.Run(steps))

    def _on_step_wished(self, step: int) -> None:
        """A step that has not run yet was pointed at."""
        now = self._now
        if self.is_awake and now is not None and step >= len(now.source):
            self._go(now.episode, len(now.source) - 1)
            self.run_to(step)

    def _on_episode_wished(self, episode: int) -> None:
        """A node of the tree: its first own step tells what was done there."""
        lines = self._window.presenter.lines
        if lines is not None:
            line = lines[episode]
            self._go(episode, min(line.parts[-1].first, len(line) - 1))

    def _on_offer(self, key: str) -> None:
        recording, now = self._window.desk.recording, self._now
        self.link.forget_failure()
        if key == hand_words.NEW_NETWORK:
            self.ask_for_network()
        elif key == hand_words.OPEN:
            self._window.commands.ask_to_open()
        elif key == hand_words.WAKE:
            self._wake(None)
        elif recording is not None and now is not None:
            near = weights.nearest(recording, _line(now).place(now.step).episode)
            if near is not None and key == hand_words.WAKE_NEAREST:
                self._wake(near.checkpoint)
            elif near is not None:
                episode = hand_words.ran_on(recording, near.checkpoint)
                self._go(now.episode if episode is None else episode, now.step)

    def _ask_for_step(self) -> None:
        now = self._now
        plan = None if now is None else self._plan(_line(now))
        if now is None or plan is None or not self.is_awake or now.step + 1 >= len(plan):
            return
        first, last = now.step + 1, len(plan) - 1
        step, is_given = QInputDialog.getInt(self._window, "Run to step", f"Step, {first} to {last}", last, first, last)
        if is_given:
            self.run_to(step)

    def _ask_for_value(self) -> None:
        now, cell = self._now, self._store.state.pinned
        memory = None if now is None else now.source.spec.with_role(Role.MEMORY)
        if now is None or cell is None or memory is None or not self.is_awake:
            return
        values = now.source.record(now.step)[memory.name] if now.step >= 0 else now.source.initial(memory.name)
        where = f"Row {cell[0]}, word {cell[1]} after step {now.step}; the network goes on from it in a fork"
        title, value = "Edit the pinned cell", float(values[cell])
        wished, is_given = QInputDialog.getDouble(self._window, title, where, value, -1e6, 1e6, _DECIMALS)
        if is_given and np.float32(wished) != values[cell]:
            self.edit(memory.name, cell, wished)


def _line(now: Resolved) -> Lineage:
    assert isinstance(now.source, Lineage)
    return now.source
