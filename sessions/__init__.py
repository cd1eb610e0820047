"""Sessions: everything that a memory network did, in one HDF5 file. `Recorder` writes one, `open` reads it.

FORMAT.md has the file format. Needs neither torch nor Qt; what reads and writes is loaded when first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sessions.errors import DamageError, SessionError
    from sessions.recorder import Recorder
    from sessions.recording import Recording, open

__all__ = ["DamageError", "Recorder", "Recording", "SessionError", "open"]

_HOMES = {
    "DamageError": "sessions.errors",
    "Recorder": "sessions.recorder",
    "Recording": "sessions.recording",
    "SessionError": "sessions.errors",
    "open": "sessions.recording",
}


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value
