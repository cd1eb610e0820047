"""What a head is told beside its key, as sliders: those that the head has."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ntmviz.recall.askable import Way
from ntmviz.recall.controls import NumberSlider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntmviz.recall.query import Query

_MODES = (
    ("backward share π₁", "How much goes to what was written right before what the head last read"),
    ("content share π₂", "How much goes to the rows that resemble the key"),
    ("forward share π₃", "How much goes to what was written right after what the head last read"),
)


class QuerySliders(QWidget):
    """Tells what was set, as fields of a Query."""

    changed = Signal(dict)  # {field of Query: value}

    def __init__(self) -> None:
        super().__init__()
        self._reach = 1
        """How far the head's shift goes"""
        self.strength = NumberSlider(
            "key strength β",
            "How sharply the likest row is preferred",
            highest=100,
            steps=400,
            value=10,
            shown=lambda value: f"{value:.2f}",
            power=2,
        )
        self.gate = NumberSlider(
            "gate g",
            "How much of the content lookup goes in; the rest is the weighting of the step before",
            highest=1,
            steps=200,
            value=1,
            shown=lambda value: f"{value:.3f}",
        )
        self.shift = NumberSlider(
            "shift s",
            "How far the focus moves, in rows: back at the left, on at the right",
            highest=2,
            steps=200,
            value=1,
            shown=lambda value: f"{self._offset(value):+.2f}".replace("-", "−"),
        )
        self.sharpening = NumberSlider(
            "sharpening γ",
            "An exponent; 1 leaves the weighting as it is",
            highest=20,
            steps=400,
            value=1,
            shown=lambda value: f"{max(1.0, value):.2f}",
            power=2,
        )
        self.modes = tuple(
            NumberSlider(name, tip, highest=1, steps=200, value=0, shown=lambda value: f"{value:.3f}")
            for name, tip in _MODES
        )
        self._shares = (0.0, 1.0, 0.0)
        self._every = (self.strength, self.gate, self.shift, self.sharpening, *self.modes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for slider in self._every:
            layout.addWidget(slider)
            slider.changed.connect(self._on_slid)

    def show_controls(self, way: Way, *, has_strength: bool) -> None:
        """Which of them a head has."""
        self.strength.setVisible(has_strength)
        for slider in (self.gate, self.shift, self.sharpening):
            slider.setVisible(way is Way.SHIFTING)
        for slider in self.modes:
            slider.setVisible(way is Way.FOLLOWING)
        self.setVisible(has_strength or way is not Way.CONTENT)

    def show_query(self, query: Query) -> None:
        """What a head was told; tells of no change."""
        self._reach = len(query.shift) // 2
        self.shift.setEnabled(self._reach > 0)
        centre = sum(share * (place - self._reach) for place, share in enumerate(query.shift))
        shift = 1 + centre / max(self._reach, 1)
        for slider, value in zip(
            self._every, (query.strength, query.gate, shift, query.sharpening, *query.modes), strict=True
        ):
            _set(slider, value)
        self._shares = query.modes

    def _offset(self, value: float) -> float:
        return (value - 1) * self._reach

    def _on_slid(self) -> None:
        moved = self.sender()
        if moved is self.strength:
            self.changed.emit({"strength": self.strength.value})
        elif moved is self.gate:
            self.changed.emit({"gate": self.gate.value})
        elif moved is self.sharpening:
            self.changed.emit({"sharpening": max(1.0, self.sharpening.value)})
        elif moved is self.shift:
            self.changed.emit({"shift": kernel(self._offset(self.shift.value), self._reach)})
        else:
            place = next(at for at, slider in enumerate(self.modes) if slider is moved)
            backward, content, forward = self._shares = shares(self._shares, place, self.modes[place].value)
            for at, slider in enumerate(self.modes):
                if at != place:
                    _set(slider, self._shares[at])
            self.changed.emit({"modes": (backward, content, forward)})


def kernel(offset: float, reach: int) -> tuple[float, ...]:
    """Shares of the offsets -reach to reach with this centre, at most two of them next to each other."""
    low = min(math.floor(offset), reach - 1) if reach else 0
    made = [0.0] * (2 * reach + 1)
    made[low + reach] = 1 - (offset - low) if reach else 1.0
    if reach:
        made[low + 1 + reach] = offset - low
    return tuple(made)


def shares(before: Sequence[float], place: int, value: float) -> tuple[float, ...]:
    """Shares that sum to 1 with one set: the others keep their proportion, and are even where they had nothing."""
    others = sum(before) - before[place]
    rest = 1 - value
    even = rest / (len(before) - 1)
    return tuple(
        value if at == place else rest * share / others if others > 0 else even for at, share in enumerate(before)
    )


def _set(slider: NumberSlider, value: float) -> None:
    was_blocked = slider.blockSignals(True)
    slider.value = value
    slider.blockSignals(was_blocked)
