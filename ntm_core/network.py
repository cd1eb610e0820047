"""What every network with a memory has in common, and the loop that runs one over a sequence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from ntm_core.trace import Field, Order

StateT = TypeVar("StateT", bound=tuple[Tensor, ...])
ViewT = TypeVar("ViewT", bound=tuple[Tensor, ...])


_ALL = slice(None)


class Trace(NamedTuple, Generic[StateT, ViewT]):
    """A whole sequence as it was computed, detached from the graph of gradients."""

    initial: StateT
    """The state before the first step."""
    steps: ViewT
    """Each tensor of the view with time in front: (time, batch, ...)."""


class Config(Protocol):
    """The settings of a network: a frozen dataclass that checks itself."""

    @property
    def inputs(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    def to_json(self) -> dict[str, Any]: ...


class MemoryNetwork(nn.Module, ABC, Generic[StateT, ViewT]):
    """A recurrent network whose state is a value: to rewind is to keep an older one.

    State and view are NamedTuples of tensors, batch first. The fields that `fields` lists are found in the view by
    name, and the carried ones in the state too.
    """

    name: ClassVar[str]
    """What the registry and checkpoints call it."""
    config: Config
    order: Order

    @abstractmethod
    def fields(self) -> tuple[Field, ...]:
        """What the view of a step holds, without the batch."""

    @abstractmethod
    def initial_state(self, batch: int) -> StateT:
        """The learned state before the first step."""

    @abstractmethod
    def step(self, x: Tensor, state: StateT) -> tuple[Tensor, StateT, ViewT]:
        """One step: x (batch, inputs) to logits (batch, outputs), the state after it, and what there is to see."""

    def forward(
        self, sequence: Tensor, state: StateT | None = None, trace: bool = False, items: slice = _ALL
    ) -> tuple[Tensor, StateT, Trace[StateT, ViewT] | None]:
        """A whole sequence, equal to as many calls of `step` to the bit.

        sequence: (time, batch, inputs).   state: where to start; the learned initial state if None.   items: the
        sequences of the batch that the trace keeps.
        Returns logits (time, batch, outputs), the last state, and the trace if asked for. A faster way to run a whole
        sequence overrides this and nothing else.
        """
        state = initial = self.initial_state(sequence.shape[1]) if state is None else state
        logits: list[Tensor] = []
        views: list[ViewT] = []
        for x in sequence.unbind(0):
            y, state, view = self.step(x, state)
            logits.append(y)
            if trace:
                views.append(view)
        return torch.stack(logits), state, _stacked(initial, views, items) if trace else None


def _stacked(initial: StateT, views: list[ViewT], items: slice) -> Trace[StateT, ViewT]:
    with torch.no_grad():
        first = type(initial)(*(tensor.detach()[items] for tensor in initial))
        columns = zip(*views, strict=True)
        steps = type(views[0])(*(torch.stack([tensor[items] for tensor in column]) for column in columns))
    return Trace(first, steps)
