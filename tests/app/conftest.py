"""Sessions from real trainings, small ones, and a window of the test's own."""

import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sessions
from ntm_core.trace import EpisodeInfo
from ntmviz import child, stages
from ntmviz.app import application, make_window
from ntmviz.cli import main
from ntmviz.live import EngineProcess
from ntmviz.run_options import RunOptions
from ntmviz.window import MainWindow
from tests.app.forked import Forge
from tests.app.processes import Heard
from tests.compiled import compile_kernels
from tests.sessions.traces import numbered, still, tiny_spec

SMALL = {"locations": 48, "word_size": 8, "hidden_size": 16, "kernel": "eager"}
"""Its steps take less time than a kernel takes to load."""
SIZES: dict[str, dict[str, object]] = {
    "ntm": {"locations": 12, "word_size": 6, "hidden_size": 8, "segments": 2, "prominence": 0.5, "priming": 1.0},
    "dnc": {"locations": 12, "word_size": 6, "hidden_size": 8, "read_heads": 2, "sparse_links": 3},
    "mann": {"locations": 12, "word_size": 6, "hidden_size": 8, "read_heads": 2},
    "lstm": {"hidden_size": 20, "layers": 2},
}
"""Of every model of the registry, each with what sets its pictures apart."""


@pytest.fixture(scope="session", autouse=True)
def kernels_are_compiled() -> None:
    """Before any test waits for an engine, with less patience than a first compiling takes."""
    compile_kernels(("ntm",), "float")


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


@pytest.fixture(scope="session")
def session_of_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A short training of a network, made once for each."""
    from ntmviz.runs import Run

    made: dict[str, Path] = {}

    def of(model: str) -> Path:
        if model not in made:
            path = tmp_path_factory.mktemp("model") / f"{model}.ntmviz.h5"
            run = Run(
                RunOptions(
                    out=str(path),
                    model=model,
                    task_settings={"max_length": 4, "bits": 3},
                    model_settings=SIZES[model],
                    train={"batch": 4},
                    iterations=6,
                    record="every:3",
                    device="cpu",
                )
            )
            run.advance(6)
            run.finish()
            made[model] = path
        return made[model]

    return of


@pytest.fixture
def mine(session: Path, tmp_path: Path) -> Path:
    """A copy of a session that a test may spoil."""
    return Path(shutil.copy(session, tmp_path / "mine.ntmviz.h5"))


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[sessions.Recorder]:
    """A session that this process records, with one episode in it."""
    with sessions.Recorder(tmp_path / "live.h5", tiny_spec(), {"title": "live"}) as recorder:
        record_one(recorder)
        yield recorder


def record_one(recorder: sessions.Recorder, label: str = "") -> None:
    """One more episode, flushed."""
    recorder.begin_episode(EpisodeInfo(label=label), still(tiny_spec()))
    recorder.append_steps(numbered(tiny_spec(), 0, 5))
    recorder.end_episode(loss=0.5)
    assert recorder.flush(10)


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
    """A window with settings of its own, whose turns are long enough for all there is to draw; it is closed at last."""
    monkeypatch.setattr(stages, "TURN_S", math.inf)
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
        qtbot.waitUntil(lambda: window.presenter.now is not None and window.updatesEnabled())
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


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.ntmviz.h5"


@pytest.fixture
def options(path):
    return RunOptions(
        out=str(path),
        task_settings={"max_length": 4, "bits": 4},
        model_settings=SMALL,
        train={"batch": 2},
        device="cpu",
        iterations=10**6,
        record="every:10",
    )


@pytest.fixture
def start(qtbot, forked_engines):
    """Starts an engine process and waits until it trains."""
    engines = []

    def begin(options, *, keeps_on=False):
        engine = EngineProcess()
        engines.append(engine)
        heard = Heard(engine)
        engine.train(options, keeps_on=keeps_on)
        qtbot.waitUntil(lambda: bool(heard.progress or heard.ended), timeout=30_000)
        return engine, heard

    yield begin
    for engine in engines:
        engine.close()
        engine.deleteLater()


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    """Makes engine processes in no time."""
    made = Forge()
    yield made
    made.close()


@pytest.fixture
def forked_engines(forge, monkeypatch) -> None:
    """Engines come from the forge: for tests that are not about how one starts."""
    monkeypatch.setattr(child, "subprocess", forge.instead_of(subprocess))


@pytest.fixture
def launch(tmp_path):
    """Starts Python with these words, in a session of its own like a terminal's; killed in the end if need be."""
    started = []

    def begin(*words):
        with (tmp_path / "errors.txt").open("ab") as errors:
            process = subprocess.Popen(
                [sys.executable, *map(str, words)],
                env=os.environ | {"XDG_DATA_HOME": str(tmp_path / "data")},
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate(timeout=30)
