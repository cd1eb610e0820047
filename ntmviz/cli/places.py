"""Places that a command line names."""

from __future__ import annotations

import argparse
from pathlib import Path


def place(text: str) -> Path:
    """The path of a file or folder. No name at all would be the folder that this was started in."""
    if not text:
        raise argparse.ArgumentTypeError("a name was wanted; got ''")
    return Path(text)
