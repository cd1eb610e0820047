"""Trainings that went on after their window closed: one small file each, by which the next window finds them."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from sessions.info import Writer


@dataclass(frozen=True, slots=True)
class Detached:
    """A training without a window."""

    session: Path
    process: Writer
    """The engine process."""
    since: float
    """When its window closed, in seconds since 1970."""
    entry: Path
    """The file that tells of it."""

    @property
    def runs(self) -> bool:
        return self.process.runs

    def finish(self) -> None:
        """Have it end here: it is measured, kept and sealed. One that has ended meanwhile is left alone."""
        if self.runs:
            os.kill(self.process.pid, signal.SIGCONT)
            os.kill(self.process.pid, signal.SIGTERM)


def folder() -> Path:
    """Beside the folder of the sessions."""
    return Path(platformdirs.user_data_path("ntmviz")) / "running"


def register(session: Path) -> None:
    """Tell the next window of the training that this process goes on with. Raises OSError."""
    entry = {"session": str(session), "process": asdict(Writer.this_process()), "since": time.time()}
    path = folder() / f"{uuid.uuid4().hex}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")  # nobody reads one that is not whole
    half.write_text(json.dumps(entry), encoding="utf-8")
    half.rename(path)


def known() -> list[Detached]:
    """The trainings of this machine that run without a window, or did and nobody was told; newest first."""
    found = filter(None, map(_read, folder().glob("*.json")))
    # In a home folder that machines share, each knows only of its own processes.
    here = [each for each in found if each.process.host == socket.gethostname()]
    return sorted(here, key=lambda each: each.since, reverse=True)


def forget_ended() -> None:
    """Remove what is told of trainings that have ended."""
    for each in known():
        if not each.runs:
            each.entry.unlink(missing_ok=True)


def find(session: Path) -> Detached | None:
    """The training that still writes a session without a window, if there is one."""
    return next((each for each in known() if each.session == session and each.runs), None)


def _read(path: Path) -> Detached | None:
    """None for a file that is no entry."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        process = plain["process"]
        writer = Writer(int(process["pid"]), str(process["host"]), str(process["started"]))
        return Detached(Path(plain["session"]), writer, float(plain["since"]), path)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
