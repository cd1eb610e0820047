"""What the scripts of tests do that a user's script does."""

import time
from typing import Any, NoReturn

from ntm_core.trace import EpisodeInfo
from sessions import Recorder
from tests.sessions.traces import numbered, still, tiny_spec

STEPS = 41
"""Of each recorded episode."""


def new_recorder(path: str, **settings: Any) -> Recorder:
    return Recorder(path, tiny_spec(), **settings)


def record(recorder: Recorder, episodes: int = 1) -> None:
    """Episodes of numbered steps that go on where the last one ended."""
    spec = tiny_spec()
    for _ in range(episodes):
        first = STEPS * recorder.recorded_episodes
        recorder.begin_episode(EpisodeInfo(), still(spec))
        recorder.append_steps(numbered(spec, first, STEPS))
        recorder.end_episode(loss=1.0)


def idle() -> NoReturn:
    """Until a signal ends it; `signal.pause` would sleep on after one that came just before."""
    while True:
        time.sleep(0.01)
