"""The tree of forks: lines join each fork to the episode that it left, and rows are chosen by mouse and keys."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow

from ntmviz import theme
from ntmviz.colours import PALETTES
from ntmviz.views.fork_tree import INDENT, LEFT, ROW_HEIGHT, ForkNode, ForkTree, rails

NODES = (
    ForkNode(4, "by hand 1", "25 steps", 0, None),
    ForkNode(5, "12: edit row 38, word 15", "", 1, 0, "the whole story"),
    ForkNode(6, "13: lesion of row 41", "", 1, 0),
    ForkNode(8, "17: gate set to 1", "", 2, 2),
    ForkNode(9, "20: own input", "3 steps", 1, 0),
    ForkNode(7, "by hand 2", "9 steps", 0, None),
)


@pytest.fixture
def window(qtbot, qapp):
    theme.apply(qapp, PALETTES["dark"])
    made = QMainWindow()
    made.tree = ForkTree(PALETTES["dark"])
    made.setCentralWidget(made.tree)
    made.went = []
    action = QAction("next episode", made)
    action.setShortcut(QKeySequence("Down"))
    action.triggered.connect(lambda: made.went.append("window"))
    made.addAction(action)
    made.tree.episode_wished.connect(made.went.append)
    made.resize(220, 200)
    made.show()
    made.activateWindow()
    qtbot.waitActive(made)
    made.tree.show_nodes(NODES, 5)
    yield made
    made.close()
    made.deleteLater()


def middle(tree, row):
    return tree.visualRect(tree.model().index(row, 0)).center()


def test_a_line_runs_from_each_episode_to_the_last_fork_that_left_it():
    lines = rails(NODES)
    assert [sorted(each.through) for each in lines] == [[], [0], [0], [0], [], []]
    assert [each.has_children for each in lines] == [True, False, True, False, False, False]


def test_the_lines_are_drawn_where_the_tree_has_them(window):
    tree = window.tree
    image = tree.viewport().grab().toImage()
    muted = PALETTES["dark"].muted
    top = tree.visualRect(tree.model().index(0, 0)).top()

    def is_line(x, row, share):
        return image.pixelColor(x, int(top + (row + share) * ROW_HEIGHT)).name().upper() == muted

    assert [is_line(LEFT, row, 0.9) for row in range(6)] == [True, True, True, True, False, False]
    assert [is_line(LEFT + INDENT, row, 0.1) for row in range(6)] == [False, False, False, True, False, False]
    assert is_line(LEFT + INDENT // 2, 2, 0.5)


def test_a_click_wishes_for_the_episode_and_being_told_of_one_does_not(qtbot, window):
    assert window.went == []
    assert window.tree.currentIndex().row() == 1
    qtbot.mouseClick(window.tree.viewport(), Qt.MouseButton.LeftButton, pos=middle(window.tree, 3))
    assert window.went == [8]
    window.tree.show_nodes(NODES, 7)
    assert window.tree.currentIndex().row() == 5
    window.tree.show_nodes(NODES, None)
    assert not window.tree.currentIndex().isValid()
    assert not window.tree.selectedIndexes()
    assert window.went == [8]


def test_up_and_down_walk_the_tree_while_it_has_the_focus(qtbot, window):
    window.tree.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        qtbot.keyClick(window.tree, key)
    assert window.went == [6, 8, 6]
    window.tree.clearFocus()
    qtbot.keyClick(window, Qt.Key.Key_Down)
    assert window.went[-1] == "window"


def test_the_tree_follows_what_is_run(window):
    longer = (replace(NODES[0], steps="26 steps"), *NODES[1:])
    window.tree.show_nodes(longer, 5)
    grown = (*longer, ForkNode(10, "2: lesion", "", 1, 5))
    window.tree.show_nodes(grown, 10)
    assert window.tree.model().rowCount() == 7
    assert window.tree.currentIndex().row() == 6
    assert window.tree.nodes[0].steps == "26 steps"
    assert window.went == []


def test_a_row_reads_as_it_looks_and_more(window):
    model, role = window.tree.model(), Qt.ItemDataRole
    assert model.index(0, 0).data(role.AccessibleTextRole) == "by hand 1, 25 steps"
    assert model.index(3, 0).data(role.AccessibleTextRole) == "17: gate set to 1, fork of 13: lesion of row 41"
    assert model.index(1, 0).data(role.ToolTipRole) == "the whole story"


def test_the_current_row_stands_out_by_more_than_colour_and_its_focus_shows(qtbot, window):
    tree = window.tree
    pictures = []
    for current, has_focus in ((None, False), (5, False), (5, True)):
        tree.show_nodes(NODES, current)
        (tree.setFocus if has_focus else tree.clearFocus)()
        QApplication.processEvents()
        pictures.append(tree.viewport().grab(tree.visualRect(tree.model().index(1, 0))).toImage())
    assert pictures[0] != pictures[1] != pictures[2]


def test_another_theme_repaints_the_tree(window):
    for name in ("light", "dark"):
        window.tree.set_theme(PALETTES[name])
        row = window.tree.visualRect(window.tree.model().index(1, 0))
        ground = window.tree.viewport().grab().toImage().pixelColor(row.right() - 20, row.center().y())
        assert ground.name().upper() == PALETTES[name].raised
