"""The window: lays out, connects, and lets others decide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QToolBar

from ntmviz import actions as action_table
from ntmviz import ink, running, theme
from ntmviz.arrangements import Arrangements
from ntmviz.by_hand import ByHand
from ntmviz.desk import Desk
from ntmviz.hand_rescue import HandRescue
from ntmviz.health_watch import HealthWatch
from ntmviz.icons import icon
from ntmviz.navigation import Navigation
from ntmviz.notice import Notice
from ntmviz.panels import label
from ntmviz.presenter import Presenter
from ntmviz.recall.by_hand import RecallByHand
from ntmviz.recall.demonstrating import Demonstrator
from ntmviz.recall.item_import import ItemImport
from ntmviz.recall.items import is_lab
from ntmviz.recall.noise import NoiseMeasurement
from ntmviz.recall.pointing import RecordPresenter
from ntmviz.recall.presenting import LabPresenter
from ntmviz.rescue import Rescue
from ntmviz.run_words import rate_of, run_status, session_line
from ntmviz.saving_commands import SavingCommands
from ntmviz.session_bar import SessionBar
from ntmviz.session_commands import SessionCommands
from ntmviz.state import Store
from ntmviz.theme_change import ThemeChange
from ntmviz.views.settling import Settling
from ntmviz.welcome import WelcomePage
from ntmviz.workspace import Views
from ntmviz.workspace_tabs import WORKSPACES, WorkspaceTabs
from sessions.errors import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ntmviz.colours import Palette
    from ntmviz.settings import Settings
    from sessions import Recording

GROWN_MS = 100
"""How long a step by hand that is in the file may wait to be drawn: word of where to look comes with its end."""


class MainWindow(QMainWindow):
    """One window, one session."""

    def __init__(self, settings: Settings, palette: Palette) -> None:
        super().__init__()
        self.setWindowTitle("ntmviz")
        self.setAcceptDrops(True)
        self.setMinimumSize(QSize(1024, 680))
        self.setContentsMargins(4, 0, 4, 0)
        self.resize(1440, 900)
        self.settings, self.theme = settings, palette
        self.actions_by_name = action_table.build(self)
        self.menus = action_table.fill_menus(self, self.actions_by_name)
        self.store = Store(self)
        self.desk = Desk(self)
        self.views = Views(self, palette, self.actions_by_name)
        self._settling = Settling(self, self.views.docks.values(), self.views.pictures)
        self._dressers = (self.views.set_theme, self.views.lab.set_theme, self._dress_rest)
        self._theme_change = ThemeChange(self, self._settling, self._dressers)
        self.presenter = Presenter(self.store, self.views, self)
        self.welcome = WelcomePage(palette)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.welcome)
        self.stack.addWidget(self.views.machine_panel)
        self.stack.addWidget(self.views.lab.middle)
        self.setCentralWidget(self.stack)
        self.notice = Notice(self)
        self.rescue = Rescue(self.desk, self.notice, self)
        self._progress: dict[str, object] = {}
        self.tabs = WorkspaceTabs()
        self.menuBar().setCornerWidget(self.tabs)
        self._make_toolbar()
        self._make_status_bar()
        self.navigation = Navigation(self)
        self.by_hand = ByHand(self)
        HandRescue(self.by_hand.link, self.desk, self.notice, self)
        self.recall = LabPresenter(self)
        self.records = RecordPresenter(self)
        self.recall_by_hand = RecallByHand(self)
        self.item_import = ItemImport(self)
        self.demonstrator = Demonstrator(self)
        self.noise = NoiseMeasurement(self)
        self.commands = SessionCommands(self)
        self.saving = SavingCommands(self)
        HealthWatch(self, self.views.health)
        self._workspace = WORKSPACES[0]
        self._connect()
        self._restore()
        self.show_welcome()

    def _make_toolbar(self) -> None:
        bar = self.toolbar = QToolBar("Session")
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(18, 18))
        bar.setFixedHeight(40)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for name in ("new_training", "open", "save_copy"):
            bar.addAction(self.actions_by_name[name])
        bar.addSeparator()
        self.headline = SessionBar()
        bar.addWidget(self.headline)
        self.addToolBar(bar)

    def _make_status_bar(self) -> None:
        self.hint = label("", size=ink.SMALL, tone="muted")
        self.queue = label("", size=ink.SMALL, tone="muted")
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.setFixedHeight(24)
        self.hint.setContentsMargins(8, 0, 0, 0)
        self.queue.setContentsMargins(0, 0, 8, 0)
        self.queue.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.queue.setMinimumWidth(160)
        bar.addWidget(self.hint, 1)
        bar.addPermanentWidget(self.queue)

    def _connect(self) -> None:
        desk, views = self.desk, self.views
        desk.opened.connect(self._on_opened)
        desk.grew.connect(self._on_grew)
        desk.ended.connect(self._on_live_ended)
        desk.closed.connect(self.show_welcome)
        desk.bookmarked.connect(self._on_bookmarked)
        desk.failed.connect(self.notice.show_failure)
        desk.starting.connect(self.commands.on_starting)
        desk.progressed.connect(self._on_progressed)
        desk.training_ended.connect(self._on_training_ended)
        self.presenter.presented.connect(self._on_presented)
        self.presenter.rested.connect(self._on_rested)
        self.presenter.failed.connect(self.notice.show_failure)
        self.welcome.shown.connect(self._on_welcome_shown)
        self.welcome.door_chosen.connect(self.commands.open_door)
        self.welcome.session_wished.connect(self.commands.open_path)
        segment = self.headline.segment
        segment.live.clicked.connect(self.navigation.follow)
        segment.replay.clicked.connect(self.navigation.stop_following)
        for button in (segment.live, segment.replay):
            button.clicked.connect(self._shower_of("Watch"))
        segment.by_hand.clicked.connect(self._show_hand)
        self.tabs.wished.connect(self.show_workspace)
        for name in WORKSPACES:
            self.actions_by_name[name.lower()].triggered.connect(self._shower_of(name))
        views.follow_button.clicked.connect(self.navigation.follow)
        self._has_moved = self._is_settled = False
        self._moved = QTimer(self, singleShot=True, interval=0)
        self._moved.timeout.connect(self._on_docks_settled)
        self._grown = QTimer(self, singleShot=True, interval=GROWN_MS)
        self._grown.timeout.connect(self.presenter.refresh)
        for dock in views.docks.values():
            for moved in (dock.topLevelChanged, dock.visibilityChanged, dock.dockLocationChanged):
                moved.connect(self._on_dock_moved)
        for key in "123":
            shortcut = QShortcut(QKeySequence(key), self.welcome)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.commands.door_of_key(key))

    def _restore(self) -> None:
        geometry = self.settings.bytes_of("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        self.arrangements = Arrangements(self, self.views, self.settings)

    def show_welcome(self) -> None:
        """No session: the first page, alone."""
        self.presenter.show_recording(None)
        self.arrangements.show(None)
        self.toolbar.hide()
        self.tabs.show_current(None)
        self.stack.setCurrentWidget(self.welcome)
        self.welcome.setFocus()
        self.hint.setText("Choose a door, or drop a session file anywhere")
        self.queue.setText("")
        self.setWindowTitle("ntmviz")
        self.commands.enable()

    def _on_welcome_shown(self) -> None:
        self.welcome.show_recent(self.settings.recent, running.known())
        if not self.settings.is_read_only:
            running.forget_ended()

    def show_workspace(self, name: str | None = None) -> None:
        """A workspace, with or without a session in it yet; by default the one that was shown last."""
        self._workspace = name or self._workspace
        if self.arrangements.current == self._workspace:
            return
        self.stack.setCurrentWidget(self.views.centre_of(self._workspace))
        self.toolbar.show()
        self.tabs.show_current(self._workspace)
        self.arrangements.show(self._workspace)
        self.setFocus()
        self._has_moved, self._is_settled = True, False
        self._settling.hold()
        self.presenter.put_off()  # it is presented once the docks have settled
        self._moved.start()

    def _show_hand(self) -> None:
        """The workspace in which the open session is worked by hand."""
        self.show_workspace("Recall" if is_lab(self.desk.recording) else "Step")

    def _shower_of(self, workspace: str) -> Callable[[], None]:
        def show() -> None:
            self.show_workspace(workspace)

        return show

    def _on_opened(self, recording: Recording) -> None:
        with QSignalBlocker(self.store):  # one drawing, once the docks are there
            is_ours = self._look_at_first(recording)
        self.navigation.stop()
        self.presenter.show_recording(recording, self.desk.bookmarks)
        self.notice.hide()
        self.show_workspace(self._workspace if is_ours else self._fitting(recording))
        self.settings.remember(recording.path)
        self.navigation.list_choices(recording)
        self.views.show_what_there_is(recording.spec)
        self.setWindowTitle(f"{recording.path.name} – ntmviz")
        self.headline.name(recording.info.title or recording.path.name, session_line(recording))
        self._tell()

    def _fitting(self, recording: Recording) -> str:
        """The last workspace, unless a recall lab needs its own or stands in the way of another session."""
        if is_lab(recording):
            return "Recall"
        return WORKSPACES[0] if self._workspace == "Recall" else self._workspace

    def _look_at_first(self, recording: Recording) -> bool:
        """Where a session is opened: at what is newest, or most telling, or where a hand has come to.

        Returns whether it is one that the hand began.
        """
        if self.by_hand.takes_over(recording):
            return True
        is_live = self.desk.is_live
        self.store.update(
            episode=-1,
            step=-1 if is_live else 0,
            is_following=is_live,
            direction=0,
            loop=(None, None),
            pinned=None,
            first_row=None,
        )
        if not is_live:
            self.navigation.show_telling_step(recording)
        return False

    def _on_dock_moved(self) -> None:
        self._moved.start()  # docks move together: one drawing for all

    def _on_docks_settled(self) -> None:
        """Docks stand elsewhere, or, in another workspace, show other things."""
        if self._has_moved:
            self._has_moved = False
            self._is_settled = True
            self.presenter.present()
        else:
            self.presenter.refit()

    def _on_rested(self) -> None:
        if self._is_settled:
            self._is_settled = False
            self._settling.release()

    def _on_grew(self) -> None:
        if not self.by_hand.is_at_work:
            self.presenter.refresh()
        elif not self._grown.isActive():
            self._grown.start()

    def _on_bookmarked(self) -> None:
        self.presenter.show_bookmarks(self.desk.bookmarks)

    def _on_live_ended(self) -> None:
        self.store.update(is_following=False)
        self._tell()

    def _on_progressed(self, progress: dict[str, object]) -> None:
        self._progress = progress
        self._tell()

    def _on_training_ended(self, result: object, failure: str) -> None:
        self._progress = {}
        if self.desk.recording is None:
            self.show_welcome()
        if failure:
            self.notice.show_failure(failure)
        self.commands.enable()
        self._tell()

    def _on_presented(self, now: object) -> None:
        self._tell()

    def _tell(self) -> None:
        """Everything that is said around the views."""
        desk, state = self.desk, self.store.state
        self.commands.enable()
        has_session = desk.recording is not None
        is_by_hand = self.by_hand.is_shown
        self.headline.segment.show_mode(
            self.theme,
            is_live=desk.is_live,
            is_following=state.is_following,
            is_by_hand=is_by_hand,
            has_session=has_session,
        )
        self.views.show_following(desk.is_live and not is_by_hand, state.is_following)
        recording = desk.recording
        self.queue.setText(self.commands.queue_words(self._progress))
        if recording is None:
            if self.stack.currentWidget() is not self.welcome:
                self.views.run.show_status(self.commands.starting_status)
            return
        try:
            status = run_status(recording, self.presenter.now, self._progress, state.is_following, desk)
        except SessionError as error:
            self.notice.show_failure(str(error))
        else:
            self.views.run.show_status(status)
        progress = self._progress if desk.shows_training else {}
        self.headline.rates.setText(rate_of(recording, progress))
        if self.recall.is_shown:
            self.recall.tell()
            return
        self.hint.setText(self.by_hand.hint if is_by_hand else self.navigation.hint(desk.is_live, state))

    def set_theme(self, name: str) -> None:
        """Change to "dark", "light" or "system", and remember it."""
        self.settings.theme = name
        self._theme_change.start(theme.chosen(name))

    def dress(self, palette: Palette) -> None:
        """Give what draws itself the theme that the application has."""
        for dress in self._dressers:
            dress(palette)

    def _dress_rest(self, palette: Palette) -> None:
        self.theme = palette
        for name, picture in (("new_training", "new"), ("open", "open"), ("save_copy", "save")):
            self.actions_by_name[name].setIcon(icon(picture))
        self.welcome.set_theme(palette)
        self.presenter.refit()

    def grab(self, *area: QRect) -> QPixmap:
        """A picture of the window, or an area of it, with nothing in it that is still to be drawn."""
        self.presenter.finish()
        with self._settling.at_once():
            return super().grab(*area)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.commands.open_path(Path(event.mimeData().urls()[0].toLocalFile()))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.arrangements.save()
        self.settings.keep("geometry", self.saveGeometry())
        self.settings.sync()
        self.presenter.show_recording(None)
        self.hide()  # sealing a session takes a moment, and nobody has to watch it
        self.by_hand.shut_down()
        self.desk.shut_down()
        self.navigation.stop()
        super().closeEvent(event)
