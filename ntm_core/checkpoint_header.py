"""What network a checkpoint is of, read without loading it. Needs no torch: a window can ask by itself."""

from __future__ import annotations

import json
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ntm_core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMAT = 1
KEY = "ntm_core"
"""Of the settings among the texts of the safetensors header."""
TRAINING = "training."
"""How the names of those tensors begin that only a training needs that goes on; no parameter's name can."""
_LENGTH = struct.Struct("<Q")
_LONGEST = 1 << 24
"""Bytes of a header that are believed."""


def settings(blob: bytes) -> dict[str, Any]:
    """{"format", "model", "config"} of a checkpoint, and "training" where a training can go on from it.

    A blob has 8 bytes of length, then a JSON object, then the tensors.
    Raises CheckpointError on any other bytes, and on a format of another version.
    """
    try:
        (length,) = _LENGTH.unpack_from(blob)
        header = json.loads(blob[_LENGTH.size : _LENGTH.size + length])
        found = dict(json.loads(header["__metadata__"][KEY]))
    except (struct.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError("weights that ntmviz saved were wanted (safetensors); these bytes are none") from error
    if found.get("format") != FORMAT:
        raise CheckpointError(f"this version loads checkpoints of format {FORMAT}; got {found.get('format')!r}")
    return found


def of_file(path: Path) -> dict[str, Any]:
    """The settings of a safetensors file. Raises CheckpointError where it has none, or cannot be read."""
    with reading(path):
        with path.open("rb") as file:
            start = file.read(_LENGTH.size)
            length = _LENGTH.unpack(start)[0] if len(start) == _LENGTH.size else 0
            return settings(start + file.read(min(length, _LONGEST)))


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever is wrong with a file of weights as a CheckpointError that names it."""
    try:
        if path.exists() and not path.is_file():
            raise CheckpointError("a file of weights (.safetensors) was wanted; this is none")
        yield
    except OSError as error:
        raise CheckpointError(f"the file of weights cannot be read: {error.strerror}: {path}") from None
    except CheckpointError as error:
        raise CheckpointError(f"{error}: {path}") from None
