"""What the tasks share: drawing sizes and vectors, laying them out in time, and telling the phases of a step apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntm_core import checks
from ntm_core.trace import Phase

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def drawn(
    name: str,
    given: int | None,
    batch: int,
    low: int,
    high: int,
    is_mixed: bool,
    generator: torch.Generator,
    *,
    at_least: int = 1,
) -> Tensor:
    """A size for each sequence of a batch, (batch,): the given one, or one from low to high, both included.

    is_mixed: each has its own, otherwise all have one. Raises ConfigError on a batch below 1, or a given size below
    `at_least`.
    """
    import torch

    checks.whole("batch", batch, at_least=1)
    if given is not None:
        checks.whole(name, given, at_least=at_least)
        return torch.full((batch,), given)
    if is_mixed:
        return torch.randint(low, high + 1, (batch,), generator=generator)
    return torch.randint(low, high + 1, (), generator=generator).expand(batch)


def chosen(name: str, given: int | None, usual: int, batch: int) -> int:
    """The size of all sequences where none is drawn: the given one, or the usual one.

    Raises ConfigError on a batch or given size below 1.
    """
    checks.whole("batch", batch, at_least=1)
    if given is None:
        return usual
    checks.whole(name, given, at_least=1)
    return given


def random_bits(*shape: int, generator: torch.Generator) -> Tensor:
    """Fair bits, float32, of that shape."""
    import torch

    return torch.randint(0, 2, shape, generator=generator).float()


def placed(vectors: Tensor, at: Tensor) -> Tensor:
    """Which vector of its own each sequence has at each step: (time, batch, bits).

    vectors: (vectors, batch, bits).   at: (time, batch), places among the vectors; one outside takes the nearest.
    """
    index = at.clamp(0, len(vectors) - 1).unsqueeze(2).expand(-1, -1, vectors.shape[2])
    return vectors.gather(0, index)


def phases(mask: Tensor, is_input: Tensor, is_delimiter: Tensor | None = None, is_cue: Tensor | None = None) -> Tensor:
    """What each step is for, numbers of `Phase`: (time, batch), as all arguments.

    Where several claims meet, output comes before cue, cue before delimiter, delimiter before input. A step that is
    claimed by none and is not scored only fills up the batch.
    """
    import torch

    claims = (Phase.INPUT, is_input), (Phase.DELIMITER, is_delimiter), (Phase.CUE, is_cue), (Phase.OUTPUT, mask > 0)
    told = torch.zeros_like(mask)
    for phase, where in claims:
        if where is not None:
            told = told.masked_fill(where, float(phase))
    return told
