"""The charts in which each guided demonstration ends, from its figures. In the engine process: it needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ntm_core.recall import demonstrations, operations
from ntm_core.recall.demonstrations import consolidation, priming, references
from ntm_core.recall.demonstrations.demonstration import play
from ntmviz.recall.chart import BARS, GRAPH, LINES, PICTURES, Chart, Series, Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ntm_core.recall.demonstrations.demonstration import Demonstration
    from ntm_core.recall.demonstrations.demonstration import Shown as Played


def scenes(name: str, seed: int) -> dict[str, Any]:
    """What a demonstration does, as plain values: its words, and every operation as the input of a step.

    Raises KeyError where there is no such demonstration.
    """
    found = _found(name)
    told = []
    for scene, each in found.scenes(seed).items():
        word_size = int(each.settings["word_size"])
        settings = {key: value for key, value in each.settings.items() if key != "word_size"}
        vectors = [operations.vector(done, word_size) for done in each.operations]
        told.append(
            {
                "name": scene,
                "word_size": word_size,
                "settings": settings,
                "names": list(each.names),
                "operations": [list(vector) for vector in vectors],
            }
        )
    return {"name": name, "title": found.title, "idea": found.idea, "note": found.note, "scenes": told}


def shown(name: str, seed: int) -> Shown:
    """What a demonstration comes to; its operations are done once more, with the same numbers."""
    played = play(_found(name), seed)
    return Shown(played.sentence, played.note, tuple(_CHARTS[name](played)))


def _found(name: str) -> Demonstration[Any]:
    if name not in demonstrations.NAMES:
        raise KeyError(f"a demonstration, one of {', '.join(demonstrations.NAMES)}, was wanted; got {name!r}")
    return demonstrations.named(name)


def _series(name: str, values: Iterable[float]) -> Series:
    return Series(name, tuple(map(float, values)))


def _completion(played: Played) -> Iterable[Chart]:
    source, told = played.labs["letters"].source, played.figures
    half, noisy, again = (source.record(len(source) - 3 + at) for at in range(3))
    pictures = (
        Series("half erased", tuple(half["key"][0].tolist()), tuple(half["lookup_mask"][0].tolist())),
        _series("recalled", half["read_vector"][0]),
        _series("noisy", noisy["key"][0]),
        _series("recalled", noisy["read_vector"][0]),
        _series("and again", again["read_vector"][0]),
    )
    yield Chart(PICTURES, "What was asked with, and what came back", pictures)
    curves = (_series("strength 20", told.curve.exact), _series("strength 5", told.weak.exact))
    noise = tuple(map(float, told.curve.noise))
    yield Chart(LINES, "Exact recalls of 128 random words", curves, noise, "share of the cue turned over")


def _prominence(played: Played) -> Iterable[Chart]:
    told = played.figures
    steps = tuple(map(float, range(len(told.shares))))
    yield Chart(LINES, "The rehearsed letter's share", (_series("share", told.shares),), steps, "step")
    ends = (_series("greatest share", (told.safe, told.runaway)),)
    yield Chart(BARS, "After 60 neutral recalls", ends, labels=("λ 0.5", "λ 2"), x_title="greatest share of a letter")


def _priming(played: Played) -> Iterable[Chart]:
    told = played.figures
    shares = (_series("share", (told.after_dinner, told.later, told.after_car)),)
    labels = ("DINNER", f"{priming.LATER} steps on", "CAR")
    yield Chart(BARS, "DESSERT's share of a recall", shares, labels=labels, x_title="after", highest=0.4)
    together = told.graphs.co_recall
    rows = tuple(_series(name, row) for name, row in zip(priming.WORDS, together, strict=True))
    yield Chart(GRAPH, "Recalled together", rows, highest=max(1.0, float(together.max())))


def _availability(played: Played) -> Iterable[Chart]:
    told = played.figures
    each = {**told.by_constant, "rehearsed": told.rehearsed}
    labels = {"for ever": "for ever", "long": "10 steps", "short": "3 steps", "rehearsed": "rehearsed"}
    series = (
        _series("was", (found.frequency[1] for found in each.values())),
        _series("seems", (found.availability[1] for found in each.values())),
    )
    names = tuple(labels.get(name, name) for name in each)
    yield Chart(BARS, "How frequent STORM was, and seems", series, labels=names, x_title="recalls count for")


def _binding(played: Played) -> Iterable[Chart]:
    told = played.figures
    came = (_series("came back", (told.recall, told.recall_blurred, told.recall_sharpened)),)
    yield Chart(BARS, "Fragments that came back", came, labels=("links", "blurred", "sharpened"))
    right = (_series("right", (told.precision, told.precision_without_ends)),)
    yield Chart(BARS, "Of those that came, right", right, labels=("events end", "no ends"))


def _segments(played: Played) -> Iterable[Chart]:
    told = played.figures
    series = (
        _series("router", (told.routed.leakage.mean(), told.right_routed)),
        _series("flat", (told.flat.leakage.mean(), told.right_flat)),
    )
    yield Chart(BARS, "Router and flat", series, labels=("leaks out", "right row"))
    rows = tuple(_series(f"recall {at}", row) for at, row in enumerate(told.routed.mass))
    yield Chart(GRAPH, "Where each recall went", rows)


def _references(played: Played) -> Iterable[Chart]:
    told = played.figures
    shares = (_series("share", (found.share for found in told.found)),)
    labels = tuple(f"{name.partition('.')[0]}, {word}" for name, word in zip(references.NOTES, told.told, strict=True))
    yield Chart(BARS, "How much of each row is of its note", shares, labels=labels)


def _consolidation(played: Played) -> Iterable[Chart]:
    curves = played.figures.curves
    steps = tuple(float(step) for step in range(len(next(iter(curves.values())).long_term)))
    series = [_series(f"{count} replays", kept.long_term) for count, kept in sorted(curves.items(), reverse=True)]
    series.append(_series("short-term", curves[min(curves)].short_term))
    title = f"Of {consolidation.ITEMS} words, given back"
    yield Chart(LINES, title, tuple(series), steps, "step")


def _chaining(played: Played) -> Iterable[Chart]:
    told = played.figures
    mass = (_series("on that day", (told.in_context, told.unmasked, told.in_context_off)),)
    labels = ("place known", "rest as zeros", "nothing")
    yield Chart(BARS, "Share of the recall on the day", mass, labels=labels)
    source = played.labs["days"].source
    steps = len(source) - 1 - np.arange(len(told.names) + 1)[::-1]
    rows = tuple(
        _series(name, source.record(int(step))["read_weighting"][0])
        for name, step in zip((*told.names, "end"), steps, strict=True)
    )
    yield Chart(GRAPH, "Where each link led", rows)


_CHARTS: Mapping[str, Callable[[Played], Iterable[Chart]]] = {
    "completion": _completion,
    "prominence": _prominence,
    "priming": _priming,
    "availability": _availability,
    "binding": _binding,
    "segments": _segments,
    "references": _references,
    "consolidation": _consolidation,
    "chaining": _chaining,
}
