"""Open the window, or draw it once with --screenshot."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from ntmviz import __version__
from ntmviz.cli import output
from ntmviz.cli.places import place
from ntmviz.errors import UsageError
from ntmviz.saving import suffix_of

_SMALLEST, _LARGEST = (1024, 680), (8000, 8000)
"""Sizes of a screenshot; the smallest is the window's own."""
_PACKAGES = ("torch", "numpy", "h5py", "PySide6-Essentials", "pyqtgraph", "cmap", "safetensors")


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=place, metavar="FILE", help="sessions to open")
    parser.add_argument("--screenshot", type=place, metavar="PNG", help="draw the window, save it and leave")
    parser.add_argument(
        "--workspace", choices=["watch", "step", "recall"], default="watch", help="which arrangement to draw"
    )
    parser.add_argument("--episode", type=int, metavar="N", help="episode to look at; negative from the end")
    parser.add_argument("--step", type=int, metavar="N", help="step to look at; negative from the end")
    parser.add_argument("--theme", choices=["dark", "light"], help="for this once")
    parser.add_argument("--size", type=size, default=(1440, 900), metavar="WxH", help="of the screenshot (1440x900)")
    parser.add_argument("--scale", type=scale, default=2.0, help="pixels of the screenshot a pixel of the size (2)")
    parser.add_argument("--info", action="store_true", help="print versions and places, as JSON")
    parser.add_argument("--reset", action="store_true", help="forget settings, recent files and arrangement")
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.add_argument("--verbose", action="store_true", help="show the traceback of an error")


def size(text: str) -> tuple[int, int]:
    """WIDTHxHEIGHT in pixels."""
    width, _, height = text.partition("x")
    wished = (int(width), int(height)) if width.isdecimal() and height.isdecimal() else (0, 0)
    if not all(low <= pixels <= high for low, pixels, high in zip(_SMALLEST, wished, _LARGEST, strict=True)):
        smallest, largest = ("x".join(map(str, each)) for each in (_SMALLEST, _LARGEST))
        raise argparse.ArgumentTypeError(f"WIDTHxHEIGHT from {smallest} to {largest} was wanted; got {text!r}")
    return wished


def scale(text: str) -> float:
    """A factor from 0.5 to 4."""
    try:
        factor = float(text)
    except ValueError:
        factor = float("nan")
    if not 0.5 <= factor <= 4:
        raise argparse.ArgumentTypeError(f"a factor from 0.5 to 4 was wanted; got {text!r}")
    return factor


def run(arguments: argparse.Namespace) -> int:
    if arguments.version:
        output.say(f"ntmviz {__version__}")
        return 0
    if arguments.info:
        output.say(json.dumps(installation(), indent=2))
        return 0
    if arguments.reset:
        from ntmviz.settings import reset

        output.say(f"forgot the settings; sessions are untouched: {reset()}")
        return 0
    from ntmviz import app

    if arguments.screenshot is None:
        if arguments.episode is not None or arguments.step is not None:
            raise UsageError("--episode and --step go with --screenshot; in the window use Up, Down and G")
        return app.run(arguments.files)
    if len(arguments.files) > 1:
        raise UsageError(f"one session was wanted for a screenshot; got {len(arguments.files)}")
    suffix_of("a picture", arguments.screenshot, (".png",))
    app.screenshot(
        arguments.files[0] if arguments.files else None,
        arguments.screenshot,
        episode=arguments.episode,
        step=arguments.step,
        workspace=arguments.workspace.capitalize(),
        theme_name=arguments.theme,
        size=arguments.size,
        scale=arguments.scale,
    )
    output.say(str(arguments.screenshot))
    return 0


def installation() -> dict[str, object]:
    """Versions and places that a report of a fault should name."""
    from ntmviz.settings import sessions_folder, settings_path

    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "ntmviz": __version__,
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "packages": versions,
        "settings": str(settings_path()),
        "sessions": str(sessions_folder()),
    }
