"""A new training: which network, on which task, with all their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from ntm_core import registry
from ntmviz import ink
from ntmviz.network_form import NetworkForm
from ntmviz.panels import ElidedLabel, label, set_tone
from ntmviz.run_options import RunOptions
from ntmviz.views.buttons import answers
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class TrainingDialog(QDialog):
    """Asks for the options of a training."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New training")
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(label("Train a network", size=ink.HEADLINE, weight=ink.BOLD))
        self._about = ElidedLabel()
        layout.addWidget(self._about)
        self.form = NetworkForm(has_training=True)
        layout.addWidget(self.form, 1)
        buttons, self.start = answers(self, "Start")
        layout.addWidget(buttons)
        self.form.changed.connect(self._on_changed)
        self._on_changed()

    def sizeHint(self) -> QSize:
        return QSize(460, 620)

    def options(self, place: Callable[[str, int], Path]) -> RunOptions:
        """What was chosen. place: where a session of a task and a seed goes."""
        form = self.form
        assert form.training is not None
        return RunOptions(
            out=str(place(form.task_name, form.seed.value())),
            task=form.task_name,
            task_settings=form.task.changes,
            model=form.model_name,
            model_settings=form.network.changes,
            train=form.training.values,
            seed=form.seed.value(),
        )

    def _on_changed(self) -> None:
        """Say what starts, or what cannot be."""
        form, problem = self.form, self.form.problem
        most = registry.task(form.task_name).most_sequences
        self._about.setText(problem or f"until it is solved, or {grouped(most)} sequences were seen")
        set_tone(self._about, "warning" if problem else "muted")
        self.start.setEnabled(not problem)
