"""Error-correcting recall: how a cue with wrong or missing parts comes back whole, and up to where.

`R(c) = sum_i softmax_i(beta cos(c, M_i)) M_i`; repeated, `c <- R(c)` is the update of a modern Hopfield network
(Ramsauer et al. 2021, arXiv 2008.02217), but for the cosine. Words are of 1 and -1. Needs no torch until it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.words import turned_over

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
    from ntm_core import addressing

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
    import torch

    random, truth = np.random.default_rng(seed), np.tile(np.asarray(words, np.float32), (trials, 1))
    exact, before, after = [], [], []
    for noise in noises:
        cues = turned_over(truth, noise, random)
        memory = torch.from_numpy(truth[: len(words)])
        found, _ = completed(memory, torch.from_numpy(cues), strength, rounds=rounds)
        wrong = (found.numpy() > 0) != (truth > 0)
        exact.append((~wrong.any(-1)).mean())
        before.append((cues != truth).mean())
        after.append(wrong.mean())
    return Correction(*(np.array(each, np.float32) for each in (noises, exact, before, after)))


def partial(words: Array, known: float, *, strength: float, is_masked: bool, seed: int = 0) -> float:
    """The weight on the right row, on average, where only so large a share of a cue is known and the rest is 0.

    is_masked: whether the lookup is told which part that is, and compares no other (Csordas and Schmidhuber 2019).
    """
    import torch

    memory = torch.tensor(np.asarray(words, np.float32))
    ranks = np.random.default_rng(seed).random(memory.shape).argsort(-1).argsort(-1)
    mask = torch.from_numpy((ranks < round(known * memory.shape[1])).astype(np.float32))
    _, weighting = completed(memory, memory * mask, strength, mask if is_masked else None)
    return float(weighting.diagonal().mean())
