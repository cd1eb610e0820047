"""Sequences worked by hand: forward a step at a time, back to any step before, and on from there another way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from ntm_core import deeds, plans
from ntm_core.errors import CoreError
from ntm_core.kept import KeptEpisode
from ntm_core.lineage import Lineage, Place
from ntm_core.observe import observe, on_host
from ntm_core.states import carried_at, state_at
from ntm_core.tasks import Sample
from ntm_core.trace import EpisodeInfo, EpisodeKind, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from ntm_core.journal import Journal
    from ntm_core.trace import Array, Columns, Source, TraceSpec
    from ntm_core.training import Trainer


_NOWHERE = Place(-1, -1)


class Step(NamedTuple):
    """What a step came to."""

    episode: int
    step: int
    """Counted from the start of the line."""
    is_new: bool
    """False where this very step had run before, so that it was only gone to."""


class Stepper:
    """Runs a network at batch 1, from the start of a sequence or from any step of an episode that is at hand.

    All that it runs is recorded, in episodes: a new one, a fork, wherever it leaves what ran before. Where a step with
    the same input ran before from the same place, it goes there and computes nothing.
    """

    def __init__(self, trainer: Trainer, spec: TraceSpec, journal: Journal, past: Sequence[Source]) -> None:
        self._trainer = trainer
        self._spec = spec
        self._journal = journal
        self._past = past
        self._own: dict[int, KeptEpisode] = {}
        self._plans: dict[int, Sample] = {}
        """The task's sequence for each root."""
        self._open: int | None = None
        """The episode that takes further steps."""
        self._line: Lineage | None = None
        self._at: Place | None = None
        """Where it stands; None before anything was drawn or woken."""
        self.plan = plans.NO_PLAN
        """The task's sequence on this line, (steps, 1, ...); of no step where it is not known."""

    def __getitem__(self, index: int) -> Source:
        """An episode at hand: one that ran here, or one of the past. Raises CoreError where there is none."""
        if index in self._own:
            return self._own[index]
        if not 0 <= index < len(self._past):
            known = f"from 0 to {self._count - 1}" if self._count else "that ran before"
            raise CoreError(f"an episode {known} was wanted; got {index}")
        return self._past[index]

    @property
    def position(self) -> int:
        """Steps that have run where it stands."""
        if self._line is None or self._at is None:
            return 0
        return self._line.parts[-1].first + self._at.step + 1

    @property
    def line(self) -> Lineage | None:
        """The line that it stands on, with what ran after."""
        return self._line

    @property
    def open(self) -> int | None:
        """The episode that takes further steps; None where the next step begins one."""
        return self._open

    @property
    def has_begun(self) -> bool:
        """Whether there is a sequence to step through."""
        return self._at is not None

    def reset(self, seed: int, length: int | None) -> int:
        """Draw a sequence of the task and stand before its first step, in a new episode; returns its index.

        Raises ConfigError on a length that cannot be, CoreError where the session does not take the episode.
        """
        plan = plans.drawn(self._trainer.task, seed, length, self._trainer.device)
        with torch.no_grad():
            state = self._trainer.model.initial_state(1)
        names = [field.name for field in self._spec.carried]
        initial = dict(zip(names, on_host([getattr(state, name)[0] for name in names]), strict=True))
        label = "" if length is None else f"length {length}"
        info = EpisodeInfo(kind=EpisodeKind.MANUAL, seed=seed, label=label)
        index = self._begin(info, initial)
        self.plan = self._plans[index] = plan
        return index

    def wake(self, place: Place) -> None:
        """Stand after a step of an episode. Raises CoreError where there is no such step, or not all of its state."""
        line = Lineage(self, place.episode)
        source = line.parts[-1].source
        if not -1 <= place.step < len(source):
            raise CoreError(
                f"a step from -1, before the first, to {len(source) - 1} of episode {place.episode} was wanted; got "
                f"{place.step}"
            )
        state_at(self._trainer.model, source, place.step, self._trainer.device)
        self._stand(line, place)

    def step(self, given: tuple[float, ...] | None) -> Step:
        """Run one step on the next input of the sequence, or on the given one.

        An input that is not the sequence's own has no target. Raises CoreError at the end of the sequence, on an input
        of the wrong size, and where the session does not take the step.
        """
        sample, phases = self._next(given)
        inputs = _numbers(sample)
        known = self._known(inputs)
        if known is not None:
            self._stand(Lineage(self, known.episode), known)
            return Step(known.episode, self.position - 1, False)
        assert self._at is not None
        before = state_at(self._trainer.model, self[self._at.episode], self._at.step, self._trainer.device)
        with torch.no_grad():
            # A sequence of one step: by the same kernel, and so to the bit, as a sequence that runs in one go.
            logits, _, trace = self._trainer.model(sample.inputs, before, trace=True)
        observation = observe(self._spec, trace, sample, logits, self._trainer.task, phases=phases)
        if self._open is None or self._at != self._end_of(self._open):
            planned = self._planned()
            fed = None if planned is None else _numbers(planned)
            self._fork(observation.initial, self._deed(inputs, fed))
        assert self._open is not None
        self._own[self._open].append_steps(observation.columns)
        self._journal.append(observation.columns)
        self._at = self._end_of(self._open)
        return Step(self._open, self.position - 1, True)

    def edit(self, name: str, index: tuple[int, ...], value: float) -> tuple[float, float]:
        """Set one number of the state: a fork begins. Returns the number before and after. Raises CoreError."""
        fields = {field.name: field for field in self._spec.carried}
        if name not in fields:
            raise CoreError(f"a field of the state, {', '.join(fields)}, was wanted to edit; got {name!r}")
        shape = fields[name].shape
        if len(index) != len(shape) or not all(0 <= at < size for at, size in zip(index, shape, strict=True)):
            raise CoreError(f"an index into {name}, of shape {shape}, was wanted; got {list(index)}")
        initial = {each: values.copy() for each, values in self._carried().items()}
        before = float(initial[name][index])
        initial[name][index] = value
        self._fork(initial, deeds.of_edit(fields[name], index))
        return before, float(initial[name][index])

    def edit_rows(self, names: Sequence[str], row: int, values: Sequence[Sequence[float]]) -> None:
        """Set one row of several fields of the state, or what has no rows as a whole: a fork begins.

        Raises CoreError on a row that cannot be.
        """
        fields = {field.name: field for field in self._spec.carried}
        initial = {each: carried.copy() for each, carried in self._carried().items()}
        for name, numbers in zip(names, values, strict=True):
            if name not in fields:
                raise CoreError(f"a field of the state, {', '.join(fields)}, was wanted to edit; got {name!r}")
            shape = fields[name].shape
            if len(shape) not in (1, 2) or (len(shape) == 2 and row >= shape[0]) or len(numbers) != shape[-1]:
                raise CoreError(f"row {row} of {name}, of shape {shape}, cannot be set to {len(numbers)} numbers")
            initial[name][row if len(shape) == 2 else slice(None)] = numbers
        self._fork(initial, deeds.of_rows([fields[name] for name in names], row))

    def rewind(self, position: int) -> None:
        """Stand where so many steps of the line had run. Raises CoreError if fewer have."""
        if position > self.position:
            raise CoreError(
                f"{self.position} steps have run: a rewind goes to one of 0 to {self.position}; got {position}"
            )
        if self._line is not None and position < self.position:
            place = self._line.place(position - 1)
            self._stand(Lineage(self, place.episode), place)

    def rest(self) -> None:
        """End the episode that is being recorded, if one is."""
        if self._open is not None:
            self._journal.end()
        self._open = None

    @property
    def _count(self) -> int:
        """Episodes at hand, if they are counted from 0."""
        return max([len(self._past), *(index + 1 for index in self._own)])

    def _end_of(self, episode: int) -> Place:
        return Place(episode, len(self._own[episode]) - 1)

    def _stand(self, line: Lineage, place: Place) -> None:
        root = line.root
        if root.episode not in self._plans:
            self._plans[root.episode] = plans.of_root(self._trainer.task, root.source, self._trainer.device)
        self._line, self._at = line, place
        self.plan = self._plans[root.episode]

    def _fork(self, initial: Columns, what: str) -> None:
        """Open an episode that goes on from here."""
        assert self._at is not None
        seed = self[self._at.episode].info.seed
        self._begin(EpisodeInfo(EpisodeKind.FORK, seed=seed, label=what), initial, self._at)

    def _begin(self, info: EpisodeInfo, initial: Columns, parent: Place = _NOWHERE) -> int:
        """Open an episode and stand before its first step."""
        self.rest()
        iteration = self._trainer.iteration
        info = replace(
            info,
            iteration=iteration,
            parent=parent.episode,
            parent_step=parent.step,
            checkpoint=self._journal.checkpoint_of(iteration),
        )
        index = self._journal.begin(info, initial)
        if index is None:
            index = self._count
        elif index < 0:
            raise CoreError("the session did not take the step: its writer is behind or gone. Nothing has changed")
        self._own[index] = KeptEpisode(self._spec, info, initial)
        self._open, self._at, self._line = index, Place(index, -1), Lineage(self, index)
        return index

    def _known(self, inputs: Array) -> Place | None:
        """Where a step with this input ran before from here, if one did."""
        field = self._spec.with_role(Role.INPUT)
        assert field is not None
        for place in self._ran_from_here():
            ran = self._own[place.episode]
            if place.step < len(ran) and np.array_equal(ran.record(place.step)[field.name], inputs):
                return place
        return None

    def _ran_from_here(self) -> list[Place]:
        """The steps that may have run from here: the next one of the episode, the first ones of its forks."""
        at = self._at
        assert at is not None
        found = [Place(at.episode, at.step + 1)] if at.episode in self._own else []
        carried = self._carried()
        for index, episode in self._own.items():
            if (episode.info.parent, episode.info.parent_step) == at and _starts_from(episode, carried):
                found.append(Place(index, 0))
        return found

    def _carried(self) -> dict[str, Array]:
        """The carried fields where it stands."""
        assert self._at is not None
        return carried_at(self[self._at.episode], self._at.step)

    def _deed(self, inputs: Array, planned: Array | None) -> str:
        task = self._trainer.task
        if isinstance(task, deeds.Telling) and (planned is None or not np.array_equal(inputs, planned)):
            return task.deed(inputs)
        return deeds.of_input(inputs, planned, task.delimiter)

    def _planned(self) -> Sample | None:
        """What the task would feed here; None where its sequence is over."""
        at = self.position
        return None if at >= len(self.plan.inputs) else Sample(*(tensor[at : at + 1] for tensor in self.plan))

    def _next(self, given: tuple[float, ...] | None) -> tuple[Sample, Tensor]:
        """The step to run and what it is for: in the sequence it has a place, an input of one's own stands alone."""
        planned, task = self._planned(), self._trainer.task
        if given is None and planned is None:
            raise CoreError(
                f"all {len(self.plan.inputs)} steps of the sequence have run: rewind, reset, or give an input"
            )
        if given is not None:
            if len(given) != task.inputs:
                raise CoreError(f"an input of {task.name!r} has {task.inputs} numbers; got {len(given)}")
            inputs = torch.tensor(given, device=self._trainer.device).view(1, 1, -1)
            if planned is None or not torch.equal(planned.inputs, inputs):
                own = Sample(inputs, inputs.new_zeros(1, 1, task.outputs), inputs.new_zeros(1, 1))
                return own, task.phases(own)
        assert planned is not None
        return planned, task.phases(self.plan)[self.position : self.position + 1]


def _numbers(sample: Sample) -> Array:
    """The input of a sample of one step: (channels,)."""
    return on_host([sample.inputs])[0].reshape(-1)


def _starts_from(episode: KeptEpisode, carried: Columns) -> bool:
    """Whether an episode started from this state, unedited."""
    return all(np.array_equal(episode.initial(name), values, equal_nan=True) for name, values in carried.items())
