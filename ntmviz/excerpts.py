"""The steps of an episode that are drawn over time, and what is known of the episode as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ntmviz.episode_figures import Happening, forks, planned_phases, sequence
from ntmviz.survey import Surveyor
from ntmviz.views.sequence_layout import first_step_in_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from ntmviz.episode_figures import SequenceFigure
    from ntmviz.hand_words import Plan
    from ntmviz.notes import Bookmark
    from ntmviz.state import Resolved, ViewState
    from ntmviz.survey import Survey


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The steps of an episode that are drawn over time, with what only changes with them."""

    figure: SequenceFigure
    survey: Survey
    happenings: tuple[Happening, ...]
    """Of the whole episode, bookmarks among them."""
    weighting_limit: float


class Excerpts:
    """Takes the excerpt around a step. A long episode is surveyed piece by piece, whenever `look_on` is called."""

    def __init__(self) -> None:
        self.planner: Callable[[Resolved], Plan | None] = _no_plan
        """Asked for the task's sequence on the line that is shown, to draw what is not run yet."""
        self.current: Excerpt | None = None
        self._key: tuple[Any, ...] = ()
        self._surveyor: Surveyor | None = None
        self._survey_key = (-1, -1)
        self.has_more = False
        """Whether a piece of the episode is still to be looked through; none is after one that was damaged."""
        self._bookmarks: frozenset[Bookmark] = frozenset()

    @property
    def episode(self) -> int:
        """The one that an excerpt was taken of last; -1 for none."""
        return self._key[0] if self._key else -1

    def begin(self, bookmarks: frozenset[Bookmark]) -> None:
        """Another session, or none."""
        self.forget()
        self._surveyor, self._bookmarks, self.has_more = None, bookmarks, False

    def show_bookmarks(self, bookmarks: frozenset[Bookmark]) -> None:
        self._bookmarks = bookmarks

    def forget(self) -> None:
        """Take the next excerpt as that of another episode is taken."""
        self.current, self._key = None, ()

    def take(self, now: Resolved, steps_in_view: Callable[[int], int], state: ViewState) -> Excerpt:
        """The excerpt around the step: the kept one while episode, length and window are the same.

        steps_in_view: how many there is room for of an episode of so many.   Raises SessionError.
        """
        steps = len(now.source)
        plan = self.planner(now)
        planned = 0 if plan is None else max(0, len(plan) - steps)
        in_view = steps_in_view(steps + planned)
        before = self.current.figure.start if self.current is not None else 0
        start = first_step_in_view(steps + planned, in_view, max(0, now.step), before)
        marked = tuple(sorted(each.step for each in self._bookmarks if each.episode == now.episode))
        key = (now.episode, steps, planned, start, in_view, state.weighting_to_largest, marked)
        if key != self._key or self.current is None:
            figure = sequence(now.source, start, start + in_view)
            if plan is not None and planned:
                inputs, targets = (values[steps:].T for values in (plan.inputs, plan.targets))
                figure = replace(
                    figure, planned_inputs=inputs, planned_targets=targets, phases=planned_phases(figure, plan.phases)
                )
            known = self._surveyed(now)
            own = [Happening(step, "bookmark") for step in marked] + forks(now.source)
            self.current = Excerpt(
                figure,
                known,
                tuple(sorted([*known.happenings, *own])),
                known.largest_weighting if state.weighting_to_largest else 1.0,
            )
            self._key = key
        return self.current

    def look_on(self) -> bool:
        """Look through the next piece of the episode. Whether it was the last one: an excerpt tells more then."""
        if self._surveyor is None or not self.has_more:
            return False
        self._look_on(self._surveyor)
        if not self.has_more:
            self._key = self._key[:1]  # the same episode, with more known of it
        return not self.has_more

    def _surveyed(self, now: Resolved) -> Survey:
        """The survey of an episode, made once for each length it has."""
        key = (now.episode, len(now.source))
        if key != self._survey_key or self._surveyor is None:
            self._surveyor, self._survey_key = Surveyor(now.source), key
            self._look_on(self._surveyor)
        return self._surveyor.found

    def _look_on(self, surveyor: Surveyor) -> None:
        self.has_more = False
        surveyor.look_on()
        self.has_more = not surveyor.is_done


def _no_plan(now: Resolved) -> None:
    return None
