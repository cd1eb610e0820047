"""The process that alone writes a session file: `python -m sessions.bound sessions.writer`, started by `Recorder`.

Frames come in over stdin, the first of them "create"; an answer goes out over stdout for it, for every "flush", and for
a failure. The end of stdin ends the process, whatever became of its parent: it seals the file and leaves.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from ntm_core.trace import EpisodeInfo, EpisodeKind, TraceSpec
from sessions import recording, schema
from sessions.compact import compact
from sessions.errors import FrameError, SessionError, reason
from sessions.framing import Frame, Readable, Writable, read_frame, write_frame
from sessions.info import SessionInfo, Writer, encode_header
from sessions.schema import State, TextKind
from sessions.slots import SharedRows
from sessions.storage import SessionFile

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

NICENESS = 5
"""Of lower priority than the training it records."""


def main() -> None:
    """Serve the frames of stdin. Leaves by `os._exit`, as the HDF5 library can crash in closing after a failure."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it leaves with its parent, whose end is the end of stdin
    frames, answers = _take_standard_streams()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        serve(frames, answers)
    except Exception as error:
        # Whatever it was, the parent tells its user; the file keeps what was flushed.
        with contextlib.suppress(OSError):
            write_frame(answers, {"op": "failed", "message": _in_one_line(error)})
        os._exit(1)
    os._exit(0)


def serve(frames: Readable, answers: Writable) -> None:
    """Create the session that the first frame asks for, write what comes, close it at the end of the frames."""
    first = read_frame(frames)
    if first is None:
        return
    shared = SharedRows(**first.head["shared"]) if "shared" in first.head else None
    file = _create(first.head)
    _answer(answers, {"op": "ready"})
    state = State.INTERRUPTED
    metrics: dict[str, int] = {}
    while (frame := _next(frames)) is not None:
        match frame.head["op"]:
            case "flush":
                file.flush()
                _answer(answers, {"op": "flushed", "ticket": frame.head["ticket"]})
            case "close":
                state = State.CLOSED
            case _:
                _write(file, frame, metrics, shared)
    written = file.status
    file.close(state)
    compact(str(first.head["path"]), written)


def _take_standard_streams() -> tuple[Readable, Writable]:
    """What came in on them and goes out, on descriptors of its own; whatever prints, prints to nowhere.

    So nobody who reads the parent's output waits for our end, and no file of ours becomes a stream that it had closed.
    """
    while (nowhere := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    frames, answers = io.BufferedReader(io.FileIO(os.dup(0)), 1 << 20), io.FileIO(os.dup(1), "w")
    for stream in range(3):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    return frames, answers


def _create(head: Mapping[str, Any]) -> SessionFile:
    path = str(head["path"])
    spec = TraceSpec.from_json(head["spec"])
    info = SessionInfo.made_from(head["info"])
    # Whatever is wrong with them is told before a file is touched.
    encode_header(spec, info, schema.chunk_steps(spec))
    with _one_at_a_time(os.path.dirname(path)):
        _take_name(path, is_overwriting=head["overwrite"])
        return _new_file(path, spec, info)


@contextlib.contextmanager
def _one_at_a_time(folder: str) -> Iterator[None]:
    """Let nobody else create a session in this folder meanwhile; where no lock can be had, go on without.

    The lock ends with the process, whatever ends that.
    """
    with contextlib.ExitStack() as stack:
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                opened = os.open(folder, os.O_RDONLY)
                stack.callback(os.close, opened)
                fcntl.flock(opened, fcntl.LOCK_EX)
        yield


def _take_name(path: str, *, is_overwriting: bool) -> None:
    """Put an empty file there. SessionError where something is in the way that must not be replaced."""
    if os.path.isdir(path):
        raise SessionError(f"the name of a file to write was wanted; this is a folder: {path}")
    try:
        if is_overwriting and os.path.isfile(path):
            if (writer := _writer_of(path)) is not None:
                raise SessionError(
                    f"this session is being recorded (by process {writer.pid}); close it first, or take another name: "
                    f"{path}"
                )
            # Not truncated: whoever looks at the old one keeps it whole.
            os.unlink(path)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        raise SessionError(f"there is a file of this name; take another, or ask for overwrite: {path}") from None
    except OSError as error:
        raise SessionError(f"cannot write a session here: {reason(error)}: {path}") from None


def _writer_of(path: str) -> Writer | None:
    """Who writes a session now; None where nobody does or it is none."""
    with contextlib.suppress(SessionError), recording.open(path) as found:
        return found.info.writer if found.is_live else None
    return None


def _new_file(path: str, spec: TraceSpec, info: SessionInfo) -> SessionFile:
    try:
        return SessionFile(path, spec, info)
    except Exception as error:
        # Else the next try would find a file of this name.
        os.unlink(path)
        raise SessionError(
            f"a file that can be read while it is written (HDF5 SWMR) was wanted; {reason(error)}. "
            f"Record to a local disk with room: {path}"
        ) from error


def _write(file: SessionFile, frame: Frame, metrics: dict[str, int], shared: SharedRows | None) -> None:
    """metrics: column of each metric so far; grows.   shared: where the steps lie that were not sent."""
    head = frame.head
    match head["op"]:
        case "begin":
            told = head["info"]
            file.begin_episode(EpisodeInfo(**(told | {"kind": EpisodeKind(told["kind"])})), frame.arrays[0])
        case "steps":
            file.append_steps(frame.arrays[0])
        case "slot" if shared is not None:
            file.append_steps(shared.find(head["slot"]))
        case "end":
            file.end_episode(head["loss"], head["wrong_bits"])
        case "log":
            file.log(frame.arrays[0], _to_columns(file, head["names"], frame.arrays[1], metrics))
        case "event":
            file.event(head["kind"], head["text"], head["places"], head["wall_time"])
        case "checkpoint":
            file.checkpoint(frame.arrays[0], head["iteration"], head["wall_time"])
        case "dropped":
            file.dropped_episodes = head["episodes"]
        case other:
            raise FrameError(f"an order that the writer knows was wanted; got {other!r}")


def _to_columns(
    file: SessionFile, names: list[str], values: NDArray[Any], metrics: dict[str, int]
) -> NDArray[np.float64]:
    """Values (rows, names) put under the columns of their names: (rows, METRIC_COLUMNS)."""
    placed = np.full((len(values), schema.METRIC_COLUMNS), np.nan)
    for number, name in enumerate(names):
        if name not in metrics:
            metrics[name] = len(metrics)
            file.text(TextKind.METRIC, name)
        placed[:, metrics[name]] = values[:, number]
    return placed


def _next(frames: Readable) -> Frame | None:
    """The next frame; None at the end, also where the parent was killed in the middle of one."""
    try:
        return read_frame(frames)
    except FrameError:
        return None


def _answer(answers: Writable, head: Mapping[str, Any]) -> None:
    """Tell the parent, if there still is one."""
    with contextlib.suppress(BrokenPipeError):
        write_frame(answers, head)


def _in_one_line(error: BaseException) -> str:
    if isinstance(error, SessionError):
        return str(error)
    kind = "" if isinstance(error, OSError) else f"{type(error).__name__}: "
    return f"nothing more can be written to the session ({kind}{reason(error)})"
