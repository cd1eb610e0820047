"""The sizes of a network and its task as a form: what cannot be is not offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QSpinBox

if TYPE_CHECKING:
    from collections.abc import Mapping


class Number(NamedTuple):
    """One whole number of a form."""

    name: str
    """A setting of the model, or of the task with "task." before it."""
    text: str
    value: int
    low: int
    high: int
    tip: str = ""


SEED = Number("seed", "Seed", 0, 0, 2**31 - 1, "Equal seeds give equal networks and sequences on the same machine")
NUMBERS = (
    Number("task.max_length", "Longest sequence", 20, 1, 200, "Vectors to copy: from 1 to this many"),
    Number("task.bits", "Bits of a vector", 8, 1, 64),
    Number("locations", "Memory locations", 128, 4, 4096, "Rows of the memory"),
    Number("word_size", "Word size", 20, 1, 256, "Columns of the memory"),
    Number("read_heads", "Read heads", 1, 1, 16),
    Number("write_heads", "Write heads", 1, 1, 16),
    Number("hidden_size", "Controller units", 100, 1, 2048, "Units of the LSTM"),
)


class SettingsForm(QFormLayout):
    """A spin box for each number."""

    def __init__(self) -> None:
        super().__init__()
        self.setVerticalSpacing(8)
        self.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.boxes: dict[str, QSpinBox] = {}
        for number in (SEED, *NUMBERS):
            box = QSpinBox()
            box.setRange(number.low, number.high)
            box.setValue(number.value)
            box.setToolTip(number.tip or number.text)
            box.setProperty("small", "true")
            self.addRow(number.text, box)
            self.boxes[number.name] = box

    @property
    def seed(self) -> int:
        return self.boxes["seed"].value()

    @property
    def task_settings(self) -> dict[str, int]:
        return {name.removeprefix("task."): box.value() for name, box in self.boxes.items() if name.startswith("task.")}

    @property
    def model_settings(self) -> dict[str, int]:
        return {
            name: box.value() for name, box in self.boxes.items() if name != "seed" and not name.startswith("task.")
        }

    def fix(self, config: Mapping[str, object]) -> None:
        """Show the settings of given weights, which cannot be changed; an empty config frees them all again."""
        for number in NUMBERS:
            box, found = self.boxes[number.name], config.get(number.name)
            if isinstance(found, int):
                box.setRange(min(number.low, found), max(number.high, found))
                box.setValue(found)
            elif config and number.name == "task.bits" and isinstance(inputs := config.get("inputs"), int):
                box.setValue(inputs - 1)  # one channel more than bits: the delimiter
                found = inputs
            box.setEnabled(not isinstance(found, int))
