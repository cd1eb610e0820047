"""A visual debugger for memory-augmented neural networks.

`import ntmviz` loads neither Qt nor torch; what is named here is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ntmviz.run_options import RunOptions
    from ntmviz.runs import Run, load_model
    from ntmviz.waking import wake

__all__ = ["Run", "RunOptions", "__version__", "load_model", "wake"]
__version__ = "0.1.0"
_HOMES = {
    "Run": "ntmviz.runs",
    "RunOptions": "ntmviz.run_options",
    "load_model": "ntmviz.runs",
    "wake": "ntmviz.waking",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
