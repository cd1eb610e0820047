"""The episodes run by hand as a tree: every fork hangs from the episode that it left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ntmviz import ink
from ntmviz.painting import draw, metrics, text_width
from ntmviz.views.own_keys import OwnKeys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtGui import QPainter

    from ntmviz.colours import Palette

ROW_HEIGHT = 24
LEFT, INDENT, RIGHT = 16, 16, 12
"""The middle of a root's circle, how far a fork stands further right, and the end of the steps."""
_DEEPEST = 7
"""Forks of forks beyond this depth stand no further right."""
_CIRCLE = 5
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class ForkNode:
    """One episode of the tree."""

    episode: int
    label: str
    steps: str
    """Such as "25 steps", or ""."""
    depth: int
    parent: int | None
    """Its place among the nodes; None at a root."""
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Rails:
    """The lines of one row of the tree, by the depth that they stand at."""

    through: frozenset[int]
    """From the top to the bottom."""
    has_children: bool


def rails(nodes: tuple[ForkNode, ...]) -> tuple[Rails, ...]:
    """The lines of every row: one from each node down to the last that hangs from it."""
    last: dict[int, int] = {}
    for place, node in enumerate(nodes):
        if node.parent is not None:
            last[node.parent] = place
    through: list[set[int]] = [set() for _ in nodes]
    for parent, end in last.items():
        for place in range(parent + 1, end):
            through[place].add(_shown_depth(nodes[parent]))
    return tuple(Rails(frozenset(depths), place in last) for place, depths in enumerate(through))


def _shown_depth(node: ForkNode) -> int:
    return min(node.depth, _DEEPEST)


def _circle_x(depth: int) -> int:
    return LEFT + INDENT * depth


class ForkModel(QAbstractListModel):
    """The nodes in drawing order."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: tuple[ForkNode, ...] = ()
        self.rails: tuple[Rails, ...] = ()

    def show_nodes(self, nodes: tuple[ForkNode, ...]) -> None:
        is_same_tree = len(nodes) == len(self.nodes)
        if not is_same_tree:
            self.beginResetModel()
        self.nodes, self.rails = nodes, rails(nodes)
        if not is_same_tree:
            self.endResetModel()
        elif nodes:
            self.dataChanged.emit(self.index(0), self.index(len(nodes) - 1))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self.nodes)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        node = self.nodes[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return node.label
        if role == Qt.ItemDataRole.ToolTipRole:
            return node.tip or node.label
        if role == Qt.ItemDataRole.AccessibleTextRole:
            fork = "" if node.parent is None else f", fork of {self.nodes[node.parent].label}"
            return f"{node.label}{f', {node.steps}' if node.steps else ''}{fork}"
        return None


class ForkDelegate(QStyledItemDelegate):
    """Draws one row: lines, circle, label, steps."""

    def __init__(self, palette: Palette, model: ForkModel) -> None:
        super().__init__()
        self.theme = palette
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(160, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        state = option.state
        is_current = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.translate(option.rect.topLeft())
        marks = self.marks(
            index.row(),
            option.rect.width(),
            is_current=is_current,
            has_focus=is_current and bool(state & QStyle.StateFlag.State_HasFocus),
            is_hovered=bool(state & QStyle.StateFlag.State_MouseOver),
        )
        draw(painter, marks, self.theme)
        painter.restore()

    def marks(
        self, row: int, width: int, *, is_current: bool, has_focus: bool = False, is_hovered: bool = False
    ) -> Iterator[ink.Mark]:
        """The marks of a row, from its upper left corner."""
        node, lines = self._model.nodes[row], self._model.rails[row]
        x, y = _circle_x(_shown_depth(node)), ROW_HEIGHT // 2
        if is_current or is_hovered:
            edge = ("text" if has_focus else "muted") if is_current else None
            ground = "raised" if is_current else "header"
            yield ink.Box(4, 0, width - 8, ROW_HEIGHT, ground, edge, 2 if has_focus else 1, radius=4)
        yield from self._lines(node, lines, x, y)
        yield ink.Marker(x + 0.5, y + 0.5, ink.Shape.DOT, "text" if is_current else "muted", 2 * _CIRCLE)
        if not is_current:
            yield ink.Marker(x + 0.5, y + 0.5, ink.Shape.DOT, "header" if is_hovered else "panel", 2 * _CIRCLE - 3)
        weight = ink.BOLD if is_current else ink.REGULAR
        token = "text" if is_current or node.parent is None else "muted"
        start, end = x + 11, width - RIGHT
        if node.steps:
            yield ink.Text(end, y, node.steps, "muted", align=ink.Align.RIGHT)
            end -= int(text_width(node.steps)) + 8
        label = metrics(ink.BODY, weight).elidedText(node.label, Qt.TextElideMode.ElideRight, max(0, end - start))
        yield ink.Text(start, y, label, token, ink.BODY, weight)

    def _lines(self, node: ForkNode, lines: Rails, x: int, y: int) -> Iterator[ink.Mark]:
        for depth in sorted(lines.through):
            yield ink.Line(_circle_x(depth), 0, _circle_x(depth), ROW_HEIGHT, token="muted")
        if node.parent is not None:
            trunk = _circle_x(_shown_depth(self._model.nodes[node.parent]))
            yield ink.Line(trunk, 0, trunk, y, token="muted")
            yield ink.Line(trunk, y, x - _CIRCLE, y, token="muted")
        if lines.has_children:
            yield ink.Line(x, y + _CIRCLE, x, ROW_HEIGHT, token="muted")


class ForkTree(QListView):
    """Chooses an episode by click, or with Up and Down while it has the focus."""

    episode_wished = Signal(int)

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._forks = ForkModel()
        self._is_told = False  # the current row is being set, not chosen
        self._delegate = ForkDelegate(palette, self._forks)
        self.setModel(self._forks)
        self.setItemDelegate(self._delegate)
        self.setObjectName("forkTree")
        self.setAccessibleName("Episodes run by hand and their forks")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizeAdjustPolicy(QListView.SizeAdjustPolicy.AdjustIgnored)
        OwnKeys(self, Qt.Key.Key_Up, Qt.Key.Key_Down)

    def sizeHint(self) -> QSize:
        return QSize(220, 5 * ROW_HEIGHT)

    def set_theme(self, palette: Palette) -> None:
        self._delegate.theme = palette
        self.viewport().update()

    @property
    def nodes(self) -> tuple[ForkNode, ...]:
        return self._forks.nodes

    def show_nodes(self, nodes: tuple[ForkNode, ...], current_episode: int | None) -> None:
        """Parents come before their children; `current_episode` is marked, if it is among them."""
        self._is_told = True
        if nodes != self._forks.nodes:
            self._forks.show_nodes(nodes)
        place = next((row for row, node in enumerate(nodes) if node.episode == current_episode), None)
        index = QModelIndex() if place is None else self._forks.index(place)
        if index != self.currentIndex():
            self.setCurrentIndex(index)
            if place is None:
                self.clearSelection()
        self._is_told = False

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        if current.isValid() and not self._is_told:
            self.episode_wished.emit(self._forks.nodes[current.row()].episode)
