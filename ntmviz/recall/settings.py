"""How the next recall goes: how much each term counts, which are on, and where it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from ntm_core.recall import operations
from ntm_core.recall.operations import Prime, Recall
from ntmviz import ink
from ntmviz.panels import label
from ntmviz.recall.controls import NumberSlider, Switch
from ntmviz.views.boxes import column, row, rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntmviz.colours import Palette

EVERYWHERE = "Everywhere"
BY_ROUTER = "The router decides"


class RecallSettings(QWidget):
    """Sliders and switches."""

    changed = Signal()  # by the user

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._segments: tuple[str, ...] = ()
        self._make_numbers()
        self._make_switches(palette)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        for part in (
            column(self.strength, self.prominence, self.priming, self.below, self._warning, spacing=2),
            rule(),
            column(_heading("Switches", "extensions"), self.by_prominence, self.by_recalls, self.by_links, spacing=0),
            rule(),
            self._places,
        ):
            layout.addWidget(part)
        self._make_places()
        self.warn("")

    def _make_numbers(self) -> None:
        self.strength = NumberSlider(
            "key strength β",
            "How sharply the likest row is preferred: the softmax is over β times the cosine",
            highest=100,
            steps=200,
            value=24,
            shown=lambda value: f"{value:.1f}",
            power=1.5,
        )
        self.prominence = NumberSlider(
            "prominence weight λ",
            "Extension: λ log(n + 1) is added to the score of a row that was recalled n times of late",
            highest=operations.MOST_PROMINENCE,
            steps=160,
            value=0.5,
            shown=lambda value: f"{value:.2f}",
        )
        self.priming = NumberSlider(
            "priming weight μ",
            "Extension: μ times the activation that spreads to a row from what was recalled before is added",
            highest=10,
            steps=100,
            value=1,
            shown=lambda value: f"{value:.1f}",
        )
        self.below = NumberSlider(
            "stop when change is below",
            "What was read becomes the next key, until it changes by less than this, root mean square over cells",
            highest=0.2,
            steps=100,
            value=0.02,
            shown=lambda value: f"{value:.3f}",
        )
        self._warning = label(size=ink.SMALL, tone="warning")
        self._warning.setWordWrap(True)
        for slider in (self.strength, self.prominence, self.priming, self.below):
            slider.changed.connect(self._on_setting)

    def _make_switches(self, palette: Palette) -> None:
        self.by_prominence = Switch(palette, "Prominence", "Extension: what was recalled of late comes first (P)")
        self.by_recalls = Switch(
            palette, "Priming by recalls", "Extension: what was recalled soon after another comes with it (L)"
        )
        self.by_links = Switch(
            palette, "Priming by order", "Extension: what was stored right before or after comes with it"
        )
        for switch in (self.by_prominence, self.by_recalls, self.by_links):
            switch.toggled.connect(self._on_setting)
        self._palette = palette
        self._places = QWidget()
        places = QVBoxLayout(self._places)
        places.setContentsMargins(0, 0, 0, 0)
        places.setSpacing(0)
        places.addWidget(_heading("Look in", "share of the recall"))
        self._is_routed = False
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        self._group.idToggled.connect(self._on_place)

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        for switch in self.findChildren(Switch):
            switch.set_theme(palette)

    def recall(self, cue: tuple[float, ...], mask: tuple[float, ...] | None) -> Recall:
        """A recall with a cue, as it is set here."""
        chosen = self._chosen
        return Recall(
            cue,
            mask,
            strength=round(self.strength.value, 2),
            prominence=round(self.prominence.value, 3) if self.by_prominence.isChecked() else 0.0,
            priming=round(self.priming.value, 2) if self.by_recalls.isChecked() else 0.0,
            link_priming=round(self.priming.value, 2) if self.by_links.isChecked() else 0.0,
            segment=chosen[0] if len(chosen) == 1 else None,
            segments=chosen if len(chosen) > 1 else None,
        )

    def show_asked(self, asked: Recall | Prime) -> None:
        """Show how something was asked, without telling of a change."""
        was_blocked = self.blockSignals(True)
        self.strength.value = asked.strength
        if isinstance(asked, Recall):
            self.by_prominence.setChecked(asked.prominence > 0)
            self.by_recalls.setChecked(asked.priming > 0)
            self.by_links.setChecked(asked.link_priming > 0)
            self.prominence.value = asked.prominence or self.prominence.value
            self.priming.value = max(asked.priming, asked.link_priming) or self.priming.value
        self.look_in(asked.segment if asked.segments is None else asked.segments)
        self.blockSignals(was_blocked)

    def look_in(self, places: int | Sequence[int] | None) -> None:
        """Look in one segment or several, and nowhere else; None: everywhere, or where the router says."""
        chosen = {0} if places is None else {at + 1 for at in ([places] if isinstance(places, int) else places)}
        self._check(chosen)
        self._on_setting()

    def show_segments(self, segments: Sequence[str], *, is_routed: bool = False) -> bool:
        """The segments there are, and whether a router chooses among them; whether they are others than before."""
        if (tuple(segments), is_routed) == (self._segments, self._is_routed):
            return False
        self._segments, self._is_routed = tuple(segments), is_routed
        self._make_places()
        return True

    @property
    def _chosen(self) -> tuple[int, ...]:
        """The segments that are looked in; none where no choice is made."""
        return tuple(place - 1 for place in self._places_on if place)

    @property
    def _places_on(self) -> tuple[int, ...]:
        return tuple(self._group.id(button) for button in self._group.buttons() if button.isChecked())

    def _check(self, places: set[int]) -> None:
        was_blocked = self._group.blockSignals(True)
        for button in self._group.buttons():
            button.setChecked(self._group.id(button) in places)
        self._group.blockSignals(was_blocked)

    def _on_place(self, place: int, is_on: bool) -> None:
        """The first switch and the segments' leave each other, and one is always on."""
        on = set(self._places_on)
        if place == 0:
            self._check({0})
        elif is_on or on - {0}:
            self._check(on - {0})
        else:
            self._check({0})
        self._on_setting()

    def show_shares(self, shares: Sequence[float]) -> None:
        """What each segment gets of the recall that is shown."""
        for place, segment in enumerate(self._segments, 1):
            switch = self._group.button(place)
            if isinstance(switch, Switch):
                share = float(shares[place - 1]) if place <= len(shares) else 0.0
                switch.say(f"{share:.2f}" if len(shares) else "")
                switch.setAccessibleDescription(f"{segment} gets {share:.0%} of this recall")

    def warn(self, text: str) -> None:
        """One line about the settings, "" where all is well."""
        self._warning.setText(f"▲ {text}" if text else "")
        self._warning.setVisible(bool(text))

    def _make_places(self) -> None:
        layout = self._places.layout()
        assert layout is not None
        for button in self._group.buttons():
            self._group.removeButton(button)
            layout.removeWidget(button)
            button.hide()
            button.deleteLater()
        told = "Every segment gets what the router gives it" if self._is_routed else "Look in every segment"
        tips = [told, *(f"Look in {name}, with what else is on here as if it were one" for name in self._segments)]
        first_name = BY_ROUTER if self._is_routed else EVERYWHERE
        names = [first_name, *self._segments] if len(self._segments) > 1 else [first_name]
        for place, (name, tip) in enumerate(zip(names, tips, strict=False)):
            switch = Switch(self._palette, name, tip)
            self._group.addButton(switch, place)
            layout.addWidget(switch)
        self._check({0})
        self._places.setVisible(len(names) > 1)

    def _on_setting(self) -> None:
        self.changed.emit()


def _heading(title: str, note: str) -> QWidget:
    """The title of a group of switches, and what stands at their right."""
    right = label(note, size=ink.SMALL, tone="muted")
    right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return row(label(title, weight=ink.BOLD), right)
