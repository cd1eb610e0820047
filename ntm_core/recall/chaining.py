"""One recall leads to the next, until a stop rule that is shown says that it is over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntm_core.recall.lab import Lab
    from ntm_core.recall.recalled import Recalled


class Stop(StrEnum):
    """Why a chain is over."""

    END = "nothing was written next"
    BLURRED = "no link leads to one row any more"
    RETURNED = "it came back to a row that it had been at"
    LIMIT = "so many steps were asked for"


LEAST_LINK = 0.05
"""A chain whose next link has less mass is at an end."""
LEAST_WEIGHT = 0.5
"""A chain whose heaviest row has less is lost."""


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """A chained recall, the first item included."""

    found: tuple[Recalled, ...]
    rows: tuple[int, ...]
    names: tuple[str, ...]
    stop: Stop


def chain(lab: Lab, *, direction: int = 1, sharpness: float = 1.0, most: int = 100) -> Chain:
    """Follow links from what the last step recalled, each a step of its own, until `rule` stops it.

    Raises CoreError where the last step cannot be followed.
    """
    found = [lab.last]
    while (stop := rule(found, direction)) is None and len(found) < most:
        found.append(lab.follow(direction, sharpness=sharpness))
    return told(found, stop)


def rule(found: Sequence[Recalled], direction: int = 1) -> Stop | None:
    """Whether a chain is over with its last step, and why. found: what was recalled first, and each step on from it.

    It is where the link that was followed has less mass than LEAST_LINK, where no row has LEAST_WEIGHT, and where the
    row is one that it had been at.
    """
    last = found[-1]
    if len(found) > 1 and (last.forward_mass if direction > 0 else last.backward_mass) < LEAST_LINK:
        return Stop.END
    if last.weighting.max() < LEAST_WEIGHT:
        return Stop.BLURRED
    return Stop.RETURNED if last.row in [each.row for each in found[:-1]] else None


def told(found: Sequence[Recalled], stop: Stop | None) -> Chain:
    """A chain that was stopped; a step that a rule other than the limit stopped is no part of it."""
    kept = tuple(found) if stop is None else tuple(found[:-1])
    names = tuple(each.name for each in kept)
    return Chain(kept, tuple(each.row for each in kept), names, Stop.LIMIT if stop is None else stop)
