"""Which network on which task, with the settings of both: what the dialogs for a training and for stepping share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QScrollArea, QSpinBox, QTabWidget, QVBoxLayout, QWidget

from ntm_core import registry
from ntm_core.errors import CoreError
from ntm_core.footprint import Plan
from ntm_core.train_config import TrainConfig
from ntmviz import room
from ntmviz.room import Room
from ntmviz.settings_form import SettingsForm

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_SEEDS = 2**31 - 1
_MOST_BITS = 256


class NetworkForm(QWidget):
    """Choices of model, task and seed over tabs with their settings; of training too, where that is asked for."""

    changed = Signal()

    def __init__(self, *, seed: int = 0, has_training: bool = False) -> None:
        super().__init__()
        self.models, self.tasks = QComboBox(), QComboBox()
        for box, entries in ((self.models, registry.models()), (self.tasks, registry.tasks())):
            for name, entry in entries.items():
                box.addItem(entry.title, name)
        self.seed = QSpinBox()
        self.seed.setRange(0, _MOST_SEEDS)
        self.seed.setValue(seed)
        self.seed.setProperty("small", "true")
        self.seed.setToolTip("Equal seeds give equal networks and sequences on the same machine")
        self.network, self.task = SettingsForm(), SettingsForm()
        self.training = SettingsForm() if has_training else None
        self._wanted: tuple[object, object] | None = None
        """Inputs and outputs of given weights."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        choices = QFormLayout()
        choices.setHorizontalSpacing(18)
        choices.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for text, widget in (("Task", self.tasks), ("Network", self.models), ("Seed", self.seed)):
            choices.addRow(text, widget)
        layout.addLayout(choices)
        self.tabs = QTabWidget()
        for text, form in (("Task", self.task), ("Network", self.network), ("Training", self.training)):
            if form is not None:
                self.tabs.addTab(_scrolling(form), text)
                form.changed.connect(self.changed)
        layout.addWidget(self.tabs, 1)
        self.models.currentIndexChanged.connect(self._on_model)
        self.tasks.currentIndexChanged.connect(self._on_task)
        self._on_task()
        self._on_model()

    @property
    def model_name(self) -> str:
        return str(self.models.currentData())

    @property
    def task_name(self) -> str:
        return str(self.tasks.currentData())

    def choose(self, *, model: str | None = None, task: str | None = None) -> None:
        """Choose by name; what is not known stays as it is."""
        for box, name in ((self.models, model), (self.tasks, task)):
            at = -1 if name is None else box.findData(name)
            if at >= 0:
                box.setCurrentIndex(at)

    @property
    def problem(self) -> str:
        """Why the settings cannot be, in one line; "" where they can."""
        try:
            registry.task(self.task_name).config(**self.task.values)
            registry.model(self.model_name).config(inputs=1, outputs=1, **self.network.values)
        except CoreError as error:
            return str(error)
        wanted = self._wanted
        if wanted is None or _channels(self.task_name, self.task.values) == wanted:
            return self._lacking
        title = registry.task(self.task_name).title
        return f"the weights have {wanted[0]} inputs and {wanted[1]} outputs; {title} has others with these settings"

    @property
    def _lacking(self) -> str:
        """What is lacking in memory, whatever the device, in one line; "" where nothing is."""
        plan = Plan(self.model_name, self.task_name, self.network.values, self.task.values)
        free = room.free_bytes()
        if self.training is None:
            return room.lacking_by_hand(plan, Room(free))
        return room.lacking_for_training(plan, self.training.values, Room(free, is_apart=True))

    def take_weights(self, model: str, config: Mapping[str, Any]) -> None:
        """Show the settings of given weights, and bits of the task that fit them, if some do."""
        self._wanted = config.get("inputs"), config.get("outputs")
        self.choose(model=model)
        self.models.setEnabled(False)
        self.network.fix(config)
        values = self.task.values
        for bits in range(1, _MOST_BITS + 1) if "bits" in values else ():
            if _channels(self.task_name, {**values, "bits": bits}) == self._wanted:
                self.task.set("bits", bits)
                break
        self.changed.emit()

    def free(self) -> None:
        """New weights: every setting can be chosen."""
        self._wanted = None
        self.models.setEnabled(True)
        self._on_model()

    def _on_model(self) -> None:
        self.network.show_settings(registry.model(self.model_name).config)
        self.changed.emit()

    def _on_task(self) -> None:
        entry = registry.task(self.task_name)
        self.task.show_settings(entry.config)
        if self.training is not None:
            self.training.show_settings(TrainConfig, entry.train)
        self.changed.emit()


def _channels(task: str, settings: Mapping[str, Any]) -> tuple[int, int] | None:
    """Inputs and outputs of a task with these settings; None where they cannot be."""
    entry = registry.task(task)
    try:
        made = entry.task(entry.config(**settings))
    except CoreError:
        return None
    return made.inputs, made.outputs


def _scrolling(form: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(form)
    return area
