"""What an optimiser does to each number, in one pass over all of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ntm_core.kernels.compiling import entry


@entry
def advance_rmsprop(
    gradient: Any, square: Any, velocity: Any, scale: float, alpha: float, momentum: float, epsilon: float
) -> None:
    """Scale a gradient, and bring up to date the mean square and the velocity; all (numbers,), changed in place.

    The velocity becomes the step to take, times the learning rate, against the gradient.
    """
    real = gradient.dtype.type
    factor, kept, new = real(scale), real(alpha), real(1 - alpha)
    slowed, floor = real(momentum), real(epsilon)
    for at in range(gradient.shape[0]):
        gradient[at] *= factor
    for at in range(gradient.shape[0]):
        square[at] = kept * square[at] + new * gradient[at] * gradient[at]
    for at in range(gradient.shape[0]):
        velocity[at] = slowed * velocity[at] + gradient[at] / (np.sqrt(square[at]) + floor)
