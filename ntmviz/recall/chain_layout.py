"""The Recall panel: what was read becomes the next key, with and without what is added to content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ntmviz import ink
from ntmviz.painting import text_width
from ntmviz.recall.figure import named
from ntmviz.recall.glyph_marks import cell_that_fits, glyph, size_of
from ntmviz.wording import share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ntmviz.recall.figure import LabFigure
    from ntmviz.recall.lookup import Look

_LEFT, _LABEL, _RIGHT = 16, 84, 76
_BELOW = 18
"""Pixels for a name under a picture."""
_GAP, _LEAST_GAP = 50, 40
_TALLEST, _LEAST = 16, 3
"""Pixels of a cell."""
_TELLS_CHANGE = 48
"""Pixels of a picture beside which there is room for a number."""
_MOST = 5
"""Pictures of a row: the cue, the first recalls and the last."""


@dataclass(frozen=True, slots=True)
class ChainLayout:
    """Where the pictures of both rows stand."""

    cell: int
    wide: int
    tall: int
    gap: int
    pitch: int
    half: float
    """Height of a row"""
    most: int
    """Pictures of a row"""

    def x_of(self, column: int) -> int:
        """The left of a picture; the cue is column 0."""
        return _LEFT + _LABEL + column * self.pitch

    def y_of(self, line: int) -> int:
        """The top of the pictures of a row."""
        return round(line * self.half + (self.half - self.tall - _BELOW) / 2 + 1)

    def places(self, chain: tuple[Look, ...]) -> tuple[int, ...]:
        """Which recalls of a chain are drawn, from column 1 on."""
        every = range(len(chain))
        return tuple(every) if len(chain) < self.most else (*every[: self.most - 2], every[-1])

    def place_at(self, chain: tuple[Look, ...], x: float, y: float) -> int | None:
        """The recall of the first row at a point."""
        column, beside = divmod(x - _LEFT - _LABEL, self.pitch)
        drawn = self.places(chain)
        is_inside = 1 <= column <= len(drawn) and beside <= self.wide and y < self.half
        return drawn[int(column) - 1] if is_inside else None


def chain_layout(figure: LabFigure, width: float, height: float) -> ChainLayout:
    """As many pictures as there is room for."""
    half = height / 2
    room = width - _LEFT - _LABEL - _RIGHT
    gap = _GAP if width >= 640 else _LEAST_GAP
    least = size_of(figure.shape, _LEAST + 1)[0] + gap
    most = max(2, min(_MOST, int((room + gap) // least)))
    across = (room - gap * (most - 1)) / most
    cell = min(_TALLEST, max(_LEAST, cell_that_fits(figure.shape, across, half - 22 - _BELOW)))
    wide, tall = size_of(figure.shape, cell)
    return ChainLayout(cell, wide, tall, gap, wide + gap, half, most)


def chain_marks(figure: LabFigure, width: float, height: float) -> Iterator[ink.Mark]:
    """Two rows of pictures."""
    if not figure.chain:
        yield from _nothing(figure, width, height)
        return
    at = chain_layout(figure, width, height)
    for line, chain in enumerate((figure.chain, figure.plain_chain)):
        yield from _row(figure, at, line, chain, width)
    yield ink.Line(_LEFT, round(at.half), width - 16, round(at.half), "border")


def _row(figure: LabFigure, at: ChainLayout, line: int, chain: tuple[Look, ...], width: float) -> Iterator[ink.Mark]:
    is_with, y = line == 0, at.y_of(line)
    middle, foot = y + at.tall / 2, y + at.tall + 12
    tone = "text" if is_with else "muted"
    title, below = figure.titles[line]
    yield ink.Text(_LEFT, middle - 16, title, tone, ink.STATEMENT, ink.BOLD)
    yield ink.Text(_LEFT, middle + 1, below, "muted", ink.BODY)
    tells_change = at.tall >= _TELLS_CHANGE
    if tells_change:
        yield ink.Text(_LEFT, middle + 20, "change", "muted")
    if not chain:
        words = "a link was followed: there is no cue" if figure.look is not None else ""
        yield ink.Text(at.x_of(0), middle, words, "muted", ink.BODY)
        return
    first = chain[0]
    yield from glyph(at.x_of(0), y, at.cell, first.key, figure.shape, limit=figure.limit, mask=first.mask)
    yield ink.Text(at.x_of(0) + at.wide / 2, foot, "key" if figure.asked else "cue", "muted", align=ink.Align.CENTRE)
    before = -1
    for column, place in enumerate(at.places(chain), 1):
        each, x = chain[place], at.x_of(column)
        between = x - at.gap / 2
        yield ink.Path(((between - 3, middle - 9), (between + 3, middle - 4), (between - 3, middle + 1)), "muted", 1.5)
        if tells_change:
            yield ink.Text(between, middle + 20, share(each.change), "muted", align=ink.Align.CENTRE)
        if place != before + 1:
            yield ink.Text(between, middle - 20, f"{place - before - 1} more", "muted", align=ink.Align.CENTRE)
        is_shown = is_with and place == figure.shown
        frame = figure.token if is_shown else "muted" if is_with and place == figure.current else "border"
        thick = 2 if is_shown else 1
        yield from glyph(x, y, at.cell, each.word, figure.shape, limit=figure.limit, frame=frame, frame_width=thick)
        room = at.pitch - 8 if len(chain) > 1 else 2 * at.pitch - 60
        text = _short(named(each.weighting, figure.names), max(room, at.pitch - 8))
        token = figure.token if is_with else "text"
        yield ink.Text(x + at.wide / 2, foot, text, token, weight=ink.BOLD, align=ink.Align.CENTRE)
        before = place
    yield from _outcome(figure, chain, is_with, middle, width)


def _short(text: str, room: float) -> str:
    """A name and a share; of what is too long only the beginning of the name."""
    name, _, share_of = text.rpartition(" ")
    while len(name) > 3 and text_width(f"{name} {share_of}", weight=ink.BOLD) > room:
        name = name[:-2].rstrip(" =…") + "…"
    return f"{name} {share_of}"


def _outcome(
    figure: LabFigure, chain: tuple[Look, ...], is_with: bool, middle: float, width: float
) -> Iterator[ink.Mark]:
    last = chain[-1]
    name = named(last.weighting, figure.names).rpartition(" ")[0] or "nothing"
    size = ink.NUMBER if len(name) <= 3 else ink.STATEMENT if len(name) <= 8 else ink.SMALL
    token = figure.token if is_with else "text"
    yield ink.Text(width - 16, middle - 12, name, token, size, ink.BOLD, ink.Align.RIGHT)
    if figure.asked:
        return
    is_settled = last.change < figure.below
    state = "settled" if is_settled else "still changing"
    yield ink.Text(width - 16, middle + 8, state, "muted", align=ink.Align.RIGHT)
    yield ink.Text(width - 16, middle + 22, f"after {len(chain)}", "muted", align=ink.Align.RIGHT)


def _nothing(figure: LabFigure, width: float, height: float) -> Iterator[ink.Mark]:
    words = "Paint a cue at the left, then press Enter to recall" if len(figure.rows) else "Nothing is stored yet"
    yield ink.Text(width / 2, height / 2, words, "muted", ink.STATEMENT, align=ink.Align.CENTRE)
