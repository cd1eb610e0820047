"""Wake the network of a recorded episode, to step it on: the one place that joins sessions and engines for that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import sessions
from ntm_core import checkpoints, commands, devices, events, tasks
from ntm_core import engine as engines
from ntm_core.errors import ConfigError, CoreError, DeviceError
from ntm_core.lineage import Lineage
from ntm_core.observe import trace_spec
from ntm_core.trace import StepRecord
from ntmviz import weights
from ntmviz.errors import NtmvizError
from sessions import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import torch

    from ntm_core.engine import Engine
    from ntm_core.network import MemoryNetwork
    from ntm_core.tasks import Task
    from ntm_core.trace import Array, EpisodeInfo, Sink, Source, TraceSpec
    from ntmviz.weights import Weights
    from sessions import Recording


_COPIED = 256
"""Steps that are copied at once."""
_CURVE = 2000
"""Iterations whose metrics are copied."""


def wake(
    path: str | Path,
    episode: int,
    step: int,
    *,
    out: str | Path | None = None,
    checkpoint: int | None = None,
    device: str | None = None,
) -> Engine:
    """An engine that stands after a step of a recorded episode, ready for commands.

    step: -1 is before the first.   out: a new session that keeps what is done from there, with the episode and its
    weights; without one nothing is kept but `Engine.line`.   checkpoint: other weights than the episode's own.
    device: the recording's if None, the CPU where that is not here.

    An episode that ran at batch 1 goes on bit for bit as the run did, on the same device with as many threads
    (`torch.set_num_threads`; ntmviz trains with one). Raises SessionError where a session cannot be read or written,
    NtmvizError where episode, step or weights are not there, CoreError where they do not make a network.
    """
    recording = sessions.open(path)
    check_episode(recording, episode)
    bench = Bench(recording, weights.chosen(recording, episode, checkpoint), device)
    engine = bench.engine()
    for event in engine.handle(commands.Wake(episode, step)):
        if isinstance(event, events.Failed):
            raise NtmvizError(f"{event.message}: {path}")
    if out is None:
        return engine
    sink, past = bench.new_session(out, episode, step)
    engine = bench.engine(sink, past, checkpoint=0)
    engine.handle(commands.Wake(len(past) - 1, step))
    return engine


class Bench:
    """A network of a recording with its task, ready to be put into engines.

    Raises CoreError where the session's checkpoint or task is none that this version knows.
    """

    def __init__(self, recording: Recording, weights: Weights, device: str | None = None) -> None:
        self.weights = weights
        self._recording = recording
        self._device = device_of(recording.info.device, device)
        self._blob = recording.checkpoints[weights.checkpoint].read()
        self._model = checkpoints.load(self._blob)
        self._task = _task_of(recording, self._model)

    def engine(self, sink: Sink | None = None, past: Sequence[Source] | None = None, checkpoint: int = -1) -> Engine:
        """An engine with the network in it.

        past: what it can wake; the recording's episodes if None.   checkpoint: of the weights, in the sink's session.
        """
        return engines.Engine(
            self._model,
            self._task,
            seed=max(self._recording.info.seed, 0),
            device=self._device,
            sink=sink,
            past=self._recording.episodes if past is None else past,
            weights=engines.Weights(self.weights.iteration, checkpoint),
        )

    def new_session(self, out: str | Path, episode: int, step: int) -> tuple[Recorder, tuple[Source, ...]]:
        """A new session that goes on from a step of an episode: it gets the weights, the episode and its ancestors.

        Returns its recorder and those episodes as the new session counts them. Raises SessionError, and leaves no
        file, where it cannot be written or what goes into it cannot be read.
        """
        info, spec = self._recording.info, trace_spec(self._model, self._task)
        recorder = Recorder(
            out,
            spec,
            {
                "title": f"{info.title or self._recording.path.name} by hand",
                "model": info.model,
                "model_config": dict(info.model_config),
                "task": info.task,
                "task_settings": dict(info.task_settings),
                "device": str(self._device),
                "seed": info.seed,
                "parent": {
                    "session_id": info.session_id,
                    "path": str(self._recording.path),
                    "episode": episode,
                    "step": step,
                    "iteration": self.weights.iteration,
                },
            },
        )
        try:
            recorder.checkpoint(self._blob, self.weights.iteration)
            self._copy_metrics(recorder)
            return recorder, tuple(self._copy_line(recorder, spec, episode))
        except BaseException:
            recorder.close()
            recorder.path.unlink(missing_ok=True)
            raise

    def _copy_line(self, recorder: Recorder, spec: TraceSpec, episode: int) -> Iterator[Source]:
        """An episode and its ancestors, each as the new session counts it once it is there."""
        for index, part in enumerate(Lineage(self._recording.episodes, episode).parts):
            is_kept = part.source.info.checkpoint == self.weights.checkpoint
            told = replace(part.source.info, parent=index - 1, checkpoint=0 if is_kept else -1)
            renamed = Renamed(part.source, told, spec)
            _copy(renamed, recorder)
            yield renamed

    def _copy_metrics(self, recorder: Recorder) -> None:
        """The curves of the training up to the weights, at so many iterations as a picture can show."""
        metrics = self._recording.metrics
        iterations = metrics.iterations()
        before = np.flatnonzero(iterations <= self.weights.iteration)
        at = before[np.unique(np.linspace(0, len(before) - 1, min(len(before), _CURVE)).astype(int))]
        values = {name: metrics[name][at] for name in metrics.names}
        for row, iteration in enumerate(iterations[at]):
            recorder.log(iteration, **{name: column[row] for name, column in values.items()})


def _copy(source: Source, recorder: Recorder) -> None:
    info, spec = source.info, source.spec
    recorder.begin_episode(info, {field.name: source.initial(field.name) for field in spec.carried})
    for start in range(0, len(source), _COPIED):
        recorder.append_steps({field.name: source.series(field.name, start, start + _COPIED) for field in spec})
    recorder.end_episode(loss=info.loss, wrong_bits=info.wrong_bits)


@dataclass(frozen=True, slots=True)
class Renamed:
    """An episode under another info: as another session counts it.

    Fields of the spec that were not recorded are zeros: an older version knew fewer.
    """

    source: Source
    info: EpisodeInfo
    spec: TraceSpec

    def __len__(self) -> int:
        return len(self.source)

    def initial(self, name: str) -> Array:
        return self.source.initial(name)

    def record(self, step: int) -> StepRecord:
        recorded = self.source.record(step)
        missing = (field for field in self.spec if field.name not in recorded)
        return StepRecord(step, {**recorded, **{field.name: np.zeros(field.shape, np.float32) for field in missing}})

    def series(self, name: str, start: int = 0, stop: int | None = None) -> Array:
        if name in self.source.spec:
            return self.source.series(name, start, stop)
        steps = len(range(*slice(start, stop).indices(len(self))))
        return np.zeros((steps, *self.spec[name].shape), np.float32)


def device_of(recorded: str, wished: str | None = None) -> torch.device:
    """The device that is wished, or else the one of the recording, or else the CPU. DeviceError for a wrong wish."""
    if wished is not None:
        return devices.choose(wished)
    try:
        return devices.choose(recorded or "cpu")
    except DeviceError:
        return devices.choose("cpu")


def _task_of(recording: Recording, model: MemoryNetwork[Any, Any]) -> Task:
    info = recording.info
    try:
        task = tasks.build(info.task, **info.task_settings)
    except (ConfigError, TypeError) as error:
        raise CoreError(
            f"the session's task cannot be built, so it cannot be woken: {error}: {recording.path}"
        ) from None
    if (model.config.inputs, model.config.outputs) != (task.inputs, task.outputs):
        raise CoreError(
            f"a network with {task.inputs} inputs and {task.outputs} outputs was wanted for {task.name}; the "
            f"checkpoint has {model.config.inputs} and {model.config.outputs}: {recording.path}"
        )
    return task


def check_episode(recording: Recording, episode: int) -> None:
    """Raises NtmvizError where a session has no such episode."""
    count = len(recording.episodes)
    if not 0 <= episode < count:
        there = f"an episode from 0 to {count - 1} was wanted" if count else "the session has no episode"
        raise NtmvizError(f"{there}; got {episode}: {recording.path}")
