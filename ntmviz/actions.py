"""Every command of the window: its words, its shortcut and its menu, in one table. The palette and help read it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that can be done, wherever it is asked for."""

    name: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    tip: str = ""
    is_checkable: bool = False
    starts_group: bool = False


COMMANDS = (
    Command(
        "train_copy",
        "Watch a network learn",
        "File",
        ("Ctrl+T",),
        "Train an NTM on copy from nothing, until it is solved",
    ),
    Command("new_training", "New training…", "File", ("Ctrl+N",), "Choose task, sizes and seed of a training"),
    Command("open", "Open…", "File", ("Ctrl+O",), "Open a session file", starts_group=True),
    Command(
        "follow_training",
        "Follow your own training…",
        "File",
        (),
        "Open the session that a script or 'ntmviz train' writes: it is watched here as it grows",
    ),
    Command(
        "save_copy",
        "Save a copy…",
        "File",
        ("Ctrl+S",),
        "Copy the session to a place of your choice",
        starts_group=True,
    ),
    Command(
        "save_figure", "Save the episode as a figure…", "File", ("Ctrl+E",), "The paper's picture as PNG, SVG or PDF"
    ),
    Command(
        "save_window", "Save a picture of the window…", "File", ("Ctrl+Shift+E",), "The window as it stands, as PNG"
    ),
    Command(
        "save_weights", "Save the weights…", "File", (), "Those that the episode which is shown ran on, as safetensors"
    ),
    Command("close_session", "Close the session", "File", ("Ctrl+W",), "Back to the welcome page", starts_group=True),
    Command(
        "quit", "Quit", "File", ("Ctrl+Q",), "End ntmviz; a training ends with it or goes on, as the Run menu says"
    ),
    Command("unpin", "Unpin the cell", "Edit", ("Escape",), "Forget the cell that was clicked"),
    Command("copy_values", "Copy the memory as text", "Edit", ("Ctrl+C",), "The memory of this step, a row a line"),
    Command("watch", "Watch", "View", ("Ctrl+1",), "The workspace for training and replay"),
    Command("step", "Step", "View", ("Ctrl+2",), "The workspace for stepping by hand"),
    Command("recall", "Recall", "View", ("Ctrl+3",), "The workspace of the recall lab: a memory that you work by hand"),
    Command(
        "show_change",
        "Frame what changed",
        "View",
        ("D",),
        "Frame every cell that this step changed",
        is_checkable=True,
        starts_group=True,
    ),
    Command(
        "to_largest",
        "Weightings to their largest",
        "View",
        ("W",),
        "Colour weightings up to the largest value instead of 1",
        is_checkable=True,
    ),
    Command("next_head", "Explain the next head", "View", ("H",), "Addressing shows another head"),
    Command("rows_taller", "Taller rows", "View", ("Ctrl++", "Ctrl+="), "Fewer, taller rows", starts_group=True),
    Command("rows_lower", "Lower rows", "View", ("Ctrl+-",), "More rows in view"),
    Command(
        "rows_found",
        "Find the heads' rows",
        "View",
        ("Ctrl+0",),
        "Show the rows that the heads use, at their usual height",
    ),
    Command("full_screen", "Full screen", "View", ("F11",), "", is_checkable=True, starts_group=True),
    Command("reset_docks", "Reset the arrangement", "View", (), "Put every panel back where it was at first"),
    Command("feed", "Feed the next input", "Run", ("Return", "Enter"), "One step by hand, in the Step workspace"),
    Command("run_to_end", "Run to the end", "Run", ("Shift+Return",), "The rest of the task's sequence, by hand"),
    Command("run_to_step", "Run to step…", "Run", ("Shift+G",), "The task's own inputs up to a step, by hand"),
    Command("edit_cell", "Edit the pinned cell…", "Run", ("E",), "Set one number of the memory and go on from there"),
    Command("new_network", "New network by hand…", "Run", ("Ctrl+Shift+N",), "Untrained, or from a file of weights"),
    Command("show_training", "Show the training", "Run", ("Ctrl+Shift+T",), "Back to the training that goes on"),
    Command("pause_training", "Pause or go on", "Run", ("Ctrl+P",), "Pause the training, or let it go on"),
    Command(
        "stop_training", "Finish now", "Run", ("Ctrl+.",), "End the training here: it is measured, kept and sealed"
    ),
    Command(
        "keep_training",
        "Keep training when the window closes",
        "Run",
        (),
        "A training goes on to its end without a window; the next one finds it",
        is_checkable=True,
        starts_group=True,
    ),
    Command(
        "letters_lab",
        "New lab with letters",
        "Recall",
        ("Ctrl+L",),
        "An associative memory of letters, digits and signs, to be worked by hand",
    ),
    Command(
        "routed_lab",
        "New lab with a router",
        "Recall",
        (),
        "The same items; a router, taught by what was stored where, decides where a recall looks (extension)",
    ),
    Command(
        "stores_lab",
        "New lab with two stores",
        "Recall",
        (),
        "The same items in short-term rows that fade, beside long-term rows that learn from replays (extension)",
    ),
    Command("words_lab", "New lab with words", "Recall", (), "DINNER, DESSERT, WINE …: words that prime each other"),
    Command(
        "import_items",
        "New lab from a file…",
        "Recall",
        ("Ctrl+I",),
        "Items from a table (name, segment, numbers), a dataset of HDF5 or an array of NumPy",
    ),
    Command(
        "add_items",
        "Add items from a file…",
        "Recall",
        ("Ctrl+Shift+I",),
        "Store the items of a file in the lab that is open, as far as rows are free",
    ),
    Command(
        "recall_cue",
        "Recall",
        "Recall",
        ("Return", "Enter"),
        "With the cue, and on with what was recalled until it settles",
        starts_group=True,
    ),
    Command("recall_once", "Recall once", "Recall", ("Shift+Return",), "With the cue, one step"),
    Command(
        "prime_cue", "Prime with the cue", "Recall", ("Shift+P",), "Activate what resembles it without recalling it"
    ),
    Command("follow_next", "What was stored next", "Recall", ("F",), "Follow the link from what was recalled last"),
    Command("follow_before", "What was stored before", "Recall", ("Shift+F",), "Follow the link back"),
    Command("store_cue", "Store the pattern", "Recall", ("Ctrl+Return",), "Write what is painted to a free row"),
    Command(
        "attach_record",
        "Record of this row…",
        "Recall",
        ("Ctrl+R",),
        "Choose the file, dataset, text or image that the row which is shown points to",
        starts_group=True,
    ),
    Command("detach_record", "Take the record away", "Recall", (), "This row's item points to none; the file stays"),
    Command("look_again", "Look at the record again", "Recall", ("Shift+R",), "It may have changed, or be gone"),
    Command(
        "records_folder", "Records folder…", "Recall", (), "The one folder in which records are looked for and opened"
    ),
    Command(
        "erase_half",
        "Erase half of the cue",
        "Recall",
        ("E",),
        "Its lower half is unknown; again: known",
        starts_group=True,
    ),
    Command("add_noise", "Add noise to the cue", "Recall", ("N",), "Turn one in ten of its known cells over"),
    Command("clear_cue", "Clear the cue", "Recall", ("C",), "Paper everywhere, every cell known"),
    Command("toggle_prominence", "Prominence on and off", "Recall", ("P",), "Extension of the published NTM"),
    Command("toggle_priming", "Priming on and off", "Recall", ("L",), "Extension of the published NTM"),
    Command("wait_ten", "Let 10 steps pass", "Recall", (), "Counts and traces fade", starts_group=True),
    Command("replay", "Replay a row", "Recall", (), "Move a long-term row towards a short-term one, if there are any"),
    Command("cut_writes", "Cut writing from here on", "Recall", (), "A lesion: step back to undo it"),
    Command("cut_reads", "Cut reading from here on", "Recall", (), "A lesion: step back to undo it"),
    Command(
        "measure_noise",
        "Measure how much noise it bears",
        "Recall",
        (),
        "The curve of error correction of what is stored; again: stop",
        starts_group=True,
    ),
    Command("play", "Play or pause", "Time", ("Space",), "Play the steps forwards"),
    Command("play_back", "Play backwards", "Time", ("Shift+Space",), "Play the steps backwards"),
    Command("slower", "Slower", "Time", (",",), ""),
    Command("faster", "Faster", "Time", (".",), ""),
    Command("previous_step", "Previous step", "Time", ("Left",), "", starts_group=True),
    Command("next_step", "Next step", "Time", ("Right",), ""),
    Command("back_ten", "Back 10 steps", "Time", ("Shift+Left",), ""),
    Command("on_ten", "On 10 steps", "Time", ("Shift+Right",), ""),
    Command("first_step", "First step", "Time", ("Home",), ""),
    Command(
        "last_step", "Last step, or follow live", "Time", ("End",), "While the session grows: follow its newest episode"
    ),
    Command("go_to_step", "Go to step…", "Time", ("G",), ""),
    Command("previous_episode", "Previous episode", "Time", ("Up",), "", starts_group=True),
    Command("next_episode", "Next episode", "Time", ("Down",), ""),
    Command("loop_start", "Loop from here", "Time", ("[",), "Again at the same step: no longer", starts_group=True),
    Command("loop_end", "Loop to here", "Time", ("]",), "Again at the same step: no longer"),
    Command(
        "next_event",
        "Next event",
        "Time",
        ("N",),
        "A wrong bit, a jump of a read, a value that is no number, a bookmark",
        starts_group=True,
    ),
    Command("previous_event", "Previous event", "Time", ("P",), ""),
    Command("bookmark", "Bookmark", "Time", ("B",), "Mark this step in a file beside the session; again: no longer"),
    Command("help", "Keys and what they do", "Help", ("F1",), ""),
    Command("palette", "All commands…", "Help", ("Ctrl+K", "Ctrl+Shift+P"), "Type a word of what you want to do"),
    Command("about", "About ntmviz", "Help", (), ""),
)
MENUS = ("File", "Edit", "View", "Run", "Recall", "Time", "Help")


def build(window: QMainWindow) -> dict[str, QAction]:
    """The actions of a window, by name, not yet connected to anything."""
    actions = {}
    for command in COMMANDS:
        action = QAction(command.text, window)
        action.setObjectName(command.name)
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        action.setCheckable(command.is_checkable)
        keys = f" ({shown_keys(command)})" if command.keys else ""
        action.setToolTip(f"{command.tip or command.text.rstrip('…')}{keys}")
        action.setStatusTip(command.tip)
        window.addAction(action)
        actions[command.name] = action
    return actions


def shown_keys(command: Command) -> str:
    """The shortcuts as this system writes them."""
    return " or ".join(QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText) for keys in command.keys)


def submenu(title: str, parent: QMenu | QMenuBar) -> QMenu:
    """A menu at the end of another one or of the bar, which owns it: it goes when they go."""
    menu = QMenu(title, parent)
    parent.addMenu(menu)
    return menu


def fill_menus(window: QMainWindow, actions: dict[str, QAction]) -> dict[str, QMenu]:
    """Put every action into its menu; returns the menus by name."""
    menus = {name: submenu(name, window.menuBar()) for name in MENUS}
    for command in COMMANDS:
        menu = menus[command.menu]
        if command.starts_group and menu.actions():
            menu.addSeparator()
        menu.addAction(actions[command.name])
    return menus
