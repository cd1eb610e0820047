"""How well a batch went and where its logits should go, in one pass over them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ntm_core.kernels.compiling import entry


@entry
def judge_logits(logits: Any, targets: Any, mask: Any, figures: Any, slopes: Any) -> None:
    """Fill `figures` and `slopes`: see `kernels.Judge`. In float64, so that no digit of a small loss is lost."""
    time, batch, outputs = logits.shape
    for item in range(batch):
        nats, wrong, steps = 0.0, 0.0, 0.0
        for step in range(time):
            share = mask[step, item]
            steps += share
            for at in range(outputs):
                x, target = np.float64(logits[step, item, at]), np.float64(targets[step, item, at])
                small = math.exp(-abs(x))
                likely = 1 / (1 + small)
                nats += share * ((x * (1 - target) if x >= 0 else -x * target) + math.log1p(small))
                wrong += share * ((x > 0) != (target > 0.5))
                slopes[step, item, at] = share * ((likely if x >= 0 else small * likely) - target)
        bits = steps * outputs
        figures[0, item] = nats / bits if bits else np.nan
        figures[1, item], figures[2, item] = wrong, bits
