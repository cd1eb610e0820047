"""One episode over its steps: what went in, what was wanted, what came out, and where the heads were."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QSize, Signal

from ntm_core.trace import Phase
from ntmviz import ink
from ntmviz.colours import Scale, lookup_table, paint
from ntmviz.episode_figures import phase_runs
from ntmviz.figures import strongest
from ntmviz.painting import text_width
from ntmviz.views import sequence_layout as at
from ntmviz.views.canvas import Canvas
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ntmviz.colours import Palette
    from ntmviz.episode_figures import Happening, SequenceFigure
    from ntmviz.views.machine_layout import Rows

    Floats = NDArray[np.floating]

_MARKS = {
    "wrong bit": (ink.Shape.TRIANGLE, "warning"),
    "read refocus": (ink.Shape.DIAMOND, "read"),
    "not finite": (ink.Shape.SQUARE, "not_finite"),
    "bookmark": (ink.Shape.DOT, "text"),
    "fork": (ink.Shape.SQUARE, "text"),
}


def _heights(figure: SequenceFigure) -> Iterator[tuple[str, int]]:
    """The lanes that have something to show, now or once the planned steps are run, with their channels."""
    for name, run, planned in (
        ("input", figure.inputs, figure.planned_inputs),
        ("target", figure.targets, figure.planned_targets),
        ("output", figure.outputs, figure.planned_targets),
    ):
        values = planned if run is None else run
        if values is not None:
            yield name, len(values)


def _colours(values: Floats) -> tuple[Scale, tuple[float, float]]:
    """Bits from 0 to 1; the signed map where a value lies below zero."""
    if values.size == 0 or values.min() >= 0:
        return Scale.BITS, (0.0, 1.0)
    return Scale.SIGNED, (-1.0, 1.0)


class SequenceView(Canvas):
    """Draws a SequenceFigure with the play head's frame over it; a press or drag wishes for a step."""

    step_wished = Signal(int)

    def __init__(self, palette: Palette) -> None:
        self._figure: SequenceFigure | None = None
        self._happenings: Sequence[Happening] = ()
        self._still: list[ink.Mark] = []
        """The marks that stay where they are while the play head moves."""
        self._rows: Rows | None = None
        self._step = 0
        self._is_scored = True
        self._loop: tuple[int | None, int | None] = (None, None)
        self._weighting_limit = 1.0
        self._layout: at.SequenceLayout | None = None
        super().__init__(palette)
        self.setToolTip(
            "Each column is a step; a bright cell means that a head attended to that location, "
            "write at its left, read at its right"
        )
        self.pressed.connect(self._on_pointed)
        self.dragged.connect(self._on_pointed)

    def sizeHint(self) -> QSize:
        return QSize(700, 308)

    @property
    def sequence_layout(self) -> at.SequenceLayout | None:
        return self._layout

    def steps_in_view(self, steps: int) -> int:
        """How many steps of an episode fit at once."""
        return at.step_columns(int(self.area.width()), steps)[1]

    def show_figure(
        self,
        figure: SequenceFigure | None,
        rows: Rows | None,
        happenings: Sequence[Happening],
        *,
        is_scored: bool = True,
        weighting_limit: float = 1.0,
    ) -> None:
        if figure is self._figure and rows == self._rows and weighting_limit == self._weighting_limit:
            return
        self._figure, self._rows, self._happenings = figure, rows, happenings
        self._weighting_limit, self._is_scored = weighting_limit, is_scored
        self.redraw_in_time()

    def show_step(self, step: int, loop: tuple[int | None, int | None]) -> None:
        """Only the play head moves: the images stay."""
        if (step, loop) != (self._step, self._loop):
            self._step, self._loop = step, loop
            if not (self._is_outgrown or self._is_due):
                self._draw_over()

    def _redraw(self) -> None:
        figure, rows = self._figure, self._rows
        if figure is None or rows is None or not figure.count + figure.planned:
            self._layout = None
            self.hide_heatmaps()
            middle = self.area.center()
            text = "The steps of an episode appear here, one column each"
            empty = ink.Text(middle.x(), middle.y(), text, "muted", ink.BODY, align=ink.Align.CENTRE)
            self.under.show_marks(self.area, [empty], self.theme)
            self.over.show_marks(self.area, [], self.theme)
            return
        layout = self._layout = at.arrange(
            int(self.area.width()),
            int(self.area.height()),
            steps=figure.steps,
            start=figure.start,
            at_hand=figure.count,
            planned=figure.planned,
            bit_rows=tuple(_heights(figure)),
            locations=rows.count,
            has_phases=figure.phases is not None,
        )
        used = []
        for name, run, planned in (
            ("input", figure.inputs, figure.planned_inputs),
            ("target", figure.targets, figure.planned_targets),
            ("output", figure.outputs, None),
        ):
            lane = layout.lane(name)
            if lane is not None:
                used += self._draw_run(figure, layout, lane, run) + self._draw_planned(layout, lane, planned)
        used += self._draw_weightings(figure, layout, rows)
        self.hide_heatmaps(but=used)
        self.under.show_marks(self.area, list(self._grounds(layout)), self.theme)
        self._still = [
            *self._labels(layout, rows),
            *self._events(layout),
            *self._wrong_bits(figure, layout),
            *self._unscored(figure, layout),
            *self._phases(figure, layout),
            *self._not_run(layout),
        ]
        self._draw_over()

    def _draw_run(
        self, figure: SequenceFigure, layout: at.SequenceLayout, lane: at.Lane, values: Floats | None
    ) -> list[str]:
        """What went in or came out; nothing where it does not count."""
        if values is None or not layout.count:
            return []
        shown = values[:, : layout.count].copy()
        if lane.name != "input":
            shown[:, ~figure.scored[: layout.count]] = 0
        scale, limits = _colours(shown)
        area = QRectF(at.LANES_LEFT, lane.top, layout.run_width, lane.height)
        self.heatmap(lane.name).show_values(area, strongest(shown, lane.height), scale, limits, self.theme)
        return [lane.name]

    def _draw_planned(self, layout: at.SequenceLayout, lane: at.Lane, values: Floats | None) -> list[str]:
        """What the task would go on with, at half the contrast of what was run."""
        if values is None or not layout.planned:
            return []
        shown = values[:, : layout.planned]
        scale, (low, high) = _colours(shown)
        area = QRectF(at.LANES_LEFT + layout.run_width, lane.top, layout.step_width * shown.shape[1], lane.height)
        name = f"planned {lane.name}"
        self.heatmap(name).show_values(area, strongest(shown, lane.height), scale, (2 * low, 2 * high), self.theme)
        return [name]

    def _draw_weightings(self, figure: SequenceFigure, layout: at.SequenceLayout, rows: Rows) -> list[str]:
        """Every step's column is split among the heads: write heads from the left, then read heads."""
        lane = layout.lane("weighting")
        if lane is None:
            return []
        parts = [("write", values) for values in figure.writes] + [("read", values) for values in figure.reads]
        if not parts or not layout.count:
            return []
        if layout.step_width < 2 * len(parts):  # too narrow for a column a head: the strongest of each kind
            by_kind = (("write", figure.writes), ("read", figure.reads))
            parts = [(kind, values.max(axis=0)) for kind, values in by_kind if len(values)]
        shown = slice(rows.first, rows.last + 1)
        well = np.uint32(int("FF" + self.theme.well[1:], 16))
        picture = np.full((min(lane.height, rows.count), layout.count, layout.step_width), well, np.uint32)
        edges = np.linspace(0, max(len(parts), layout.step_width - 1), len(parts) + 1).round().astype(int)
        for (kind, values), left, right in zip(parts, edges[:-1], edges[1:], strict=True):
            heights = strongest(values[shown, : layout.count], lane.height)
            table = lookup_table(self.theme.name, Scale(kind))
            picture[:, :, left:right] = paint(heights, table, 0.0, self._weighting_limit)[:, :, np.newaxis]
        area = QRectF(at.LANES_LEFT, lane.top, layout.run_width, lane.height)
        self.heatmap("weighting").show_packed(area, picture.reshape(picture.shape[0], -1))
        return ["weighting"]

    def _grounds(self, layout: at.SequenceLayout) -> Iterator[ink.Mark]:
        for lane in layout.lanes[1:]:
            yield ink.Box(
                at.LANES_LEFT - 1, lane.top - 1, layout.width + 2, lane.height + 2, fill="well", stroke="border"
            )

    def _draw_over(self) -> None:
        layout = self._layout
        if layout is not None:
            moves = [*self._axis(layout), *self._loop_range(layout), *self._play_head(layout)]
            self.over.show_marks(self.area, [*self._still, *moves], self.theme)

    def _labels(self, layout: at.SequenceLayout, rows: Rows) -> Iterator[ink.Mark]:
        for lane in layout.lanes:
            middle = lane.top + lane.height / 2
            if lane.name != "weighting":
                yield ink.Text(at.LABELS_RIGHT, middle, lane.name, "muted", align=ink.Align.RIGHT)
                continue
            for shift, text, token, weight in (
                (-14, "write", "write", ink.BOLD),
                (0, "read", "read", ink.BOLD),
                (14, "weighting", "muted", ink.REGULAR),
            ):
                yield ink.Text(at.LABELS_RIGHT, middle + shift, text, token, weight=weight, align=ink.Align.RIGHT)
            if lane.height >= 70:
                for y, row in ((lane.top + 6, rows.first), (lane.top + lane.height - 6, rows.last)):
                    yield ink.Text(at.LABELS_RIGHT, y, f"row {grouped(row)}", "muted", align=ink.Align.RIGHT)

    def _events(self, layout: at.SequenceLayout) -> Iterator[ink.Mark]:
        lane = layout.lanes[0]
        middle = lane.top + lane.height / 2 - 1
        yield ink.Line(
            at.LANES_LEFT, lane.top + lane.height - 2, at.LANES_LEFT + layout.width, lane.top + lane.height - 2
        )
        if not self._happenings:
            yield ink.Text(at.LANES_LEFT, middle, "none: no wrong bit, no jump of a read", "muted")
        places: dict[str, list[float]] = {}
        for each in self._happenings:
            if layout.start <= each.step < layout.start + layout.count:
                places.setdefault(each.kind, []).append(layout.x(each.step) + layout.step_width / 2)
        taken = sorted(x for several in places.values() for x in several)
        for kind, several in places.items():
            shape, token = _MARKS[kind]
            for x in several:
                yield ink.Marker(x, middle, shape, token, 9)
            room = text_width(kind) + 14
            starts, ends = [at.LANES_LEFT, *taken], [*taken, at.LANES_LEFT + layout.width + at.MARGIN_RIGHT]
            after = next((x for x in several if ends[bisect_right(ends, x)] >= x + room), None)
            before = next((x for x in several if starts[bisect_left(starts, x) - 1] <= x - room), None)
            text_token = "text" if token == "not_finite" else token
            if after is not None:
                yield ink.Text(after + 8, middle, kind, text_token)
                taken = sorted([*taken, after + room])
            elif before is not None:
                yield ink.Text(before - 8, middle, kind, text_token, align=ink.Align.RIGHT)
                taken = sorted([*taken, before - room])

    def _phases(self, figure: SequenceFigure, layout: at.SequenceLayout) -> Iterator[ink.Mark]:
        """What the steps are for; a run too narrow for its name is told by the step's words."""
        lane = layout.lane("phase")
        if lane is None or figure.phases is None:
            return
        for start, count, phase in phase_runs(figure.phases[: layout.columns]):
            if phase is Phase.NONE:
                continue
            x, wide = layout.x(layout.start + start), count * layout.step_width
            is_signal = phase in (Phase.DELIMITER, Phase.CUE)
            fill = "muted" if is_signal else "raised"
            yield ink.Box(x, lane.top, wide - 1, lane.height, fill=fill)
            name = phase.name.lower()
            if text_width(name) + 6 < wide:
                token = "panel" if is_signal else "text"
                middle = lane.top + lane.height / 2
                yield ink.Text(x + wide / 2, middle, name, token, align=ink.Align.CENTRE)

    def _wrong_bits(self, figure: SequenceFigure, layout: at.SequenceLayout) -> Iterator[ink.Mark]:
        lane = layout.lane("wrong bits")
        assert lane is not None
        for place in range(layout.count):
            count = int(figure.wrong_bits[place]) if place < figure.count else -1
            x = layout.x(layout.start + place)
            if count > 0:
                yield ink.Box(x, lane.top, layout.step_width - 1, lane.height, fill="warning")
            if count >= 0 and layout.step_width >= 9:
                token, weight = ("panel", ink.BOLD) if count else ("muted", ink.REGULAR)
                middle = x + (layout.step_width - 1) / 2
                yield ink.Text(
                    middle, lane.top + lane.height / 2, str(count), token, weight=weight, align=ink.Align.CENTRE
                )

    def _unscored(self, figure: SequenceFigure, layout: at.SequenceLayout) -> Iterator[ink.Mark]:
        """Say in place why the target's lane is empty at first."""
        lane = layout.lane("target")
        scored = np.flatnonzero(figure.scored)
        quiet = int(scored[0]) if scored.size else figure.count
        may_be_scored = self._is_scored or layout.planned
        text = "not scored while input is shown" if may_be_scored else "nothing is scored in this episode"
        room = quiet * layout.step_width
        if lane is not None and room > text_width(text) + 8:
            yield ink.Text(at.LANES_LEFT + room / 2, lane.top + lane.height / 2, text, "muted", align=ink.Align.CENTRE)

    def _not_run(self, layout: at.SequenceLayout) -> Iterator[ink.Mark]:
        """Say in place that the planned steps are still to come, and how they come."""
        lane = layout.lane("weighting") or layout.lane("input") or layout.lanes[0]
        room = layout.step_width * layout.planned
        words = [text for text in ("not run yet", "Enter feeds the next input") if text_width(text) + 8 < room]
        middle = at.LANES_LEFT + layout.run_width + room / 2
        top = lane.top + lane.height / 2 - 8 * (len(words) - 1)
        for line, text in enumerate(words):
            yield ink.Text(middle, top + 16 * line, text, "muted", align=ink.Align.CENTRE)

    def _axis(self, layout: at.SequenceLayout) -> Iterator[ink.Mark]:
        y = layout.bottom + at.AXIS_HEIGHT / 2
        yield ink.Text(at.LABELS_RIGHT, y, "step", "muted", align=ink.Align.RIGHT)
        every = next(s for s in (1, 2, 4, 5, 10, 20, 50, 100, 200, 500, 10**9) if s * layout.step_width >= 34)
        first = -(-layout.start // every) * every
        last = layout.start + layout.columns - 1
        ticks = [tick for tick in range(first, last + 1, every) if last - tick >= every / 2 or tick == last]
        for tick in [*ticks, last] if last not in ticks else ticks:
            if abs(tick - self._step) * layout.step_width > 24:  # close ticks give way to the play head's number
                middle = layout.x(tick) + layout.step_width / 2
                yield ink.Text(middle, y, grouped(tick), "muted", align=ink.Align.CENTRE)

    def _loop_range(self, layout: at.SequenceLayout) -> Iterator[ink.Mark]:
        start, end = self._loop
        if (start, end) == (None, None):
            return
        first = layout.x(max(layout.start, start or 0))
        last = layout.start + layout.count - 1
        right = layout.x(min(last, last if end is None else end)) + layout.step_width
        y = layout.bottom + 2
        yield ink.Box(first, y, max(2, right - first), 3, fill="accent")
        for x, is_set in ((first, start is not None), (right - 2, end is not None)):
            if is_set:
                yield ink.Box(x, y, 2, 9, fill="accent")

    def _play_head(self, layout: at.SequenceLayout) -> Iterator[ink.Mark]:
        if self._step == -1 and layout.start == 0:
            yield from self._start_line(layout)
        if not layout.start <= self._step < layout.start + layout.columns:
            return
        x = layout.x(self._step)
        top = at.EVENTS_TOP + at.EVENTS_HEIGHT - 2
        yield ink.Box(
            x - 1, top, layout.step_width + 2, layout.bottom - top + 2, stroke="text", stroke_width=2, radius=2
        )
        text = grouped(self._step)
        width = max(24, text_width(text, weight=ink.BOLD) + 12)
        middle = x + layout.step_width / 2
        y = layout.bottom + at.AXIS_HEIGHT / 2
        yield ink.Box(round(middle - width / 2), y - 8, round(width), 16, fill="text", radius=3)
        yield ink.Text(middle, y, text, "panel", weight=ink.BOLD, align=ink.Align.CENTRE)

    def _start_line(self, layout: at.SequenceLayout) -> Iterator[ink.Mark]:
        """The play head before the first step."""
        top = at.EVENTS_TOP + at.EVENTS_HEIGHT - 2
        yield ink.Box(at.LANES_LEFT - 2, top, 2, layout.bottom - top + 2, fill="text")
        y = layout.bottom + at.AXIS_HEIGHT / 2
        width = round(text_width("start", weight=ink.BOLD) + 12)
        yield ink.Box(at.LANES_LEFT - 2, y - 8, width, 16, fill="text", radius=3)
        yield ink.Text(at.LANES_LEFT - 2 + width / 2, y, "start", "panel", weight=ink.BOLD, align=ink.Align.CENTRE)

    def _on_pointed(self, x: float, y: float) -> None:
        if self._layout is not None and x >= at.LANES_LEFT - 6:
            self.step_wished.emit(self._layout.step_at(x))
