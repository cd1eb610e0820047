"""An LSTM without a memory: what the networks with one are compared with (NTM paper, section 4)."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from ntm_core import controllers, seeding
from ntm_core.controllers import ControllerState
from ntm_core.lstm_config import LSTMConfig
from ntm_core.model_config import ControllerKind
from ntm_core.network import MemoryNetwork
from ntm_core.trace import Field, Role

__all__ = ["LSTMBaseline", "LSTMConfig", "LSTMState"]


class LSTMState(NamedTuple):
    """All that a step starts from, and all there is to see of one. B is the batch, C units, all layers side by side."""

    controller: Tensor
    """(B, C)"""
    controller_cell: Tensor
    """(B, C)"""


class LSTMBaseline(MemoryNetwork[LSTMState, LSTMState]):
    """A deep LSTM with a learned first state: the controller of the other networks with nothing to control."""

    name: ClassVar[str] = "lstm"

    def __init__(self, config: LSTMConfig, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config: LSTMConfig = config
        self.controller = controllers.build(
            ControllerKind.LSTM, config.inputs, config.hidden_size, config.layers, generator
        )
        self.output = nn.Linear(config.controller_size, config.outputs)
        nn.init.xavier_uniform_(self.output.weight, generator=generator)
        seeding.fill_normally(self.output.bias, 0.01, generator)

    def fields(self) -> tuple[Field, ...]:
        units = self.config.controller_size
        return (
            Field("controller", Role.CONTROLLER, (units,), ("unit",), "", (-1.0, 1.0), carried=True),
            Field("controller_cell", Role.CONTROLLER, (units,), ("unit",), carried=True),
        )

    def initial_state(self, batch: int) -> LSTMState:
        return _state(self.controller.initial(batch))

    def step(self, x: Tensor, state: LSTMState) -> tuple[Tensor, LSTMState, LSTMState]:
        output, reached = self.controller((x,), ControllerState(*state))
        after = _state(reached)
        return self.output(output), after, after


def _state(reached: ControllerState) -> LSTMState:
    hidden, cell = reached
    assert hidden is not None and cell is not None
    return LSTMState(hidden, cell)
