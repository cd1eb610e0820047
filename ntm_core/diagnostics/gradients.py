"""How strongly the loss of a sequence depends on what each step left: where a gradient dies out or grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.diagnostic import Diagnostic, Rule
from ntm_core.trace import GRADIENT_OF, Role

if TYPE_CHECKING:
    from ntm_core.diagnostics.diagnostic import Compute
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.trace import Array

_WORDS = {
    Role.CONTROLLER: ("the output of the controller", None),
    Role.MEMORY: ("the memory", None),
    Role.READ_VECTOR: ("what a head read", Role.READ_WEIGHTING),
    Role.READ_WEIGHTING: ("where a read head is", Role.READ_WEIGHTING),
    Role.WRITE_WEIGHTING: ("where a write head is", Role.WRITE_WEIGHTING),
}


def _length(role: Role) -> Compute:
    def compute(frames: Frames) -> Array:
        return frames[role]

    return compute


def _is_infinite(frames: Frames, values: Array) -> Array:
    return np.isinf(values)


def _of(role: Role) -> Diagnostic:
    words, heads = _WORDS[role]
    gradient = GRADIENT_OF[role]
    return Diagnostic(
        gradient.value,
        "nats",
        f"The length of the gradient of the loss by {words}; not a number in a sequence without a backward pass",
        (gradient,) if heads is None else (gradient, heads),
        _length(gradient),
        heads=heads,
        rule=Rule(f"the gradient by {words} is infinite", _is_infinite),
    )


DIAGNOSTICS = tuple(_of(role) for role in GRADIENT_OF)
