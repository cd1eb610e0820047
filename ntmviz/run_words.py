"""What is said of a run beside its pictures: headline, numbers of an iteration, verdict, rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ntm_core import registry
from ntm_core.settings import described
from ntm_core.trace import Role
from ntmviz.views.run_panel import RunStatus
from ntmviz.wording import grouped, short, size_on_disk, skips, task_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntmviz.desk import Desk
    from ntmviz.state import Resolved
    from sessions import Recording

_MOST_SKIPPED = 2**53
"""Whatever a file claims."""


def session_line(recording: Recording) -> str:
    """Model, controller, memory, task, seed and device in one line."""
    info, config = recording.info, recording.info.model_config
    parts = [info.model.upper() or "unnamed model"]
    if "controller" in config:
        parts.append(f"{str(config['controller']).upper()} {config.get('hidden_size', '')}".strip())
    elif {"layers", "hidden_size"} <= config.keys():
        parts[0] += f" of {config['layers']} × {config['hidden_size']} units"
    memory = recording.spec.with_role(Role.MEMORY)
    if memory is not None:
        parts.append(f"memory {' × '.join(str(size) for size in memory.shape)}")
    if info.seed >= 0:
        parts.append(f"seed {info.seed}")
    if info.device:
        parts.append(info.device.upper())
    if "iteration" in info.parent:
        parts.append(f"woken at iteration {grouped(int(info.parent['iteration']))}")
    elif info.parent:
        resumed = next((event for event in recording.events if event.kind == "resumed"), None)
        if resumed is not None:
            parts.append(f"resumed after iteration {grouped(resumed.iteration)}")
    return ", ".join(parts)


def is_by_hand(recording: Recording) -> bool:
    """Whether a session holds what was stepped by hand, and no training of its own."""
    return not recording.info.train and len(recording.by_hand) > 0


def task_line(recording: Recording) -> str:
    """The task's settings in words."""
    settings = recording.info.task_settings
    if set(settings) <= {"bits", "min_length", "max_length", "mixed_lengths"} and len(settings) >= 3:
        return f"{settings['bits']} bits, length {settings['min_length']} to {settings['max_length']}"
    entry = registry.tasks().get(recording.info.task)
    named = {} if entry is None else {each.name: each.text for each in described(entry.config)}
    told = [f"{named.get(name, name)} {value}" for name, value in settings.items() if not isinstance(value, bool)]
    return ", ".join(told[:1] + [each[0].lower() + each[1:] for each in told[1:]])


def run_status(
    recording: Recording, now: Resolved | None, progress: Mapping[str, Any], is_following: bool, desk: Desk
) -> RunStatus:
    """What the Run panel says: of the newest iteration while following, else of the one that is looked at."""
    metrics = recording.metrics
    iterations = metrics.iterations()
    last = int(iterations[-1]) if len(iterations) else 0
    shown = last if is_following or now is None else now.source.info.iteration
    if desk.shows_training and is_following:
        shown = max(shown, int(progress.get("iteration") or 0))
    at = min(int(np.searchsorted(iterations, shown)), len(iterations) - 1) if len(iterations) and shown >= 0 else -1
    if shown > last and not recording.is_whole:
        at = -1  # it is still to be read

    def number(name: str) -> float:
        return float(metrics[name][at]) if at >= 0 and name in metrics.names else float("nan")

    task = task_name(recording.info.task) or "session"
    solved = next((event for event in recording.events if event.kind == "solved"), None)
    gave_up = next((event for event in recording.events if event.kind == "gave_up"), None)
    verdict, is_good = "", True
    headline = task[0].upper() + task[1:]
    if is_by_hand(recording):
        headline = f"{headline} by hand"
    elif solved is not None or desk.is_live:
        headline = f"{'Learning' if desk.is_live else 'Learned'} {task}"
    if is_by_hand(recording):
        verdict = "every step that was fed is here" if lost_nothing(recording) else "every step that was saved is here"
    elif gave_up is not None:
        verdict, is_good = f"stopped at iteration {grouped(gave_up.iteration)}", False
    elif solved is not None:
        verdict = f"this run: solved {'before' if solved.text else 'at'} iteration {grouped(solved.iteration)}"
    elif not desk.is_live:
        verdict = "ended before it was solved" if recording.complete else "stopped early; every flushed step is here"
        is_good = False
    if skipped := _skipped(recording):
        is_good = is_good and bool(verdict)
        verdict = "; ".join(filter(None, (verdict, f"{skips(skipped)}, loss or gradient not finite")))
    limit = recording.info.train.get("iterations")
    is_training = desk.shows_training
    return RunStatus(
        headline=headline,
        settings=task_line(recording),
        iteration=shown,
        iterations=int(limit) if isinstance(limit, int | float) else None,
        loss=number("loss"),
        wrong_bits=number("wrong_bits"),
        wrong_share=number("bit_error_rate"),
        gradient_norm=number("gradient_norm"),
        is_training=is_training,
        is_detached=desk.detached is not None,
        is_paused=bool(progress.get("is_paused")),
        policy=str(progress.get("recording") or "auto"),
        verdict=verdict,
        is_good=is_good,
    )


def lost_nothing(recording: Recording) -> bool:
    """Whether whoever records it by hand still does, or closed it in order."""
    return recording.complete or recording.is_live


def _skipped(recording: Recording) -> int:
    """Updates that the session's training did not apply: a metric counts them, at the iterations that were skipped."""
    metrics = recording.metrics
    counts = metrics["skipped"] if "skipped" in metrics.names else ()
    return int(min(np.fmax.reduce(counts, initial=0), _MOST_SKIPPED))


def rate_of(recording: Recording, progress: Mapping[str, Any]) -> str:
    """Speed of training where it is known, size on disk, episodes dropped."""
    parts = []
    seconds, sequences = progress.get("seconds"), progress.get("new_sequences")
    if seconds and sequences and not progress.get("is_paused"):
        parts.append(f"{short(sequences / seconds)} sequences/s")
    if progress.get("is_paused"):
        parts.append("paused")
    parts.append(f"{size_on_disk(recording.bytes)} on disk")
    dropped = recording.dropped_episodes
    if is_by_hand(recording) and not dropped and lost_nothing(recording):
        parts.append("every step saved")
    else:
        parts.append(f"{grouped(dropped)} episode{'' if dropped == 1 else 's'} dropped")
    return "     ".join(parts)
