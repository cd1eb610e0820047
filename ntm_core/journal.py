"""What an engine writes down: which checkpoints are kept, and how an episode reaches the sink."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ntm_core import checkpoints

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ntm_core.observe import Observation
    from ntm_core.trace import Columns, EpisodeInfo, RecordingPolicy, Sink
    from ntm_core.training import Trainer

FIRST_INTERVAL = 100
"""Iterations from the first checkpoint of a training to the second; from then on the distance doubles."""
KEPT_SKIPS = 8
"""Skipped batches of a training that are all kept; of the later ones only the 16th, 32nd, 64th and so on."""


def keeps_skipped(count: int) -> bool:
    """Whether the batch is kept that was skipped as the `count`-th: so few are that a bad training fills no disk."""
    return count <= KEPT_SKIPS or count.bit_count() == 1


class Journal:
    """A sink and a policy, either of which may be missing: no sink, nothing kept; no policy, no episode recorded."""

    def __init__(self, sink: Sink | None, policy: RecordingPolicy | None) -> None:
        self.sink = sink
        self.policy = policy
        self._checkpoint = -1
        self._checkpoint_iteration = self._unchanged_until = -1
        self._first_checkpoint: int | None = None
        self._next_checkpoint = 0

    @property
    def keeps(self) -> bool:
        """Whether there is a sink."""
        return self.sink is not None

    @property
    def records(self) -> bool:
        """Whether episodes are recorded at all."""
        return self.sink is not None and self.policy is not None

    def wants(self, iteration: int) -> bool:
        """Whether the batch of this iteration is to be recorded; ask once for each."""
        return self.policy is not None and self.sink is not None and self.policy.wants(iteration)

    def is_checkpoint_due(self, iteration: int) -> bool:
        """Whether the weights of this iteration belong to those kept at doubling distances."""
        return self.keeps and iteration >= self._next_checkpoint

    def checkpoint(self, trainer: Trainer) -> int | None:
        """Keep the weights and where their training stands, once for each iteration.

        Returns the index they got, None where they were kept before or the sink would not take them.
        """
        iteration = trainer.iteration
        if self.sink is None or iteration == self._checkpoint_iteration:
            return None
        self.know(self.sink.checkpoint(checkpoints.save(trainer.model, trainer.state()), iteration), iteration)
        if self._first_checkpoint is None:
            self._first_checkpoint = iteration
        if iteration >= self._next_checkpoint:
            # Counted from where this session begins: a training that is resumed again and again loses as little.
            here = iteration - self._first_checkpoint
            self._next_checkpoint = self._first_checkpoint + max(FIRST_INTERVAL, 2 * here)
        return None if self._checkpoint < 0 else self._checkpoint

    def know(self, checkpoint: int, iteration: int) -> None:
        """The weights of an iteration are in the session already, under this index."""
        self._checkpoint, self._checkpoint_iteration, self._unchanged_until = checkpoint, iteration, iteration

    def know_unchanged(self, iteration: int) -> None:
        """The weights of an iteration are those of the one before."""
        if self._unchanged_until == iteration - 1:
            self._unchanged_until = iteration

    def checkpoint_of(self, iteration: int) -> int:
        """The checkpoint that holds exactly the weights of this iteration, -1 if none does."""
        return self._checkpoint if self._checkpoint_iteration <= iteration <= self._unchanged_until else -1

    def log(self, iteration: int, **metrics: float) -> None:
        """Numbers of one iteration."""
        if self.sink is not None:
            self.sink.log(iteration, **metrics)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """What runs inside is work that training would not do but for the recording; the policy may time it."""
        policy = self.policy
        if policy is not None:
            policy.begin()
        try:
            yield
        finally:
            if policy is not None:
                policy.end()

    def write(self, info: EpisodeInfo, observation: Observation, *, loss: float, wrong_bits: float) -> None:
        """A whole episode."""
        self.begin(info, observation.initial)
        self.append(observation.columns)
        self.end(loss=loss, wrong_bits=wrong_bits)

    def begin(self, info: EpisodeInfo, initial: Columns) -> int | None:
        """Open an episode. Returns its index, None without a sink, -1 where it is dropped; end it all the same."""
        if self.sink is None:
            return None
        index = self.sink.begin_episode(info, initial)
        return -1 if index is None else index

    def append(self, columns: Columns) -> None:
        """More steps of the open episode."""
        if self.sink is not None:
            self.sink.append_steps(columns)

    def end(self, *, loss: float = float("nan"), wrong_bits: float = float("nan")) -> None:
        """Close the open episode."""
        if self.sink is not None:
            self.sink.end_episode(loss=loss, wrong_bits=wrong_bits)
