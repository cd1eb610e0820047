"""What holds for every session of numbered steps, however it ended."""

import sessions
from sessions import Recording
from tests.contracts import check_source, same_bits
from tests.sessions.scripts import STEPS
from tests.sessions.traces import numbered


def check_all(recording: Recording, flushed: int) -> None:
    """At least the flushed steps are there, and every step that is there is right."""
    assert recording.steps >= flushed
    assert sum(len(episode) for episode in recording.episodes) == recording.steps
    start = 0
    for episode in recording.episodes:
        check_source(episode)
        for name, values in numbered(recording.spec, start, len(episode)).items():
            assert same_bits(episode.series(name), values)
        start += len(episode)


def check_session(path, episodes, *, complete=True):
    with sessions.open(path) as recording:
        assert (recording.complete, recording.is_live) == (complete, False)
        assert recording.steps == STEPS * episodes
        check_all(recording, STEPS * episodes)


def is_over(path):
    """Whether nobody writes a session any more."""
    with sessions.open(path) as recording:
        return not recording.is_live
