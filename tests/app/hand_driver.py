"""A person at the Step workspace, for tests."""

from PySide6.QtCore import Qt

from ntm_core.trace import EpisodeKind

WAKING_MS = 40_000
OWN = (1.0, 1.0, 1.0, 1.0, 1.0)


def last_of(recording, kind, *, is_kept=True):
    """The last episode of a kind whose weights are kept, or are not."""
    return max(
        index
        for index, episode in enumerate(recording.episodes)
        if episode.info.kind is kind and (episode.info.checkpoint >= 0) == is_kept
    )


class Driver:
    """A person at the Step workspace."""

    def __init__(self, window, qtbot):
        self.window, self._qtbot = window, qtbot
        self.panel, self.tree = window.views.by_hand, window.views.forks

    @property
    def now(self):
        return self.window.presenter.now

    @property
    def recording(self):
        return self.window.desk.recording

    def wait_awake(self):
        self._qtbot.waitUntil(lambda: self.window.by_hand.is_awake, timeout=WAKING_MS)

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        self._qtbot.keyClick(self.window, key, modifier)
        self.wait_awake()

    def look_at(self, episode, step):
        self.window.store.update(episode=episode, step=step)

    def feed(self, vector=None):
        if vector is not None:
            self.panel.set_input(vector)
        self.press(Qt.Key.Key_Return)

    @classmethod
    def after_fourth_step(cls, window, qtbot):
        """One who has woken the last evaluation after its fourth step."""
        made = cls(window, qtbot)
        made.look_at(last_of(made.recording, EpisodeKind.EVAL), 3)
        window.actions_by_name["step"].trigger()
        made.wait_awake()
        return made

    @property
    def labels(self):
        return [node.label for node in self.tree.nodes]
