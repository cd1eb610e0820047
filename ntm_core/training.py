"""Learning a task: one update at a time, and how to tell that it is learned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ntm_core import checks, kernels, registry, seeding, step_gradients
from ntm_core.errors import ConfigError
from ntm_core.model_config import Kernel
from ntm_core.parallel import Group
from ntm_core.rmsprop import RMSProp
from ntm_core.tasks.task import Sample
from ntm_core.train_config import TrainConfig
from ntm_core.training_state import TrainingState, by_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ntm_core.network import MemoryNetwork, Trace
    from ntm_core.tasks import Task, Trial


FIGURES = ("loss", "wrong_bits", "bit_error_rate", "bits_per_sequence", "gradient_norm", "learning_rate")
"""The numbers of an update that everybody who follows a training gets."""

MOST_SKIPPED_IN_A_ROW = 20
"""Updates skipped one after another at which training stops: a batch may be bad, but not one after another."""

RECORDED = slice(0, 1)
"""The sequences of a batch that a trace keeps: to stack the others too would cost training more than recording may."""


class Scores(NamedTuple):
    """How well each sequence of a batch went, (batch,) each."""

    loss: Tensor
    """Cross-entropy in nats, mean over the scored bits."""
    wrong_bits: Tensor
    """Scored bits on the wrong side of one half."""
    bits: Tensor
    """Scored bits."""


class Result(NamedTuple):
    """How well a network did on fresh sequences."""

    bit_error_rate: float
    """Share of wrong bits among the scored ones."""
    bits_per_sequence: float
    """Cross-entropy, mean over the sequences."""
    excess_bits: float
    """Of those, what is above the task's optimum."""


class Check(NamedTuple):
    """One look at whether a task is solved."""

    result: Result
    """On the criterion's sequences."""
    is_solved: bool
    """Whether this was the last of enough good checks in a row."""


@dataclass(frozen=True, slots=True, eq=False)
class Update:
    """One iteration of training. Its figures belong to the weights before the update, as its trace does."""

    iteration: int
    """Batches drawn before this one."""
    sequences: int
    """Sequences seen, these included."""
    loss: float
    """Cross-entropy in nats, mean over the scored bits of the batch."""
    wrong_bits: float
    """Mean over the sequences of the batch."""
    bit_error_rate: float
    """Share of wrong bits among all scored bits of the batch."""
    bits_per_sequence: float
    """Cross-entropy in bits, summed over a sequence and averaged over the batch."""
    gradient_norm: float
    """Before clipping."""
    learning_rate: float
    seed: int
    """Of the generator that drew the batch."""
    item_loss: tuple[float, ...]
    item_wrong_bits: tuple[float, ...]
    sample: Sample
    """On the device it ran on."""
    logits: Tensor
    """Of this process's share of the batch: (time, share, outputs), detached."""
    trace: Trace[Any, Any] | None
    """Of the sequences RECORDED."""
    step_gradients: Mapping[str, Tensor] | None = None
    """Of the first sequence of the trace, by its own loss; where they were wanted and a trace too."""

    @property
    def figures(self) -> dict[str, float]:
        """What is told and logged of it, by name."""
        return {name: getattr(self, name) for name in FIGURES}

    @property
    def not_finite(self) -> str | None:
        """What went wrong, or None. Such an update was skipped."""
        if not math.isfinite(self.loss):
            return "loss"
        return None if math.isfinite(self.gradient_norm) else "gradient"


class Trainer:
    """Updates a network's weights in place. Equal seeds give equal updates, to the bit on a CPU.

    The batch of an iteration depends on the seed and the iteration alone, so it can be drawn again. An iteration whose
    loss or gradient is not finite is skipped: it counts, as do its sequences, and changes neither the weights nor what
    the optimiser remembers. So the next one draws another batch, and all else is as if the bad one had not been drawn.
    """

    def __init__(
        self,
        model: MemoryNetwork[Any, Any],
        task: Task,
        config: TrainConfig | None = None,
        *,
        seed: int = 0,
        device: torch.device | str = "cpu",
        group: Group | None = None,
    ) -> None:
        checks.whole("seed", seed, at_least=0)
        self.model = model.to(device)
        self.task = task
        self.config = config or TrainConfig()
        _check_steps(model, self.config)
        self.seed = seed
        self.device = torch.device(device)
        self.group = group or Group()
        self._share = self.group.share(self.config.batch)
        self.iteration = 0
        self.sequences = 0
        self.skipped = 0
        """Iterations whose update was not applied."""
        self.skipped_in_a_row = 0
        """The last so many of them."""
        self.is_solved = False
        """Whether enough checks in a row were good, once."""
        self._next_check = self.config.check_sequences
        self._good_checks = 0
        self._optimizer = RMSProp(self.model, alpha=self.config.alpha, momentum=self.config.momentum)
        self._judge = kernels.judge_of(model, self.device) or judge
        self.group.agree([*model.parameters(), *model.buffers()])

    def step(self, record: bool = False) -> Update:
        """Run a fresh batch and apply its update; skip that where the loss or the gradient is not finite.

        record: have the trace of the first sequence of this process's share. Raises ProcessError where another process
        of the group is gone, ConfigError where the network has no weights; then nothing has changed.
        """
        config = self.config
        if next(self.model.parameters(), None) is None:
            raise ConfigError(
                f"a network that learns, one of {checks.listed(registry.models())}, was wanted; got "
                f"{self.model.name!r}, which is worked by hand"
            )
        learning_rate = config.learning_rate_at(self.sequences)
        seed = seeding.derive(seeding.TRAINING, self.seed, self.iteration)
        sample = on_device(self.task.sample(config.batch, seeding.generator(seed)), self.device)
        share = sample if self.group.size == 1 else sample.only(self._share)
        watched = step_gradients.run(self.model, share.inputs, RECORDED) if record and config.step_gradients else None
        if watched is None:
            logits, _, trace = self.model(share.inputs, trace=record, items=RECORDED)
        else:
            logits, trace = watched.logits, watched.trace
        scores, slopes = self._judge(logits.detach(), share.targets, share.mask)
        # By the scored bits of the whole batch: the gradients of all shares add up to that of its mean.
        slopes /= sample.mask.sum() * logits.shape[-1]
        self._optimizer.forget_gradient()
        # Not by naming the slopes to `backward`: torch then loads SymPy, for most of a second.
        torch.autograd.backward(torch.dot(logits.reshape(-1), slopes.reshape(-1)))
        gradient = self._optimizer.join_gradient()
        joint = self.group.summed([gradient], scores)
        # The one value that waits for the device: all figures of the update together.
        figures = torch.cat((joint.flatten(), gradient.norm().view(1))).tolist()
        gradient_norm = figures.pop()
        item_loss, item_wrong_bits, item_bits = (
            tuple(each) for each in zip(*[iter(figures)] * config.batch, strict=True)
        )
        item_nats = [loss * bits for loss, bits in zip(item_loss, item_bits, strict=True)]
        update = Update(
            iteration=self.iteration,
            sequences=self.sequences + config.batch,
            loss=sum(item_nats) / sum(item_bits),
            wrong_bits=sum(item_wrong_bits) / config.batch,
            bit_error_rate=sum(item_wrong_bits) / sum(item_bits),
            bits_per_sequence=sum(item_nats) / config.batch / math.log(2),
            gradient_norm=gradient_norm,
            learning_rate=learning_rate,
            seed=seed,
            item_loss=item_loss,
            item_wrong_bits=item_wrong_bits,
            sample=sample,
            logits=logits.detach(),
            trace=trace,
            step_gradients=None if watched is None else _of_own_loss(watched.norms(RECORDED.start), item_bits),
        )
        if update.not_finite is None:
            self._optimizer.update(gradient, gradient_norm, clip_norm=config.clip_norm, learning_rate=learning_rate)
        self.skipped_in_a_row = 0 if update.not_finite is None else self.skipped_in_a_row + 1
        self.skipped += update.not_finite is not None
        self.iteration += 1
        self.sequences = update.sequences
        return update

    @property
    def is_check_due(self) -> bool:
        """Whether enough sequences were seen since the last check."""
        return self.sequences >= self._next_check

    def check(self) -> Check:
        """Try the task's criterion on fresh sequences, the same for equal seeds and iterations."""
        criterion = self.task.criterion
        seed = seeding.derive(seeding.CHECK, self.seed, self.iteration)
        result = Result(
            *self.group.from_first(
                lambda: self.evaluate(criterion.trial, criterion.sequences, seed), len(Result._fields)
            )
        )
        is_good = result.bit_error_rate <= criterion.most_wrong and result.excess_bits <= criterion.most_excess
        self._good_checks = self._good_checks + 1 if is_good else 0
        self._next_check = self.sequences + self.config.check_sequences
        is_solved = self._good_checks >= criterion.checks
        self.is_solved = self.is_solved or is_solved
        return Check(result, is_solved)

    def evaluate(self, trial: Trial, sequences: int, seed: int) -> Result:
        """How well the network does on so many fresh sequences of a trial, which `seed` and nothing else decides."""
        drawn = self.task.sample(sequences, seeding.generator(seed), **trial.sizes)
        sample = on_device(drawn, self.device)
        with torch.no_grad():
            logits, _, _ = self.model(sample.inputs)
            scores = score(logits, sample)
            totals = ((scores.loss * scores.bits).sum(), scores.wrong_bits.sum(), scores.bits.sum())
            nats, wrong, bits = torch.stack(totals).tolist()
        per_sequence = nats / sequences / math.log(2)
        optimum = self.task.optimum(drawn)
        best = 0.0 if optimum is None else float(optimum.mean())
        return Result(wrong / bits, per_sequence, per_sequence - best)

    def state(self) -> TrainingState:
        """Where it stands: with the weights all that `restore` needs to go on to the bit. A copy."""
        return TrainingState(
            iteration=self.iteration,
            sequences=self.sequences,
            next_check=self._next_check,
            good_checks=self._good_checks,
            skipped=self.skipped,
            skipped_in_a_row=self.skipped_in_a_row,
            is_solved=self.is_solved,
            seed=self.seed,
            config=self.config.to_json(),
            optimizer=self._optimizer.state(),
        )

    def restore(self, state: TrainingState) -> None:
        """Go on where another trainer of these weights stood; with other settings or another seed if it has them.

        Raises CheckpointError where what the optimiser kept does not fit the weights.
        """
        kept = by_parameter(state.optimizer, self.model, has_momentum=self.config.momentum > 0)
        self._optimizer.restore(kept)
        self.iteration, self.sequences = state.iteration, state.sequences
        self._next_check, self._good_checks, self.is_solved = state.next_check, state.good_checks, state.is_solved
        self.skipped = state.skipped
        self.skipped_in_a_row = (
            state.skipped_in_a_row % MOST_SKIPPED_IN_A_ROW
        )  # one that gave up may try as often again


def _of_own_loss(norms: Mapping[str, Tensor], bits: Sequence[float]) -> dict[str, Tensor]:
    """From the mean over the scored bits of a batch to that over those of its first sequence."""
    return {name: norm * (sum(bits) / bits[0]) for name, norm in norms.items()}


def _check_steps(model: MemoryNetwork[Any, Any], config: TrainConfig) -> None:
    """Raise ConfigError where gradients of steps are wanted of a network that does not take its steps one by one."""
    kernel = getattr(model.config, "kernel", Kernel.EAGER)
    if config.step_gradients and kernel is not Kernel.EAGER:
        raise ConfigError(
            f"step_gradients are taken from a network's own steps, so kernel 'eager' was wanted; got {kernel.value!r}"
        )


def score(logits: Tensor, sample: Sample) -> Scores:
    """Compare outputs with targets where the mask says so.

    logits: (time, batch, outputs).   Raises nothing; a sequence without a scored step scores NaN.
    """
    mask = sample.mask.unsqueeze(-1)
    nats = functional.binary_cross_entropy_with_logits(logits, sample.targets, reduction="none") * mask
    wrong = ((logits > 0) != (sample.targets > 0.5)) * mask
    bits = sample.mask.sum(0) * logits.shape[-1]
    return Scores(nats.sum((0, 2)) / bits, wrong.sum((0, 2)), bits)


def slope(logits: Tensor, sample: Sample) -> Tensor:
    """The gradient of the cross-entropy, in nats, summed over all scored bits: (time, batch, outputs), as logits."""
    return (torch.sigmoid(logits) - sample.targets) * sample.mask.unsqueeze(-1)


def judge(logits: Tensor, targets: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """`score` and `slope` at once: see `kernels.Judge`."""
    sample = Sample(logits, targets, mask)
    return torch.stack(score(logits, sample)), slope(logits, sample)


def on_device(sample: Sample, device: torch.device) -> Sample:
    """The same batch there."""
    return type(sample)(*(tensor.to(device, non_blocking=True) for tensor in sample))
