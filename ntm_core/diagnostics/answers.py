"""Whether the answer is right, and whether the numbers are numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.diagnostic import Diagnostic, Rule
from ntm_core.trace import GRADIENT_OF, Role

if TYPE_CHECKING:
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.trace import Array


def wrong_bits(frames: Frames) -> Array:
    is_wrong = (frames[Role.OUTPUT] > 0.5) != (frames[Role.TARGET] > 0.5)
    return np.where(frames.scored, is_wrong.sum(-1), 0).astype(np.float64)


def not_finite(frames: Frames) -> Array:
    counts = np.zeros(frames.steps)
    for field in frames.layout.spec:
        if field.role in GRADIENT_OF.values():
            continue
        counts += (~np.isfinite(frames.column(field))).reshape(frames.steps, -1).sum(-1)
    return counts


DIAGNOSTICS = (
    Diagnostic(
        "wrong_bits",
        "bits",
        "How many bits of a scored answer are on the wrong side of one half",
        (Role.OUTPUT, Role.TARGET),
        wrong_bits,
    ),
    Diagnostic(
        "not_finite",
        "numbers",
        "How many numbers of a step are infinite or not a number",
        (),
        not_finite,
        rule=Rule("{value} numbers are not finite", lambda frames, value: value > 0),
    ),
)
