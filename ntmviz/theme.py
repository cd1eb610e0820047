"""The look of the widgets: Fusion with our own palette and a short style sheet, dark and light."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette

from ntmviz import ink
from ntmviz.colours import DARK, LIGHT, PALETTES, Palette, ThemeName
from ntmviz.painting import font

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

_SHEET = Template(
    """
QMainWindow, QStackedWidget, #welcome { background: $background; }
#demonstrations, #recallLeft { background: $panel; }
QSplitter::handle { background: $background; image: none; }
QMainWindow::separator { background: $background; width: 4px; height: 4px; }
QMenuBar { background: $header; padding: 2px 4px; border-bottom: 1px solid $border; }
QMenuBar::item { padding: 5px 8px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $raised; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 5px 28px 5px 24px; border-radius: 3px; }
QMenu::item:selected { background: $border; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QToolBar { background: $header; border: none; border-bottom: 1px solid $border; spacing: 4px; padding: 3px 8px; }
QStatusBar { background: $header; border-top: 1px solid $border; color: $muted; }
#tab { background: transparent; border: none; border-bottom: 2px solid transparent; border-radius: 0;
    color: $muted; padding: 2px 18px 0; min-height: 22px; min-width: 50px; }
#tab[on="true"] { color: $text; border-bottom: 2px solid $text; font-weight: 600; }
QStatusBar::item { border: none; }
QDockWidget { background: $panel; }
#panelHeader { background: $header; border: 1px solid $border; }
#panelBody { background: $panel; border: 1px solid $border; border-top: none; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px; }
QPushButton { background: $raised; border: 1px solid $border; border-radius: 4px; padding: 0 12px; min-height: 26px; }
QPushButton:hover, QToolButton:hover { border-color: $muted; }
QPushButton:focus, QToolButton:focus { border-color: $text; }
QPushButton:disabled { color: $muted; }
QPushButton[primary="true"] { background: $text; color: $panel; border-color: $text; font-weight: 600; }
QPushButton[primary="true"]:hover { background: $muted; border-color: $muted; }
QPushButton[primary="true"]:disabled { background: $raised; color: $muted; border-color: $border; }
QPushButton[primary="true"]:focus { border: 2px solid $muted; min-height: 24px; padding: 0 11px; }
QPushButton[small="true"] { min-height: 24px; padding: 0 6px; }
QSpinBox[small="true"] { min-height: 20px; }
QSpinBox[small="true"]::up-button, QSpinBox[small="true"]::down-button { width: 0; }
QPushButton#link { background: transparent; border-color: transparent; color: $muted; min-height: 14px; padding: 0 1px;
    font-size: 11px; text-decoration: underline; }
QPushButton#link:hover { color: $text; }
QPushButton#link:focus { border-color: $text; }
QPushButton#link:disabled { text-decoration: none; }
QPushButton[pill="true"] { border-radius: 11px; min-height: 20px; padding: 0 12px; }
QPushButton[live="true"] { color: $accent; border-color: $accent; background: $panel; }
QPushButton::menu-indicator { subcontrol-position: right center; right: 10px; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 3px; }
QToolButton[boxed="true"] { background: $raised; border-color: $border; }
QToolButton[primary="true"] { background: $text; border-color: $text; }
QToolButton::menu-indicator { image: none; }
#forkTree { background: $panel; border: none; outline: 0; }
#rule { background: $border; border: none; }
QTreeView { background: $panel; border: none; outline: 0; selection-background-color: $raised; selection-color: $text; }
QTreeView::item { height: 24px; padding: 0 4px; border: 1px solid transparent; }
QTreeView::item:hover { background: $header; }
QTreeView::item:selected { background: $raised; border-top: 1px solid $muted; border-bottom: 1px solid $muted; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $muted; border: none; padding: 4px; }
QProgressBar { background: $raised; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: $text; border-radius: 2px; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid $muted; border-radius: 3px; background: $well; }
QCheckBox::indicator:checked { background: $text; border-color: $text; }
QCheckBox::indicator:disabled { border-color: $border; }
QSlider { background: transparent; }
QSlider::groove:horizontal { height: 4px; background: $border; border-radius: 2px; }
QSlider::sub-page:horizontal { height: 4px; background: $text; border-radius: 2px; }
QSlider::handle:horizontal { width: 10px; height: 10px; margin: -4px 0; background: $text; border: 1px solid $panel;
    border-radius: 5px; }
QSlider::handle:horizontal:focus { border: 2px solid $muted; }
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled { background: $muted; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: $border; border-radius: 4px; min-height: 24px; margin: 1px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: $border; border-radius: 4px; min-width: 24px; margin: 1px; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }
QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox {
    background: $well; border: 1px solid $muted; border-radius: 4px; padding: 2px 6px; min-height: 22px;
}
QLineEdit:focus, QSpinBox:focus, QComboBox:focus { border-color: $text; }
QLabel[tone="muted"] { color: $muted; }
QLabel[tone="read"] { color: $read; }
QLabel[tone="write"] { color: $write; }
QLabel[tone="warning"] { color: $warning; }
QLabel[tone="accent"] { color: $accent; }
#card { background: $panel; border: 1px solid $border; border-radius: 8px; }
#card:hover, #card[primary="true"] { border-color: $muted; }
#cardPicture { background: $header; border-bottom: 1px solid $border;
    border-top-left-radius: 8px; border-top-right-radius: 8px; }
#dropZone { border: 1px dashed $muted; border-radius: 4px; }
#fileRow { background: $panel; border: 1px solid $border; border-radius: 4px; text-align: left; }
#fileRow:hover, #fileRow:focus { border-color: $muted; }
#segment { border: 1px solid $border; border-radius: 4px; background: $panel; }
#notice { background: $raised; border: 1px solid $muted; border-radius: 4px; }
"""
)


def chosen(name: str) -> Palette:
    """The palette of a setting: "dark", "light", or "system", which is dark unless the system says light."""
    if name in PALETTES:
        return PALETTES[ThemeName(name)]
    hints = QGuiApplication.styleHints()
    return LIGHT if hints is not None and hints.colorScheme() == Qt.ColorScheme.Light else DARK


def undress(app: QApplication) -> None:
    """Take the style sheet away: else Qt restyles a widget again for every parent it has, when the next one comes."""
    app.setStyleSheet("")


def apply(app: QApplication, palette: Palette) -> None:
    """Give the whole application a theme."""
    app.setFont(font(ink.BODY))
    roles = QPalette.ColorRole
    colours = QPalette()
    for role, value in (
        (roles.Window, palette.panel),
        (roles.WindowText, palette.text),
        (roles.Base, palette.well),
        (roles.AlternateBase, palette.header),
        (roles.Text, palette.text),
        (roles.Button, palette.raised),
        (roles.ButtonText, palette.text),
        (roles.BrightText, palette.text),
        (roles.ToolTipBase, palette.raised),
        (roles.ToolTipText, palette.text),
        (roles.Highlight, palette.text),
        (roles.HighlightedText, palette.panel),
        (roles.PlaceholderText, palette.muted),
        (roles.Link, palette.text),
        (roles.Mid, palette.border),
        (roles.Dark, palette.border),
        (roles.Light, palette.raised),
        (roles.Midlight, palette.raised),
        (roles.Shadow, palette.background),
    ):
        colours.setColor(role, QColor(value))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        colours.setColor(QPalette.ColorGroup.Disabled, role, QColor(palette.muted))
    app.setPalette(colours)
    names = (
        "background",
        "panel",
        "header",
        "raised",
        "well",
        "border",
        "text",
        "muted",
        "read",
        "write",
        "accent",
        "warning",
    )
    app.setStyleSheet(_SHEET.substitute({name: palette.colour(name) for name in names}))
