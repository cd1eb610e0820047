"""The trace of a sequence from what its gradient needs, cut out on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from ntm_core.kernels.in_torch.layout import parted, told_of
from ntm_core.network import Trace
from ntm_core.ntm import NTMState, NTMView

if TYPE_CHECKING:
    from torch import Tensor

    from ntm_core.kernels.in_torch.layout import Steps
    from ntm_core.ntm_config import NTMConfig


def trace_of(config: NTMConfig, state: NTMState, steps: Steps, items: slice) -> Trace[NTMState, NTMView]:
    """What the steps showed of some sequences of a batch: copies. state: where it started."""
    carried = _carried(config, steps, items)
    first = {name: part[0] for name, part in carried.items() if getattr(state, name) is not None}
    content, gated, shifted = (torch.cat([turn[stage][:, items] for turn in steps.turns], dim=2) for stage in range(3))
    seen: dict[str, Any] = {
        **dict.fromkeys(NTMView._fields),
        **{name: part[1:] for name, part in carried.items()},
        **{name: part[:, items].clone() for name, part in told_of(config, steps)._asdict().items()},
        "content_weighting": content,
        "gated_weighting": gated,
        "shifted_weighting": shifted,
    }
    return Trace(state._replace(**first), NTMView(**seen))


def _carried(config: NTMConfig, steps: Steps, items: slice) -> dict[str, Tensor]:
    """What the steps left, from before the first one: (T + 1, count, ...)."""
    reads, word = config.read_heads, config.word_size
    weighting = torch.cat([turn.weighting[:, items] for turn in steps.turns], dim=2)
    left = steps.seen[:, items, config.inputs :].clone()
    cell = {"controller_cell": steps.cell[:, items].flatten(2).clone()} if config.is_recurrent else {}
    return {
        "memory": steps.memory[:, items].clone(),
        "read_weighting": weighting[:, :, :reads],
        "write_weighting": weighting[:, :, reads:],
        "read_vector": parted(left[..., : reads * word], reads, word),
        "controller": left[..., reads * word :],
        **cell,
    }
