"""What every network with a memory has in common, and the loop that runs one over a sequence."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import torch
from torch import Tensor, nn

from ntm_core import kernels
from ntm_core.trace import Order, WriteOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ntm_core.trace import Array, Field

Bundle: TypeAlias = "tuple[Tensor | None, ...]"
"""A NamedTuple of tensors, batch first; None where the network's settings leave something out."""
StateT = TypeVar("StateT", bound=Bundle)
ViewT = TypeVar("ViewT", bound=Bundle)


_ALL = slice(None)


class Packed(NamedTuple):
    """Some fields side by side, as a kernel left them."""

    names: tuple[str, ...]
    rows: Array
    """(time, batch, numbers)"""


class Trace(Generic[StateT, ViewT]):
    """A whole sequence as it was computed, detached from the graph of gradients.

    initial: the state before the first step.   steps: of the view, or what makes it when it is first asked for.
    packed: the same numbers, where they lie in rows.
    """

    def __init__(self, initial: StateT, steps: ViewT | Callable[[], ViewT], packed: Packed | None = None) -> None:
        self.initial = initial
        self._steps = steps
        self.packed = packed

    @property
    def steps(self) -> ViewT:
        """Each tensor of the view with time in front: (time, batch, ...)."""
        if callable(self._steps):
            self._steps = self._steps()
        return self._steps


class Config(Protocol):
    """The settings of a network: a frozen dataclass that checks itself."""

    @property
    def inputs(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    def to_json(self) -> dict[str, Any]: ...


class MemoryNetwork(nn.Module, ABC, Generic[StateT, ViewT]):
    """A recurrent network whose state is a value: to rewind is to keep an older one.

    State and view are NamedTuples of tensors, batch first, with None for what the settings leave out. The fields that
    `fields` lists are found in the view by name, and the carried ones in the state too: they are all that is not None.
    A step passes what it reads through `arriving`.
    """

    name: ClassVar[str]
    """What the registry and checkpoints call it."""
    config: Config
    order: Order = Order.READ_FIRST
    write_order: WriteOrder = WriteOrder.PARALLEL
    reads_are_cut: bool = False
    """Whether reads arrive as zeros: see `bypass`."""
    writes_are_cut: bool = False
    """Whether a step leaves the memory as it finds it: see `patient`. A trace shows what happened: no write."""

    @abstractmethod
    def fields(self) -> tuple[Field, ...]:
        """What the view of a step holds, without the batch."""

    @abstractmethod
    def initial_state(self, batch: int) -> StateT:
        """The learned state before the first step."""

    @abstractmethod
    def step(self, x: Tensor, state: StateT) -> tuple[Tensor, StateT, ViewT]:
        """One step: x (batch, inputs) to logits (batch, outputs), the state after it, and what there is to see."""

    def arriving(self, read_vector: Tensor) -> Tensor:
        """What of its reads a step passes on, to the output and to the next step: all, unless they are cut."""
        return torch.zeros_like(read_vector) if self.reads_are_cut else read_vector

    def forward(
        self, sequence: Tensor, state: StateT | None = None, trace: bool = False, items: slice = _ALL
    ) -> tuple[Tensor, StateT, Trace[StateT, ViewT] | None]:
        """A whole sequence: as many calls of `step`, or a kernel that computes the same (see `kernels`).

        Running a sequence in parts, each from the state that the one before left, gives the same bits at batch 1. With
        the kernel `eager` they are those of `step`, with any other equal to 1e-5.

        sequence: (time, batch, inputs).   state: where to start; the learned initial state if None.   items: the
        sequences of the batch that the trace keeps.
        Returns logits (time, batch, outputs), the last state, and the trace if asked for.
        """
        state = initial = self.initial_state(sequence.shape[1]) if state is None else state
        kernel = kernels.chosen(self, sequence, state)
        if kernel is not None:
            return kernel(self, sequence, state, trace, items)
        logits: list[Tensor] = []
        views: list[ViewT] = []
        for x in sequence.unbind(0):
            y, state, view = self.step(x, state)
            logits.append(y)
            if trace:
                views.append(view)
        return torch.stack(logits), state, stacked(initial, views, items) if trace else None


def held(bundle: Bundle) -> dict[str, Tensor]:
    """What a state or view holds, by name: the tensors that are not None."""
    named = zip(bundle._fields, bundle, strict=True)  # type: ignore[attr-defined]
    return {name: tensor for name, tensor in named if tensor is not None}


def mapped(bundle: StateT, change: Callable[[Tensor], Tensor]) -> StateT:
    """The same kind of bundle with each tensor changed."""
    return _made(type(bundle), [None if tensor is None else change(tensor) for tensor in bundle])


def stacked(initial: StateT, views: list[ViewT], items: slice) -> Trace[StateT, ViewT]:
    """Some sequences of a batch as they ran, from the first state and the view of each step."""
    with torch.no_grad():
        # A copy: where a network starts from is a view of its weights, which the next update changes in place.
        first = mapped(initial, lambda tensor: tensor.detach()[items].clone())
        columns = zip(*views, strict=True)
        steps = [None if column[0] is None else torch.stack([each[items] for each in column]) for column in columns]
    return Trace(first, _made(type(views[0]), steps))


def _made(kind: type[StateT], tensors: Sequence[Tensor | None]) -> StateT:
    return kind(*tensors)  # type: ignore[arg-type]
