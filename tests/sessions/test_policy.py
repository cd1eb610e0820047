"""Which iterations are recorded."""

import math

import pytest

from sessions.errors import SessionError
from sessions.policy import MAX_SIZE, SHORTEST_S, parse


class Training:
    """Made-up training: an iteration takes some time, recording one takes more time and adds to the file."""

    def __init__(self, word, *, iteration_s, cost_s=0.0, episode_bytes=0, max_size=MAX_SIZE):
        self.now = 100.0
        self.bytes = 0
        self.recorded = []
        self.spent = 0.0
        self.iteration = 0
        self._costs = iteration_s, cost_s, episode_bytes
        self._policy = parse(word, size=lambda: self.bytes, max_size=max_size, clock=lambda: self.now)

    def run(self, seconds):
        iteration_s, cost_s, episode_bytes = self._costs
        end = self.now + seconds
        while self.now < end:
            if self._policy.wants(self.iteration):
                self._policy.begin()
                self.now += cost_s
                self.spent += cost_s
                self.bytes += episode_bytes
                self._policy.end()
                self.recorded.append(self.now)
            self.now += iteration_s
            self.iteration += 1
        return self


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("all", [0, 1, 2, 3, 4, 5, 6]), ("every:1", [0, 1, 2, 3, 4, 5, 6]), ("every:3", [0, 3, 6]), ("off", [])],
)
def test_all_every_and_off_are_obeyed_literally(word, wanted):
    policy = parse(word, size=lambda: 10**12, max_size=1)
    found = []
    for iteration in range(7):
        if policy.wants(iteration):
            policy.begin()
            policy.end()
            found.append(iteration)
    assert found == wanted


@pytest.mark.parametrize(
    "word", ["", "none", "every", "every:", "every:0", "every:-1", "every:x", "every:1.5", "auto:3", "All"]
)
def test_a_word_that_names_no_policy_is_told(word):
    with pytest.raises(SessionError, match=f"auto, all, every:N with N from 1, or off was wanted; got {word!r}"):
        parse(word, size=lambda: 0)


@pytest.mark.parametrize("cost_s", [0.0001, 0.001, 0.01, 0.03, 0.3])
@pytest.mark.parametrize("iteration_s", [0.001, 0.05, 1.0])
def test_auto_costs_training_at_most_five_per_cent(cost_s, iteration_s):
    training = Training("auto", iteration_s=iteration_s, cost_s=cost_s).run(60)
    assert training.recorded
    assert training.spent <= 0.05 * 60 + cost_s + 0.05


def test_auto_uses_what_it_may_spend():
    training = Training("auto", iteration_s=0.005, cost_s=0.03).run(60)
    assert training.spent >= 0.04 * 60


@pytest.mark.parametrize("cost_s", [0.0, 0.001, 0.02])
def test_auto_begins_with_at_least_two_episodes_a_second(cost_s):
    training = Training("auto", iteration_s=0.01, cost_s=cost_s).run(30)
    assert len(training.recorded) >= 60


def test_auto_records_the_first_iteration_and_the_first_after_a_pause():
    training = Training("auto", iteration_s=0.01, cost_s=0.04).run(5)
    assert training.recorded[0] == pytest.approx(100.04)
    training.now += 3600
    before = len(training.recorded)
    training.run(0.01)
    assert len(training.recorded) == before + 1
    training.run(10)
    assert training.spent <= 0.05 * 15 + 0.2


def test_the_interval_of_auto_doubles_with_each_sixteenth_of_the_limit():
    training = Training("auto", iteration_s=0.01, episode_bytes=100, max_size=160_000).run(
        100 * SHORTEST_S * (1 + 2 + 4 + 8)
    )
    gaps = [later - earlier for earlier, later in zip(training.recorded, training.recorded[1:], strict=False)]
    for phase in range(4):
        middle = gaps[phase * 100 + 10 : phase * 100 + 90]
        assert min(middle) >= SHORTEST_S * 2**phase - 1e-9
        assert max(middle) <= SHORTEST_S * 2**phase + 0.011


@pytest.mark.parametrize("episode_bytes", [1_000, 100_000, 1_000_000])
def test_auto_never_lets_the_file_pass_its_limit(episode_bytes):
    training = Training("auto", iteration_s=0.05, episode_bytes=episode_bytes, max_size=20_000_000).run(20_000)
    assert training.bytes <= 20_000_000
    assert training.recorded[-1] - 100 > 100 or math.isclose(training.bytes, 19_000_000, rel_tol=0.1)
