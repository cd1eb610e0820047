"""Sessions from real trainings, small ones, and a window of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sessions
from ntmviz.app import application, make_window
from ntmviz.cli import main
from ntmviz.run_options import RunOptions
from ntmviz.window import MainWindow

SMALL = {"locations": 48, "word_size": 8, "hidden_size": 16}


def train(
    path: Path, *, iterations: int = 24, heads: int = 1, record: str = "every:4", length: int = 6, **more: object
) -> Path:
    """A real training, short; everything goes the way of the product."""
    from ntmviz.runs import Run

    run = Run(
        RunOptions(
            out=str(path),
            task_settings={"max_length": length, "bits": 4},
            model_settings=SMALL | {"read_heads": heads, "write_heads": heads},
            train={"batch": 4},
            seed=1,
            iterations=iterations,
            record=record,
            device="cpu",
            **more,
        )
    )
    while not run.is_over:
        run.advance(8)
    run.finish()
    return path


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished session of a network with one head of each kind."""
    return train(tmp_path_factory.mktemp("session") / "one.ntmviz.h5")


@pytest.fixture(scope="session")
def session_of_two_heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished session of a network with two heads of each kind."""
    return train(tmp_path_factory.mktemp("session") / "two.ntmviz.h5", heads=2)


@pytest.fixture(scope="session")
def long_session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session whose last episode has more steps than any window shows at once."""
    return train(tmp_path_factory.mktemp("session") / "long.ntmviz.h5", iterations=1, length=200)


@pytest.fixture
def recording(session: Path) -> Iterator[sessions.Recording]:
    with sessions.open(session) as opened:
        yield opened


@pytest.fixture
def qapp() -> object:
    """The application as the product makes it."""
    return application()


@pytest.fixture
def window(qtbot, qapp, tmp_path, monkeypatch) -> Iterator[MainWindow]:
    """A window with settings of its own; it is closed, and with it all that it started."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    made = make_window("dark")
    made.resize(1280, 800)
    made.show()
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def open_window(window: MainWindow, qtbot) -> Callable[[Path], MainWindow]:
    """Opens a session in the window and waits until it is drawn."""

    def open_it(path: Path) -> MainWindow:
        assert window.desk.open(path)
        qtbot.waitUntil(lambda: window.views.machine.figure is not None)
        return window

    return open_it


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder that the command line stands in, with files that are no sessions."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.h5").touch()
    (tmp_path / "text.h5").write_text("the quick brown fox " * 100)
    return tmp_path


@pytest.fixture
def call(capsys):
    """Runs a command line in this process: exit code, lines of output, lines of errors."""

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out.splitlines(), err.splitlines()

    return run
