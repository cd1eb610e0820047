"""An operation as the associative memory takes it in: the channels of a step's input, by name, for a whole batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from ntm_core.recall.operations import SETTINGS, Kind

if TYPE_CHECKING:
    from torch import Tensor

_PLACES = {name: place for place, name in enumerate(SETTINGS)}


class Asked(NamedTuple):
    """What a step is asked to do, each of (batch, 1) unless said otherwise."""

    kinds: tuple[Tensor, ...]
    """1 for the operation's kind, 0 elsewhere"""
    settings: tuple[Tensor, ...]
    """In the order of SETTINGS."""
    word: Tensor
    """(batch, word): what is stored, or the cue"""
    mask: Tensor
    """(batch, word), 0 to 1"""

    def is_a(self, kind: Kind) -> Tensor:
        """1 where the operation is of a kind, else 0."""
        return self.kinds[kind]

    def setting(self, name: str) -> Tensor:
        """One setting, as it came."""
        return self.settings[_PLACES[name]]

    def place(self, name: str) -> Tensor:
        """A setting that counts from one, as a whole number from 0, (batch,); below 0 where there is none."""
        return self.setting(name).round().long().squeeze(1) - 1

    def is_in(self, segments: int) -> Tensor:
        """Whether each segment is looked in, (batch, segments): those that are named together, else all."""
        told = (-self.setting("segment")).round().long()
        powers = 2 ** torch.arange(segments, device=told.device)
        return (told <= 0) | (told.clamp_min(0) // powers % 2 == 1)


def of_input(x: Tensor, word_size: int) -> Asked:
    """x: (batch, inputs), as `operations.vector` makes them."""
    kinds, settings, word, mask = x.split_with_sizes((len(Kind), len(SETTINGS), word_size, word_size), dim=1)
    return Asked(kinds.chunk(len(Kind), 1), settings.chunk(len(SETTINGS), 1), word, mask)
