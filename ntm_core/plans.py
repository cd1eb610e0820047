"""The sequence that a task would feed on a line of steps worked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ntm_core import seeding
from ntm_core.tasks import Sample
from ntm_core.trace import EpisodeKind, Role
from ntm_core.training import on_device

if TYPE_CHECKING:
    from ntm_core.tasks import Task
    from ntm_core.trace import Source

NO_PLAN = Sample(*torch.empty(3, 0, 1, 1))
"""Of no step."""


def drawn(task: Task, seed: int, length: int | None, device: torch.device) -> Sample:
    """One sequence of a task, batch of 1."""
    return on_device(task.sample(1, seeding.generator(seed), length), device)


def as_it_ran(source: Source, device: torch.device) -> Sample:
    """The sequence that an episode recorded, batch of 1; of no step where it lacks input, target or mask."""
    fields = [source.spec.with_role(role) for role in (Role.INPUT, Role.TARGET, Role.MASK)]
    columns = [source.series(field.name) for field in fields if field is not None]
    if len(columns) < len(fields):
        return NO_PLAN
    return Sample(*(torch.tensor(values, device=device).unsqueeze(1) for values in columns))


def of_root(task: Task, root: Source, device: torch.device) -> Sample:
    """The sequence of the episode that a line starts with.

    One that was drawn by hand was perhaps not run to its end, or not at all: it is drawn again, if its seed still gives
    its first input. Of any other one the recorded steps are the sequence, as they are where a label says that a length
    was given: the seed alone draws another one, and in many tasks all sequences begin alike.
    """
    ran = as_it_ran(root, device)
    info = root.info
    if info.kind is EpisodeKind.MANUAL and info.seed >= 0 and not info.label:
        again = drawn(task, info.seed, None, device)
        is_same = again.inputs.shape[1:] == ran.inputs.shape[1:] and torch.equal(again.inputs[:1], ran.inputs[:1])
        if is_same or not len(ran.inputs):
            return again
    return ran
