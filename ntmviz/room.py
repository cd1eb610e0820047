"""Whether there is memory for a network on a task: said before anything is made, with what to make smaller.

Needs no torch, as forms ask too.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntm_core import footprint, registry
from ntm_core.errors import ConfigError
from ntm_core.settings import described
from ntm_core.train_config import TrainConfig
from ntmviz.wording import size_on_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ntm_core.footprint import Footprint, Plan

_GROUPS = Path("/sys/fs/cgroup")
_MOST = 10**15
"""Bytes above which nobody wants to know how many."""


@dataclass(frozen=True, slots=True)
class Room:
    """Memory that is free, in bytes; None where nobody tells."""

    host: int | None
    device: int | None = None
    """Of a device that computes in a memory of its own."""
    is_apart: bool = False
    """Whether there is, or may be, such a device."""


def lacking_for_training(plan: Plan, train: Mapping[str, Any], room: Room, processes: int = 1) -> str:
    """What is lacking to learn, in one line; "" where nothing is or nobody knows.

    train: its settings that are not left at their defaults.   processes: those that share the batch.
    Raises ConfigError on settings that cannot be.
    """
    usual = registry.task(plan.task).train
    batch = TrainConfig.from_json({**usual, **train}).batch

    def taken(plan: Plan, batch: int) -> Footprint | None:
        return footprint.of_training(plan, batch, -(-batch // processes))

    return _lacking(plan, batch, taken, room)


def lacking_by_hand(plan: Plan, room: Room, length: int | None = None) -> str:
    """Likewise for a sequence that is stepped by hand, of a length in the task's own unit."""
    return _lacking(plan, 1, lambda plan, batch: footprint.by_hand(plan, length), room)


def free_bytes() -> int | None:
    """What this process may still take of the machine's memory and of its control groups'; None where nobody tells."""
    return min(filter(None, (_free_of_machine(), *_free_of_groups())), default=None)


def _lacking(plan: Plan, batch: int, taken: Callable[[Plan, int], Footprint | None], room: Room) -> str:
    found = taken(plan, batch)
    if found is None:
        return ""
    needs = [(found.drawing + (found.weights if room.is_apart else found.computing), room.host, "free here")]
    if room.is_apart:
        needs.append((found.computing, room.device, "free on the device"))
    for needed, free, where in needs:
        if free is not None and needed > free:
            told = f"about {size_on_disk(needed)}" if needed < _MOST else f"more than {size_on_disk(_MOST - 1)}"
            return (
                f"this does not fit in memory: it needs {told}, and {size_on_disk(free)} is {where}; "
                f"{_advice(plan, batch, taken)}"
            )
    return ""


def _advice(plan: Plan, batch: int, taken: Callable[[Plan, int], Footprint | None]) -> str:
    """What to make smaller: the setting that by its default alone would save most."""
    saved: dict[str, int] = {}
    for told, other, fewer in _smaller(plan, batch):
        with contextlib.suppress(ConfigError):
            if (found := taken(other, fewer)) is not None:
                saved[told] = found.drawing + found.computing
    return f"make {min(saved, key=saved.__getitem__)} smaller" if saved else "free some memory"


def _smaller(plan: Plan, batch: int) -> Iterator[tuple[str, Plan, int]]:
    """Each setting that is above its default, and the plan and batch without that."""
    for prefix, name, kind in (
        ("", "model_settings", registry.model(plan.model).config),
        ("task.", "task_settings", registry.task(plan.task).config),
    ):
        settings = getattr(plan, name)
        for each in described(kind):
            if each.kind is int and settings.get(each.name, 0) > each.default:
                without = {key: value for key, value in settings.items() if key != each.name}
                yield f"{prefix}{each.name}, {settings[each.name]},", replace(plan, **{name: without}), batch
    usual = TrainConfig().batch
    if batch > usual:
        yield f"the batch, {batch},", plan, usual


def _free_of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        kilobytes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        return 1024 * (kilobytes["MemAvailable"] + kilobytes["SwapFree"])
    except (OSError, ValueError, KeyError, IndexError):
        return None


def _free_of_groups() -> Iterator[int]:
    """What the control groups leave that this process is in, those of version 2."""
    try:
        lines = Path("/proc/self/cgroup").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), None)
    folder = _GROUPS if own is None else _GROUPS / own
    while folder.is_relative_to(_GROUPS):
        with contextlib.suppress(OSError, ValueError, StopIteration):
            most, used = (int((folder / f"memory.{name}").read_text("ascii")) for name in ("max", "current"))
            counts = (folder / "memory.stat").read_text("ascii").splitlines()
            cached = next(int(line.split()[1]) for line in counts if line.startswith("inactive_file "))
            yield max(1, most - used + cached)
        folder = folder.parent
