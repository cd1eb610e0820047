"""What a training needs beside its weights to go on as if it had never stopped."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import torch

from ntm_core import checks
from ntm_core.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

_MOST = 2**53
"""Greatest number that is believed: sums of two are still exact, and fit a session's int64."""
_COUNTS = ("iteration", "sequences", "next_check", "good_checks", "skipped", "skipped_in_a_row")


@dataclass(frozen=True, slots=True, eq=False)
class TrainingState:
    """Where a `training.Trainer` stands between two iterations."""

    iteration: int
    sequences: int
    next_check: int
    """Sequences at which the next check is due."""
    good_checks: int
    """In a row, up to now."""
    skipped: int
    skipped_in_a_row: int
    is_solved: bool
    seed: int
    config: Mapping[str, Any]
    """The `TrainConfig` as JSON."""
    optimizer: Mapping[str, Tensor]
    """What the optimiser keeps of each parameter, named KIND.PARAMETER, such as "square_avg.output.bias"."""

    def to_json(self) -> dict[str, Any]:
        """All but the tensors."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "optimizer"}

    @classmethod
    def from_json(cls, plain: object, optimizer: Mapping[str, Tensor]) -> TrainingState:
        """The state that `to_json` wrote, with its tensors. Raises CheckpointError on anything else."""
        wanted = [each.name for each in fields(cls) if each.name != "optimizer"]
        try:
            known = dict(checks.plain_settings("a training's state", plain, wanted))
            checks.present("a training's state", known, wanted)
            for name in (*_COUNTS, "seed"):
                checks.whole(name, known[name], at_least=0)
            for name in _COUNTS:
                checks.number(name, known[name], at_most=_MOST)
            checks.switch("is_solved", known["is_solved"])
        except ConfigError as error:
            raise CheckpointError(f"a training's state was wanted; got one in which {error}") from None
        return cls(**known, optimizer=optimizer)


def by_parameter(kept: Mapping[str, Tensor], model: nn.Module, *, has_momentum: bool) -> dict[int, dict[str, Tensor]]:
    """What RMSprop keeps of each parameter, by the parameter's place among all; copies.

    kept: as `TrainingState.optimizer` names it.   has_momentum: whether momentum is wanted, zeros where there was
    none. Raises CheckpointError on names or shapes that are not those of the model.
    """
    left = dict(kept)
    found: dict[int, dict[str, Tensor]] = {}
    for place, (name, parameter) in enumerate(model.named_parameters()):
        step, square, momentum = (
            left.pop(f"{kind}.{name}", None) for kind in ("step", "square_avg", "momentum_buffer")
        )
        if step is None and square is None and momentum is None:
            continue  # no update yet
        given = [tensor for tensor in (square, momentum) if tensor is not None]
        if step is None or square is None or step.shape or any(tensor.shape != parameter.shape for tensor in given):
            raise CheckpointError(f"what the optimiser kept of {name} does not fit it: the checkpoint is damaged")
        found[place] = {"step": step.float().clone(), "square_avg": square.clone()}
        if has_momentum:
            found[place]["momentum_buffer"] = torch.zeros_like(square) if momentum is None else momentum.clone()
    if left:
        raise CheckpointError(f"the optimiser kept {checks.listed(left)}, which are of another network")
    return found
