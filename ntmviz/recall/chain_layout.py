"""The Recall panel: what was read becomes the next key, with and without what is added to content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ntmviz import ink
from ntmviz.recall.figure import named
from ntmviz.recall.glyph_marks import cell_that_fits, glyph, size_of
from ntmviz.wording import share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ntmviz.recall.figure import LabFigure
    from ntmviz.recall.lookup import Look

_LEFT, _LABEL, _RIGHT = 16, 84, 74
_BELOW = 18
"""Pixels for a name under a picture."""
_GAP = 44
_TALLEST, _LEAST = 10, 4
"""Pixels of a cell."""


def chain_marks(figure: LabFigure, width: float, height: float) -> Iterator[ink.Mark]:
    """Two rows of pictures."""
    if not figure.chain:
        yield from _nothing(figure, width, height)
        return
    half = height / 2
    room = half - 22 - _BELOW
    shown = max(2, int((width - _LEFT - _LABEL - _RIGHT) // (_GAP + 30)))
    count = min(shown, 1 + max(len(figure.chain), len(figure.plain_chain)))
    across = (width - _LEFT - _LABEL - _RIGHT - _GAP * (count - 1)) / count
    cell = min(_TALLEST, max(_LEAST, cell_that_fits(figure.shape, across, room)))
    pitch = size_of(figure.shape, cell)[0] + _GAP
    lines = ((figure.chain, True, 0.0), (figure.plain_chain, False, half))
    for chain, is_with, top in lines:
        yield from _row(figure, chain, is_with, top, half, cell, pitch, shown, width)
    yield ink.Line(_LEFT, round(half), width - 16, round(half), "border")


def _row(
    figure: LabFigure,
    chain: tuple[Look, ...],
    is_with: bool,
    top: float,
    half: float,
    cell: int,
    pitch: int,
    shown: int,
    width: float,
) -> Iterator[ink.Mark]:
    wide, tall = size_of(figure.shape, cell)
    y = round(top + (half - tall - _BELOW) / 2 + 1)
    middle = y + tall / 2
    tone = "text" if is_with else "muted"
    yield ink.Text(_LEFT, middle - 16, "With" if is_with else "Content", tone, ink.STATEMENT, ink.BOLD)
    yield ink.Text(_LEFT, middle + 1, "every term" if is_with else "alone", "muted", ink.BODY)
    yield ink.Text(_LEFT, y + tall + 11, "change", "muted")
    x = _LEFT + _LABEL
    if not chain:
        yield ink.Text(x, middle, "there is no cue to ask with by content alone", "muted", ink.BODY)
        return
    first = chain[0]
    yield from glyph(x, y, cell, first.key, figure.shape, limit=figure.limit, mask=first.mask)
    yield ink.Text(x + wide / 2, y + tall + 11, "cue", "muted", align=ink.Align.CENTRE)
    places = list(range(len(chain)))
    if len(places) > shown - 1:  # the first ones and the last
        places = [*places[: shown - 2], places[-1]]
    before = -1
    for column, place in enumerate(places, 1):
        each, at = chain[place], x + column * pitch
        is_now = is_with and not figure.is_preview and place == figure.current
        is_last = place == len(chain) - 1
        between = at - _GAP / 2
        yield ink.Path(((between - 3, middle - 9), (between + 3, middle - 5), (between - 3, middle - 1)), "muted", 1.5)
        told = share(each.change)
        yield ink.Text(between, y + tall + 11, told, "muted", align=ink.Align.CENTRE)
        if place != before + 1:
            yield ink.Text(between, middle - 18, f"{place - before - 1} more", "muted", align=ink.Align.CENTRE)
        frame = "read" if is_now or (is_with and is_last) else "border"
        yield from glyph(
            at, y, cell, each.word, figure.shape, limit=figure.limit, frame=frame, frame_width=2 if is_now else 1
        )
        text = named(each.weighting, figure.names)
        token = "read" if is_with else "text"
        yield ink.Text(at + wide / 2, y + tall + 11, text, token, weight=ink.BOLD, align=ink.Align.CENTRE)
        before = place
    yield from _outcome(figure, chain, is_with, middle, width)


def _outcome(
    figure: LabFigure, chain: tuple[Look, ...], is_with: bool, middle: float, width: float
) -> Iterator[ink.Mark]:
    last = chain[-1]
    name = named(last.weighting, figure.names).rpartition(" ")[0] or "nothing"
    size = ink.NUMBER if len(name) <= 3 else ink.STATEMENT if len(name) <= 8 else ink.SMALL
    token = "read" if is_with else "text"
    yield ink.Text(width - 16, middle - 12, name, token, size, ink.BOLD, ink.Align.RIGHT)
    is_settled = last.change < figure.below
    rounds = f"after {len(chain)}" if is_settled else f"not after {len(chain)}"
    yield ink.Text(width - 16, middle + 7, "settled", "muted", ink.BODY, align=ink.Align.RIGHT)
    yield ink.Text(width - 16, middle + 22, rounds, "muted", align=ink.Align.RIGHT)


def _nothing(figure: LabFigure, width: float, height: float) -> Iterator[ink.Mark]:
    words = "Paint a cue at the left, then press Enter to recall" if len(figure.rows) else "Nothing is stored yet"
    yield ink.Text(width / 2, height / 2, words, "muted", ink.STATEMENT, align=ink.Align.CENTRE)
