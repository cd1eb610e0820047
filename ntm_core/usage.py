"""The order of rows by how much they are used, of the DNC and of the MANN."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

USAGE_STEPS = 2.0**16
"""Rows whose usage is the same number of these steps count as equally used: which of them comes first is then not left
to rounding, which differs from one device to another."""


def by_usage(usage: Tensor) -> Tensor:
    """Indices of the rows, the least used first, of equally used ones the first in the memory: as `usage`, (..., N).

    It has no gradient.
    """
    return (usage.detach() * USAGE_STEPS).round().argsort(dim=-1, stable=True)
