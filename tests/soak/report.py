"""What a run under load has shown, its verdicts, and both as text and JSON."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pyqtgraph
import PySide6

from sessions.recording import CACHE_BYTES
from tests.soak.blocks import CLOCKS, WORST, Blocks
from tests.soak.resources import MIB, AtRest, Memory

if TYPE_CHECKING:
    from pathlib import Path

    from tests.soak.pace import Pace

MOST_BLOCK_S = 0.1
ALLOWANCE_MIB = 32.0
"""What the window may grow by beyond the recording's cache: tables of a growing session, fonts, caches of Qt."""
FEW_OBJECTS = 40
"""What the number of objects at rest may differ by: recent files are listed, a panel says more or less. To leak one
object an act would be hundreds."""
_SHARES = (0.5, 0.99, 0.999)
_SLOWNESS = (("p50", 0.5), ("p90", 0.9), ("max", 1.0))


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was measured."""

    seconds: float
    seed: int
    acts: dict[str, int]
    blocks: Blocks
    memory: Memory
    pace: Pace
    rests: list[AtRest]
    complaints: list[str]
    """Messages of Qt, exceptions that nobody caught."""

    def to_json(self) -> dict[str, Any]:
        blocks, memory = self.blocks, self.memory
        return {
            "machine": _machine(),
            "minutes": round(self.seconds / 60, 2),
            "seed": self.seed,
            "slowness": {name: round(self.pace.slowness(share), 2) for name, share in _SLOWNESS},
            "acts": self.acts,
            "blocks": {"count": blocks.count}
            | {clock: self._milliseconds(clock) for clock in CLOCKS}
            | {
                f"worst by {clock}": [asdict(block) | {"took": block.took._asdict()} for block in blocks.worst(clock)]
                for clock in CLOCKS
            },
            "memory": {
                "first": round(memory.first, 1),
                "last": round(memory.last, 1),
                "peak": round(memory.peak, 1),
                "slope": round(memory.slope, 3),
            },
            "at rest": [rest.counts for rest in self.rests],
            "left": self._left(),
            "complaints": self.complaints,
            "verdicts": self.verdicts(),
        }

    def verdicts(self) -> dict[str, bool]:
        """What was asked for, and whether it held."""
        grown = self.memory.last - self.memory.first
        return {
            f"no block above {1000 * MOST_BLOCK_S:.0f} ms": self.blocks.most("wall") <= MOST_BLOCK_S,
            f"no block above {1000 * MOST_BLOCK_S:.0f} ms of CPU at the machine's best": self.blocks.most("own")
            <= MOST_BLOCK_S,
            "memory grows by no more than the cache": grown <= CACHE_BYTES / MIB + ALLOWANCE_MIB,
            "nothing is left at rest": self._is_tidy(),
            "no warning of Qt, no exception": not self.complaints,
            "every act was done": all(self.acts.values()),
        }

    def save(self, folder: Path) -> None:
        """Write report.txt and report.json."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.json").write_text(json.dumps(self.to_json(), indent=1) + "\n")
        (folder / "report.txt").write_text(str(self))

    def _is_tidy(self) -> bool:
        if len(self.rests) < 2:
            return False
        first, last = self.rests[0].counts, self.rests[-1].counts
        return all(last[name] <= first[name] + (FEW_OBJECTS if name == "objects" else 0) for name in first)

    def _left(self) -> dict[str, int]:
        """What there was more of at the last rest than at the first."""
        return self.rests[-1].more_than(self.rests[0]) if len(self.rests) > 1 else {}

    def _milliseconds(self, clock: str) -> dict[str, float]:
        quantiles = {f"p{100 * share:g}": 1000 * self.blocks.quantile(clock, share) for share in _SHARES}
        return {name: round(value, 1) for name, value in (quantiles | {"max": 1000 * self.blocks.most(clock)}).items()}

    def __str__(self) -> str:
        memory = self.memory
        lines = [
            f"The window under load: {self.seconds / 60:.1f} minutes, seed {self.seed}",
            *(f"  {name}: {value}" for name, value in _machine().items()),
            "",
            f"{sum(self.acts.values())} acts: {', '.join(f'{name} {count}' for name, count in self.acts.items())}",
            "",
            f"Blocks of the GUI thread (turns of its event loop above 5 ms): {self.blocks.count}",
            "  one loop of Python takes "
            + ", ".join(f"{self.pace.slowness(share):.2f} times its fastest at {name}" for name, share in _SLOWNESS)
            + ": what others take of the machine",
            *(f"  {clock:<5}{_row(self._milliseconds(clock))} ms" for clock in CLOCKS),
            "  own: CPU time over how many times slower than its best the machine was just then",
            *(line for clock in CLOCKS for line in self._worst(clock)),
            "",
            f"Memory, MiB: first {memory.first:.0f}, last {memory.last:.0f}, peak {memory.peak:.0f}, "
            f"slope over the last two thirds {memory.slope:+.2f} a minute",
            *(f"At rest: {_row(rest.counts)}" for rest in self.rests),
            f"More at the last rest than at the first: {_row(self._left()) or 'nothing'}",
            "",
            *(f"Complaint: {complaint}" for complaint in self.complaints),
            *(f"{'ok    ' if is_good else 'FAILED'}  {what}" for what, is_good in self.verdicts().items()),
        ]
        return "\n".join(lines) + "\n"

    def _worst(self, clock: str) -> list[str]:
        rows = [f"  the worst {WORST} by {clock}:   at s   wall ms    cpu    own   without a core"]
        for block in self.blocks.worst(clock):
            wall, cpu, waited, own = (1000 * seconds for seconds in (*block.took, block.own))
            numbers = f"{block.at:26.1f} {wall:9.1f} {cpu:6.1f} {own:6.1f} {waited:8.1f}"
            rows.append(f"  {numbers}   {block.doing}: {block.where}")
        return rows


def _row(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _machine() -> dict[str, str]:
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {platform.system()}",
        "versions": f"Python {platform.python_version()}, PySide6 {PySide6.__version__}, "
        f"pyqtgraph {pyqtgraph.__version__}, numpy {np.__version__}, h5py {h5py.__version__}",
    }
