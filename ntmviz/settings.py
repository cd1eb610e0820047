"""What the window remembers from one start to the next, in one INI file of the user's."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

MOST_RECENT = 8
THEMES = ("system", "dark", "light")


def settings_path() -> Path:
    return Path(platformdirs.user_config_path("ntmviz")) / "settings.ini"


def sessions_folder() -> Path:
    """Where a session goes that was given no name."""
    return Path(platformdirs.user_data_path("ntmviz")) / "sessions"


def new_session_path(task: str, seed: int) -> Path:
    """A path in the sessions folder for a training, that nothing has yet."""
    return free_path(f"{task}-seed{seed}")


def free_path(stem: str) -> Path:
    """A path in the sessions folder that nothing has yet."""
    folder = sessions_folder()
    stem = f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    path = folder / f"{stem}.ntmviz.h5"
    again = 2
    while path.exists():
        path = folder / f"{stem}-{again}.ntmviz.h5"
        again += 1
    return path


@dataclass(frozen=True, slots=True)
class Recent:
    """A session that was open before."""

    path: Path
    opened: float
    """Seconds since 1970."""


class Settings:
    """Typed access to the INI file. What cannot be read there takes its default; what is only read stays as it is."""

    def __init__(self, *, is_read_only: bool = False) -> None:
        self.is_read_only = is_read_only
        path = settings_path()
        self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        found = self._store.value("theme", "system")
        return found if found in THEMES else "system"

    @theme.setter
    def theme(self, name: str) -> None:
        self.keep("theme", name)

    @property
    def keeps_training(self) -> bool:
        """Whether a training goes on when its window closes."""
        return self._store.value("keep_training") == "true"

    @keeps_training.setter
    def keeps_training(self, is_on: bool) -> None:
        self.keep("keep_training", "true" if is_on else "false")

    @property
    def recent(self) -> tuple[Recent, ...]:
        """Newest first, those that still exist."""
        found = []
        count = self._store.beginReadArray("recent")
        for index in range(count):
            self._store.setArrayIndex(index)
            path, opened = self._store.value("path", ""), self._store.value("opened", "0")
            try:
                if path and Path(path).is_file():
                    found.append(Recent(Path(path), float(opened)))
            except (OSError, ValueError, TypeError):
                continue
        self._store.endArray()
        return tuple(found[:MOST_RECENT])

    def remember(self, path: Path) -> None:
        """Put a session on top of the recent ones."""
        if self.is_read_only:
            return
        path = path.absolute()
        entries = [Recent(path, time.time()), *(each for each in self.recent if each.path != path)][:MOST_RECENT]
        self._store.remove("recent")
        self._store.beginWriteArray("recent", len(entries))
        for index, entry in enumerate(entries):
            self._store.setArrayIndex(index)
            self._store.setValue("path", str(entry.path))
            self._store.setValue("opened", repr(entry.opened))
        self._store.endArray()

    def bytes_of(self, name: str) -> QByteArray | None:
        """A saved geometry or arrangement."""
        found = self._store.value(name)
        return found if isinstance(found, QByteArray) else None

    def text_of(self, name: str) -> str:
        """A text that was kept under a name; "" where there is none."""
        found = self._store.value(name, "")
        return found if isinstance(found, str) else ""

    def keep(self, name: str, value: str | QByteArray) -> None:
        """Remember a value under a name."""
        if not self.is_read_only:
            self._store.setValue(name, value)

    def sync(self) -> None:
        self._store.sync()


def reset() -> Path:
    """Forget everything; returns the path of the file that held it. Sessions are not touched."""
    path = settings_path()
    path.unlink(missing_ok=True)
    return path
