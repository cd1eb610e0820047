"""Say what a session holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntm_core.trace import Order
from ntmviz.wording import grouped, size_on_disk
from sessions.errors import one_line

if TYPE_CHECKING:
    import argparse

    from sessions import Recording


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the session")
    parser.add_argument("--json", action="store_true", help="print it as JSON, last line")


def run(arguments: argparse.Namespace) -> int:
    import sessions

    with sessions.open(arguments.file) as recording:
        found = described(recording)
        if arguments.json:
            print(json.dumps(found))
        else:
            _tell(recording, found)
    return 0


def described(recording: Recording) -> dict[str, Any]:
    """The session in plain JSON; the keys are those of `ntmviz info --json`."""
    info = recording.info
    return {
        "format": info.format,
        "complete": recording.complete,
        "model": info.model,
        "task": info.task,
        "device": info.device,
        "episodes": len(recording.episodes),
        "steps": recording.steps,
        "bytes": recording.bytes,
        "checkpoint_bytes": recording.checkpoint_bytes,
        "fields": {field.name: {"shape": list(field.shape), "role": field.role.value} for field in recording.spec},
    }


def _tell(recording: Recording, found: dict[str, Any]) -> None:
    info = recording.info
    state = "complete" if recording.complete else "being recorded" if recording.is_live else "stopped early"
    _say(f"{info.title or recording.path.name}: {info.model or 'unnamed model'} on {info.task or 'no task'}, {state}")
    _say(f"  format {info.format}, seed {info.seed}, {info.device or 'unknown device'}")
    _say(
        f"  {grouped(found['episodes'])} episodes, {grouped(found['steps'])} steps, {size_on_disk(found['bytes'])} "
        f"({size_on_disk(found['checkpoint_bytes'])} of it checkpoints)"
    )
    metrics = recording.metrics
    if len(metrics.iterations()):
        _say(f"  {grouped(len(metrics.iterations()))} iterations with {', '.join(metrics.names)}")
    _say(f"  a step reads {'before' if recording.spec.order is Order.READ_FIRST else 'after'} it writes; each has:")
    width = max(len(field.name) for field in recording.spec)
    for field in recording.spec:
        shape = " x ".join(f"{size} {dim}" for size, dim in zip(field.shape, field.dims, strict=True)) or "one number"
        _say(f"    {field.name:<{width}}  {shape}")


def _say(text: str) -> None:
    print(one_line(text))  # a file may hold any text
