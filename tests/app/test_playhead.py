"""Moving through time, without a window: each way of moving, at the ends too."""

from dataclasses import replace

import pytest

from ntm_core.trace import EpisodeInfo
from ntmviz import playhead
from ntmviz.episode_figures import Happening
from ntmviz.figures import Head, HeadKind
from ntmviz.state import SPEEDS, ViewState, resolve


class Steps:
    """As much of a Source as moving needs."""

    info = EpisodeInfo()

    class spec:
        @staticmethod
        def with_role(role):
            return None

    def __init__(self, steps):
        self.steps = steps

    def __len__(self):
        return self.steps


EPISODES = [Steps(10), Steps(4), Steps(10)]


def at(**state):
    now = resolve(ViewState(**state), EPISODES)
    assert now is not None
    return now


def after(now, changes):
    """Where the changes lead to."""
    return resolve(replace(now.state, **changes), EPISODES)


@pytest.mark.parametrize(("step", "count", "end"), [(3, 1, 4), (3, -1, 2), (8, 10, 9), (4, -10, 0)])
def test_steps_stop_at_the_ends_of_the_episode(step, count, end):
    now = at(episode=0, step=step)
    assert after(now, playhead.by_steps(now, count)).step == end


def test_moving_by_hand_leaves_following_and_only_the_end_enters_it():
    following = at(is_following=True)
    assert (following.episode, following.step) == (2, 9)
    back = after(following, playhead.by_steps(following, -1))
    assert (back.episode, back.step, back.state.is_following) == (2, 8, False)
    assert after(back, playhead.to_end(back, is_live=True)).state.is_following
    assert not after(back, playhead.to_end(back, is_live=False)).state.is_following


def test_a_step_comes_back_when_a_shorter_episode_was_only_passed():
    now = at(episode=0, step=7)
    shorter = after(now, playhead.by_episodes(now, 1, 3))
    assert (shorter.episode, shorter.step) == (1, 3)
    assert playhead.by_episodes(now, 9, 3)["episode"] == 2


def test_space_plays_and_pauses_and_starts_over_at_the_end():
    now = at(episode=0, step=9)
    playing = after(now, playhead.toggle_play(now))
    assert (playing.step, playing.state.direction) == (0, 1)
    assert after(playing, playhead.toggle_play(playing)).state.direction == 0
    backwards = after(now, playhead.toggle_play(now, -1))
    assert (backwards.step, backwards.state.direction) == (9, -1)


def test_playing_pauses_at_the_end_and_goes_round_in_a_loop():
    end = at(episode=0, step=9, direction=1)
    assert playhead.tick(end, 3) == {"direction": 0}
    looped = at(episode=0, step=6, direction=1, loop=(2, 6))
    assert after(looped, playhead.tick(looped, 3)).step == 2
    backwards = at(episode=0, step=2, direction=-1, loop=(2, 6))
    assert after(backwards, playhead.tick(backwards, 3)).step == 6


def test_playing_while_following_goes_on_with_the_newest_episode():
    now = at(episode=0, step=9, direction=1, is_following=True)
    assert (now.episode, now.step) == (0, 9)
    then = after(now, playhead.tick(now, 3))
    assert (then.episode, then.step, then.state.is_following) == (2, 0, True)


def test_loop_ends_are_set_and_taken_away_by_the_same_key():
    now = at(episode=0, step=3)
    started = after(now, playhead.set_loop_start(now))
    assert started.state.loop == (3, None)
    assert after(started, playhead.set_loop_start(started)).state.loop == (None, None)
    ended = after(started, playhead.by_steps(started, 4))
    ended = after(ended, playhead.set_loop_end(ended))
    assert ended.state.loop == (3, 7)
    assert playhead.loop_range(ended) == (3, 7)


def test_speed_keeps_to_its_list():
    fastest = ViewState(speed=SPEEDS[-1])
    assert playhead.faster(fastest) == {"speed": SPEEDS[-1]}
    assert playhead.slower(ViewState(speed=1.0)) == {"speed": 0.5}
    assert playhead.slower(ViewState(speed=SPEEDS[0])) == {"speed": SPEEDS[0]}


def test_happenings_are_visited_in_order_both_ways():
    found = [Happening(2, "wrong bit"), Happening(2, "read refocus"), Happening(7, "wrong bit")]
    now = at(episode=0, step=2)
    assert playhead.to_happening(now, found, 1)["step"] == 7
    assert playhead.to_happening(now, found, -1) == {}


def test_the_nearest_episode_to_an_iteration_is_found():
    assert playhead.nearest_episode([0, 10, 10, 50], 12) == 2
    assert playhead.nearest_episode([0, 10, 50], 1000) == 2


def test_an_episode_without_a_step_gives_way_to_the_one_before():
    assert resolve(ViewState(), [Steps(3), Steps(0)]).episode == 0
    assert resolve(ViewState(), [Steps(0)]) is None
    assert resolve(ViewState(), []) is None


def test_a_head_that_the_model_lacks_gives_way():
    assert resolve(ViewState(head=Head(HeadKind.WRITE, 5)), EPISODES).head == Head(HeadKind.WRITE, 5)
