"""Passes that a device has noted down, to be asked for as one: what is kept of them, and who may use it when.

Knows no device: what notes them down is given.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import torch

from ntm_core.kernels.given import Parameters, State
from ntm_core.kernels.in_torch.backward import Gradients
from ntm_core.kernels.in_torch.forward import Ran

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from torch import Tensor

    from ntm_core.kernels.in_torch.layout import Steps
    from ntm_core.kernels.in_torch.passes import Passes, Plain

log = logging.getLogger(__name__)

MOST = 32
"""Captures that are kept: a task whose sequences have 20 lengths fits. Each has room of its own for all its steps."""


class Capture(Protocol):
    """Notes down what a function asks of a device; what it returns asks for the same again, on the same memory.

    May call the function several times. Raises RuntimeError where it cannot be noted down.
    """

    def __call__(self, function: Callable[[], None], /) -> Callable[[], None]: ...


ResultT = TypeVar("ResultT")


class Captured(Generic[ResultT]):
    """A function of tensors of certain sizes, noted down. Its result always lies in the same place.

    given: tensors of the sizes and the device, or None for good.
    """

    def __init__(
        self, function: Callable[[Sequence[Tensor | None]], ResultT], given: Sequence[Tensor | None], capture: Capture
    ) -> None:
        self.given = [
            None if each is None else each.detach().clone(memory_format=torch.contiguous_format) for each in given
        ]
        found: list[ResultT] = []

        def run() -> None:
            found[:] = [function(self.given)]

        self._replay = capture(run)
        (self.result,) = found

    def __call__(self, given: Sequence[Tensor | None]) -> ResultT:
        """None for zeros."""
        for to, each in zip(self.given, given, strict=True):
            if to is not None and each is None:
                to.zero_()
            elif to is not None and each is not None:
                to.copy_(each.detach())
        self._replay()
        return self.result


class Pair:
    """Both passes noted down; the second only where there will be one. Whoever uses them borrows them."""

    def __init__(self, plain: Plain, inputs: Tensor, state: State, weights: Parameters, capture: Capture) -> None:
        parts = len(State._fields)

        def forward(given: Sequence[Tensor | None]) -> Ran:
            inputs, *rest = given
            assert inputs is not None
            return plain.forward(inputs, State(*rest[:parts]), _weights(rest[parts:]))

        self.forward = Captured(forward, (inputs, *state, *weights.flat), capture)
        ran, own_weights = self.forward.result, _weights(self.forward.given[1 + parts :])

        def backward(given: Sequence[Tensor | None]) -> Gradients:
            d_logits, *d_last = given
            return plain.backward(ran.steps, own_weights, d_logits, State(*d_last))

        self.backward = Captured(backward, (ran.logits, *ran.last), capture) if plain.is_learning else None
        self._borrowed: Callable[[], Borrowed | None] = lambda: None

    def lend(self) -> Borrowed | None:
        """None while somebody has them: another sequence would run over what the first one's gradient needs."""
        if self._borrowed() is not None:
            return None
        borrowed = Borrowed(self)
        self._borrowed = weakref.ref(borrowed)
        return borrowed


class Borrowed:
    """Passes of a `Pair`, which gets them back when this is forgotten."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair

    def forward(self, inputs: Tensor, state: State, weights: Parameters) -> Ran:
        logits, last, steps = self._pair.forward((inputs, *state, *weights.flat))
        return Ran(logits.clone(), _copy(last), steps)

    def backward(self, steps: Steps, weights: Parameters, d_logits: Tensor | None, d_last: State) -> Gradients:
        assert self._pair.backward is not None
        inputs, state, found = self._pair.backward((d_logits, *d_last))
        return Gradients(
            None if inputs is None else inputs.clone(),
            _copy(state),
            Parameters.from_flat([each.clone() for each in found.flat]),
        )


class Captures:
    """The pairs that were used last, by what tells sequences apart for which the device is asked for the same.

    A sequence of a kind that comes for the first time runs as it is: to note it down costs as much as a few runs.
    """

    def __init__(self, capture: Capture, most: int = MOST) -> None:
        self._capture, self._most = capture, most
        self._pairs: OrderedDict[Hashable, Pair | None] = OrderedDict()
        self._lock = threading.Lock()
        self._can_capture = True

    def lend(self, key: Hashable, plain: Plain, inputs: Tensor, state: State, weights: Parameters) -> Passes:
        """Captured passes for a sequence, or the plain ones that are given."""
        with self._lock:
            if not self._can_capture:
                return plain
            is_new = key not in self._pairs
            pair = self._pairs.setdefault(key, None)
            self._pairs.move_to_end(key)
            if is_new:
                while len(self._pairs) > self._most:
                    self._pairs.popitem(last=False)
                return plain
            if pair is None:
                try:
                    # What is made in inference mode serves in it alone.
                    with torch.inference_mode(False), torch.no_grad():
                        pair = self._pairs[key] = Pair(plain, inputs, state, weights, self._capture)
                except RuntimeError as error:
                    self._can_capture = False
                    self._pairs.clear()
                    log.info("sequences are not captured in graphs, their operations run one by one: %s", error)
                    return plain
            return pair.lend() or plain


def _weights(flat: Sequence[Tensor | None]) -> Parameters:
    return Parameters.from_flat([each for each in flat if each is not None])


def _copy(state: State) -> State:
    return State(*(None if part is None else part.clone() for part in state))
