"""Train an NTM on copy from nothing until it is solved, in the window or, with --headless, into pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ntmviz.cli import output
from ntmviz.cli.places import place
from ntmviz.errors import NtmvizError, UsageError
from ntmviz.wording import grouped

if TYPE_CHECKING:
    import argparse

    from ntmviz.run_options import RunOptions


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--headless", action="store_true", help="no window: print progress, save the session and pictures"
    )
    parser.add_argument("--out", type=place, metavar="DIR", help="where session and pictures go")


def run(arguments: argparse.Namespace) -> int:
    from ntmviz import app

    if not arguments.headless:
        if arguments.out is not None:
            raise UsageError("--out goes with --headless; in the window choose File, Save a copy")
        return app.run([], trains=True)
    from ntmviz.run_options import DEMO_SEED, RunOptions
    from ntmviz.settings import sessions_folder

    folder = (arguments.out or sessions_folder().parent / "demo").absolute()
    output.say("an NTM learns copy: 8 bits, lengths 1 to 20, memory 128 x 20")
    return headless(RunOptions(out=str(folder / "copy.ntmviz.h5"), seed=DEMO_SEED, overwrite=True))


def headless(options: RunOptions) -> int:
    """Train, print progress, and draw window.png and figure.png beside the session; returns the exit code.

    Raises NtmvizError where a file cannot be written, or where the task was not solved: the pictures are there then.
    """
    import sessions
    from ntmviz import app, paper
    from ntmviz.cli import train
    from ntmviz.runs import Run

    session = Path(options.out)
    folder = session.parent
    window, figure = folder / "window.png", folder / "figure.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NtmvizError(
            f"the demo's folder cannot be made ({error.strerror}); name another with --out: {folder}"
        ) from None
    with train.telling_compiling():
        result, ended_by = train.drive(Run(options, on_wait=train.tell_no_file))
    train.tell(result)
    if ended_by is not None:
        return train.ended_early(result, ended_by)
    app.screenshot(session, window)
    with sessions.open(session) as recording:
        paper.save(recording.episodes[len(recording.episodes) - 1], figure, title="copy, the last episode")
    output.say(f"{window}\n{figure}\nlook at it where there is a display: ntmviz {session}")
    if not result["solved"]:
        raise NtmvizError(
            f"{result['task']} was not solved after {grouped(result['sequences'])} sequences; "
            f"'ntmviz train {result['task']} --until-solved --seed 1' starts from other weights"
        )
    output.check_heard(f"session and pictures are complete: {folder}")
    return 0
