"""One training run: options in, a session file out. Driven a few iterations at a time by whoever has the clock.

This module knows both sides, the core and the sessions; the command line and the window's engine process share it.
The window itself never imports it: it needs torch.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sessions
from ntm_core import checkpoints, commands, events
from ntm_core.kernels.warming import Warming
from ntm_core.observe import trace_spec
from ntmviz.errors import UsageError
from ntmviz.preparing import memory_told, start_of
from ntmviz.saving import whole_file
from sessions import Recorder
from sessions import policy as policies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ntm_core.events import Event, Trained
    from ntm_core.network import MemoryNetwork
    from ntm_core.parallel import Group
    from ntmviz.run_options import RunOptions


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is. Of a training that was resumed, seconds are those since then."""

    iteration: int
    iterations: int
    sequences: int
    new_sequences: int
    """Of those, how many this run drew itself."""
    loss: float
    wrong_bits: float
    gradient_norm: float
    skipped: int
    """Updates that were not applied, since their loss or gradient was not finite."""
    seconds: float
    is_solved: bool
    recorded_episodes: int
    dropped_episodes: int
    queued_bytes: int
    recorder_silent_s: float
    """How long the recorder has owed an answer."""
    recorder_failure: str | None
    """Why nothing is recorded any more; training goes on without."""


class Run:
    """A model, a task, an engine and a recorder, from the first iteration to the last checkpoint.

    on_wait: called at every second that the session's file is not there yet, with their number.   group: the processes
    that train together, where there are several; this is the first of them.

    Raises CoreError or UsageError for options that cannot be, SessionError where the file cannot be written,
    NtmvizError where memory is too small.
    """

    def __init__(
        self, options: RunOptions, on_wait: Callable[[int], None] | None = None, group: Group | None = None
    ) -> None:
        self.options = options
        self._start = start = start_of(options, group)
        model, task = start.model, start.task
        self.iterations = start.iterations
        self.notes = start.notes
        """What is to be said before it begins, a line each."""
        _check_policy(options.record)  # before the file, so that a wrong one leaves none behind
        self._warming = Warming(model, start.device)  # while the recorder starts
        self.recorder: Recorder = Recorder(
            options.out,
            trace_spec(model, task, has_gradients=start.config.step_gradients),
            {
                "title": Path(options.out).name.removesuffix(".h5").removesuffix(".ntmviz"),
                "model": model.name,
                "model_config": model.config.to_json(),
                "task": task.name,
                "task_settings": task.settings.to_json(),
                "train": start.config.to_json() | {"iterations": self.iterations, "until_solved": options.until_solved},
                "device": str(start.device),
                "seed": start.seed,
                "parent": dict(start.parent or {}),
            },
            overwrite=options.overwrite,
            on_wait=on_wait,
        )
        self._is_kept = False
        self._is_beside = False
        with self._leaving_nothing():
            self.engine = start.engine(self.recorder)
            if start.parent is not None:
                self._note_resumed()
            self._iterations_before = self.engine.trainer.iteration
            self._sequences_before = self.engine.trainer.sequences
            self.set_recording(options.record)
        self._started, self._cpu_started = time.perf_counter(), time.process_time()
        self._rested = 0.0
        self._last: Trained | None = None
        self._measured: list[events.Evaluated] = []
        self._per_slice = 1
        self.failure: str | None = None
        """Why training stopped before its end, in one line."""

    @contextmanager
    def _leaving_nothing(self) -> Iterator[None]:
        """Remove the session again where what is tried fails or is interrupted: it holds nothing yet."""
        try:
            with memory_told():
                yield
        except BaseException:
            self._is_kept = True
            self.recorder.close()
            self.recorder.path.unlink(missing_ok=True)
            raise

    def _note_resumed(self) -> None:
        at = self.engine.trainer.iteration
        self.recorder.event("resumed", iteration=at, text="; ".join(self.notes))
        if self.is_solved:
            self.recorder.event("solved", iteration=at, text="in the session that this one goes on from")

    def set_recording(self, policy: str) -> None:
        """Change which iterations are recorded from now on. Raises SessionError on a policy there is none of."""
        wanted = policies.parse(policy, size=lambda: self.recorder.bytes_written, max_size=self.options.max_size)
        self.engine.policy = None if policy == "off" else wanted
        self.recording = policy

    @property
    def is_solved(self) -> bool:
        """Whether the task's criterion was met, once."""
        return self.engine.trainer.is_solved

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to train."""
        return self.failure is not None or self._start.is_enough(self.engine.trainer)

    def end_soon(self) -> None:
        """Be over early: at once, or where processes train together after an update that all of them make."""
        self._start.group.wish_to_end()

    def advance(self, iterations: int = 1) -> tuple[Event, ...]:
        """Train so many iterations more, or fewer where the run is over before; waits for the kernels first."""
        self._warming.wait()
        done = self.engine.trainer.iteration
        with memory_told() if done > self._iterations_before else self._leaving_nothing():
            happened = self.engine.handle(commands.Train(max(1, min(iterations, self.iterations - done))))
        for event in happened:
            match event:
                case events.Trained():
                    self._last = event
                case events.Solved():
                    self.recorder.event("solved", iteration=event.iteration)
                case events.NonFinite():
                    if event.is_kept:
                        self.recorder.event("not_finite", iteration=event.iteration, text=event.what)
                case events.GaveUp():
                    self._is_kept = True  # it kept the weights itself
                    self.failure = event.message
                    self.recorder.event("gave_up", iteration=event.iteration, text=event.message)
                case events.Failed():
                    self.failure = event.message
        return happened

    def advance_for(self, seconds: float) -> tuple[Event, ...]:
        """Train about so long: as many iterations as that took before, at most twice as many as last time.

        Nothing happens where the kernels are not there within that time, and the next call may go on waiting.
        """
        if not self._warming.wait(seconds):
            return ()
        started = time.perf_counter()
        happened = self.advance(self._per_slice)
        taken = max(time.perf_counter() - started, 1e-6)
        self._per_slice = max(1, min(2 * self._per_slice, int(self._per_slice * seconds / taken)))
        return happened

    def rest(self, seconds: float) -> None:
        """Leave a pause out of the run's seconds."""
        self._rested += seconds

    def finish(self, is_hurried: Callable[[], bool] = lambda: False) -> None:
        """Keep the network's weights, measure it on the task's trials unless it failed, seal the session.

        is_hurried: asked before each trial; one after which it is true is not measured any more.
        """
        has_failed = self.failure is not None
        self._keep_weights()
        for trial in self.engine.task.trials:
            if has_failed or not self.engine.trainer.iteration or is_hurried():
                break
            with memory_told():
                measured = self.engine.handle(commands.Evaluate(trials=(trial.name,)))
            self._measured += [event for event in measured if isinstance(event, events.Evaluated)]
        self.leave()

    def leave(self) -> None:
        """Keep the network's weights, seal the session: an end that nobody waits for, so nothing is measured."""
        self._keep_weights()
        self.recorder.close()
        if self.recorder.failure is not None and not self._is_beside:
            # The recorder had taken the weights, and failed before it was known to have flushed them.
            self._put_beside(self.recorder.failure)

    def _keep_weights(self) -> None:
        """Once."""
        if self._is_kept:
            return
        self._is_kept = True
        for event in self.engine.handle(commands.Save()):
            if isinstance(event, events.Failed):
                self._put_beside(self.recorder.failure or event.message)

    def _put_beside(self, why: str) -> None:
        """Put the weights into a file beside the session that did not take them, and say where they went."""
        self._is_beside = True
        told = f"{why}; what was flushed is kept, the trained weights are {self._write_beside()}"
        self.failure = told if self.failure is None else f"{self.failure}; {told}"

    def _write_beside(self) -> str:
        path = self.recorder.path.with_name(f"{self.recorder.path.name}.safetensors")
        try:
            with whole_file(path) as file:
                file.write(checkpoints.save(self.engine.model, self.engine.trainer.state()))
        except OSError as error:
            return f"lost: they could not be written either ({error.strerror}): {path}"
        return f"beside it: {path}"

    @property
    def seconds(self) -> float:
        """Since the run began, without its pauses."""
        return time.perf_counter() - self._started - self._rested

    def progress(self) -> Progress:
        """Where the run is now."""
        last, trainer = self._last, self.engine.trainer
        nan = float("nan")
        return Progress(
            iteration=trainer.iteration,
            iterations=self.iterations,
            sequences=trainer.sequences,
            new_sequences=trainer.sequences - self._sequences_before,
            loss=nan if last is None else last.loss,
            wrong_bits=nan if last is None else last.wrong_bits,
            gradient_norm=nan if last is None else last.gradient_norm,
            skipped=trainer.skipped,
            seconds=self.seconds,
            is_solved=self.is_solved,
            recorded_episodes=self.recorder.recorded_episodes,
            dropped_episodes=self.recorder.dropped_episodes,
            queued_bytes=self.recorder.queued_bytes,
            recorder_silent_s=self.recorder.silent_s,
            recorder_failure=self.recorder.failure,
        )

    def result(self) -> dict[str, Any]:
        """What a script wants to know, in plain JSON; the keys are those of `ntmviz train --json`."""
        now = self.progress()
        return {
            "session": str(self.recorder.path),
            "model": self.engine.model.name,
            "task": self.engine.task.name,
            "solved": self.is_solved,
            "sequences": now.sequences,
            "iterations": now.iteration,
            "seconds": round(now.seconds, 3),
            "cpu_seconds": round(time.process_time() - self._cpu_started, 3),
            "bit_error_rate": {each.trial: each.bit_error_rate for each in self._measured},
            "bits_per_sequence": {each.trial: each.bits_per_sequence for each in self._measured},
            "bits_above_optimum": {each.trial: each.excess_bits for each in self._measured},
            "loss": now.loss if math.isfinite(now.loss) else None,
            "recorded_episodes": now.recorded_episodes,
            "dropped_episodes": now.dropped_episodes,
            "skipped_updates": now.skipped,
        }


def _check_policy(policy: str) -> None:
    try:
        policies.parse(policy, size=lambda: 0)
    except sessions.SessionError as error:
        raise UsageError(str(error)) from None


def load_model(path: str | Path, checkpoint: int = -1) -> MemoryNetwork[Any, Any]:
    """The torch module of a session's checkpoint, in eval mode; -1 is the last one.

    Raises SessionError where the file cannot be read or has no such checkpoint, CheckpointError where it is damaged.
    """
    with sessions.open(path) as recording:
        count = len(recording.checkpoints)
        if not -count <= checkpoint < count:
            raise sessions.SessionError(f"a checkpoint from 0 to {count - 1} was wanted; got {checkpoint}: {path}")
        blob = recording.checkpoints[checkpoint].read()
    return checkpoints.load(blob)
