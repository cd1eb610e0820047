"""The list of recorded episodes, newest first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView

from ntmviz import ink
from ntmviz.painting import font
from ntmviz.wording import grouped, short
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ntm_core.trace import EpisodeInfo, Source
    from ntmviz.colours import Palette

_COLUMNS = ("iteration", "kind", "wrong bits")
_Index = QModelIndex | QPersistentModelIndex


class EpisodeModel(QAbstractTableModel):
    """Rows are episodes, the newest at the top. An episode is read from the session only when its row is seen."""

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self._episodes: Sequence[Source] = ()
        self._count = 0
        self._palette = palette
        self._told: tuple[int, EpisodeInfo] | None = None
        """The last episode that was asked for: its three columns ask for it several times each."""

    def set_theme(self, palette: Palette) -> None:
        self._palette = palette
        self._tell_all()

    def show_episodes(self, episodes: Sequence[Source]) -> None:
        """Another session."""
        self._told = None
        self.beginResetModel()
        self._episodes, self._count = episodes, len(episodes)
        self.endResetModel()

    def refresh(self) -> None:
        """The session may have grown: new rows come in at the top, and the newest known one may have ended."""
        self._told = None
        new = len(self._episodes) - self._count
        if new > 0:
            self.beginInsertRows(QModelIndex(), 0, new - 1)
            self._count += new
            self.endInsertRows()
        if self._count > new:
            self.dataChanged.emit(self.index(new, 0), self.index(new, len(_COLUMNS) - 1))

    def _tell_all(self) -> None:
        if self._count:
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, len(_COLUMNS) - 1))

    def episode_at(self, row: int) -> int:
        return self._count - 1 - row

    def row_of(self, episode: int) -> int:
        return self._count - 1 - episode

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return _COLUMNS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
            if role == Qt.ItemDataRole.FontRole:
                return font(ink.SMALL)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        if role == Qt.ItemDataRole.FontRole:
            return font(ink.SMALL, ink.MEDIUM if index.column() == 0 else ink.REGULAR)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.ToolTipRole):
            return None
        episode = self.episode_at(index.row())
        try:
            info = self._info(episode)
        except SessionError as error:
            return {Qt.ItemDataRole.ToolTipRole: str(error), Qt.ItemDataRole.DisplayRole: "damaged"}.get(role)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(info, len(self._episodes[episode]))
        if role == Qt.ItemDataRole.ForegroundRole:
            if index.column() == 2 and info.wrong_bits > 0:
                return QColor(self._palette.warning)
            return QColor(self._palette.muted if index.column() == 1 else self._palette.text)
        return (
            grouped(info.iteration) if info.iteration >= 0 else "by hand",
            info.kind.value,
            "…"
            if math.isnan(info.wrong_bits)
            else short(info.wrong_bits)
            if info.wrong_bits % 1
            else grouped(int(info.wrong_bits)),
        )[index.column()]

    def _info(self, episode: int) -> EpisodeInfo:
        if self._told is None or self._told[0] != episode:
            self._told = episode, self._episodes[episode].info
        return self._told[1]


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == 1 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def tooltip(info: EpisodeInfo, steps: int) -> str:
    """All that is known of an episode."""
    lines = [f"{info.kind} episode of {steps} steps"]
    if info.label:
        lines.append(info.label)
    if info.iteration >= 0:
        lines.append(f"weights after {grouped(info.iteration)} iterations")
    if info.batch > 1:
        lines.append(f"sequence {info.item} of a batch of {info.batch}")
    if not math.isnan(info.loss):
        lines.append(f"loss {short(info.loss)} nats per bit")
    lines.append("its weights are kept as a checkpoint" if info.checkpoint >= 0 else "its weights are not kept")
    return "\n".join(lines)


class EpisodeList(QTreeView):
    """Chooses an episode by click, or with the arrow keys while it has the focus."""

    episode_wished = Signal(int)

    def __init__(self, palette: Palette) -> None:
        super().__init__()
        self.episodes = EpisodeModel(palette)
        self.setModel(self.episodes)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        header = self.header()
        header.setSectionsMovable(False)
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(0, 62)
        header.resizeSection(2, 76)
        self.selectionModel().currentChanged.connect(self._on_current_changed)

    def sizeHint(self) -> QSize:
        return QSize(220, 200)

    def show_current(self, episode: int | None) -> None:
        """Mark the episode that is looked at."""
        index = QModelIndex() if episode is None else self.episodes.index(self.episodes.row_of(episode), 0)
        if index == self.currentIndex() and self.selectionModel().hasSelection() == index.isValid():
            return
        model = self.selectionModel()
        blocked = model.blockSignals(True)
        if episode is None:
            self.clearSelection()
        else:
            self.setCurrentIndex(index)
            self.scrollTo(index)
        model.blockSignals(blocked)
        self.viewport().update()

    def _on_current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid():
            self.episode_wished.emit(self.episodes.episode_at(current.row()))
