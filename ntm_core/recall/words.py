"""Random words to store. NumPy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ntm_core.trace import Array


def random_words(count: int, word_size: int, seed: int = 0) -> Array:
    """Words of 1 and -1, fair: (count, word_size), float32. Equal seeds give equal words."""
    bits = np.random.default_rng(seed).integers(0, 2, (count, word_size))
    words: Array = (2 * bits - 1).astype(np.float32)
    return words


def turned_over(words: Array, noise: float, random: np.random.Generator) -> Array:
    """The words with each bit turned over with that chance. words: (..., word_size)."""
    turned: Array = np.where(random.random(words.shape) < noise, -words, words)
    return turned
