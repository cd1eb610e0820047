"""What diagnostics cost, of an NTM of the default size: memory 128 x 20, one head of each kind, an episode of copy."""

import pytest

import sessions
from ntm_core import diagnostics
from ntm_core.diagnostics.health import health
from ntm_core.kept import KeptEpisode

STEPS = 41


@pytest.fixture(scope="module")
def columns(session):
    """An episode of 41 steps as arrays: what it starts from, and its steps."""
    with sessions.open(session) as recording:
        episode = max(recording.episodes, key=len)
        initial = {field.name: episode.initial(field.name).copy() for field in recording.spec.carried}
        columns = {field.name: episode.series(field.name).copy() for field in recording.spec}
        assert len(episode) == STEPS
        return recording.spec, episode.info, initial, columns


@pytest.fixture(scope="module")
def kept(columns):
    spec, info, initial, values = columns
    episode = KeptEpisode(spec, info, initial)
    episode.append_steps(values)
    return episode


def told(tell, benchmark, what):
    if benchmark.stats is not None:
        tell(f"{what}: {1e6 * benchmark.stats['median'] / STEPS:.0f} us a step")


def test_all_diagnostics_of_an_episode(benchmark, tell, kept):
    values = benchmark(diagnostics.all_of, kept)
    told(tell, benchmark, f"all {len(values)} diagnostics")


@pytest.mark.parametrize("name", ["read_breadth", "reads_written", "margin", "row_similarity", "effective_rank"])
def test_one_diagnostic_of_an_episode(benchmark, tell, kept, name):
    benchmark(diagnostics.series, kept, name)
    told(tell, benchmark, name)


def test_alarms_of_an_episode(benchmark, tell, kept):
    benchmark(diagnostics.alarms, kept)
    told(tell, benchmark, "alarms")


def test_what_a_recorded_iteration_logs(benchmark, tell, columns):
    spec, _, initial, values = columns
    benchmark(diagnostics.of_iteration, spec, initial, values)
    told(tell, benchmark, "the numbers of an iteration")


def test_health_of_a_session(benchmark, tell, session):
    with sessions.open(session) as recording:
        benchmark(health, recording.episodes, recording.metrics)
    if benchmark.stats is not None:
        tell(f"health of a session: {1e3 * benchmark.stats['median']:.0f} ms")
