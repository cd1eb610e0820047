"""The pictures on the doors of the welcome page: drawn from the sample session, not invented."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

import sessions
from ntm_core.recall.operations import Recall, Store, size
from ntm_core.recall.recall_config import RecallConfig
from ntmviz import ink
from ntmviz.assets import asset
from ntmviz.colours import Scale
from ntmviz.episode_figures import SequenceFigure, rows_to_show, sequence
from ntmviz.figures import MachineFigure, machine
from ntmviz.recall import glyphs, ready
from ntmviz.recall.figure import MOST_ROUNDS
from ntmviz.recall.glyph_marks import glyph, size_of
from ntmviz.recall.lookup import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ntmviz.recall.lookup import Look

SAMPLE = "copy.ntmviz.h5"
_ROWS = 24
_LETTER = "A"
_Marks = list[ink.Mark]


class DoorPictures:
    """Reads the sample once, when the first picture is drawn. Without a sample the doors have no pictures."""

    def of(self, door: str) -> Callable[[float, float], _Marks]:
        """What draws the picture of a door into (width, height)."""
        return {"watch": self._watch, "replay": self._replay, "recall": self._recall}[door]

    @cached_property
    def _sample(self) -> tuple[MachineFigure, SequenceFigure, int] | None:
        try:
            with sessions.open(asset(SAMPLE)) as recording:
                episode = recording.episodes[len(recording.episodes) - 1]
                over_time = sequence(episode)
                # Where both heads attend to one row each, the later the better.
                sharp = np.minimum(over_time.writes.max(axis=(0, 1)), over_time.reads.max(axis=(0, 1)))
                step = len(sharp) - 1 - int((sharp[::-1] > 0.5 * sharp.max()).argmax())
                at_step = machine(episode, step)
                assert at_step is not None, "the sample has a memory"
                return at_step, over_time, rows_to_show(over_time, _ROWS, at_step.locations)
        except (FileNotFoundError, sessions.SessionError, ValueError):
            return None

    def _watch(self, width: float, height: float) -> _Marks:
        if self._sample is None:
            return []
        figure, _, first = self._sample
        rows, cell_h = _ROWS, 6
        cell_w = 10 if width >= 360 else 8 if width >= 330 else 6
        left, top = round((width - cell_w * figure.word_size) / 2), 28
        memory = figure.memory[first : first + rows]
        wide, tall = cell_w * figure.word_size, cell_h * rows
        marks: _Marks = [
            ink.Image(left, top, wide, tall, memory, Scale.SIGNED, -figure.limit, figure.limit),
            ink.Box(left - 1, top - 1, wide + 2, tall + 2, stroke="border"),
        ]
        for weighting, is_write in [(each, True) for each in figure.writes] + [(each, False) for each in figure.reads]:
            token = weighting.head.kind.value
            for row in range(rows):
                length = round(40 * float(weighting.values[first + row]))
                if length:
                    x = left - 6 - length if is_write else left + wide + 6
                    marks.append(ink.Box(x, top + row * cell_h + 1, length, cell_h - 2, fill=token))
            if not weighting.is_diffuse and first <= weighting.peak < first + rows:
                y = top + (weighting.peak - first) * cell_h
                marks.append(ink.Box(left - 1, y, wide + 2, cell_h, stroke=token))
                bar = 40 * weighting.peak_value
                x = left - 14 - bar if is_write else left + wide + 14 + bar
                align = ink.Align.RIGHT if is_write else ink.Align.LEFT
                marks.append(ink.Text(x, y + cell_h / 2, token, token, weight=ink.BOLD, align=align))
        caption = f"memory after step {figure.step}: a row a location"
        return [*marks, ink.Text(width / 2, top + tall + 20, caption, "muted", align=ink.Align.CENTRE)]

    def _replay(self, width: float, height: float) -> _Marks:
        if self._sample is None:
            return []
        figure, over_time, first = self._sample
        steps, pitch_y = over_time.count, 5
        pitch_x = max(4, int(min(300.0, width - 60)) // steps)
        left, top = round((width - pitch_x * steps) / 2), 40
        tall = pitch_y * _ROWS
        marks: _Marks = [ink.Box(left - 1, top - 1, pitch_x * steps + 2, tall + 2, fill="well", stroke="border")]
        half = pitch_x // 2
        for token, all_heads, shift in (("write", over_time.writes, 0), ("read", over_time.reads, half)):
            strongest: NDArray[np.floating] = all_heads.max(axis=0)[first : first + _ROWS]
            for row, step in zip(*(strongest > 0.3).nonzero(), strict=True):
                x = left + int(step) * pitch_x + shift
                marks.append(ink.Box(x, top + int(row) * pitch_y, max(half, 2), pitch_y - 1, fill=token))
        x = left + figure.step * pitch_x
        bottom = top + tall
        marks += [
            ink.Box(x - 2, top - 4, pitch_x + 4, tall + 8, stroke="text", stroke_width=2, radius=2),
            ink.Box(x + pitch_x / 2 - 13, bottom + 8, 26, 16, fill="text", radius=3),
            ink.Text(x + pitch_x / 2, bottom + 16, str(figure.step), "panel", weight=ink.BOLD, align=ink.Align.CENTRE),
            ink.Text(left, bottom + 16, "step 0", "muted"),
            ink.Text(left + pitch_x * steps, bottom + 16, str(steps - 1), "muted", align=ink.Align.RIGHT),
            ink.Text(
                width / 2, bottom + 40, "where it wrote and read, over the steps", "muted", align=ink.Align.CENTRE
            ),
        ]
        return marks

    def _recall(self, width: float, height: float) -> _Marks:
        """A half-erased letter, and what recalling with it comes to: computed, as in the lab."""
        looks = self._recalled
        shape, cell = glyphs.shape_of(len(looks[0].key)), 9
        wide, tall = size_of(shape, cell)
        gap = 30
        count = 3 if width >= 3 * wide + 2 * gap + 24 else 2
        pictures = [(looks[0].key, looks[0].mask, "border")] + [
            (each.word, None, "read" if each is looks[-1] else "border")
            for each in (looks[0], looks[-1])[-(count - 1) :]
        ]
        left, top = round((width - count * wide - (count - 1) * gap) / 2), 56
        marks: _Marks = []
        for at, (word, mask, frame) in enumerate(pictures):
            x = left + at * (wide + gap)
            marks += glyph(x, top, cell, word, shape, mask=mask, frame=frame)
            if at:
                middle, y = x - gap / 2, top + tall / 2
                marks.append(ink.Path(((middle - 4, y - 5), (middle + 4, y), (middle - 4, y + 5)), "muted", 1.5))
        caption = "hatched cells are unknown; the memory fills them in"
        return [*marks, ink.Text(width / 2, top + tall + 34, caption, "muted", align=ink.Align.CENTRE)]

    @cached_property
    def _recalled(self) -> tuple[Look, ...]:
        plan = ready.letters()
        words = np.array([store.word for store in plan.operations if isinstance(store, Store)], np.float32)
        rows = len(words)
        standing = {
            "memory": words,
            "usage": np.ones(rows),
            "recall_count": np.zeros(rows),
            "recall_trace": np.zeros(rows),
        }
        word = glyphs.ready(_LETTER)
        mask = (np.arange(word.size) < word.size * 5 // 8).astype(np.float32)
        task = RecallConfig(inputs=size(word.size), outputs=word.size, locations=rows)
        asked = Recall(tuple((word * mask).tolist()), tuple(mask.tolist()), strength=14.0)
        return settle(standing, asked, task, below=0.01, most=MOST_ROUNDS)
