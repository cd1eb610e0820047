"""What a run starts from: its options, and the checkpoint of a session where it goes on from one. Needs torch."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

import sessions
from ntm_core import checkpoints, checks, models, registry, tasks
from ntm_core.engine import Engine
from ntm_core.footprint import Plan
from ntm_core.model_config import Kernel
from ntm_core.parallel import Group
from ntm_core.settings import described
from ntm_core.train_config import TrainConfig
from ntm_core.training_state import by_parameter
from ntmviz import room
from ntmviz.errors import NtmvizError, UsageError
from ntmviz.room import Room
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ntm_core.network import MemoryNetwork
    from ntm_core.tasks import Task
    from ntm_core.trace import Sink
    from ntm_core.training import Trainer
    from ntm_core.training_state import TrainingState
    from ntmviz.run_options import RunOptions
    from sessions.info import SessionInfo

MODEL = "ntm"
"""What is trained if nobody names a network."""


@dataclass(frozen=True, slots=True)
class Start:
    """A network, a task and all that decides how one learns the other."""

    model: MemoryNetwork[Any, Any]
    task: Task
    config: TrainConfig
    seed: int
    device: torch.device
    group: Group
    iterations: int
    """Where it ends, counted from the first iteration of the training, resumed or not."""
    until_solved: bool
    """Whether it ends before, once the task is solved."""
    training: TrainingState | None = None
    """Where the training stood that it goes on with."""
    parent: Mapping[str, str] | None = None
    """The session that it goes on from, as another one names it."""
    notes: tuple[str, ...] = ()
    """What is to be said before it begins, a line each: from where it goes on, and what is not as it was."""

    def engine(self, sink: Sink | None = None) -> Engine:
        return Engine(
            self.model,
            self.task,
            config=self.config,
            seed=self.seed,
            device=self.device,
            sink=sink,
            training=self.training,
            group=self.group,
        )

    def is_enough(self, trainer: Trainer) -> bool:
        """Whether there is nothing left to train; all processes of a group find the same after an update."""
        is_solved = self.until_solved and trainer.is_solved
        return is_solved or trainer.iteration >= self.iterations or self.group.is_ending


@dataclass(frozen=True, slots=True)
class _Kept:
    """The last checkpoint of a session."""

    blob: bytes
    info: SessionInfo
    path: Path


def start_of(options: RunOptions, group: Group | None = None) -> Start:
    """What the options ask for; left out ones are those of the training that is resumed, if one is.

    group: the processes that train together, where there are several.

    Raises CoreError or UsageError for options that cannot be, SessionError where a session cannot be read, NtmvizError
    where memory is too small.
    """
    group = group or Group()
    torch.set_num_threads(1)  # a second thread beside a busy core slows eager steps of this size threefold
    kept = None if options.resume is None else _last_checkpoint(options.resume)
    task_settings = dict(options.task_settings)
    if kept is not None and kept.info.task == options.task:
        task_settings = {**kept.info.task_settings, **task_settings}
    # Before they are passed by name: `build` has parameters of its own.
    checks.known(f"a setting of task {options.task!r}", task_settings, tasks.settings(options.task))
    task = tasks.build(options.task, **task_settings)
    start = _anew(options, task, group) if kept is None else _resumed(options, task, group, kept)
    group.share(start.config.batch)  # checked before there is a file
    return start


def _check_room(plan: Plan, config: TrainConfig, device: torch.device, group: Group) -> None:
    """Raise NtmvizError where there is not enough memory, ConfigError on settings that cannot be."""
    if lacking := room.lacking_for_training(plan, config.to_json(), _room_on(device), group.size):
        raise NtmvizError(lacking)


def _room_on(device: torch.device) -> Room:
    if device.type != "cuda":
        return Room(room.free_bytes())
    free, _ = torch.cuda.mem_get_info(device)
    return Room(room.free_bytes(), free, is_apart=True)


def _anew(options: RunOptions, task: Task, group: Group) -> Start:
    name, seed, device = options.model or MODEL, options.seed or 0, group.device(options.device)
    checks.known(f"a setting of model {name!r}", options.model_settings, models.settings(name))
    config = TrainConfig.from_json({**registry.task(options.task).train, **options.train})
    _check_room(Plan(name, task.name, options.model_settings, task.settings.to_json()), config, device, group)
    settings = dict(options.model_settings)
    if config.step_gradients and "kernel" in models.settings(name):
        settings.setdefault("kernel", Kernel.EAGER.value)
    with memory_told():
        model = models.build(name, task.inputs, task.outputs, seed=seed, **settings)
    iterations = options.iterations or _most_iterations(options, config)
    return Start(model, task, config, seed, device, group, iterations, options.until_solved)


def _resumed(options: RunOptions, task: Task, group: Group, kept: _Kept) -> Start:
    with memory_told():
        model = checkpoints.load(kept.blob).train()
    was = model.config.to_json()
    _check_model(options, task, model, kept.path)
    wanted = type(model.config).from_json({**was, **options.model_settings})
    if wanted != model.config:
        model = checkpoints.load(kept.blob, **options.model_settings).train()
    training = checkpoints.training(kept.blob)
    usual = registry.task(options.task).train if training is None else training.config
    config = TrainConfig.from_json({**usual, **options.train})
    device = group.device(options.device)
    _check_room(Plan(model.name, task.name, model.config.to_json(), task.settings.to_json()), config, device, group)
    last_seed = max(kept.info.seed, 0) if training is None else training.seed
    seed = last_seed if options.seed is None else options.seed
    iterations = options.iterations or _iterations_of(kept.info) or _most_iterations(options, config)
    of_task = [*_differences("task", {"name": kept.info.task, **kept.info.task_settings}, _named(task))]
    changed = [*_differences("", was, model.config.to_json()), *of_task]
    if training is None:
        notes = [f"the checkpoint has no state of a training: the optimiser starts afresh, at iteration 0: {kept.path}"]
    else:
        by_parameter(training.optimizer, model, has_momentum=False)  # checked before there is a file
        if of_task:
            training = replace(training, good_checks=0, is_solved=False)  # that was another task
        notes = [f"goes on after iteration {grouped(training.iteration)} with the optimiser as it was: {kept.path}"]
        changed += _differences("train", training.config, config.to_json())
        changed += _differences("", {"seed": last_seed}, {"seed": seed})
        if training.iteration >= iterations:
            notes.append(f"nothing is left to train of {grouped(iterations)} iterations; name more with --iterations")
    return Start(
        model,
        task,
        config,
        seed,
        device,
        group,
        iterations,
        options.until_solved,
        training,
        {"session_id": kept.info.session_id, "path": str(kept.path)},
        (*notes, *changed),
    )


def _last_checkpoint(path: str) -> _Kept:
    """Raises SessionError where the session cannot be read or keeps no checkpoint."""
    with sessions.open(path) as recording:
        if not len(recording.checkpoints):
            raise sessions.SessionError(f"a session with a checkpoint to go on from was wanted; it keeps none: {path}")
        return _Kept(recording.checkpoints[-1].read(), recording.info, recording.path)


def _check_model(options: RunOptions, task: Task, model: MemoryNetwork[Any, Any], path: Path) -> None:
    """Raise UsageError where a checkpoint's network is not for the task, or not as the options say."""
    found = model.config.to_json()
    if options.model is not None and options.model != model.name:
        raise UsageError(
            f"a network that is trained on stays what it is, {model.name}; got --model {options.model}. "
            f"Leave it out, or train a new one: {path}"
        )
    if (found["inputs"], found["outputs"]) != (task.inputs, task.outputs):
        raise UsageError(
            f"a network with {task.inputs} inputs and {task.outputs} outputs was wanted for {task.name}; the "
            f"checkpoint has {found['inputs']} and {found['outputs']}. Name the task it was trained on, or another "
            f"session: {path}"
        )
    checks.known(f"a setting of model {model.name!r}", options.model_settings, models.settings(model.name))
    loose = {each.name for each in described(type(model.config)) if each.is_loose}
    for name, wished in options.model_settings.items():
        if found[name] != wished and name not in loose:
            raise UsageError(
                f"a network that is trained on keeps its settings; {name} is {found[name]!r}, got {wished!r}. "
                f"Leave it out, or train a new one: {path}"
            )


def _named(task: Task) -> dict[str, Any]:
    return {"name": task.name, **task.settings.to_json()}


def _differences(table: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it was, a line for each."""
    for name, value in now.items():
        if name in before and before[name] != value:
            yield f"{table and table + '.'}{name} is {value} now, it was {before[name]}"


def _iterations_of(info: SessionInfo) -> int | None:
    """As many as a session's training was to have."""
    found = info.train.get("iterations")
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None


def _most_iterations(options: RunOptions, config: TrainConfig) -> int:
    return -(-registry.task(options.task).most_sequences // config.batch)


@contextmanager
def memory_told() -> Iterator[None]:
    """Say plainly that memory ran out; torch does it by a RuntimeError of many words."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "allocate" not in str(error):
            raise
        raise NtmvizError("this network, batch and length of sequence do not fit in memory; choose smaller ones") from (
            error
        )
