"""Networks with a memory, the tasks they learn, and an engine that trains and steps them.

`ntm_core.trace` is the vocabulary, and needs NumPy alone. The names below load torch when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ntm_core.dnc import DNC
    from ntm_core.dnc_config import DNCConfig
    from ntm_core.engine import Engine
    from ntm_core.errors import CoreError
    from ntm_core.lstm import LSTMBaseline, LSTMConfig
    from ntm_core.mann import MANN, MANNConfig
    from ntm_core.ntm import NTM, NTMConfig
    from ntm_core.train_config import TrainConfig
    from ntm_core.training import Trainer

__all__ = [
    "DNC",
    "MANN",
    "NTM",
    "CoreError",
    "DNCConfig",
    "Engine",
    "LSTMBaseline",
    "LSTMConfig",
    "MANNConfig",
    "NTMConfig",
    "TrainConfig",
    "Trainer",
]

_HOMES = {
    "CoreError": "errors",
    "DNC": "dnc",
    "DNCConfig": "dnc_config",
    "Engine": "engine",
    "LSTMBaseline": "lstm",
    "LSTMConfig": "lstm",
    "MANN": "mann",
    "MANNConfig": "mann",
    "NTM": "ntm",
    "NTMConfig": "ntm",
    "TrainConfig": "train_config",
    "Trainer": "training",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
