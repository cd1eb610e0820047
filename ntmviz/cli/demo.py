"""Train an NTM on copy from nothing until it is solved, in the window or, with --headless, into pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ntmviz.errors import NtmvizError

if TYPE_CHECKING:
    import argparse


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--headless", action="store_true", help="no window: print progress, save the session and pictures"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where session and pictures go")


def run(arguments: argparse.Namespace) -> int:
    from ntmviz import app

    if not arguments.headless:
        if arguments.out is not None:
            raise NtmvizError("--out goes with --headless; in the window choose File, Save a copy")
        return app.run([], trains=True)
    return _headless(arguments.out)


def _headless(folder: Path | None) -> int:
    from ntmviz import app, paper
    from ntmviz.cli import train
    from ntmviz.run_options import RunOptions
    from ntmviz.runs import Run
    from ntmviz.settings import sessions_folder

    folder = (folder or sessions_folder().parent / "demo").absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NtmvizError(
            f"the demo's folder cannot be made ({error.strerror}); name another with --out: {folder}"
        ) from None
    session, window, figure = folder / "copy.ntmviz.h5", folder / "window.png", folder / "figure.png"
    print("an NTM learns copy: 8 bits, lengths 1 to 20, memory 128 x 20", flush=True)
    result = train.drive(Run(RunOptions(out=str(session), overwrite=True)))
    train.tell(result)
    app.screenshot(session, window)
    import sessions

    with sessions.open(session) as recording:
        paper.save(recording.episodes[len(recording.episodes) - 1], figure, title="copy, the last episode")
    print(window, figure, sep="\n")
    print(f"look at it where there is a display: ntmviz {session}")
    return 0 if result["solved"] else 1
