"""The gates of heads, and whether they are stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.diagnostic import Diagnostic, Rule
from ntm_core.diagnostics.sums import total
from ntm_core.trace import Role

if TYPE_CHECKING:
    from ntm_core.diagnostics.frames import Frames
    from ntm_core.trace import Array

NEARLY = 0.05
"""A gate nearer than this to 0 or 1 has hardly a gradient left."""
EARLY = 200
"""Iterations of training in which gates should still be able to learn."""
_SIGMOIDS = (Role.GATE, Role.ERASE, Role.FREE_GATE, Role.ALLOCATION_GATE, Role.WRITE_GATE)


def saturation(frames: Frames) -> Array:
    gates = [frames[role].reshape(frames.steps, -1) for role in _SIGMOIDS if role in frames]
    values = np.concatenate(gates, axis=1)
    is_stuck: Array = (values < NEARLY) | (values > 1 - NEARLY)
    share: Array = total(is_stuck) / is_stuck.shape[1]
    return share


def _is_dead_early(frames: Frames, value: Array) -> Array:
    return (value > 0.9) & (0 <= frames.iteration < EARLY)


def _shown(role: Role, text: str) -> Diagnostic:
    """A gate as it is, under its role's name."""
    return Diagnostic(role.value, "share", text, (role,), lambda frames: frames[role], role)


DIAGNOSTICS = (
    Diagnostic(
        "saturation",
        "share",
        "How many gates are nearly shut or open, by less than 0.05, where they hardly learn",
        (),
        saturation,
        rule=Rule("gates are dead early: {value} of them were shut or open before they could learn", _is_dead_early),
        one_of=_SIGMOIDS,
    ),
    _shown(Role.WRITE_GATE, "How much of a write takes place"),
    _shown(Role.ALLOCATION_GATE, "How much of a write goes to free rows, rather than to rows like its key"),
    _shown(Role.FREE_GATE, "How far a read head frees the rows it has read"),
    _shown(Role.BACKWARD_MODE, "How much of a read goes back to what was written before"),
    _shown(Role.CONTENT_MODE, "How much of a read goes to rows like its key"),
    _shown(Role.FORWARD_MODE, "How much of a read goes on to what was written next"),
)
