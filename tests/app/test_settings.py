"""What is remembered from one start to the next, and what must not be."""

from pathlib import Path

import pytest

from ntmviz.app import screenshot
from ntmviz.settings import MOST_RECENT, Settings, new_session_path, reset, settings_path
from ntmviz.welcome import when

HOUR = 3600.0
NOON = 1_790_000_000.0


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def files(tmp_path: Path, count: int) -> list[Path]:
    made = [tmp_path / f"{number}.h5" for number in range(count)]
    for path in made:
        path.touch()
    return made


def test_recent_sessions_are_the_newest_without_repeats_or_lost_files(tmp_path):
    settings = Settings()
    for path in files(tmp_path, MOST_RECENT + 3):
        settings.remember(path)
    settings.remember(tmp_path / "5.h5")
    (tmp_path / "9.h5").unlink()
    names = [each.path.name for each in Settings().recent]
    assert names[0] == "5.h5"
    assert names[1] == "10.h5"
    assert "9.h5" not in names
    assert len(names) == len(set(names)) == MOST_RECENT - 1


@pytest.mark.parametrize(
    "content", ["[General]\ntheme=purple\n", "\x00\xff not an ini", "[recent]\nsize=3\n1\\path=/x\n1\\opened=soon\n"]
)
def test_a_damaged_settings_file_gives_defaults(content):
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text(content, encoding="utf-8")
    assert Settings().theme == "system"
    assert Settings().recent == ()


def test_reset_forgets_all():
    settings = Settings()
    settings.theme = "light"
    settings.sync()
    reset()
    assert Settings().theme == "system"


def test_a_screenshot_leaves_the_settings_as_they_were(session, tmp_path):
    settings = Settings()
    settings.theme = "light"
    settings.sync()
    before = settings_path().read_bytes()
    screenshot(session, tmp_path / "window.png", size=(1100, 700), theme_name="dark")
    assert settings_path().read_bytes() == before


def test_new_sessions_never_take_a_name_that_is_taken():
    first = new_session_path("copy", 3)
    first.parent.mkdir(parents=True)
    first.touch()
    assert new_session_path("copy", 3) != first
    assert first.name.startswith("copy-seed3-")


@pytest.mark.parametrize(
    ("ago", "start"), [(0, "today, "), (24 * HOUR, "yesterday"), (3 * 24 * HOUR, "day"), (400 * 24 * HOUR, " 20")]
)
def test_moments_are_said_as_people_say_them(ago, start):
    assert start in when(NOON - ago, NOON)
