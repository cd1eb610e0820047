"""What the tasks share: drawing sizes, and telling the phases of a sequence apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntm_core import checks
from ntm_core.trace import Phase

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ntm_core.tasks.task import Sample


def drawn(
    name: str, given: int | None, batch: int, low: int, high: int, is_mixed: bool, generator: torch.Generator
) -> Tensor:
    """A size for each sequence of a batch, (batch,): the given one, or one from low to high, both included.

    is_mixed: each has its own, otherwise all have one. Raises ConfigError on a batch or given size below 1.
    """
    import torch

    checks.whole("batch", batch, at_least=1)
    if given is not None:
        checks.whole(name, given, at_least=1)
        return torch.full((batch,), given)
    if is_mixed:
        return torch.randint(low, high + 1, (batch,), generator=generator)
    return torch.randint(low, high + 1, (), generator=generator).expand(batch)


def phases_by_delimiter(sample: Sample, is_delimiter: Tensor) -> Tensor:
    """Input up to the first delimiter, output where it is scored. is_delimiter: (time, batch)."""
    import torch

    phases = torch.zeros_like(sample.mask).masked_fill(is_delimiter.cumsum(0) == 0, float(Phase.INPUT))
    return phases.masked_fill(is_delimiter, float(Phase.DELIMITER)).masked_fill(sample.mask > 0, float(Phase.OUTPUT))
