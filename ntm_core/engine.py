"""Trains a network and steps it by hand, as commands tell it. Has no thread, clock or socket: its user does."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from ntm_core import commands, events, seeding
from ntm_core.errors import CoreError
from ntm_core.journal import Journal
from ntm_core.observe import observe, trace_spec
from ntm_core.stepping import Stepper
from ntm_core.trace import EpisodeInfo, EpisodeKind
from ntm_core.training import TrainConfig, Trainer, Update, on_device, score

if TYPE_CHECKING:
    from ntm_core.commands import Command, Reset, Step
    from ntm_core.events import Event
    from ntm_core.network import MemoryNetwork
    from ntm_core.tasks import Task
    from ntm_core.trace import RecordingPolicy, Sink, TraceSpec

log = logging.getLogger(__name__)


class Engine:
    """One network, one task, one training.

    sink: takes metrics, checkpoints and episodes; without one nothing is kept.   policy: says which iterations are
    recorded; without one no episode of training is. With one, a sequence at batch 1 is recorded beside every checkpoint
    too: an episode that can be woken. An episode names a checkpoint only where that holds the very weights it ran on.
    """

    def __init__(
        self,
        model: MemoryNetwork[Any, Any],
        task: Task,
        *,
        config: TrainConfig | None = None,
        seed: int = 0,
        device: torch.device | str = "cpu",
        sink: Sink | None = None,
        policy: RecordingPolicy | None = None,
    ) -> None:
        self.model = model
        self.task = task
        self.spec: TraceSpec = trace_spec(model, task)
        self.trainer = Trainer(model, task, config, seed=seed, device=device)
        self._journal = Journal(sink, policy)
        self._stepper: Stepper | None = None
        self._is_solved = False
        self._failure: str | None = None

    @property
    def policy(self) -> RecordingPolicy | None:
        """Says which iterations are recorded; may be changed between commands."""
        return self._journal.policy

    @policy.setter
    def policy(self, policy: RecordingPolicy | None) -> None:
        self._journal.policy = policy

    def handle(self, command: Command) -> tuple[Event, ...]:
        """Carry out a command and tell what happened. A command that can't be carried out gives one `Failed`."""
        try:
            return tuple(self._carry_out(command))
        except CoreError as error:
            return (events.Failed(str(error)),)

    def _carry_out(self, command: Command) -> list[Event]:
        match command:
            case commands.Train():
                return self._train(command.iterations)
            case commands.Evaluate():
                return self._evaluate(command.lengths or self.task.test_lengths, command.sequences)
            case commands.Save():
                return self._save()
            case commands.Reset():
                return self._reset(command)
            case commands.Step():
                return self._step(command)
            case commands.Rewind():
                return self._rewind(command.step)

    def _train(self, iterations: int) -> list[Event]:
        if self._failure is not None:
            raise CoreError(self._failure)
        self._close_stepper()
        happened: list[Event] = []
        update = None
        for _ in range(iterations):
            happened += self._keep_due_checkpoint()
            recorded = self._journal.wants(self.trainer.iteration)
            update = self.trainer.step(recorded)
            self._journal.log(update.iteration, **update.figures)
            if update.not_finite is not None:
                return happened + self._stop(update)
            if recorded:
                self._record_update(update)
            if self.trainer.is_check_due:
                happened += self._check()
                if isinstance(happened[-1], events.Solved):
                    break
        assert update is not None
        happened.append(events.Trained(iteration=self.trainer.iteration, sequences=update.sequences, **update.figures))
        return happened

    def _check(self) -> list[Event]:
        check, iteration = self.trainer.check(), self.trainer.iteration
        criterion = self.task.criterion
        happened: list[Event] = [
            events.Evaluated(criterion.length, check.bit_error_rate, criterion.sequences, iteration)
        ]
        if check.is_solved and not self._is_solved:
            self._is_solved = True
            happened += self._keep_checkpoint()
            happened.append(events.Solved(iteration, self.trainer.sequences))
            log.info("solved %s after %d sequences", self.task.name, self.trainer.sequences)
        return happened

    def _stop(self, update: Update) -> list[Event]:
        what, iteration = update.not_finite, update.iteration
        self._failure = f"training stopped at iteration {iteration}: its {what} is not finite; start a new one"
        kept = self._keep_checkpoint()
        item = next((item for item, loss in enumerate(update.item_loss) if not math.isfinite(loss)), 0)
        if self._journal.records:
            # The update was not applied, so the same batch on the same weights goes wrong again.
            with torch.no_grad():
                logits, _, trace = self.model(update.sample.inputs, trace=True, items=slice(item, item + 1))
            update = replace(update, logits=logits, trace=trace)
            self._record_update(update, item, f"{what} not finite")
        return [*kept, events.NonFinite(iteration, str(what))]

    def _evaluate(self, lengths: tuple[int, ...], sequences: int) -> list[Event]:
        iteration = self.trainer.iteration
        seed = seeding.derive(seeding.EVALUATION, self.trainer.seed, iteration)
        return [
            events.Evaluated(length, self.trainer.evaluate(length, sequences, seed), sequences, iteration)
            for length in lengths
        ]

    def _save(self) -> list[Event]:
        if not self._journal.keeps:
            raise CoreError("a checkpoint is kept in a session, and this engine has none")
        if self._stepper is not None and self._journal.checkpoint_of(self.trainer.iteration) < 0:
            self._stepper.close()  # an episode is recorded beside the checkpoint, and only one can be open
        self._keep_checkpoint()
        index = self._journal.checkpoint_of(self.trainer.iteration)
        if index < 0:
            raise CoreError("the session did not take the checkpoint: its writer is behind or gone")
        return [events.Saved(index, self.trainer.iteration)]

    def _keep_due_checkpoint(self) -> list[Event]:
        return self._keep_checkpoint() if self._journal.is_checkpoint_due(self.trainer.iteration) else []

    def _keep_checkpoint(self) -> list[Event]:
        """Keep the weights of this iteration, unless they are kept already, beside an episode that can be woken."""
        index = self._journal.checkpoint(self.model, self.trainer.iteration)
        if index is None:
            return []
        self._record_evaluation()
        return [events.Saved(index, self.trainer.iteration)]

    def _record_update(self, update: Update, item: int = 0, label: str = "") -> None:
        assert update.trace is not None
        info = EpisodeInfo(
            kind=EpisodeKind.TRAIN,
            iteration=update.iteration,
            item=item,
            batch=len(update.item_loss),
            seed=update.seed,
            checkpoint=self._journal.checkpoint_of(update.iteration),
            label=label,
        )
        with self._journal.recording():
            items = slice(item, item + 1)
            observation = observe(self.spec, update.trace, update.sample.only(items), update.logits[:, items])
            self._journal.begin(info, observation)
            self._journal.end(loss=update.item_loss[item], wrong_bits=update.item_wrong_bits[item])

    def _record_evaluation(self) -> None:
        """Record one sequence of the criterion's length, run alone so that a rerun is exact to the bit."""
        if not self._journal.records:
            return
        iteration = self.trainer.iteration
        seed = seeding.derive(seeding.RECORDING, self.trainer.seed, iteration)
        info = EpisodeInfo(
            kind=EpisodeKind.EVAL, iteration=iteration, seed=seed, checkpoint=self._journal.checkpoint_of(iteration)
        )
        with self._journal.recording(), torch.no_grad():
            sample = self.task.sample(1, seeding.generator(seed), self.task.criterion.length)
            sample = on_device(sample, self.trainer.device)
            logits, _, trace = self.model(sample.inputs, trace=True)
            scores = score(logits, sample)
            self._journal.begin(info, observe(self.spec, trace, sample, logits))
            self._journal.end(loss=float(scores.loss), wrong_bits=float(scores.wrong_bits))

    def _reset(self, start: Reset) -> list[Event]:
        self._close_stepper()
        self._stepper = Stepper(self.trainer, self.spec, self._journal, start)
        return [*self._keep_checkpoint(), events.WasReset(start.seed, self._stepper.steps)]

    def _step(self, command: Step) -> list[Event]:
        stepper = self._begun()
        stepper.step(command.input)
        return [events.Stepped(stepper.position - 1)]

    def _rewind(self, step: int) -> list[Event]:
        self._begun().rewind(step)
        return [events.Rewound(step)]

    def _begun(self) -> Stepper:
        if self._stepper is None:
            raise CoreError("there is no sequence to step through: reset first")
        return self._stepper

    def _close_stepper(self) -> None:
        if self._stepper is not None:
            self._stepper.close()
        self._stepper = None
