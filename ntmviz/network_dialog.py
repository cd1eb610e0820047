"""A network to be stepped by hand: untrained, or from a file of weights, with its settings shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from ntm_core import checkpoint_header, registry
from ntm_core.errors import CoreError
from ntmviz import ink
from ntmviz.network_form import NetworkForm
from ntmviz.panels import ElidedLabel, label, set_tone
from ntmviz.views.buttons import answers


class NetworkDialog(QDialog):
    """Asks for the `options` of a network. What a file of weights fixes is shown and cannot be changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New network by hand")
        self._file: Path | None = None
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(label("A network to step by hand", size=ink.HEADLINE, weight=ink.BOLD))
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
        self.form = NetworkForm()
        layout.addWidget(self.form, 1)
        buttons, self.start = answers(self, "Make it")
        layout.addWidget(buttons)
        self.form.changed.connect(self._on_changed)
        self.forget_file()

    def sizeHint(self) -> QSize:
        return QSize(460, 620)

    @property
    def options(self) -> dict[str, Any]:
        """What the engine makes the network from, see `hand_orders`."""
        form = self.form
        settings = form.network.changes if self._file is None else form.network.loose
        return {
            "model": form.model_name,
            "model_settings": settings,
            "task": form.task_name,
            "task_settings": form.task.changes,
            "seed": form.seed.value(),
            "weights": None if self._file is None else str(self._file),
        }

    def take_file(self, path: Path) -> None:
        """Show the settings of a file of weights; one that is none is told of in place."""
        try:
            found = checkpoint_header.of_file(path)
            model = str(found.get("model"))
            config = registry.model(model).config.from_json(found.get("config"))
        except CoreError as error:
            self._say(str(error), "warning")
            return
        self._file = path
        self.form.take_weights(model, config.to_json())

    def forget_file(self) -> None:
        """New weights instead of those of a file."""
        self._file = None
        self.form.free()

    def _on_changed(self) -> None:
        """Say what will be made, or why it cannot be."""
        problem = self.form.problem
        if self._file is None:
            text = "untrained: its weights are drawn from the seed"
        else:
            text = f"weights of {self._file.name}; they fix all sizes"
        self._say(problem or text, "warning" if problem else "muted")
        self.start.setEnabled(not problem)

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
