"""Random numbers that can be drawn again: one seed for each batch, made from whole numbers that say what it is for."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

TRAINING, CHECK, EVALUATION, RECORDING = range(1, 5)
"""First of the numbers behind a seed: one stream for each use, so that a check never changes what training sees."""


def generator(seed: int) -> torch.Generator:
    """A generator on the CPU, so that every device gets the same numbers."""
    return torch.Generator().manual_seed(seed)


def derive(*parts: int) -> int:
    """One seed from several whole numbers from 0 up, well mixed; below 2**63, so that a file's int64 holds it."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))


def fill_normally(tensor: Tensor, std: float, generator: torch.Generator | None) -> Tensor:
    """Draw the numbers of a tensor anew, around 0. One of the meta device has none: torch would load its compiler."""
    return tensor if tensor.is_meta else nn.init.normal_(tensor, std=std, generator=generator)
