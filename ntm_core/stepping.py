"""One sequence, worked through by hand: forward a step at a time, and back to any step before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ntm_core import seeding
from ntm_core.errors import CoreError
from ntm_core.network import Trace
from ntm_core.observe import observe
from ntm_core.tasks import Sample
from ntm_core.trace import EpisodeInfo, EpisodeKind
from ntm_core.training import on_device

if TYPE_CHECKING:
    from ntm_core.commands import Reset
    from ntm_core.journal import Journal
    from ntm_core.observe import Observation
    from ntm_core.trace import TraceSpec
    from ntm_core.training import Trainer


class Stepper:
    """Runs a network at batch 1 and keeps every state it went through, so that going back computes nothing.

    Its steps are recorded as one episode; the first step after a rewind starts a new one, a fork, that names the
    episode whose step it goes on from.
    """

    def __init__(self, trainer: Trainer, spec: TraceSpec, journal: Journal, start: Reset) -> None:
        self._trainer = trainer
        self._spec = spec
        self._journal = journal
        self._seed = start.seed
        sample = trainer.task.sample(1, seeding.generator(start.seed), start.length)
        self._sample = on_device(sample, trainer.device)
        with torch.no_grad():
            self._states = [trainer.model.initial_state(1)]
        self._made_by = [(-1, -1)]
        """Episode and its step that computed each state; the first state is that before the first episode's start."""
        self._episode: int | None = None
        self._recorded = 0

    @property
    def steps(self) -> int:
        """Of the drawn sequence."""
        return len(self._sample.inputs)

    @property
    def position(self) -> int:
        """Steps that have run."""
        return len(self._states) - 1

    def step(self, given: tuple[float, ...] | None) -> None:
        """Run one step on the next input of the sequence, or on the given one, which has no target.

        Raises CoreError at the end of the sequence, and on an input of the wrong size.
        """
        sample = self._next() if given is None else self._unscored(given)
        before = self._states[-1]
        with torch.no_grad():
            logits, after, view = self._trainer.model.step(sample.inputs[0], before)
        trace = Trace(before, type(view)(*(tensor.unsqueeze(0) for tensor in view)))
        self._record(observe(self._spec, trace, sample, logits.unsqueeze(0)))
        self._states.append(after)
        assert self._episode is not None
        self._made_by.append((self._episode, self._recorded - 1))

    def rewind(self, position: int) -> None:
        """Stand where so many steps had run. Raises CoreError if fewer have."""
        if position > self.position:
            raise CoreError(
                f"{self.position} steps have run: a rewind goes to one of 0 to {self.position}; got {position}"
            )
        if position < self.position:
            self.close()
        del self._states[position + 1 :], self._made_by[position + 1 :]

    def close(self) -> None:
        """End the episode that is being recorded, if one is."""
        if self._episode is not None:
            self._journal.end()
        self._episode = None

    def _record(self, observation: Observation) -> None:
        self._recorded += 1
        if self._episode is not None:
            self._journal.append(observation)
            return
        parent, parent_step = self._made_by[-1]
        is_first = parent < 0
        info = EpisodeInfo(
            kind=EpisodeKind.MANUAL if is_first else EpisodeKind.FORK,
            iteration=self._trainer.iteration,
            seed=self._seed,
            parent=parent,
            parent_step=parent_step,
            checkpoint=self._journal.checkpoint_of(self._trainer.iteration),
        )
        self._episode, self._recorded = self._journal.begin(info, observation), 1
        if is_first:
            self._made_by[0] = (self._episode, -1)

    def _next(self) -> Sample:
        if self.position >= self.steps:
            raise CoreError(f"all {self.steps} steps of the sequence have run: rewind, reset, or give an input")
        return Sample(*(tensor[self.position : self.position + 1] for tensor in self._sample))

    def _unscored(self, given: tuple[float, ...]) -> Sample:
        task = self._trainer.task
        if len(given) != task.inputs:
            raise CoreError(f"an input of {task.name!r} has {task.inputs} numbers; got {len(given)}")
        inputs = torch.tensor(given, device=self._trainer.device).view(1, 1, -1)
        return Sample(inputs, inputs.new_zeros(1, 1, task.outputs), inputs.new_zeros(1, 1))
