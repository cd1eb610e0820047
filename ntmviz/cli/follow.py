"""Watch a session that something else records: the newest episode, as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntmviz.cli.places import place

if TYPE_CHECKING:
    import argparse


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=place, metavar="FILE", help="the session; it may still be empty")


def run(arguments: argparse.Namespace) -> int:
    import sessions
    from ntmviz import app

    sessions.open(arguments.file).close()  # what cannot be followed is told here, not by a window that comes up empty
    return app.run([arguments.file])
