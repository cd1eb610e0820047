"""Small dialogs: the command palette, the list of keys, and a new training."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from ntmviz import ink
from ntmviz.actions import COMMANDS, MENUS, Command, shown_keys
from ntmviz.panels import label

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from ntmviz.colours import Palette


def matching(wanted: str) -> list[Command]:
    """The commands that hold every word of a wish, those that hold them in their own text before those in the tip."""
    words = wanted.lower().split()
    by_text = [each for each in COMMANDS if all(word in f"{each.menu}: {each.text}".lower() for word in words)]
    by_tip = [each for each in COMMANDS if all(word in f"{each.text} {each.tip}".lower() for word in words)]
    return by_text + [each for each in by_tip if each not in by_text]


class CommandPalette(QDialog):
    """Type part of a command's name, choose with the arrows, run with Enter."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("All commands")
        self.resize(QSize(460, 360))
        layout = QVBoxLayout(self)
        self.entry = QLineEdit()
        self.entry.setPlaceholderText("Type what you want to do")
        self.entry.installEventFilter(self)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout.addWidget(self.entry)
        layout.addWidget(self.list)
        self._actions = actions
        self.chosen: str | None = None
        """Name of the command that was chosen, once accepted."""
        self.entry.textChanged.connect(self._fill)
        self.entry.returnPressed.connect(self._choose)
        self.list.itemClicked.connect(self._choose)
        self._fill("")

    def _fill(self, wanted: str) -> None:
        self.list.clear()
        for command in matching(wanted):
            if command.name != "palette" and self._actions[command.name].isEnabled():
                keys = f"    {shown_keys(command)}" if command.keys else ""
                item = QListWidgetItem(f"{command.menu}: {command.text}{keys}")
                item.setData(Qt.ItemDataRole.UserRole, command.name)
                item.setToolTip(command.tip)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    def _choose(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.chosen = item.data(Qt.ItemDataRole.UserRole)
            self.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            move = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if move is not None and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + move) % self.list.count())
                return True
        return super().eventFilter(watched, event)


class KeysDialog(QDialog):
    """Every command with its key, by menu, and how to read the machine."""

    _READING = (
        "Every row of the memory is a location, every column one element of its word. Orange is where the network "
        "writes, blue where it reads, in every view. A bar beside a row is the share of attention that its head pays "
        "to that location. Key, erase, add and read vectors lie in line with the memory's columns. The memory is drawn "
        "as the step leaves it; where a network reads before it writes, its heads saw it as the step before left it."
        "\n\n"
        "Addressing, from left to right: content compares the key with every row, and the key strength β sharpens "
        "that; the gate g mixes it with the weighting of the step before (outlined); shift moves it by an offset; the "
        "exponent γ sharpens it again. The spread of a head is the number of rows it effectively attends to."
    )

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and what they do")
        self.resize(QSize(760, 620))
        layout = QVBoxLayout(self)
        layout.addWidget(label("How to read the machine", size=ink.HEADLINE, weight=ink.BOLD))
        reading = label(self._READING, tone="muted")
        reading.setWordWrap(True)
        layout.addWidget(reading)
        keys = QTextBrowser()  # a label for each word would take long to dress
        keys.setHtml(_table(palette))
        layout.addWidget(keys, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)


def _table(palette: Palette) -> str:
    """Key, name and tip of every command, under the name of its menu."""
    rows = []
    for menu in MENUS:
        rows.append(f'<tr><td colspan="3" style="font-size: {ink.STATEMENT}px"><b>{menu}</b></td></tr>')
        for command in COMMANDS:
            if command.menu == menu:
                rows.append(
                    f'<tr><td style="font-weight: {ink.MEDIUM}; white-space: nowrap">{escape(shown_keys(command))}</td>'
                    f"<td>{escape(command.text.rstrip('…'))}</td>"
                    f'<td style="color: {palette.muted}">{escape(command.tip)}</td></tr>'
                )
    return f'<table cellspacing="0" cellpadding="3">{"".join(rows)}</table>'
