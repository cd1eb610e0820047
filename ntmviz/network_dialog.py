"""A network to be stepped by hand: untrained, or from a file of weights, with its settings shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ntm_core import checkpoint_header
from ntm_core.errors import CheckpointError
from ntm_core.trace import Order
from ntmviz import ink
from ntmviz.panels import ElidedLabel, label, set_tone
from ntmviz.settings_form import SettingsForm

if TYPE_CHECKING:
    from collections.abc import Mapping

_ORDERS = {Order.READ_FIRST: "Read, then write", Order.WRITE_FIRST: "Write, then read"}


class NetworkDialog(QDialog):
    """Asks for the `options` of a network. What a file of weights fixes is shown and cannot be changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New network by hand")
        self._file: Path | None = None
        self._model = "ntm"
        layout = QVBoxLayout(self)
        layout.addWidget(label("An NTM to step by hand", size=ink.HEADLINE, weight=ink.BOLD))
        self._about = ElidedLabel()
        self._about.setMinimumWidth(360)
        layout.addWidget(self._about)
        choices = QHBoxLayout()
        self.choose_button = QPushButton("Weights from a file…")
        self.choose_button.setToolTip("A checkpoint of ntmviz, .safetensors")
        self.choose_button.clicked.connect(self._choose)
        self.untrained_button = QPushButton("Untrained")
        self.untrained_button.setToolTip("Forget the file: new weights, drawn from the seed")
        self.untrained_button.clicked.connect(self.forget_file)
        choices.addWidget(self.choose_button)
        choices.addWidget(self.untrained_button)
        choices.addStretch(1)
        layout.addLayout(choices)
        self.form = SettingsForm()
        self.order = QComboBox()
        for order, text in _ORDERS.items():
            self.order.addItem(text, order.value)
        self.order.setToolTip("Whether a step reads the memory as the step before left it, or as its own write does")
        self.form.addRow("Order of a step", self.order)
        layout.addLayout(self.form)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.start = buttons.addButton("Make it", QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setProperty("primary", "true")
        self.start.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.forget_file()

    @property
    def options(self) -> dict[str, Any]:
        """What the engine makes the network from, see `hand_orders`."""
        settings: dict[str, Any] = {"order": self.order.currentData()}
        if self._file is None:
            settings |= self.form.model_settings
        return {
            "model": self._model,
            "model_settings": settings,
            "task": "copy",
            "task_settings": self.form.task_settings,
            "seed": self.form.seed,
            "weights": None if self._file is None else str(self._file),
        }

    def take_file(self, path: Path) -> None:
        """Show the settings of a file of weights; one that is none is told of in place."""
        try:
            found = checkpoint_header.of_file(path)
        except CheckpointError as error:
            self._say(str(error), "warning")
            return
        config: Mapping[str, Any] = found["config"]
        self._file, self._model = path, str(found["model"])
        self.form.fix(config)
        self.order.setCurrentIndex(max(0, self.order.findData(config.get("order"))))
        self._say(f"weights of {path.name}; they fix all sizes", "muted")

    def forget_file(self) -> None:
        """New weights instead of those of a file."""
        self._file, self._model = None, "ntm"
        self.form.fix({})
        self._say("untrained: its weights are drawn from the seed", "muted")

    def _say(self, text: str, tone: str) -> None:
        self._about.setText(text)
        self._about.setToolTip(text)
        set_tone(self._about, tone)
        self.untrained_button.setVisible(self._file is not None)

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Weights from a file", str(Path.home()), "Weights (*.safetensors);;All files (*)"
        )
        if chosen:
            self.take_file(Path(chosen))
