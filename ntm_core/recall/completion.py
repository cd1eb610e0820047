"""Error-correcting recall: how a cue with wrong or missing parts comes back whole, and up to where.

`R(c) = sum_i softmax_i(beta cos(c, M_i)) M_i`; repeated, `c <- R(c)` is the update of a modern Hopfield network
(Ramsauer et al. 2021, arXiv 2008.02217), but for the cosine. Words are of 1 and -1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ntm_core import addressing, seeding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from ntm_core.trace import Array

GOOD = 0.95
"""Share of recalls without a wrong bit up to which a noise counts to the basin."""


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """How recall corrects errors, by the noise of the cue. All (noises,)."""

    noise: Array
    """The chance of each of the cue's bits to be turned over"""
    exact: Array
    """Share of recalls without a wrong bit"""
    error_before: Array
    """Share of wrong bits in the cue"""
    error_after: Array
    """and in what was recalled"""

    @property
    def gain(self) -> Array:
        """What recall corrects: the error of the cue less that of the recalled."""
        gain: Array = self.error_before - self.error_after
        return gain

    @property
    def basin(self) -> float:
        """The largest noise up to which recall is exact in GOOD of all cases; NaN if it never is."""
        good = np.cumprod(self.exact >= GOOD).astype(bool)
        return float(self.noise[good].max()) if good.any() else float("nan")


def completed(
    memory: Tensor, cues: Tensor, strength: float, mask: Tensor | None = None, rounds: int = 1
) -> tuple[Tensor, Tensor]:
    """Recall each of many cues, and what was recalled again, so many rounds. With a mask, only the first is masked.

    memory: (N, W).   cues: (cues, W).   mask: (cues, W).   Returns words (cues, W) and the last weightings (cues, N).
    """
    words, weighting = cues, cues.new_zeros(len(cues), len(memory))
    strengths = cues.new_full((1, len(cues)), strength)
    for _ in range(rounds):
        masks = None if mask is None else mask.unsqueeze(0)
        weighting = addressing.content_weighting(memory.unsqueeze(0), words.unsqueeze(0), strengths, masks)[0]
        words, mask = weighting @ memory, None
    return words, weighting


def correction(
    words: Array, noises: Sequence[float], *, strength: float, trials: int = 4, rounds: int = 1, seed: int = 0
) -> Correction:
    """Recall each word from cues of each noise, so many times. words: (N, W), of 1 and -1; a memory holds them all."""
    memory, generator = torch.as_tensor(np.asarray(words, np.float32)), seeding.generator(seed)
    exact, before, after = [], [], []
    for noise in noises:
        truth = memory.repeat(trials, 1)
        cues = turned_over(truth, noise, generator)
        found, _ = completed(memory, cues, strength, rounds=rounds)
        wrong = (found > 0) != (truth > 0)
        exact.append(float((~wrong.any(-1)).float().mean()))
        before.append(float((cues != truth).float().mean()))
        after.append(float(wrong.float().mean()))
    return Correction(*(np.array(each, np.float32) for each in (noises, exact, before, after)))


def turned_over(words: Tensor, noise: float, generator: torch.Generator) -> Tensor:
    """The words with each bit turned over with that chance. words: (words, W)."""
    return torch.where(torch.rand(words.shape, generator=generator) < noise, -words, words)


def partial(words: Array, known: float, *, strength: float, is_masked: bool, seed: int = 0) -> float:
    """The weight on the right row, on average, where only so large a share of a cue is known and the rest is 0.

    is_masked: whether the lookup is told which part that is, and compares no other (Csordas and Schmidhuber 2019).
    """
    memory, generator = torch.as_tensor(np.asarray(words, np.float32)), seeding.generator(seed)
    ranks = torch.rand(memory.shape, generator=generator).argsort(-1).argsort(-1)
    mask = (ranks < round(known * memory.shape[1])).float()
    _, weighting = completed(memory, memory * mask, strength, mask if is_masked else None)
    return float(weighting.diagonal().mean())


def random_words(count: int, word_size: int, seed: int = 0) -> Array:
    """Words of 1 and -1, fair: (count, word_size), float32."""
    bits = torch.randint(0, 2, (count, word_size), generator=seeding.generator(seed))
    words: Array = (2 * bits - 1).float().numpy()
    return words
