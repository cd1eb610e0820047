"""The editor of one input vector: switches where it is bits, a field of numbers everywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from ntmviz import ink, vector_text
from ntmviz.panels import label, set_tone
from ntmviz.views.bit_grid import MOST_BITS
from ntmviz.views.bit_toggles import BitToggles
from ntmviz.views.own_keys import OwnKeys
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from ntmviz.colours import Palette


class InputEditor(QWidget):
    """Holds one vector. What was typed stays as it is until it is replaced, wrong or not."""

    edited = Signal()  # by the user

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._channels = 0
        self._are_bits = True
        self._types_numbers = False
        self._vector: vector_text.Vector = ()  # exact while the field was not typed in
        self._toggles = BitToggles(palette)
        self._field = QLineEdit()
        self._field.setObjectName("numbers")
        self._field.setAccessibleName("Next input as numbers")
        OwnKeys(self._field, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
        self._hint = label(size=ink.SMALL, tone="muted")
        self._hint.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self._toggles, self._field, self._hint):
            layout.addWidget(widget)
        self.mode_button = QPushButton()
        self.mode_button.setObjectName("link")
        self.mode_button.clicked.connect(self._on_mode_clicked)
        OwnKeys(self.mode_button, Qt.Key.Key_Space)
        self._toggles.changed.connect(self._on_toggled)
        self._field.textEdited.connect(self._on_typed)
        self._show_mode()

    def set_theme(self, palette: Palette) -> None:
        self._toggles.set_theme(palette)

    @property
    def toggles(self) -> BitToggles:
        return self._toggles

    @property
    def field(self) -> QLineEdit:
        return self._field

    @property
    def hint(self) -> str:
        """The line under the field: what is wanted, or what is wrong."""
        return self._hint.text()

    def show_channels(self, channels: int, *, are_bits: bool) -> None:
        """Another kind of vector; the one held becomes all zeros where their number differs."""
        if (channels, are_bits) == (self._channels, self._are_bits):
            return
        is_other_size = channels != self._channels
        self._channels, self._are_bits = channels, are_bits
        self._types_numbers = not self._can_toggle
        if is_other_size:
            self.set_vector((0.0,) * channels)
        self._show_mode()

    @property
    def _can_toggle(self) -> bool:
        return self._are_bits and self._channels <= MOST_BITS

    @property
    def vector(self) -> vector_text.Vector:
        """What is held now. Raises ValueError, with one line, where what was typed is no such vector."""
        return self._read() if self._types_numbers else self._vector

    def _read(self) -> vector_text.Vector:
        if self._field.isModified():
            return vector_text.parse(self._field.text(), self._channels)
        return self._vector

    def set_vector(self, values: vector_text.Vector) -> None:
        """Hold a vector of as many numbers as there are channels; numbers that are no bits are shown in the field."""
        if len(values) != self._channels:
            raise ValueError(f"{self._channels} numbers were wanted; got {len(values)}")
        self._vector = values
        if vector_text.are_bits(values):
            self._toggles.show_values(values if self._can_toggle else ())
        elif not self._types_numbers:
            self._types_numbers = True
            self._show_mode()
        self._field.setText(vector_text.written(values))
        self._field.setCursorPosition(0)
        self._say_wanted()

    def refuse(self, reason: str) -> None:
        """Say in one line under the field why its text is no vector."""
        self._hint.setText(f"▲ {reason}")
        set_tone(self._hint, "warning")
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say_wanted(self) -> None:
        numbers = "1 number" if self._channels == 1 else f"{grouped(self._channels)} numbers"
        self._hint.setText(f"{numbers}, or bits such as 0110" if self._are_bits else numbers)
        set_tone(self._hint, "muted")

    def _show_mode(self) -> None:
        self._toggles.setVisible(not self._types_numbers)
        self._field.setVisible(self._types_numbers)
        self._hint.setVisible(self._types_numbers)
        self.mode_button.setVisible(self._can_toggle)
        self.mode_button.setText("As toggles" if self._types_numbers else "As numbers")
        tip = "Set the bits of the input by click" if self._types_numbers else "Type or paste the input as numbers"
        self.mode_button.setToolTip(tip)
        self.mode_button.setAccessibleDescription(tip)

    def _on_mode_clicked(self) -> None:
        if not self._types_numbers:
            self._types_numbers = True
            self._show_mode()
            self._field.setFocus(Qt.FocusReason.OtherFocusReason)
            self._field.selectAll()
            return
        try:
            values = self._read()
            if not vector_text.are_bits(values):
                raise ValueError("toggles show 0 and 1 alone")
        except ValueError as error:
            self.refuse(str(error))
            return
        self._types_numbers = False
        self.set_vector(values)
        self._show_mode()

    def _on_toggled(self) -> None:
        self.set_vector(self._toggles.values)
        self.edited.emit()

    def _on_typed(self) -> None:
        self._say_wanted()
        self.edited.emit()
