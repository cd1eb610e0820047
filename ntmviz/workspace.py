"""The views with their panels and docks, and where they stand at first in each workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QPushButton, QScrollArea

from ntm_core.trace import Role
from ntmviz import ink
from ntmviz.icons import icon
from ntmviz.painting import colour, font
from ntmviz.panels import Dock, Legend, Panel, chooser
from ntmviz.recall.lab_views import LabViews
from ntmviz.views.addressing import AddressingView
from ntmviz.views.by_hand import ByHandPanel
from ntmviz.views.episodes import EpisodeList
from ntmviz.views.field import FieldView
from ntmviz.views.fork_tree import ForkTree
from ntmviz.views.health import HealthView
from ntmviz.views.machine import MachineView
from ntmviz.views.run_panel import RunPanel
from ntmviz.views.sequence import SequenceView
from ntmviz.views.this_step import ThisStepView
from ntmviz.views.training import TrainingView
from ntmviz.views.transport import Transport

if TYPE_CHECKING:
    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

    from ntm_core.trace import TraceSpec
    from ntmviz.colours import Palette
    from ntmviz.figures import HeadKind

LEFT, RIGHT, BOTTOM, TRAINING = 220, 340, 312, 350
LEAST_LEFT, LEAST_RIGHT, LEAST_HEIGHT = 220, 296, 190
"""What the run's numbers need, four columns of addressing, and the lanes of a sequence."""


LEFT_COLUMN = {"Watch": ("Run", "Episodes"), "Step": ("By hand", "Forks")}
"""The docks that only one workspace has at first: upper and lower."""
_UPPER = {"Watch": 300, "Step": 366}
"""Height of the upper one."""


class Views:
    """Every view of every workspace, the machine in the middle and the others in docks around it."""

    def __init__(self, window: QMainWindow, palette: Palette, actions: dict[str, QAction]) -> None:
        self._palette = palette
        self.machine = MachineView(palette)
        self.addressing = AddressingView(palette)
        self.sequence = SequenceView(palette)
        self.training = TrainingView(palette)
        self.field = FieldView(palette)
        self.lab = LabViews(window, palette)
        self.pictures = (
            self.machine,
            self.addressing,
            self.sequence,
            self.training.graphics,
            self.field,
            *self.lab.pictures,
        )
        """The machine first: those beside it take its rows."""
        self.episodes = EpisodeList(palette)
        self.run = RunPanel()
        run = QScrollArea()
        run.setWidgetResizable(True)
        run.setFrameShape(QScrollArea.Shape.NoFrame)
        run.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        run.setWidget(self.run)
        run.setMinimumWidth(LEAST_LEFT)
        self.by_hand = ByHandPanel(palette)
        self.by_hand.setMinimumWidth(LEAST_LEFT)
        self.forks = ForkTree(palette)
        self.this_step = ThisStepView()
        self.health = HealthView()
        self.sequence.setMinimumHeight(LEAST_HEIGHT)
        self.training.setMinimumHeight(LEAST_HEIGHT)
        self.legend = Legend(palette)
        self.transport = Transport(actions)

        self.machine_panel = Panel("Machine", self.machine)
        self.machine_header = self.machine_panel.header
        self.machine_header.add(self.legend)

        self.docks: dict[str, Dock] = {}
        for title, view in (
            ("Run", run),
            ("Episodes", self.episodes),
            ("By hand", self.by_hand),
            ("Forks", self.forks),
            ("Addressing", self.addressing),
            ("Sequence", self.sequence),
            ("Training", self.training),
            ("This step", self.this_step),
            ("State", self.field),
            ("Health", self.health),
        ):
            self.docks[title] = Dock(title, view, window)
        self.docks |= self.lab.docks
        self.episodes_header = self.docks["Episodes"].header
        self.forks_header = self.docks["Forks"].header
        self.addressing_header = self.docks["Addressing"].header
        self.sequence_header = self.docks["Sequence"].header
        self.training_header = self.docks["Training"].header
        self.this_step_header = self.docks["This step"].header
        self.field_header = self.docks["State"].header

        own = (dock.header for title, dock in self.docks.items() if title not in self.lab.docks)
        self.headers = (self.machine_header, *own)

        self.head_button = chooser("Which head is explained; H takes the next one")
        self.addressing_header.add(self.head_button)
        self.field_button = chooser("Which field of the step is shown")
        self.field_header.add(self.field_button)
        self.sequence_header.add(self.transport, stretch=3)
        self.follow_button = QPushButton("Follow live")
        self.follow_button.setProperty("pill", "true")
        self.follow_button.setFont(font(ink.SMALL, ink.MEDIUM))
        self.follow_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.follow_button.setToolTip("Show the newest episode as it arrives (End)")
        self.training_header.add(self.follow_button)
        for dock in self.docks.values():
            dock.finish_header()

    def centre_of(self, workspace: str) -> QWidget:
        """What stands in the middle of a workspace."""
        return self.lab.middle if workspace == "Recall" else self.machine_panel

    def arrange(self, window: QMainWindow, workspace: str) -> None:
        """The first arrangement of the docks of a workspace; those of others are hidden."""
        for dock in self.docks.values():
            dock.setFloating(False)
            window.removeDockWidget(dock)
        if workspace == "Recall":
            self.lab.arrange(window, self.docks)
            return
        left, right, bottom = (
            Qt.DockWidgetArea.LeftDockWidgetArea,
            Qt.DockWidgetArea.RightDockWidgetArea,
            Qt.DockWidgetArea.BottomDockWidgetArea,
        )
        window.setCorner(Qt.Corner.BottomRightCorner, right)
        window.setCorner(Qt.Corner.BottomLeftCorner, bottom)
        docks = self.docks
        upper, lower = (docks[name] for name in LEFT_COLUMN[workspace])
        window.addDockWidget(left, upper)
        window.addDockWidget(left, lower)
        window.addDockWidget(right, docks["Addressing"])
        window.addDockWidget(right, docks["This step"])
        window.tabifyDockWidget(docks["This step"], docks["State"])
        window.tabifyDockWidget(docks["State"], docks["Health"])
        window.addDockWidget(bottom, docks["Sequence"])
        window.splitDockWidget(docks["Sequence"], docks["Training"], Qt.Orientation.Horizontal)
        elsewhere = {name for column in LEFT_COLUMN.values() for name in column} - set(LEFT_COLUMN[workspace])
        elsewhere |= self.lab.docks.keys()
        for name, dock in docks.items():
            if name in elsewhere:
                window.addDockWidget(left, dock)  # where it comes up when it is asked for
            dock.setVisible(name not in elsewhere)
        docks["This step"].raise_()
        width = max(window.width(), 1024)
        scale = min(1.0, width / 1440)
        horizontal = Qt.Orientation.Horizontal
        left_width, right_width = max(LEAST_LEFT, round(LEFT * scale)), max(LEAST_RIGHT, round(RIGHT * scale))
        window.resizeDocks([upper, docks["Addressing"]], [left_width, right_width], horizontal)
        rest = width - right_width - 12
        training = round(TRAINING * scale)
        window.resizeDocks([docks["Sequence"], docks["Training"]], [rest - training, training], horizontal)
        tall = min(BOTTOM, round(window.height() * 0.36))
        vertical = Qt.Orientation.Vertical
        window.resizeDocks([docks["Sequence"]], [tall], vertical)
        above = window.height() - tall - 110
        window.resizeDocks([docks["Addressing"], docks["This step"]], [above, tall], vertical)
        tall_upper = min(_UPPER[workspace], above - 80)
        window.resizeDocks([upper, lower], [tall_upper, above - tall_upper], vertical)

    def show_what_there_is(self, spec: TraceSpec) -> None:
        """Bring up the panel of the state where that is all there is to see of a network."""
        if spec.with_role(Role.MEMORY) is None:
            self.docks["State"].raise_()

    def addressing_stands_apart(self) -> bool:
        """Whether the addressing columns are not level with the machine, so that they need row numbers of their own."""
        dock = self.docks["Addressing"]
        if dock.isFloating() or not dock.isVisible():
            return True
        zero = self.machine.rect().topLeft()
        return abs(self.machine.mapToGlobal(zero).y() - self.addressing.mapToGlobal(zero).y()) > 1

    def set_theme(self, palette: Palette) -> None:
        """All but the lab's, which have a `set_theme` of their own."""
        self._palette = palette
        for view in (self.machine, self.addressing, self.sequence, self.training, self.field, self.legend):
            view.set_theme(palette)
        for view in (self.episodes.episodes, self.by_hand, self.forks):
            view.set_theme(palette)
        self.transport.refresh_icons()
        close = icon("close")
        for dock in self.docks.values():
            dock.set_close_icon(close)

    def set_head_tone(self, kind: HeadKind) -> None:
        """The head's name in its colour."""
        sheet = f"color: {colour(self._palette, kind.value).name()};"
        if self.head_button.styleSheet() != sheet:
            self.head_button.setStyleSheet(sheet)

    def show_following(self, is_live: bool, is_following: bool) -> None:
        """The pill that says whether the newest episode is shown."""
        self.follow_button.setVisible(is_live)
        text = "● Following live" if is_following else "Follow live"
        if self.follow_button.text() != text:
            self.follow_button.setText(text)
            self.follow_button.setProperty("live", "true" if is_following else "false")
            self.follow_button.style().unpolish(self.follow_button)
            self.follow_button.style().polish(self.follow_button)
