"""Stepping by hand on the engine's side: which engine stands ready, and which session keeps what is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sessions
from ntm_core import checkpoints, checks, commands, devices, events, models, tasks
from ntm_core.engine import Engine
from ntm_core.footprint import Plan
from ntm_core.observe import trace_spec
from ntmviz import room, weights
from ntmviz.errors import NtmvizError
from ntmviz.recall import items, records
from ntmviz.room import Room
from ntmviz.waking import Bench, check_episode, device_of
from sessions import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ntm_core.commands import Command
    from ntm_core.events import Event
    from ntm_core.network import MemoryNetwork
    from ntm_core.recall.references import Reference
    from ntm_core.tasks import Task

FLUSH_S = 1.0
"""How long a step waits to be in the file before it is told of all the same."""
_RUNS = (commands.Step, commands.Run, commands.Edit, commands.EditRows)


@dataclass(frozen=True, slots=True)
class Done:
    """What a series of commands came to."""

    events: tuple[Event, ...]
    path: Path
    """The session that has it: another one than before where it had to be a new one."""
    is_kept: bool
    """Whether it is in the file by now."""


class Hand:
    """Wakes episodes of a session and steps them.

    What is done is kept in the same session while its own recorder has it open, else in a new one, made with the first
    step, which is the session from then on: its first episodes are copies of the one that was woken and of all that
    this one goes on from.
    """

    def __init__(self, path: Path, out: Path, recorder: Recorder | None = None) -> None:
        """recorder: the one that writes `path` in this process.   out: where a new session goes.

        Raises SessionError where the session cannot be read.
        """
        self.path = path
        self._out = out
        self._recording = sessions.open(path)
        self._recorder = recorder
        self._is_ours = False
        """Whether the session is one that only this hand writes: then one engine ran, or knows, all there is in it."""
        self._benches: dict[int, Bench] = {}
        self._engines: dict[int, Engine] = {}
        """By checkpoint of the session."""
        self._current: Engine | None = None

    @classmethod
    def of_new_network(
        cls, options: Mapping[str, Any], out: Path, on_wait: Callable[[int], None] | None = None
    ) -> Hand:
        """A network of no session yet, untrained or from a file of weights, and a session for what it does.

        Raises CoreError or NtmvizError for options that cannot be, SessionError where the file cannot be written.
        """
        model, task = _new_network(options)
        seed = int(options.get("seed", 0))
        device = devices.choose(str(options.get("device", "cpu")))
        recorder = Recorder(
            out,
            trace_spec(model, task),
            {
                "title": str(options.get("title", f"{task.name} by hand")),
                "model": model.name,
                "model_config": model.config.to_json(),
                "task": task.name,
                "task_settings": task.settings.to_json(),
                "device": str(device),
                "seed": seed,
            },
            on_wait=on_wait,
        )
        hand = cls(out, out, recorder)
        hand._is_ours = True
        hand._current = Engine(model, task, seed=seed, device=device, sink=recorder)
        return hand

    @property
    def failure(self) -> str | None:
        """Why nothing is kept any more, in one line."""
        return None if self._recorder is None else self._recorder.failure

    @property
    def is_same_device(self) -> bool:
        """Whether it computes where the session was recorded."""
        recorded = self._recording.info.device
        return self._is_ours or str(device_of(recorded)) == recorded

    def wake(self, episode: int, step: int, checkpoint: int | None) -> tuple[Event, ...]:
        """Make the engine ready for a step of an episode.

        checkpoint: the weights where the episode's own are not kept. Raises NtmvizError, CoreError or SessionError
        where there is no such step, or nothing to wake it on.
        """
        command = self._made_ready(commands.Wake(episode, step), checkpoint, is_run=False)
        assert self._current is not None
        told = self._current.handle(command)
        for event in told:
            if isinstance(event, events.Failed):
                raise NtmvizError(event.message)
        return told

    def do(
        self,
        several: Sequence[Command],
        checkpoint: int | None = None,
        names: Mapping[int, str] | None = None,
        pointers: Mapping[int, Reference | None] | None = None,
    ) -> Done:
        """Carry commands out one after another, up to the first that fails. Errors as in `wake`.

        names: of items that the commands store, by number; the session keeps them.   pointers: likewise which records
        items are of.
        """
        happened: list[Event] = []
        pointed = records.told(pointers or {})
        is_run = bool(pointed) or any(isinstance(each, _RUNS) for each in several)
        for command in several:
            if isinstance(command, commands.Wake):
                command = self._made_ready(command, checkpoint, is_run)
            if self._current is None:
                raise NtmvizError("wake an episode first, then step it")
            told = self._current.handle(command)
            happened += told
            if any(isinstance(event, events.Failed) for event in told):
                break
        self._tell(items.EVENT, items.told(names or {}))
        self._tell(records.EVENT, pointed)
        is_kept = self._recorder is not None and self._recorder.flush(FLUSH_S)
        return Done(tuple(happened), self.path, is_kept)

    def rest(self) -> None:
        """End the episode that is open: a training records again."""
        if self._current is not None:
            self._current.rest()

    def close(self) -> None:
        """Seal the session, if it is its own."""
        self.rest()
        if self._is_ours and self._recorder is not None:
            self._recorder.close()
        self._recording.close()

    def _tell(self, kind: str, texts: Iterable[str]) -> None:
        if self._recorder is not None:
            for text in texts:
                self._recorder.event(kind, text=text)

    def _bench(self, episode: int, checkpoint: int | None) -> Bench:
        """The network of the weights that an episode is to be woken on."""
        check_episode(self._recording, episode)
        wished = weights.own(self._recording, episode) or weights.chosen(self._recording, episode, checkpoint)
        if wished.checkpoint not in self._benches:
            self._benches[wished.checkpoint] = Bench(self._recording, wished)
        return self._benches[wished.checkpoint]

    def _made_ready(self, command: commands.Wake, checkpoint: int | None, is_run: bool) -> commands.Wake:
        """Have the engine for an episode; returns the command as that engine counts episodes."""
        if self._is_ours:
            return command
        self._recording.refresh()
        bench = self._bench(command.episode, checkpoint)
        if self._recorder is None and is_run:
            return self._moved_on(bench, command)
        number = bench.weights.checkpoint
        if number not in self._engines:
            self._engines[number] = bench.engine(self._recorder, checkpoint=number)
        if self._current is not self._engines[number]:
            self.rest()
            self._current = self._engines[number]
        return command

    def _moved_on(self, bench: Bench, command: commands.Wake) -> commands.Wake:
        """Begin a new session for what is done from here on."""
        self._recorder, past = bench.new_session(self._out, command.episode, command.step)
        self._is_ours, self.path = True, self._out
        for kind in (items.EVENT, records.EVENT):
            self._tell(kind, [event.text for event in self._recording.events if event.kind == kind])
        self._current = bench.engine(self._recorder, past, checkpoint=0)
        return commands.Wake(len(past) - 1, command.step)


def _new_network(options: Mapping[str, Any]) -> tuple[MemoryNetwork[Any, Any], Task]:
    """The network and the task that options name. Raises CoreError, NtmvizError where a file cannot be read."""
    model_name, task_name = str(options.get("model", "ntm")), str(options.get("task", "copy"))
    chosen, task_settings = dict(options.get("model_settings", {})), dict(options.get("task_settings", {}))
    file = options.get("weights")
    checks.known(f"a setting of task {task_name!r}", task_settings, tasks.settings(task_name))
    if file is None:
        checks.known(f"a setting of model {model_name!r}", chosen, models.settings(model_name))
        plan = Plan(model_name, task_name, chosen, task_settings)
        if lacking := room.lacking_by_hand(plan, Room(room.free_bytes()), options.get("length")):
            raise NtmvizError(lacking)
    task = tasks.build(task_name, **task_settings)
    if file is None:
        seed = int(options.get("seed", 0))
        return models.build(model_name, task.inputs, task.outputs, seed=seed, **chosen), task
    model = checkpoints.read(Path(str(file)), **chosen)
    if (model.config.inputs, model.config.outputs) != (task.inputs, task.outputs):
        raise NtmvizError(
            f"weights for {task.inputs} inputs and {task.outputs} outputs were wanted for {task.name}; these have "
            f"{model.config.inputs} and {model.config.outputs}. Choose the task's settings to fit: {file}"
        )
    return model, task
