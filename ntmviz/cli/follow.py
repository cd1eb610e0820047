"""Watch a session that something else records: the newest episode, as it arrives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ntmviz.errors import NtmvizError

if TYPE_CHECKING:
    import argparse


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the session; it may still be empty")


def run(arguments: argparse.Namespace) -> int:
    from ntmviz import app

    if not arguments.file.exists():
        raise NtmvizError(f"a session that is being recorded was wanted; there is no such file yet: {arguments.file}")
    return app.run([arguments.file])
