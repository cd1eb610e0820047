"""The settings of an LSTM without a memory. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ntm_core.model_config import ModelConfig, lstm_weights
from ntm_core.settings import whole


@dataclass(frozen=True, slots=True)
class LSTMConfig(ModelConfig):
    """Sizes of an LSTM, by default those that the NTM paper compares with on copy (tables 1 to 3)."""

    what: ClassVar[str] = "an LSTM"

    hidden_size: int = whole(256, "Units", "Of each layer", offered=8192)
    layers: int = whole(3, "Layers", "Each sees the input and the layer below, and all feed the output", offered=8)

    @property
    def controller_size(self) -> int:
        """Units of all layers together."""
        return self.hidden_size * self.layers

    @property
    def weights(self) -> int:
        controller = lstm_weights(self.inputs, self.hidden_size, self.layers)
        return controller + (self.controller_size + 1) * self.outputs

    @property
    def state(self) -> int:
        return 2 * self.controller_size
