"""The play head: every way of moving through time, as functions from what is looked at to what changes.

No window, clock or file is needed. Moving by hand leaves following; only `to_end` enters it. Each function returns the
changes to give to `Store.update`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntmviz.state import BEFORE_FIRST, SPEEDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntmviz.episode_figures import Happening
    from ntmviz.state import Resolved, ViewState

Changes = dict[str, object]


def by_steps(now: Resolved, count: int, first: int = 0) -> Changes:
    """So many steps on (or back), stopping at the ends of the episode; `first` is -1 where its start counts too."""
    return to_step(now, now.step + count, first)


def to_step(now: Resolved, step: int, first: int = 0) -> Changes:
    """To a step of this episode, the nearest one there is."""
    nearest = min(max(step, first), len(now.source) - 1)
    return {"episode": now.episode, "step": BEFORE_FIRST if nearest < 0 else nearest, "is_following": False}


def by_episodes(now: Resolved, count: int, episodes: int) -> Changes:
    """So many episodes on, at the same step where the other episode has it."""
    return to_episode(now, now.episode + count, episodes)


def to_episode(now: Resolved, episode: int, episodes: int) -> Changes:
    """To an episode, the nearest one there is; the step is kept as a wish, so that it comes back where it can."""
    step = BEFORE_FIRST if now.step < 0 else now.step
    return {"episode": min(max(episode, 0), episodes - 1), "step": step, "is_following": False}


def to_start(now: Resolved) -> Changes:
    return to_step(now, 0)


def to_end(now: Resolved, is_live: bool) -> Changes:
    """To the last step; while the session grows, to its newest episode, and stay with it."""
    if is_live:
        return {"is_following": True, "episode": -1, "step": -1, "direction": 0}
    return to_step(now, len(now.source) - 1)


def toggle_play(now: Resolved, direction: int = 1) -> Changes:
    """Play in a direction, or pause where it already plays that way. From the end it starts over."""
    if now.state.direction == direction:
        return {"direction": 0}
    first, last = loop_range(now)
    at_end = now.step >= last if direction > 0 else now.step <= first
    start = (first if direction > 0 else last) if at_end else now.step
    return {"direction": direction, "episode": now.episode, "step": start}


def faster(state: ViewState) -> Changes:
    return {"speed": next((speed for speed in SPEEDS if speed > state.speed), SPEEDS[-1])}


def slower(state: ViewState) -> Changes:
    return {"speed": next((speed for speed in reversed(SPEEDS) if speed < state.speed), SPEEDS[0])}


def set_loop_start(now: Resolved) -> Changes:
    """Begin the loop here; the same key again at the same step takes it away."""
    start, end = now.state.loop
    return {"loop": (None if start == now.step else now.step, end if end is None or end > now.step else None)}


def set_loop_end(now: Resolved) -> Changes:
    """End the loop here; the same key again at the same step takes it away."""
    start, end = now.state.loop
    return {"loop": (start if start is None or start < now.step else None, None if end == now.step else now.step)}


def loop_range(now: Resolved) -> tuple[int, int]:
    """First and last step that playing runs over."""
    last = len(now.source) - 1
    start, end = now.state.loop
    first = min(start or 0, last)
    return first, max(first, last if end is None else min(end, last))


def is_looping(state: ViewState) -> bool:
    return state.loop != (None, None)


def tick(now: Resolved, episodes: int) -> Changes:
    """One step of playing. In a loop it starts over at the other end; else it pauses at the end of the episode.

    While following, the newest of the episodes comes next, from its start.
    """
    direction = now.state.direction
    first, last = loop_range(now)
    step = now.step + direction
    if first <= step <= last:
        return {"episode": now.episode, "step": step}
    if is_looping(now.state):
        return {"episode": now.episode, "step": first if direction > 0 else last}
    if now.state.is_following and direction > 0:
        return {"episode": episodes - 1, "step": 0}
    return {"direction": 0}


def to_happening(now: Resolved, all_of_them: Sequence[Happening], direction: int) -> Changes:
    """To the next (1) or previous (-1) happening of the episode; nothing changes where there is none."""
    steps = sorted({each.step for each in all_of_them})
    ahead = [step for step in steps if (step - now.step) * direction > 0]
    if not ahead:
        return {}
    return to_step(now, ahead[0] if direction > 0 else ahead[-1])


def nearest_episode(iterations: Sequence[int], iteration: float) -> int:
    """Index of the episode whose iteration lies nearest; the later one of two equally near."""
    return max(range(len(iterations)), key=lambda index: (-abs(iterations[index] - iteration), index))
