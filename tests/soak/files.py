"""The sessions that the hand opens: the sample, one that is long in every way, one that is wide, and no session."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.trace import EpisodeInfo, EpisodeKind, Role, TraceSpec
from ntmviz.assets import asset
from ntmviz.run_options import RunOptions
from sessions import Recorder
from tests.sessions.traces import ntm_spec

if TYPE_CHECKING:
    from pathlib import Path

_SHARES = {Role.ERASE, Role.GATE, Role.INPUT, Role.OUTPUT, Role.TARGET, Role.MASK, Role.SHIFT}
_WEIGHTINGS = {
    Role.READ_WEIGHTING,
    Role.WRITE_WEIGHTING,
    Role.CONTENT_WEIGHTING,
    Role.GATED_WEIGHTING,
    Role.SHIFTED_WEIGHTING,
}


@dataclass(frozen=True, slots=True)
class Files:
    """What the hand opens, and where trainings go."""

    folder: Path
    sessions: tuple[Path, ...]
    damaged: Path

    def new_training(self, seed: int) -> RunOptions:
        """A training that goes on however well it has learned."""
        out = self.folder / f"training-{time.monotonic_ns()}.ntmviz.h5"
        return RunOptions(out=str(out), seed=seed, until_solved=False, iterations=10**6, device="cpu")


def make(folder: Path) -> Files:
    """Write them all into a folder."""
    sample = folder / "sample.ntmviz.h5"
    shutil.copyfile(asset("copy.ntmviz.h5"), sample)
    long, wide = folder / "long.ntmviz.h5", folder / "wide.ntmviz.h5"
    _record(long, ntm_spec(), episodes=1000, steps=4, last=3000, iterations=30_000)
    _record(wide, ntm_spec(1024, 64), episodes=10, steps=10, last=300, iterations=500)
    damaged = folder / "damaged.ntmviz.h5"
    damaged.write_bytes(sample.read_bytes()[:100_000])
    return Files(folder, (sample, long, wide), damaged)


def _record(path: Path, spec: TraceSpec, *, episodes: int, steps: int, last: int, iterations: int) -> None:
    """A session of made-up numbers in their proper ranges; its last episode has `last` steps."""
    generator = np.random.default_rng(0)
    pool = _columns(spec, last, generator)
    start = {field.name: pool[field.name][0] for field in spec.carried}
    with Recorder(path, spec, {"title": path.name, "model": "ntm", "task": "copy"}) as recorder:
        for number in range(episodes):
            count = last if number == episodes - 1 else steps
            kind = EpisodeKind.TRAIN if number % 10 else EpisodeKind.EVAL
            recorder.begin_episode(EpisodeInfo(kind, iteration=number * iterations // episodes), start)
            recorder.append_steps({name: values[:count] for name, values in pool.items()})
            recorder.end_episode(loss=0.7, wrong_bits=number % 7)
            recorder.flush(60)
        for at in range(iterations):
            loss = 0.7 * 0.9999**at * generator.uniform(0.8, 1.2)
            recorder.log(at, loss=loss, bit_error_rate=loss / 1.4, wrong_bits=100 * loss, gradient_norm=1.0)


def _columns(spec: TraceSpec, steps: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    columns = {}
    for field in spec:
        values = generator.uniform(-1, 1, (steps, *field.shape)).astype(np.float32)
        if field.role in _WEIGHTINGS:
            values = np.exp(12 * values)
            values /= values.sum(axis=-1, keepdims=True)
        elif field.role in _SHARES:
            values = np.abs(values)
        columns[field.name] = values
    return columns
