"""Starting the writer's process, whatever the state of the process that records: streams, debugger, environment."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sessions import bound
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def start_writer(descriptors: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """The process, its input and output piped. SessionError where the system has no room for it.

    descriptors: those that it has too, under their numbers.
    """
    try:
        with _standard_streams_taken(), _no_debugger():
            return subprocess.Popen(
                bound.command("sessions.writer"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env=_environment(),
                process_group=bound.GROUP,
                pass_fds=descriptors,
            )
    except OSError as error:
        raise SessionError(f"a process to write the session was wanted; {error.strerror}: {sys.executable}") from None


@contextmanager
def _standard_streams_taken() -> Iterator[None]:
    """Keep descriptors 0 to 2, where a script has closed them, from becoming pipes that any library prints into."""
    taken: list[int] = []
    try:
        while not taken or taken[-1] <= 2:
            taken.append(os.open(os.devnull, os.O_RDWR))
        yield
    finally:
        for each in taken:
            os.close(each)


def _no_debugger() -> AbstractContextManager[None]:
    """Keep the debugger of an editor (pydevd) from holding the writer until somebody attaches to that too."""
    skip = getattr(sys.modules.get("pydevd"), "skip_subprocess_arg_patch", nullcontext)
    return cast("AbstractContextManager[None]", skip())


def _environment() -> dict[str, str]:
    """This process's, with our packages found wherever it is started, and no threads for linear algebra."""
    here = str(Path(__file__).resolve().parent.parent)
    paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}
