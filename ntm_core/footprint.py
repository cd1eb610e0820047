"""About how much memory a network on a task takes, told from settings alone: before anything is made. Needs no torch.

What other packages register may not tell its sizes; then nothing is known of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ntm_core import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = 4
"""Bytes."""
_LEARNING = 4
"""Numbers for each weight: itself, its gradient, and two that the optimiser remembers."""
_GRAPH = 2
"""What a step keeps for its gradient, in states: it was 1.2 to 9 with the networks there are, most of all their
memory before and after it."""
_LOOK = 2
"""States that a step without a gradient has at once: the one before and the one after."""
_CHANNELS = 3
"""Of a step's output: logits, target, and what is compared of both."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A network on a task, by name and by those settings that are not left at their defaults."""

    model: str
    task: str
    model_settings: Mapping[str, Any]
    task_settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes, about."""

    drawing: int
    """Of batches, which are drawn on the host."""
    weights: int
    """Of the network, which is made on the host."""
    computing: int
    """Of all there is where it computes, the weights among it."""


def of_training(plan: Plan, batch: int, share: int | None = None) -> Footprint | None:
    """Of learning, and of being tried on the task's trials. share: the sequences that this process computes.

    None where the sizes are not known. Raises ConfigError on settings that cannot be.
    """
    sizes = _sizes(plan)
    if sizes is None:
        return None
    config, task = sizes
    channels = task.inputs + _CHANNELS * task.outputs
    longest = max(task.steps(**trial.sizes) for trial in task.trials)
    steps, sequences = task.steps(), task.criterion.sequences
    drawn = max(steps * batch, longest * sequences) * channels
    learning = (batch if share is None else share) * steps * (channels + _GRAPH * config.state)
    trying = sequences * (longest * channels + _LOOK * config.state)
    computing = _LEARNING * config.weights + max(learning, trying)
    return Footprint(*(_NUMBER * each for each in (drawn, config.weights, computing)))


def by_hand(plan: Plan, length: int | None = None) -> Footprint | None:
    """Of a sequence that is stepped by hand, of a length in the task's own unit. None and errors as `of_training`."""
    sizes = _sizes(plan)
    if sizes is None:
        return None
    config, task = sizes
    steps = task.steps(**({} if length is None else {"length": length}))
    drawn = steps * (task.inputs + _CHANNELS * task.outputs)
    return Footprint(*(_NUMBER * each for each in (drawn, config.weights, config.weights + steps * config.state)))


def _sizes(plan: Plan) -> tuple[Any, Any] | None:
    """The config of the network and the task.

    The config knows its `weights`, the numbers that the network keeps, those that it learns and a first memory that it
    does not, and its `state`, those that each sequence carries from step to step; the task knows its `steps`.
    """
    entry = registry.task(plan.task)
    task = entry.task(entry.config(**plan.task_settings))
    settings = {name: value for name, value in plan.model_settings.items() if name not in ("inputs", "outputs")}
    config = registry.model(plan.model).config(inputs=task.inputs, outputs=task.outputs, **settings)
    knows = hasattr(config, "weights") and hasattr(config, "state") and hasattr(task, "steps")
    return (config, task) if knows else None
