"""What a session is of: model, task, settings, and who wrote it. The JSON header of the file."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import uuid
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntm_core.trace import TraceSpec
from sessions.errors import SessionError
from sessions.schema import FORMAT, HEADER_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS = ("device", "model", "model_config", "parent", "seed", "task", "task_settings", "title", "train")


@dataclass(frozen=True, slots=True)
class Writer:
    """Which process writes a session: enough to ask later whether it still runs."""

    pid: int
    host: str
    started: str
    """When, as the kernel tells it: a process that got the same id later started at another time."""

    @classmethod
    def this_process(cls) -> Writer:
        return cls(os.getpid(), socket.gethostname(), _started(os.getpid()))

    @property
    def runs(self) -> bool:
        """Whether it runs now; False for a process of another machine."""
        if self.host != socket.gethostname() or self.pid <= 0:
            return False
        found = _started(self.pid)
        return bool(found) and found == self.started


def _started(pid: int) -> str:
    """Boot and start time of a process, 'unknown' where there is no /proc; '' where there is no such process."""
    if not sys.platform.startswith("linux"):
        try:
            os.kill(pid, 0)
        except OSError:
            return ""
        return "unknown"
    try:
        told = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    is_dead = told[0] in "ZX"
    return "" if is_dead else f"{_boot()}/{told[19]}"


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What is known of a session beside its episodes. Settings are plain JSON, as they were given."""

    format: int = FORMAT
    session_id: str = ""
    title: str = ""
    created: float = 0.0
    """Seconds since 1970, UTC."""
    model: str = ""
    model_config: Mapping[str, Any] = field(default_factory=dict)
    task: str = ""
    task_settings: Mapping[str, Any] = field(default_factory=dict)
    train: Mapping[str, Any] = field(default_factory=dict)
    device: str = ""
    seed: int = -1
    parent: Mapping[str, Any] = field(default_factory=dict)
    """For a session that goes on from another: that file's session_id, path, episode and step."""
    writer: Writer = field(default_factory=lambda: Writer(0, "", ""))

    @classmethod
    def made_from(cls, told: Mapping[str, Any]) -> SessionInfo:
        """A new session's, written by this process. SessionError on an unknown key or a value that is no JSON."""
        unknown = sorted(told.keys() - set(_KEYS))
        if unknown:
            raise SessionError(f"a session's info has the keys {', '.join(_KEYS)}; got {', '.join(unknown)} too")
        made = {
            "format": FORMAT,
            "session_id": uuid.uuid4().hex,
            "created": time.time(),
            "writer": asdict(Writer.this_process()),
        }
        try:
            return _from_plain(json.loads(_to_text(dict(told))) | made)
        except (ValueError, TypeError, OverflowError) as error:
            raise SessionError(f"a session's info has texts, mappings of settings and a whole seed; {error}") from None


def encode_header(spec: TraceSpec, info: SessionInfo, chunk_steps: int) -> bytes:
    """The header of a file as JSON bytes. SessionError where they are more than a header may have."""
    plain = {"format": info.format, "chunk_steps": chunk_steps, "spec": spec.to_json(), "session": asdict(info)}
    text = _to_text(plain).encode()
    if len(text) > HEADER_LIMIT:
        raise SessionError(f"a session's info of at most {HEADER_LIMIT} bytes was wanted; got {len(text)}")
    return text


def decode_header(text: bytes) -> tuple[TraceSpec, SessionInfo, int]:
    """Spec, info and steps of a chunk of a header. Raises SessionError; a newer format is told before anything else."""
    try:
        plain = json.loads(text)
        found = int(plain["format"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise SessionError(f"the header of a session is JSON that names its format; {error}") from None
    if not 1 <= found <= FORMAT:
        raise SessionError(f"this viewer reads sessions up to format {FORMAT}; found format {found}. Update ntmviz")
    try:
        return TraceSpec.from_json(plain["spec"]), _from_plain(plain["session"]), int(plain["chunk_steps"])
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise SessionError(f"the header of a session names spec, session and chunk_steps; {error}") from None


def _from_plain(plain: Mapping[str, Any]) -> SessionInfo:
    writer = plain["writer"]
    return SessionInfo(
        format=int(plain["format"]),
        session_id=str(plain["session_id"]),
        title=str(plain.get("title", "")),
        created=float(plain["created"]),
        model=str(plain.get("model", "")),
        model_config=dict(plain.get("model_config", {})),
        task=str(plain.get("task", "")),
        task_settings=dict(plain.get("task_settings", {})),
        train=dict(plain.get("train", {})),
        device=str(plain.get("device", "")),
        seed=int(plain.get("seed", -1)),
        parent=dict(plain.get("parent", {})),
        writer=Writer(int(writer["pid"]), str(writer["host"]), str(writer["started"])),
    )


def _to_text(plain: Mapping[str, Any]) -> str:
    try:
        return json.dumps(plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise SessionError(f"the info of a session is plain JSON: texts, numbers, lists, mappings; {error}") from None
