"""The command line: `ntmviz [FILE...]` shows the window, `ntmviz COMMAND ...` does one thing and says how it went."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

from ntm_core.errors import ConfigError, CoreError, DeviceError
from ntmviz import __version__
from ntmviz.cli import bench, demo, figure, follow, info, open_window, output, train
from ntmviz.errors import NtmvizError, UsageError
from sessions.errors import SessionError, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COMMANDS = {"demo": demo, "train": train, "follow": follow, "info": info, "figure": figure, "bench": bench}
"""Each is a module with `add_to(parser)` and `run(arguments) -> exit code`."""

DONE, FAILED, USAGE = 0, 1, 2


class _Parser(argparse.ArgumentParser):
    """Errors in one line."""

    def error(self, message: str) -> NoReturn:
        told = f"ntmviz: {one_line(message)}; '{self.prog} --help' tells more\n"
        self.exit(
            USAGE, told if os.environ.get("RANK", "0") == "0" else None
        )  # of processes that torchrun starts, once


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="ntmviz",
        description="See what a memory network writes, where it looks, and why. Without a command: open the window.",
        epilog="commands: " + ", ".join(COMMANDS) + "; 'ntmviz COMMAND --help' describes each",
        allow_abbrev=False,
    )
    open_window.add_to(parser)
    return parser


def _command_parser(name: str) -> argparse.ArgumentParser:
    module = COMMANDS[name]
    assert module.__doc__ is not None
    parser = _Parser(prog=f"ntmviz {name}", description=module.__doc__, allow_abbrev=False)
    module.add_to(parser)
    parser.add_argument("--verbose", action="store_true", help="show the traceback of an error")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code. An error is one line on standard error."""
    words = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # names of files go out as they came in
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[output.Complaints()])
    return output.ended(_run(words))


def _run(words: list[str]) -> int:
    if "--version" in words[:1]:
        output.say(f"ntmviz {__version__}")
        return DONE
    module = COMMANDS.get(words[0]) if words else None
    parser = _parser() if module is None else _command_parser(words.pop(0))
    is_verbose = "--verbose" in words
    try:
        arguments = parser.parse_args(words)
        _check_folder()
        if module is None:
            _check_words(arguments.files, has_picture=arguments.screenshot is not None)
        return (open_window if module is None else module).run(arguments)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else USAGE
    except KeyboardInterrupt:
        output.complain("stopped")
        return 130
    except Exception as error:
        if is_verbose:
            output.remark(traceback.format_exc().rstrip())
        output.complain(_line(error))
        if isinstance(error, ConfigError | DeviceError):  # a setting that cannot be was named on the command line
            return USAGE
        return error.exit_code if isinstance(error, NtmvizError) else FAILED


def _check_folder() -> None:
    """Raise NtmvizError where the working folder is gone: a relative path leads nowhere, and torch does not start."""
    try:
        os.getcwd()
    except FileNotFoundError:
        raise NtmvizError("the folder that this was started in is gone; change to another one") from None


def _check_words(files: Sequence[Path], *, has_picture: bool) -> None:
    """Raise UsageError for a word that is neither a command nor there: a window would open only to say so.

    has_picture: whether no window would; then a path that leads nowhere is a failure like any other file's.
    """
    for path in files:
        is_word = len(path.parts) == 1 and not path.suffix
        if not os.path.lexists(path) and (is_word or not has_picture):
            raise UsageError(f"a session to open or a command ({', '.join(COMMANDS)}) was wanted; got {str(path)!r}")


def _line(error: Exception) -> str:
    """An error in one line; one that nobody foresaw says so."""
    if isinstance(error, NtmvizError | CoreError | SessionError):
        return one_line(str(error))
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {one_line(text)}. This is a fault of ntmviz; 'ntmviz ... --verbose' shows where"
