"""Draw the paper's picture of an episode as PNG, SVG or PDF."""

from __future__ import annotations

import argparse
from pathlib import Path

from ntmviz.cli import output
from ntmviz.cli.places import place
from ntmviz.errors import NtmvizError


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=place, metavar="FILE", help="the session")
    parser.add_argument("--episode", type=episode, default=-1, metavar="N|last", help="which episode (last)")
    parser.add_argument("--step", type=int, metavar="N", help="the steps up to and with this one (all)")
    parser.add_argument(
        "-o", "--out", type=place, metavar="OUT", help="out.png, out.svg or out.pdf (FILE's name as .png here)"
    )


def episode(text: str) -> int:
    """A number, negative from the end, or "last"."""
    try:
        return -1 if text == "last" else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a number or 'last' was wanted; got {text!r}") from None


def run(arguments: argparse.Namespace) -> int:
    import sessions
    from ntmviz import app, paper
    from ntmviz.excerpt import FirstSteps

    out = arguments.out or Path(arguments.file.name.removesuffix(".h5").removesuffix(".ntmviz") + ".png")
    with sessions.open(arguments.file) as recording:
        count = len(recording.episodes)
        if not -count <= arguments.episode < count:
            raise NtmvizError(
                f"an episode from 0 to {count - 1} was wanted; got {arguments.episode}: {arguments.file}"
                if count
                else f"this session has no episode yet; record one first: {arguments.file}"
            )
        source = recording.episodes[arguments.episode % count]
        if arguments.step is not None:
            if not 0 <= arguments.step < len(source):
                raise NtmvizError(
                    f"a step from 0 to {len(source) - 1} was wanted; got {arguments.step}: {arguments.file}"
                )
            source = FirstSteps(source, arguments.step + 1)
        app.application(offscreen=True)
        info = source.info
        place = f"iteration {info.iteration}" if info.iteration >= 0 else f"episode {arguments.episode % count}"
        paper.save(source, out, title=f"{recording.info.model.upper()} on {recording.info.task}, {place}, {info.kind}")
    output.say(str(out))
    return 0
