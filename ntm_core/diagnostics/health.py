"""Whether a network uses its memory, what each of its heads does, and what looks wrong, in plain words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.diagnostics.excerpts import last_of
from ntm_core.diagnostics.habits import habits_in_pieces
from ntm_core.diagnostics.lag import lags_in_pieces
from ntm_core.diagnostics.layout import Layout
from ntm_core.diagnostics.measure import alarms_in_pieces, all_in_pieces
from ntm_core.diagnostics.pieces import whole
from ntm_core.trace import Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ntm_core.diagnostics.diagnostic import Alarm
    from ntm_core.diagnostics.pieces import Pieces
    from ntm_core.trace import Array, Source

USED = 0.3
"""Of what the best read head brings, the share that comes from written rows where a memory is used."""
_MUCH = 0.3
"""Of a head's weight, worth telling of."""
GUESSING = 0.4
"""Share of wrong bits from which on a network may as well guess; a smaller one does where few bits were scored."""
_HARDLY_GUESSING = 0.2
"""However few they are."""
_RECENT = 20
"""Iterations whose errors are averaged."""
_SPIKE = 50.0
"""Times the median of those before it, from which on a gradient is a spike."""
_SPIKES_BACK, _BEFORE = 1000, 20
"""Iterations that are looked through for a spike, and those before each that it is compared with."""
_OFTEN = 0.1
"""Share of the steps from which on an alarm is worth telling."""
_BUGS = ("read_mass", "write_mass", "write_residual", "read_residual")
_NOTICES = ("margin", "collision", "write_step", "allocation_max", "free_but_dirty", "saturation", "router_entropy")
_TRAP = "row_spread"
_MEASURED = ("read_mass", "write_mass", "row_spread", "read_from_written", "read_unwritten", "wrong_bits")


class Verdict(StrEnum):
    """Whether the memory is used."""

    USED = "used"
    UNUSED = "unused"
    TRAPPED = "trapped"
    """All its rows stay equal."""
    UNTRAINED = "untrained"
    """Too early to tell."""
    BROKEN = "broken"
    """Numbers are not finite."""
    NO_MEMORY = "no memory"
    UNKNOWN = "unknown"
    """Nothing to judge by."""


@dataclass(frozen=True, slots=True)
class Health:
    """What there is to say of how a network uses its memory."""

    sentences: tuple[str, ...]
    """For people, the most important first."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class _Episode:
    """What was measured of one episode."""

    source: Source
    values: Mapping[str, Array]
    scored: Array
    alarms: tuple[Alarm, ...]


def health(episodes: Sequence[Source], metrics: Mapping[str, Array] | None = None) -> Health:
    """Judge a network by the first steps of the last few episodes of a session, or of any sources of one trace.

    metrics: numbers of the iterations of its training by name, in order; NaN where one is missing.
    Looks at no more than `excerpts` allows, however long the episodes are and however many there are.
    """
    return whole(health_in_pieces(episodes, metrics))


def health_in_pieces(episodes: Sequence[Source], metrics: Mapping[str, Array] | None = None) -> Pieces[Health]:
    """What `health` gives, a piece at a time. What the episodes raise where a file can't be read, a piece raises."""
    chosen = last_of(episodes)
    if not chosen:
        return Health(("There is no episode to judge the network by.",), Verdict.UNKNOWN)
    layout = Layout(chosen[0].spec)
    if Role.MEMORY not in layout and Role.READ_WEIGHTING not in layout and Role.WRITE_WEIGHTING not in layout:
        return Health(("The network has no memory to judge.",), Verdict.NO_MEMORY)
    measured = []
    for each in chosen:
        measured.append((yield from _measured(each, layout)))
    verdict, told = yield from _verdict(measured, *_wrong_share(measured, layout, metrics or {}))
    if verdict is not Verdict.BROKEN:
        told = [*told, *(yield from habits_in_pieces(chosen)), *_notices(measured), *_spikes(metrics or {})]
    return Health((*told, _basis(chosen)), verdict)


def _measured(source: Source, layout: Layout) -> Pieces[_Episode]:
    scored = np.ones(len(source), bool)
    if Role.MASK in layout:
        is_scored = source.series(layout[Role.MASK].name) > 0
        scored = is_scored if is_scored.any() else scored
    values = yield from all_in_pieces(source, _MEASURED)
    wrong = yield from alarms_in_pieces(source, (_TRAP, *_BUGS, *_NOTICES))
    return _Episode(source, values, scored, wrong)


def _verdict(episodes: Sequence[_Episode], wrong: float, bits: float) -> Pieces[tuple[Verdict, list[str]]]:
    """The verdict and what it rests on. wrong: share of wrong bits, among so many."""
    broken = _broken(episodes)
    if broken:
        return Verdict.BROKEN, [broken]
    if all(_is_trapped(each) for each in episodes):
        return Verdict.TRAPPED, [
            "Symmetry trap: all rows of the memory stay equal although they are written to, so it holds no more than "
            "one row could, and where a head looks makes no difference. Start with one-hot or random first weightings."
        ]
    if "read_from_written" not in episodes[0].values:
        return Verdict.UNKNOWN, ["The trace does not show the memory, where the network reads and where it writes."]
    written, unwritten = _of_best_head(episodes)
    evidence = f"{_percent(written)} of what it reads to answer comes from rows written before."
    # Half of the bits are wrong by guessing, give or take two standard deviations.
    if wrong > max(_HARDLY_GUESSING, min(GUESSING, 0.5 - 1 / np.sqrt(bits))):
        verdict = Verdict.UNTRAINED
        told = [f"{_percent(wrong)} of the bits are wrong, near to guessing: what the heads do tells little yet."]
    else:
        verdict = Verdict.USED if written >= USED else Verdict.UNUSED
        told = ["The memory is used." if verdict is Verdict.USED else "The memory is hardly used."]
    told.append(evidence)
    if unwritten > _MUCH:
        told.append(f"{_percent(unwritten)} of the weight of its reads falls on rows never written.")
    return verdict, [*told, *(yield from _lag(episodes))]


def _broken(episodes: Sequence[_Episode]) -> str:
    for each in episodes:
        for name in ("read_mass", "write_mass", "row_spread"):
            values = each.values.get(name, np.zeros(1))
            bad = ~np.isfinite(values.reshape(len(values), -1)).all(-1)
            if bad.any():
                return f"Numbers are not finite, from step {int(np.argmax(bad))} of an episode on."
    return ""


def _is_trapped(episode: _Episode) -> bool:
    """Whether all rows stayed equal from an early write to the end."""
    last = [alarm for alarm in episode.alarms if alarm.name == _TRAP][-1:]
    steps = len(episode.source)
    return any(alarm.step + alarm.steps == steps and 2 * alarm.steps >= steps for alarm in last)


def _of_best_head(episodes: Sequence[_Episode]) -> tuple[float, float]:
    """What comes from written rows, and weight on unwritten ones, in scored steps, of the head best by the first."""
    written, unwritten = (
        np.concatenate([each.values[name][each.scored] for each in episodes]).mean(0)
        for name in ("read_from_written", "read_unwritten")
    )
    best = int(written.argmax())
    return float(written[best]), float(unwritten[best])


def _lag(episodes: Sequence[_Episode]) -> Pieces[list[str]]:
    """How long ago it was written what is read, in the longest episode."""
    longest = max(episodes, key=lambda each: len(each.source))
    found = yield from lags_in_pieces(longest.source)
    if found is None or found.peak is None or found.shares[found.peak] < 0.3:
        return []
    lag = "in the same step" if found.peak == 0 else f"{found.peak} step{'s' * (found.peak > 1)} before"
    return [f"In an episode of {len(longest.source)} steps, what is read was mostly written {lag}."]


def _wrong_share(episodes: Sequence[_Episode], layout: Layout, metrics: Mapping[str, Array]) -> tuple[float, float]:
    """Share of the scored bits that are wrong, of late, and how many were scored; NaN where nobody knows."""
    if "bit_error_rate" in metrics:
        rates = np.asarray(metrics["bit_error_rate"][-_RECENT:])
        if np.isfinite(rates).any():
            return float(rates[np.isfinite(rates)].mean()), math.inf
    if "wrong_bits" not in episodes[0].values:
        return math.nan, math.nan
    bits = sum(int(each.scored.sum()) for each in episodes) * layout[Role.OUTPUT].shape[0]
    return float(sum(each.values["wrong_bits"].sum() for each in episodes) / bits), bits


def _notices(episodes: Sequence[_Episode]) -> list[str]:
    """What looks wrong: a bug wherever it shows, all else where it shows often."""
    steps = sum(len(each.source) for each in episodes)
    first: dict[tuple[str, int], Alarm] = {}
    counts: dict[tuple[str, int], int] = {}
    for alarm in (alarm for each in episodes for alarm in each.alarms if alarm.name != _TRAP):
        key = alarm.name, alarm.head
        first.setdefault(key, alarm)
        counts[key] = counts.get(key, 0) + alarm.steps
    return [
        f"Looks wrong: {alarm.text} ({counts[key]} of {steps} steps)."
        for key, alarm in first.items()
        if alarm.name in _BUGS or counts[key] >= _OFTEN * steps
    ]


def _spikes(metrics: Mapping[str, Array]) -> list[str]:
    """The greatest jump of the gradient. Clipping may have dealt with it, so nothing need be wrong."""
    if "gradient_norm" not in metrics:
        return []
    norms = np.asarray(metrics["gradient_norm"][-_SPIKES_BACK:], np.float64)
    norms = norms[np.isfinite(norms)]
    if len(norms) <= _BEFORE:
        return []
    usual = np.median(np.lib.stride_tricks.sliding_window_view(norms[:-1], _BEFORE), axis=1)
    times = float((norms[_BEFORE:] / np.maximum(usual, 1e-30)).max())
    if times <= _SPIKE:
        return []
    return [f"A gradient of the last {len(norms)} iterations was {times:.0f} times as long as those before it."]


def _basis(episodes: Sequence[Source]) -> str:
    iterations = [each.info.iteration for each in episodes if each.info.iteration >= 0]
    steps = sum(len(each) for each in episodes)
    which = "the last episode" if len(episodes) == 1 else f"the last {len(episodes)} episodes"
    when = ""
    if iterations:
        first, last = min(iterations), max(iterations)
        when = f", of iteration {first}" if first == last else f", of iterations {first} to {last}"
    return f"Judged by {steps} steps of {which}{when}."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
