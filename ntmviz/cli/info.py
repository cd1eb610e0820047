"""Say what a session holds."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from ntm_core.trace import Order
from ntmviz.cli import output
from ntmviz.cli.places import place
from ntmviz.recall.items import NOT_JUDGED, is_lab
from ntmviz.wording import grouped, size_on_disk
from sessions.errors import SessionError, one_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from sessions import Recording

_COLUMNS = 100
"""Of the terminal, that a sentence fills."""


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=place, metavar="FILE", help="the session")
    parser.add_argument("--json", action="store_true", help="print it as JSON, last line")


def run(arguments: argparse.Namespace) -> int:
    import sessions

    with sessions.open(arguments.file) as recording:
        found = described(recording)
        if arguments.json:
            output.say(json.dumps(found))
        else:
            output.say("\n".join(map(one_line, _told(recording, found))))  # a file may hold any text
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
        "health": _health(recording),
    }


def _health(recording: Recording) -> list[str]:
    """How the network uses its memory, in sentences. Reads a bounded number of steps."""
    from ntm_core.diagnostics.health import health

    if is_lab(recording):
        return [NOT_JUDGED]
    try:
        return list(health(recording.episodes, recording.metrics).sentences)
    except SessionError as error:
        return [f"How the memory is used can't be told: {error}"]


def _told(recording: Recording, found: dict[str, Any]) -> Iterator[str]:
    """What the session holds, in lines for a terminal."""
    info = recording.info
    state = "complete" if recording.complete else "being recorded" if recording.is_live else "stopped early"
    yield f"{info.title or recording.path.name}: {info.model or 'unnamed model'} on {info.task or 'no task'}, {state}"
    yield f"  format {info.format}, seed {info.seed}, {info.device or 'unknown device'}"
    yield (
        f"  {grouped(found['episodes'])} episodes, {grouped(found['steps'])} steps, {size_on_disk(found['bytes'])} "
        f"({size_on_disk(found['checkpoint_bytes'])} of it checkpoints)"
    )
    metrics = recording.metrics
    if len(metrics.iterations()):
        yield f"  {grouped(len(metrics.iterations()))} iterations with {', '.join(metrics.names)}"
    yield f"  a step reads {'before' if recording.spec.order is Order.READ_FIRST else 'after'} it writes; each has:"
    width = max(len(field.name) for field in recording.spec)
    for field in recording.spec:
        shape = " x ".join(f"{size} {dim}" for size, dim in zip(field.shape, field.dims, strict=True)) or "one number"
        yield f"    {field.name:<{width}}  {shape}"
    yield "  how it uses its memory:"
    for sentence in found["health"]:
        for line in textwrap.wrap(sentence, _COLUMNS - 4):
            yield f"    {line}"
