"""The window's line to a network that is stepped by hand in an engine process: what is asked, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from ntm_core import commands, events, messages
from ntmviz.errors import NtmvizError
from ntmviz.hand_words import Plan
from ntmviz.live import EngineProcess
from ntmviz.recall import records
from ntmviz.settings import free_path
from ntmviz.views.by_hand import HandState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ntm_core.commands import Command
    from ntm_core.lineage import Place
    from ntm_core.recall.references import Reference
    from ntmviz.desk import Desk


class HandLink(QObject):
    """Asks one thing at a time. The process is that of the training whose session is shown, or else one of its own."""

    changed = Signal()  # the state
    planned = Signal()  # the task's sequence is known now
    stood = Signal(object, int, int)  # session, episode, step of its line where the network stands now
    said = Signal(str)  # one line for the user
    answered = Signal(dict)  # news of the recall lab that is about no network, see recall.lab_orders
    fell_silent = Signal(str)  # the process of its own; what is known of it, in one line
    spoke_again = Signal()  # it was silent and is no longer
    fell_behind = Signal(object)  # the recorder; its session, in which what was done is still to come
    forsaken = Signal(str)  # a process ended in which something may have been asked; why, in one line

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._engine: EngineProcess | None = None
        self._own: EngineProcess | None = None
        self._heard: EngineProcess | None = None
        """The training's, once its news is listened to."""
        self._has_acted = False
        """Whether the process of its own may have a session to seal."""
        self._leaving: set[EngineProcess] = set()
        """Processes of its own that were told to end."""
        self.state = HandState.ASLEEP
        """ASLEEP, WAKING, AWAKE or BUSY."""
        self.failure = ""
        """Why the last try to wake came to nothing, in one line."""
        self.session: Path | None = None
        """Whose network is awake."""
        self.checkpoint: int | None = None
        """Weights of that session that were chosen instead of an episode's own."""
        self.is_same_device = True
        self._is_making = False
        """Whether a new network is on its way: it is awake before its session can be opened."""
        self.delimiter: tuple[float, ...] = ()
        self.plans: dict[tuple[Path, int], Plan] = {}
        """By session and the episode that lines begin with, as the engine told them."""
        desk.starting.connect(self._on_training_replaced)
        desk.training_ended.connect(self._on_training_ended)
        desk.closed.connect(self._dismiss)

    def is_awake_for(self, session: Path) -> bool:
        return self.session == session and self.state in (HandState.AWAKE, HandState.BUSY)

    def wake(self, session: Path, place: Place, checkpoint: int | None) -> None:
        """Have the network of a step of an episode made ready; `checkpoint` is for one whose weights are not kept."""
        stem = session.name.removesuffix(".h5").removesuffix(".ntmviz").partition("-by-hand")[0]
        self.checkpoint = checkpoint
        self._begin(
            "wake",
            f"{stem}-by-hand",
            path=str(session),
            episode=place.episode,
            step=place.step,
            checkpoint=checkpoint,
        )

    def make(
        self,
        options: Mapping[str, Any],
        several: Sequence[Command] = (),
        names: Sequence[str] = (),
        pointers: Mapping[int, Reference | None] | None = None,
    ) -> None:
        """Have a new network made, and a session for it, and commands carried out; `stood` tells where that is.

        names: of the items of an associative memory.   pointers: which records they are of, by number.
        """
        self.checkpoint = None
        told = [messages.to_json(each) for each in several]
        stem = f"{options['task']}-by-hand"
        of_items = {"names": dict(enumerate(names)), "records": records.to_json(pointers)}
        self._begin("new", stem, options=dict(options), commands=told, **of_items)

    def do(
        self,
        place: Place,
        *several: Command,
        names: Mapping[int, str] | None = None,
        pointers: Mapping[int, Reference | None] | None = None,
    ) -> None:
        """Carry commands out from a step of an episode of the session that is awake.

        names: of the items that they store, by number.   pointers: which records items are of, by number.
        """
        if self.state is not HandState.AWAKE or self._engine is None:
            return
        told = [messages.to_json(each) for each in (commands.Wake(place.episode, place.step), *several)]
        self._has_acted = True
        of_items = {"names": dict(names or {}), "records": records.to_json(pointers)}
        self._engine.order_by_hand("do", commands=told, checkpoint=self.checkpoint, **of_items)
        self._become(HandState.BUSY)  # while the engine is at work

    def ask(self, order: str, **more: object) -> bool:
        """An order that moves no network; `answered` tells what came of it. False where no process can be had."""
        try:
            engine = self._engine if self._engine is not None and self._engine.is_running else self._process()
        except NtmvizError as error:
            self.said.emit(str(error))
            return False
        engine.order_by_hand(order, **more)
        return True

    @property
    def is_stopped(self) -> bool:
        """Whether a signal holds the process of its own."""
        return self._own is not None and self._own.is_stopped

    def go_on(self) -> None:
        """Let the process of its own go on after a SIGSTOP."""
        if self._own is not None:
            self._own.go_on()

    def forget_failure(self) -> None:
        """It was read; another try may be made."""
        self.failure = ""

    def shut_down(self) -> None:
        """End the processes of its own; the session that one writes is sealed."""
        self._dismiss()
        for each in self._leaving:
            each.close()
        self._leaving.clear()

    def _begin(self, order: str, stem: str, **more: object) -> None:
        out = free_path(stem)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            engine = self._process()
        except OSError as error:
            self._fail(f"the folder of sessions cannot be made: {error.strerror}: {out.parent}")
            return
        except NtmvizError as error:
            self._fail(str(error))
            return
        self._engine, self.session, self.failure = engine, None, ""
        self._is_making = order == "new"
        self._has_acted |= self._is_making
        engine.order_by_hand(order, out=str(out), **more)
        self._become(HandState.WAKING)

    def _process(self) -> EngineProcess:
        training = self._desk.engine if self._desk.shows_training else None
        if training is not None:
            if training is not self._heard:
                training.by_hand.connect(self._on_news)
                self._heard = training
            return training
        if self._own is None or not self._own.is_running:
            self._own, self._has_acted = EngineProcess(self, self._desk.spare), False
            self._own.by_hand.connect(self._on_news)
            self._own.fell_silent.connect(self.fell_silent)
            self._own.answered.connect(self.spoke_again)
            self._own.ended.connect(self._on_ended)
        return self._own

    def _dismiss(self) -> None:
        """Nothing is open to be stepped, so the process of its own ends, while the window goes on."""
        own, self._own = self._own, None
        if own is None:
            return
        own.disconnect(self)
        self._leaving.add(own)
        own.ended.connect(lambda *_: self._forget(own))
        if self._has_acted:
            own.end()
        else:
            own.abandon()
        if self._engine is own:
            self._engine = self.session = None
            self._become(HandState.ASLEEP)
        self.forsaken.emit("the session was closed")

    def _forget(self, ended: EngineProcess) -> None:
        self._leaving.discard(ended)
        ended.deleteLater()

    def _become(self, state: HandState) -> None:
        self.state = state
        self.changed.emit()

    def _fail(self, message: str) -> None:
        self.failure, self.session = message, None
        self._become(HandState.ASLEEP)

    def _on_news(self, news: dict[str, Any]) -> None:
        match news["news"]:
            case "awake":
                self.session, self.is_same_device = Path(news["path"]), news["is_same_device"]
                self._take_in(news["events"], self.session)
                if not self._is_making:
                    self._become(HandState.AWAKE)
                    self.planned.emit()
            case "done":
                self._is_making = False
                self._on_done(news)
            case "noise" | "scenes" | "shown" | "answer":
                self.answered.emit(news)
            case "unable" if self.state is HandState.WAKING:
                self._fail(news["message"])
            case "unable":
                self.said.emit(news["message"])
                self.answered.emit(news)
                self._become(HandState.AWAKE if self.session is not None else HandState.ASLEEP)

    def _on_done(self, news: dict[str, Any]) -> None:
        path = Path(news["path"])
        place = self._take_in(news["events"], path)
        if news["failure"] is not None:
            self._fail(f"{news['failure']}; what was fed last is not kept")
            return
        if path != self.session:
            self.session, self.checkpoint = path, None if self.checkpoint is None else 0
        if place is not None:
            self.stood.emit(path, *place)
        if not news["is_kept"]:
            self.fell_behind.emit(path)
        self._become(HandState.AWAKE)

    def _take_in(self, told: Sequence[object], session: Path) -> tuple[int, int] | None:
        """Learn from events. Returns the episode, and the step of its line, where the network stands."""
        place: tuple[int, int] | None = None
        for event in map(events.from_json, told):
            match event:
                case events.WasReset():
                    place = (event.episode, -1)
                case events.Woken() | events.Stepped():
                    place = (event.episode, event.step)
                case events.Forked() if place is not None:
                    place = (event.episode, place[1])
                case events.Planned():
                    self.delimiter = event.delimiter
                    self.plans[session, event.root] = Plan.told(event)
                case events.Failed():
                    self.said.emit(event.message)
        return place

    def _on_ended(self, result: object, failure: str) -> None:
        ended, self._own = self._own, None
        if ended is not None:
            ended.deleteLater()
        if self._engine is ended:
            self._engine = None
            self._fail(failure or "the engine has ended; every step that was fed is in the session")
        self.forsaken.emit(failure or "the engine has ended")

    def _on_training_ended(self, result: object, failure: str) -> None:
        self._leave_training()
        self.forsaken.emit(failure or "the training has ended")

    def _on_training_replaced(self, options: object) -> None:
        """Another training starts: the engine of the one before is told to end, and tells no news any more."""
        if self._leave_training():
            self.forsaken.emit("another training was started")

    def _leave_training(self) -> bool:
        """Whether the network that was awake, or on its way, was in the training's engine."""
        if self._engine is None or self._engine is self._own:
            return False
        self._engine = self.session = None
        self._become(HandState.ASLEEP)
        return True
