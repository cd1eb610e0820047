"""Trains a network and steps it by hand, as commands tell it. Has no thread, clock or socket: its user does."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ntm_core import checks, commands, events, seeding
from ntm_core.diagnostics import of_iteration
from ntm_core.errors import CoreError
from ntm_core.journal import Journal, keeps_skipped
from ntm_core.lineage import Place
from ntm_core.observe import observe, trace_spec
from ntm_core.stepping import Stepper
from ntm_core.tasks import Trial
from ntm_core.trace import EpisodeInfo, EpisodeKind
from ntm_core.training import MOST_SKIPPED_IN_A_ROW, Trainer, Update, on_device, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntm_core.commands import Command, Edit, EditRows, Reset
    from ntm_core.events import Event
    from ntm_core.network import MemoryNetwork
    from ntm_core.parallel import Group
    from ntm_core.tasks import Task
    from ntm_core.trace import RecordingPolicy, Sink, Source, TraceSpec
    from ntm_core.train_config import TrainConfig
    from ntm_core.training_state import TrainingState

DIAGNOSED_EVERY = 10
"""Of so many iterations, the first that is recorded is looked at for how it uses the memory: that takes longer than to
record it."""
log = logging.getLogger(__name__)


class Weights(NamedTuple):
    """The place of a network's weights in the training that made them."""

    iteration: int
    checkpoint: int = -1
    """Their index in the sink's session; -1 where it does not have them."""


class Engine:
    """One network, one task, one training.

    sink: takes metrics, checkpoints and episodes; without one nothing is kept.   policy: says which iterations are
    recorded; without one no episode of training is. With one, a sequence at batch 1 is recorded beside every checkpoint
    too: an episode that can be woken. An episode names a checkpoint only where that holds the very weights it ran on.
    past: episodes that it can wake, each of which this network ran; what is run by hand is counted on from them, or
    by the sink.   weights: which ones of a training the model has, where it was not made here.   training: where the
    training of these weights stood, to go on with it; raises CheckpointError where it is not of these weights.   group:
    the processes that train together, each with an engine; only the first one has a sink.
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
        past: Sequence[Source] = (),
        weights: Weights | None = None,
        training: TrainingState | None = None,
        group: Group | None = None,
    ) -> None:
        self.model = model
        self.task = task
        self.trainer = Trainer(model, task, config, seed=seed, device=device, group=group)
        self.spec: TraceSpec = trace_spec(model, task, has_gradients=self.trainer.config.step_gradients)
        self._journal = Journal(sink, policy)
        if weights is not None:
            self.trainer.iteration = weights.iteration
            self._journal.know(weights.checkpoint, weights.iteration)
        if training is not None:
            self.trainer.restore(training)
        self._past = past
        self._stepper = self._new_stepper()
        self._failure: str | None = None
        self._diagnosed = -1
        """The ten iterations of which one was looked at for how it uses the memory."""

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

    def rest(self) -> None:
        """End the episode that is being recorded by hand, if one is: somebody else uses the sink now."""
        self._stepper.rest()

    @property
    def sink(self) -> Sink | None:
        """What takes its metrics, checkpoints and episodes."""
        return self._journal.sink

    @property
    def line(self) -> Source | None:
        """The line of steps that it stands on; None before a sequence is drawn or an episode woken."""
        return self._stepper.line

    @property
    def position(self) -> int:
        """Steps of the line that have run where it stands."""
        return self._stepper.position

    def _carry_out(self, command: Command) -> list[Event]:
        match command:
            case commands.Train():
                return self._train(command.iterations)
            case commands.Evaluate():
                return self._evaluate(self._trials(command), command.sequences)
            case commands.Save():
                return self._save()
            case commands.Reset():
                return self._reset(command)
            case commands.Wake():
                return self._wake(Place(command.episode, command.step))
            case commands.Step():
                return self._step(command.input)
            case commands.Run():
                return self._run(command.steps)
            case commands.Edit():
                return self._edit(command)
            case commands.EditRows():
                return self._edit_rows(command)
            case commands.Rewind():
                self._begun().rewind(command.step)
                return [events.Rewound(command.step)]

    def _train(self, iterations: int) -> list[Event]:
        if self._failure is not None:
            raise CoreError(self._failure)
        self._stepper.rest()
        self._stepper = self._new_stepper()  # what ran by hand ran on other weights
        happened: list[Event] = []
        update = None
        for _ in range(iterations):
            happened += self._keep_due_checkpoint()
            recorded = self._journal.wants(self.trainer.iteration)
            update = self.trainer.step(recorded)
            is_skipped = update.not_finite is not None
            skips = {"skipped": self.trainer.skipped} if is_skipped else {}
            seen = self._record_update(update) if recorded and not is_skipped else {}
            self._journal.log(update.iteration, **update.figures, **skips, **seen)
            news = self._check() if self.trainer.is_check_due else []
            if is_skipped:
                news += self._skip(update, recorded)
            happened += news
            if self.trainer.group.is_ending or any(isinstance(event, events.Solved | events.GaveUp) for event in news):
                break
        assert update is not None
        happened.append(events.Trained(iteration=self.trainer.iteration, sequences=update.sequences, **update.figures))
        return happened

    def _check(self) -> list[Event]:
        was_solved = self.trainer.is_solved
        check, iteration = self.trainer.check(), self.trainer.iteration
        criterion = self.task.criterion
        happened: list[Event] = [events.Evaluated(criterion.trial.name, *check.result, criterion.sequences, iteration)]
        if check.is_solved and not was_solved:
            happened += self._keep_checkpoint()
            happened.append(events.Solved(iteration, self.trainer.sequences))
            log.info("solved %s after %d sequences", self.task.name, self.trainer.sequences)
        return happened

    def _skip(self, update: Update, recorded: bool) -> list[Event]:
        """Tell of an update that was not applied, and keep its batch while there are few of them."""
        trainer, what = self.trainer, str(update.not_finite)
        self._journal.know_unchanged(trainer.iteration)
        is_kept = keeps_skipped(trainer.skipped)
        gives_up = trainer.skipped_in_a_row >= MOST_SKIPPED_IN_A_ROW
        happened: list[Event] = []
        if gives_up or (is_kept and self._journal.checkpoint_of(trainer.iteration) < 0):
            happened += self._keep_checkpoint()
        if (is_kept or recorded) and self._journal.records:
            self._record_skipped(update, what)
        happened.append(events.NonFinite(update.iteration, what, trainer.skipped, is_kept))
        if gives_up:
            self._failure = (
                f"training stopped after iteration {update.iteration}: the loss or gradient of "
                f"{trainer.skipped_in_a_row} batches in a row was not finite, and none of them changed the weights; "
                "train on from those with a smaller learning rate, or anew from another seed"
            )
            happened.append(events.GaveUp(update.iteration, self._failure))
        return happened

    def _record_skipped(self, update: Update, what: str) -> None:
        """Record the sequence that went wrong: run again on the same weights, its batch goes wrong again."""
        item = next((item for item, loss in enumerate(update.item_loss) if not math.isfinite(loss)), 0)
        with torch.no_grad():
            logits, _, trace = self.model(update.sample.inputs, trace=True, items=slice(item, item + 1))
        self._record_update(
            replace(update, logits=logits, trace=trace, step_gradients=None), item, f"{what} not finite"
        )

    def _trials(self, command: commands.Evaluate) -> tuple[Trial, ...]:
        """Those that a command measures on."""
        if command.lengths:
            others = self.task.criterion.trial.sizes
            return tuple(Trial(str(length), {**others, "length": length}) for length in command.lengths)
        by_name = {trial.name: trial for trial in self.task.trials}
        checks.known(f"a trial of task {self.task.name!r}", command.trials, by_name)
        return tuple(by_name[name] for name in command.trials) or self.task.trials

    def _evaluate(self, trials: tuple[Trial, ...], sequences: int) -> list[Event]:
        iteration = self.trainer.iteration
        seed = seeding.derive(seeding.EVALUATION, self.trainer.seed, iteration)
        return [
            events.Evaluated(trial.name, *self.trainer.evaluate(trial, sequences, seed), sequences, iteration)
            for trial in trials
        ]

    def _save(self) -> list[Event]:
        if not self._journal.keeps:
            raise CoreError("a checkpoint is kept in a session, and this engine has none")
        if self._journal.checkpoint_of(self.trainer.iteration) < 0:
            self._stepper.rest()  # an episode is recorded beside the checkpoint, and only one can be open
        self._keep_checkpoint()
        index = self._journal.checkpoint_of(self.trainer.iteration)
        if index < 0:
            raise CoreError("the session did not take the checkpoint: its writer is behind or gone")
        return [events.Saved(index, self.trainer.iteration)]

    def _keep_due_checkpoint(self) -> list[Event]:
        return self._keep_checkpoint() if self._journal.is_checkpoint_due(self.trainer.iteration) else []

    def _keep_checkpoint(self) -> list[Event]:
        """Keep the weights of this iteration, unless they are kept already, beside an episode that can be woken."""
        index = self._journal.checkpoint(self.trainer)
        if index is None:
            return []
        self._record_evaluation()
        return [events.Saved(index, self.trainer.iteration)]

    def _record_update(self, update: Update, item: int = 0, label: str = "") -> dict[str, float]:
        """Returns how the sequence used the memory, to be logged beside the figures of its iteration; or nothing."""
        assert update.trace is not None
        # A skipped update left the weights as they were, and a checkpoint may have been kept of them since.
        weights_of = update.iteration if update.not_finite is None else self.trainer.iteration
        info = EpisodeInfo(
            kind=EpisodeKind.TRAIN,
            iteration=update.iteration,
            item=item,
            batch=len(update.item_loss),
            seed=update.seed,
            checkpoint=self._journal.checkpoint_of(weights_of),
            label=label,
        )
        with self._journal.recording():
            items = slice(item, item + 1)
            observation = observe(
                self.spec,
                update.trace,
                update.sample.only(items),
                update.logits[:, items],
                self.task,
                gradients=update.step_gradients,
            ).trimmed()
            figures = {"loss": update.item_loss[item], "wrong_bits": update.item_wrong_bits[item]}
            self._journal.write(info, observation, **figures)
            turn = update.iteration // DIAGNOSED_EVERY
            if label or turn == self._diagnosed:
                return {}
            self._diagnosed = turn
            return of_iteration(self.spec, observation.initial, observation.columns)

    def _record_evaluation(self) -> None:
        """Record one sequence of the criterion's sizes, run alone so that a rerun is exact to the bit."""
        if not self._journal.records:
            return
        iteration = self.trainer.iteration
        seed = seeding.derive(seeding.RECORDING, self.trainer.seed, iteration)
        info = EpisodeInfo(
            kind=EpisodeKind.EVAL, iteration=iteration, seed=seed, checkpoint=self._journal.checkpoint_of(iteration)
        )
        with self._journal.recording(), torch.no_grad():
            sizes = self.task.criterion.trial.sizes
            sample = on_device(self.task.sample(1, seeding.generator(seed), **sizes), self.trainer.device)
            logits, _, trace = self.model(sample.inputs, trace=True)
            scores = score(logits, sample)
            observation = observe(self.spec, trace, sample, logits, self.task)
            self._journal.write(info, observation, loss=float(scores.loss), wrong_bits=float(scores.wrong_bits))

    def _reset(self, start: Reset) -> list[Event]:
        self._stepper.rest()
        kept = self._keep_checkpoint()
        episode = self._stepper.reset(start.seed, start.length)
        return [*kept, events.WasReset(start.seed, len(self._stepper.plan.inputs), episode), self._planned()]

    def _wake(self, place: Place) -> list[Event]:
        before = self._stepper.plan
        self._stepper.wake(place)
        woken = events.Woken(place.episode, self._stepper.position - 1)
        return [woken] if self._stepper.plan is before else [woken, self._planned()]

    def _step(self, given: tuple[float, ...] | None) -> list[Event]:
        episode = self._stepper.open
        step = self._begun().step(given)
        return [*self._forked(episode), events.Stepped(step.episode, step.step, is_new=step.is_new)]

    def _run(self, steps: int | None) -> list[Event]:
        stepper, episode = self._begun(), self._stepper.open
        left = len(stepper.plan.inputs) - stepper.position
        count = max(1, left if steps is None else min(steps, left))
        ran = [stepper.step(None) for _ in range(count)]
        is_new = any(step.is_new for step in ran)
        return [*self._forked(episode), events.Stepped(ran[-1].episode, ran[-1].step, count, is_new)]

    def _edit(self, command: Edit) -> list[Event]:
        episode = self._stepper.open
        before, after = self._begun().edit(command.field, command.index, command.value)
        return [events.Edited(command.field, command.index, before, after), *self._forked(episode)]

    def _edit_rows(self, command: EditRows) -> list[Event]:
        episode = self._stepper.open
        self._begun().edit_rows(command.fields, command.row, command.values)
        return self._forked(episode)

    def _forked(self, before: int | None) -> list[Event]:
        """That another episode takes the steps now than before, if so."""
        episode = self._stepper.open
        if episode is None or episode == before:
            return []
        info = self._stepper[episode].info
        return [events.Forked(episode, info.parent, info.parent_step, info.label)]

    def _planned(self) -> Event:
        inputs, targets, scored = (tensor[:, 0].tolist() for tensor in self._stepper.plan)
        rows = [tuple(tuple(row) for row in each) for each in (inputs, targets)]
        phases = tuple(self.task.phases(self._stepper.plan)[:, 0].tolist())
        line = self._stepper.line
        assert line is not None
        return events.Planned(line.root.episode, rows[0], rows[1], tuple(scored), phases, self.task.delimiter)

    def _new_stepper(self) -> Stepper:
        return Stepper(self.trainer, self.spec, self._journal, self._past)

    def _begun(self) -> Stepper:
        if not self._stepper.has_begun:
            raise CoreError("there is no sequence to step through: reset, or wake an episode, first")
        return self._stepper
