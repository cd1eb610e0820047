"""How fast a network learns and answers: step by step, by its kernel, and beside the package `dnc` from PyPI.

All contestants take their turns in one process, round by round: what slows the machine down for a while slows them all.
A ratio is of two turns of one round; so ratios can be trusted where times cannot.
"""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import torch
from torch.nn import functional

from ntm_core import kernels, models, seeding, tasks
from ntm_core.kernels import threads
from ntm_core.model_config import Kernel
from ntm_core.train_config import TrainConfig
from ntm_core.training import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import Tensor, nn

    from ntm_core.network import MemoryNetwork
    from ntm_core.tasks import Task

Call: TypeAlias = "Callable[[], object]"
PEER, EAGER, FUSED = "dnc", "eager", "fused"
"""The contestants: the package `dnc`, the network's own steps, its kernel."""


class Work(StrEnum):
    """What is done again and again, to a batch of sequences that are all of one length."""

    TRAINING = "training step"
    """As ntmviz trains: `Trainer.step`. The package `dnc`, which has no trainer, does as in SCRIPT."""
    SCRIPT = "training script"
    """As in a script of one's own: draw a batch, `model(sequences)`, a loss, `backward()` and an optimiser of torch."""
    INFERENCE = "inference"
    """The answers to a batch, without gradients."""


@dataclass(frozen=True, slots=True)
class Contest:
    """What is measured, and how long."""

    model: str
    batches: tuple[int, ...]
    length: int
    """Vectors of a sequence of copy, which has 2 length + 1 steps."""
    threads: int
    """That a contestant may use: of torch one or all of them, whichever serves it better, of the kernels all."""
    rounds: int
    turn_s: float
    """Seconds that a contestant's turn in a round takes, or one call if that takes longer."""

    def __post_init__(self) -> None:
        assert self.rounds > 1, "there is no spread of one round"


class Spread(NamedTuple):
    """The middle half of some numbers, and their middle."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of work on batches of one size."""

    work: Work
    batch: int
    seconds: Mapping[str, Sequence[float]]
    """Of one call, in each round, by contestant."""

    @property
    def base(self) -> str:
        """The contestant that the others are compared with: `dnc` if it is there."""
        return next(iter(self.seconds))

    def median_s(self, name: str) -> float:
        """What a call takes, in seconds."""
        return median(self.seconds[name])

    def times(self, name: str) -> Spread:
        """How many times as fast a contestant is as the base."""
        pairs = zip(self.seconds[self.base], self.seconds[name], strict=True)
        return Spread(*quantiles([base / own for base, own in pairs], n=4, method="inclusive"))

    def to_json(self) -> dict[str, dict[str, float]]:
        """The figures of each contestant."""
        return {
            name: {"ms": 1e3 * self.median_s(name), "sequences_per_s": self.batch / self.median_s(name)}
            | {f"times_{self.base}": (spread := self.times(name)).middle, "low": spread.low, "high": spread.high}
            for name in self.seconds
        }


def peer() -> str | None:
    """The version of the package `dnc` that is installed; None where there is none."""
    try:
        return version(PEER)
    except PackageNotFoundError:
        return None


def measure(contest: Contest) -> Iterator[Row]:
    """The rows of each size of batch, as they are known. Raises ConfigError on a model or a size that cannot be.

    A kernel that there is not is left out, and the logger says why.
    """
    for batch in contest.batches:
        calls = _contestants(contest, batch)
        with _on_threads(contest.threads):
            seconds = _interleaved(list(dict.fromkeys(calls.values())), contest)
        for work in Work:
            yield Row(work, batch, {name: seconds[call] for (kind, name), call in calls.items() if kind is work})


def _contestants(contest: Contest, batch: int) -> dict[tuple[Work, str], Call]:
    task = tasks.build("copy", min_length=contest.length, max_length=contest.length)
    example = task.sample(batch, seeding.generator(0)).inputs
    found: dict[tuple[Work, str], Call] = {}
    if peer() is not None:
        script = _script(*_peer_of(contest.model, task), task, batch)
        found[Work.TRAINING, PEER] = found[Work.SCRIPT, PEER] = script
        found[Work.INFERENCE, PEER] = _inference(*_peer_of(contest.model, task), example)
    for name, kernel in ((EAGER, Kernel.EAGER), (FUSED, Kernel.FUSED)):
        own = [
            models.build(contest.model, task.inputs, task.outputs, seed=0, kernel=kernel.value)
            for _ in range(len(Work))
        ]
        if kernel is Kernel.FUSED and kernels.chosen(own[0], example, own[0].initial_state(batch)) is None:
            break
        found[Work.TRAINING, name] = Trainer(own[0], task, TrainConfig(batch=batch)).step
        found[Work.SCRIPT, name] = _script(own[1], _answers_of(own[1]), task, batch)
        found[Work.INFERENCE, name] = _inference(own[2], _answers_of(own[2]), example)
    return found


def _answers_of(model: MemoryNetwork[Any, Any]) -> Callable[[Tensor], Tensor]:
    def answers(inputs: Tensor) -> Tensor:
        logits: Tensor = model(inputs)[0]
        return logits

    return answers


def _peer_of(name: str, task: Task) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    """A network of the package `dnc` of the sizes that one of ours has, and what answers by it."""
    import dnc

    sizes: Any = models.build(name, task.inputs, task.outputs).config
    network: Any = dnc.DNC(
        input_size=task.inputs,
        hidden_size=sizes.hidden_size,
        num_layers=1,
        num_hidden_layers=1,
        nr_cells=sizes.locations,
        cell_size=sizes.word_size,
        read_heads=sizes.read_heads,
        batch_first=True,
    )

    def answers(inputs: Tensor) -> Tensor:
        outputs, _ = network(inputs.transpose(0, 1), (None, None, None), reset_experience=True)
        logits: Tensor = outputs.transpose(0, 1)[..., : task.outputs]  # it gives as many numbers as it takes
        return logits

    return network, answers


def _script(network: nn.Module, answers: Callable[[Tensor], Tensor], task: Task, batch: int) -> Call:
    """One update, as a script of one's own makes it; the settings are those that ntmviz trains with."""
    config, generator = TrainConfig(batch=batch), seeding.generator(0)
    optimizer = torch.optim.RMSprop(
        network.parameters(), lr=config.learning_rate, alpha=config.alpha, momentum=config.momentum
    )

    def update() -> None:
        sample = task.sample(batch, generator)
        logits = answers(sample.inputs)
        weight = sample.mask.unsqueeze(-1)
        loss = functional.binary_cross_entropy_with_logits(logits, sample.targets, weight)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip_norm)
        optimizer.step()

    return update


def _inference(network: nn.Module, answers: Callable[[Tensor], Tensor], inputs: Tensor) -> Call:
    network.eval()

    def answer() -> None:
        with torch.no_grad():
            answers(inputs)

    return answer


def _interleaved(calls: Sequence[Call], contest: Contest) -> dict[Call, list[float]]:
    """The seconds that a call of each took in each round. Who goes first changes from round to round."""
    turns = [_turn(call, contest) for call in calls]
    seconds: dict[Call, list[float]] = {call: [] for call in calls}
    for played in range(contest.rounds):
        first = played % len(turns)
        with _without_collector():
            for turn in (*turns[first:], *turns[:first]):
                seconds[turn.call].append(turn.seconds())
    return seconds


class _Turn(NamedTuple):
    """What a contestant does when it is its turn."""

    call: Call
    threads: int
    """Of torch."""
    repeats: int = 1

    def seconds(self) -> float:
        """Of one call, on average."""
        torch.set_num_threads(self.threads)
        started = time.perf_counter()
        for _ in range(self.repeats):
            self.call()
        return (time.perf_counter() - started) / self.repeats


def _turn(call: Call, contest: Contest) -> _Turn:
    """On one thread of torch or on all that are allowed, whichever serves the contestant better."""
    call()  # compiles what there is to compile
    tried = [_Turn(call, threads) for threads in sorted({1, contest.threads})]
    seconds, best = min(((turn.seconds(), turn) for turn in tried), key=lambda each: each[0])
    return best._replace(repeats=max(1, round(contest.turn_s / seconds)))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Collect garbage before and after: what one turn leaves would be another's burden."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def _on_threads(count: int) -> Iterator[None]:
    before, before_in_kernels = torch.get_num_threads(), threads.allowed()
    threads.allow(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        threads.allow(before_in_kernels)
