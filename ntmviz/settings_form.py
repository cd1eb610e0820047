"""A form made from the settings of a model, a task or a training, whatever they are: what cannot be is not offered."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QSpinBox, QWidget

from ntm_core.settings import Setting, described

if TYPE_CHECKING:
    from collections.abc import Mapping

_DECIMALS = 6
_LARGEST = 1e9
_WIDTH = 150


class SettingsForm(QWidget):
    """A row for each setting: a number, a list to choose from, or a switch."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(14, 12, 14, 12)
        self._layout.setVerticalSpacing(8)
        self._layout.setHorizontalSpacing(18)
        self._layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._settings: dict[str, Setting] = {}
        self._boxes: dict[str, QWidget] = {}

    def show_settings(self, kind: type[Any], values: Mapping[str, Any] | None = None) -> None:
        """Offer the settings of a dataclass, at their defaults but for the given values."""
        while self._layout.rowCount():
            self._layout.removeRow(0)
        self._settings = {each.name: each for each in described(kind)}
        self._boxes = {}
        for each in self._settings.values():
            box = self._boxes[each.name] = _box(each)
            box.setToolTip(each.tip or each.text)
            box.setAccessibleName(each.text)
            self._layout.addRow(each.text, box)
            self._layout.labelForField(box).setToolTip(each.tip or each.text)
            self.set(each.name, (values or {}).get(each.name, each.default))
            _on_change(box, self._on_changed)

    def _on_changed(self) -> None:
        self.changed.emit()

    @property
    def values(self) -> dict[str, Any]:
        """Every setting as it stands."""
        return {name: _value(box) for name, box in self._boxes.items()}

    @property
    def changes(self) -> dict[str, Any]:
        """The settings that are not at their default."""
        return {name: value for name, value in self.values.items() if value != self._settings[name].default}

    @property
    def loose(self) -> dict[str, Any]:
        """The settings that fit any weights, as they stand."""
        return {name: value for name, value in self.values.items() if self._settings[name].is_loose}

    def set(self, name: str, value: Any) -> None:
        """Put a value into the form. Raises KeyError where there is no such setting."""
        box = self._boxes[name]
        if isinstance(box, QCheckBox):
            box.setChecked(bool(value))
        elif isinstance(box, QComboBox):
            box.setCurrentIndex(max(0, box.findData(str(value))))
        elif isinstance(box, QSpinBox | QDoubleSpinBox):
            box.setMaximum(max(box.maximum(), value))
            box.setValue(value)

    def fix(self, config: Mapping[str, Any]) -> None:
        """Show the settings of given weights; only those that fit them all the same can be changed."""
        for name, box in self._boxes.items():
            if name in config:
                self.set(name, config[name])
            box.setEnabled(self._settings[name].is_loose)


class _Number(QDoubleSpinBox):
    """Shows no more digits than a number has."""

    def textFromValue(self, value: float) -> str:
        return f"{value:.6g}"


def _box(setting: Setting) -> QWidget:
    """The widget of a setting."""
    if setting.kind is bool:
        switch = QCheckBox("off")
        switch.toggled.connect(lambda is_on: switch.setText("on" if is_on else "off"))
        return switch
    if issubclass(setting.kind, StrEnum):
        choices = QComboBox()
        for member in setting.kind:
            choices.addItem(words_of(member), str(member))
        choices.setFixedWidth(_WIDTH)
        return choices
    box: QSpinBox | QDoubleSpinBox
    if setting.kind is int:
        box = QSpinBox()
        box.setRange(int(setting.low or 0), setting.offered)
        box.setGroupSeparatorShown(False)
    else:
        box = _Number()
        box.setDecimals(_DECIMALS)
        least = 10.0**-_DECIMALS
        low = setting.above + least if math.isfinite(setting.above) else -_LARGEST
        high = setting.below - least if math.isfinite(setting.below) else _LARGEST
        low, high = (low if setting.low is None else setting.low), (high if setting.high is None else setting.high)
        box.setRange(low, high)
    box.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
    box.setProperty("small", "true")
    box.setFixedWidth(_WIDTH)
    return box


def words_of(member: StrEnum) -> str:
    """A member of an enumeration as people write it."""
    known = {"lstm": "LSTM", "top1": "One segment", "feedforward": "Feed-forward"}
    return known.get(member.value, member.value.replace("_", " ").capitalize())


def _value(box: QWidget) -> Any:
    if isinstance(box, QCheckBox):
        return box.isChecked()
    if isinstance(box, QComboBox):
        return box.currentData()
    assert isinstance(box, QSpinBox | QDoubleSpinBox)
    return box.value()


def _on_change(box: QWidget, slot: Any) -> None:
    if isinstance(box, QCheckBox):
        box.toggled.connect(slot)
    elif isinstance(box, QComboBox):
        box.currentIndexChanged.connect(slot)
    elif isinstance(box, QSpinBox | QDoubleSpinBox):
        box.valueChanged.connect(slot)
