"""The command line from outside: what it prints, what it writes, how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtGui import QImage

import sessions
from ntmviz import __version__
from ntmviz.cli import demo, main
from ntmviz.run_options import RunOptions
from ntmviz.window import MainWindow
from tests.app.conftest import SMALL
from tests.app.processes import iterations_in, wait_for

PROGRAM = [sys.executable, "-m", "ntmviz"]
TINY = (
    *("train", "copy", "--iterations", "4", "--batch", "2", "--device", "cpu", "--record", "every:2"),
    *("--set", "locations=16", "--set", "word_size=6", "--set", "hidden_size=8"),
    *("--set", "task.max_length=3", "--set", "task.bits=3"),
)
"""A training of a fraction of a second; words added after it take precedence."""
TRAIN_KEYS = (
    *("session", "model", "task", "solved", "sequences", "iterations", "seconds", "cpu_seconds"),
    *("bit_error_rate", "loss", "recorded_episodes", "dropped_episodes"),
)
INFO_KEYS = (
    *("format", "complete", "model", "task", "device", "episodes", "steps", "bytes", "checkpoint_bytes", "fields"),
)


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


def launch(*words, **environment):
    """Runs a command line in a process of its own; None takes a variable of the environment away."""
    variables = {**os.environ, **environment}
    return subprocess.run(
        [*PROGRAM, *map(str, words)],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
    )


def check_refused(code, wanted_code, errors, said):
    assert code == wanted_code
    assert len(errors) == 1, errors
    assert errors[0].startswith("ntmviz: ")
    assert said in errors[0]
    assert "fault of ntmviz" not in errors[0]


def test_training_prints_the_promised_json_last(call, folder):
    code, out, err = call(*TINY, "--out", "run.h5", "--json")
    assert (code, err) == (0, [])
    result = json.loads(out[-1])
    assert tuple(result) == TRAIN_KEYS
    assert (result["model"], result["task"], result["solved"]) == ("ntm", "copy", False)
    assert (result["iterations"], result["sequences"], result["dropped_episodes"]) == (4, 8, 0)
    assert list(result["bit_error_rate"]) == ["3", "9", "18"]
    assert all(0 < share < 1 for share in result["bit_error_rate"].values())
    assert 0 < result["cpu_seconds"]
    assert 0 < result["seconds"] < 30
    with sessions.open(result["session"]) as recording:
        assert recording.path == folder / "run.h5"
        assert (recording.complete, len(recording.episodes)) == (True, result["recorded_episodes"])
        assert recording.metrics["loss"][-1] == result["loss"]
        assert len(recording.metrics.iterations()) == 4


def test_training_says_in_words_what_came_of_it(call, folder):
    code, out, err = call(*TINY)
    assert (code, err) == (0, [])
    assert out[0].startswith("copy not solved after 8 sequences")
    assert out[-1] == str(folder / "copy-seed0.ntmviz.h5")
    assert Path(out[-1]).is_file()


def test_settings_of_the_command_line_reach_the_network_the_task_and_the_trainer(call, folder):
    words = ("--set", "read_heads=2", "--set", "order=write_first", "--set", "train.learning_rate=0.01", "--seed", 7)
    assert call(*TINY, *words, "--out", "run.h5")[0] == 0
    with sessions.open("run.h5") as recording:
        info = recording.info
        assert (info.seed, info.device, info.title) == (7, "cpu", "run")
        assert (info.model_config["read_heads"], info.model_config["order"]) == (2, "write_first")
        assert info.task_settings == {"min_length": 1, "max_length": 3, "bits": 3}
        assert (info.train["learning_rate"], info.train["batch"], info.train["iterations"]) == (0.01, 2, 4)


def test_a_training_resumed_starts_with_the_weights_that_the_other_ended_with(call, folder):
    longer = ("--iterations", 150, "--set", "train.learning_rate=0.01", "--set", "task.max_length=1")
    assert call(*TINY, *longer, "--out", "first.h5")[0] == 0
    assert call(*TINY, *longer, "--seed", 1, "--resume", "first.h5", "--out", "second.h5")[0] == 0
    with sessions.open("first.h5") as first, sessions.open("second.h5") as second:
        assert second.checkpoints[0].read() == first.checkpoints[-1].read()
        assert second.checkpoints[0].read() != first.checkpoints[0].read()
        learned, unlearned = first.metrics["loss"][-20:].mean(), first.metrics["loss"][:5].mean()
        assert second.metrics["loss"][:20].mean() < (learned + unlearned) / 2
        assert second.info.parent == {"session_id": first.info.session_id, "path": str(first.path)}


def test_info_tells_the_promised_json(call, session):
    code, out, err = call("info", session, "--json")
    assert (code, err) == (0, [])
    found = json.loads(out[-1])
    assert tuple(found) == INFO_KEYS
    with sessions.open(session) as recording:
        assert found["episodes"] == len(recording.episodes)
        assert found["steps"] == sum(len(episode) for episode in recording.episodes)
        record = recording.episodes[0].record(0)
        assert {name: tuple(field["shape"]) for name, field in found["fields"].items()} == {
            name: values.shape for name, values in record.items()
        }
    assert found["fields"]["memory"] == {"shape": [SMALL["locations"], SMALL["word_size"]], "role": "memory"}
    assert found["bytes"] == session.stat().st_size > found["checkpoint_bytes"] > 0
    assert (found["format"], found["complete"], found["device"]) == (1, True, "cpu")


def test_info_tells_the_same_in_words(call, session):
    code, out, err = call("info", session)
    assert (code, err) == (0, [])
    assert out[0] == "one: ntm on copy, complete"
    assert "    memory             48 location x 8 word" in out


def test_a_figure_is_what_its_name_says(call, folder, qapp, session):
    for suffix in ("png", "svg", "pdf"):
        assert call("figure", session, "-o", f"figure.{suffix}") == (0, [f"figure.{suffix}"], [])
    picture = QImage("figure.png", "PNG")
    assert picture.width() > 800
    assert len(set(np.frombuffer(picture.constBits(), np.uint32).tolist())) > 50
    drawing = ElementTree.parse("figure.svg").getroot()
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    words = " ".join(drawing.itertext())
    for wanted in ("step", "location", "channel", "word", "inputs", "outputs", "adds", "reads", "write weighting"):
        assert wanted in words
    page = Path("figure.pdf").read_bytes()
    assert page.startswith(b"%PDF-")
    assert page.rstrip().endswith(b"%%EOF")
    assert len(page) > 5000


def test_a_figure_is_of_the_episode_and_the_steps_that_were_asked_for(call, folder, qapp, session):
    def drawn(*words):
        assert call("figure", session, "-o", "figure.svg", *words)[0] == 0
        return " ".join(ElementTree.parse("figure.svg").getroot().itertext())

    with sessions.open(session) as recording:
        first, last = recording.episodes[1].info, recording.episodes[-1].info
    assert f"NTM on copy, iteration {first.iteration}, {first.kind}" in drawn("--episode", 1)
    assert drawn() == drawn("--episode", "last") == drawn("--episode", -1)
    assert f"iteration {last.iteration}, {last.kind}" in drawn()
    assert drawn("--step", 2) != drawn("--step", 3)


def test_a_figure_goes_beside_its_reader_unless_named(call, folder, qapp, session):
    assert call("figure", session) == (0, ["one.png"], [])
    assert Path("one.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("words", "size"),
    [(("--size", "1100x700", "--scale", "1"), (1100, 700)), (("--size", "1024x680", "--scale", "1.5"), (1536, 1020))],
)
def test_a_screenshot_has_exactly_the_size_that_was_asked_for(words, size, tmp_path, session):
    done = launch(session, "--screenshot", tmp_path / "window.png", "--theme", "dark", *words)
    assert (done.returncode, done.stderr) == (0, "")
    picture = QImage(str(tmp_path / "window.png"), "PNG")
    assert (picture.width(), picture.height()) == size


def test_a_screenshot_shows_theme_episode_and_step(call, folder, qapp, session):
    def shot(*words):
        assert call(session, "--screenshot", "window.png", *words) == (0, ["window.png"], [])
        return QImage("window.png", "PNG")

    dark, light = shot("--theme", "dark"), shot("--theme", "light")
    assert dark.pixelColor(2, 2).lightnessF() < 0.3 < 0.7 < light.pixelColor(2, 2).lightnessF()
    pictures = [shot("--theme", "dark", "--episode", 1, "--step", step) for step in (0, 1, -1)]
    assert pictures[0] != pictures[1] != pictures[2] != pictures[0]


def test_a_screenshot_without_a_session_is_of_the_first_page(call, folder, qapp, session):
    assert call("--screenshot", "welcome.png")[0] == 0
    assert call(session, "--screenshot", "window.png")[0] == 0
    assert QImage("welcome.png") != QImage("window.png")


def test_a_screenshot_can_be_as_small_as_the_window_itself(window: MainWindow):
    assert main(["--screenshot", os.devnull, "--size", f"{window.minimumWidth() - 1}x{window.minimumHeight()}"]) == 2
    assert (window.minimumWidth(), window.minimumHeight()) == (1024, 680)


def test_the_headless_demo_leaves_a_session_and_its_pictures(folder, qapp, capsys):
    options = RunOptions(
        out=str(folder / "new" / "copy.ntmviz.h5"),
        task_settings={"max_length": 1, "bits": 1},
        model_settings={"locations": 16, "word_size": 4, "hidden_size": 16},
        train={"batch": 8, "learning_rate": 0.02, "check_sequences": 80},
        device="cpu",
    )
    demo.headless(options)
    with sessions.open(options.out) as recording:
        assert recording.complete
        assert [event.kind for event in recording.events] == ["solved"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("copy solved after ")
    for name in ("window.png", "figure.png"):
        assert str(folder / "new" / name) in lines
        assert QImage(str(folder / "new" / name)).width() > 800


def test_versions_and_places_are_told(call):
    assert call("--version") == (0, [f"ntmviz {__version__}"], [])
    code, out, _ = call("--info")
    told = json.loads("\n".join(out))
    assert (code, told["ntmviz"]) == (0, __version__)
    assert {"torch", "numpy", "h5py", "PySide6-Essentials"} <= told["packages"].keys()
    assert Path(told["settings"]).is_relative_to(os.environ["XDG_CONFIG_HOME"])
    assert Path(told["sessions"]).is_relative_to(os.environ["XDG_DATA_HOME"])


def test_reset_forgets_the_settings_and_nothing_else(call, folder, window: MainWindow, open_window, session):
    open_window(session)
    window.close()
    settings = Path(json.loads("\n".join(call("--info")[1]))["settings"])
    assert session.name in settings.read_text()
    assert call("--reset")[0] == 0
    assert not settings.exists()
    assert session.exists()
    assert call("--reset")[0] == 0


NO_SESSION = {
    "missing.h5": "No such file",
    "folder": "this is a folder",
    "empty.h5": "this file is empty",
    "text.h5": "is an HDF5 file; this is none",
}


@pytest.mark.parametrize("name", NO_SESSION)
@pytest.mark.parametrize(
    "words",
    [
        ("info", "{}"),
        ("info", "{}", "--json"),
        ("figure", "{}", "-o", "out.png"),
        ("{}", "--screenshot", "out.png"),
        (*TINY, "--out", "out.h5", "--resume", "{}"),
    ],
    ids=["info", "info --json", "figure", "--screenshot", "train --resume"],
)
def test_a_file_that_is_no_session_is_named_in_one_line(words, name, call, folder, qapp):
    before = sorted(folder.iterdir())
    code, out, err = call(*(word.format(name) for word in words))
    check_refused(code, 1, err, NO_SESSION[name])
    assert err[0].endswith(name)
    assert (out, sorted(folder.iterdir())) == ([], before)


BAD_TRAININGS = [
    (("--model", "nope"), 2, "a model is one of ntm; got 'nope'"),
    (("--controller", "gru"), 2, "controller is one of lstm; got 'gru'"),
    (("--device", "abacus"), 2, "device is auto or one of"),
    (("--record", "some"), 2, "auto, all, every:N with N from 1, or off was wanted; got 'some'"),
    (("--record", "every:0"), 2, "got 'every:0'"),
    (("--iterations", "0"), 2, "a whole number from 1 was wanted; got '0'"),
    (("--iterations", "many"), 2, "got 'many'"),
    (("--batch", "-2"), 2, "got '-2'"),
    (("--max-size", "0"), 2, "got '0'"),
    (("--seed", "-1"), 2, "a seed from 0"),
    (("--seed", str(2**63)), 2, "a seed from 0"),
    (("--seed", "one"), 2, "'one'"),
    (("--set", "colour=1"), 2, "a setting of model 'ntm' is one of"),
    (("--set", "inputs=3"), 2, "got 'inputs'"),
    (("--set", "seed=3"), 2, "got 'seed'"),
    (("--set", "task.colour=1"), 2, "a setting of task 'copy' is one of"),
    (("--set", "task.name=1"), 2, "got 'name'"),
    (("--set", "train.colour=1"), 2, "a setting of training is one of"),
    (("--set", "other.colour=1"), 2, "got 'other.colour=1'"),
    (("--set", "locations"), 2, "got 'locations'"),
    (("--set", "=3"), 2, "got '=3'"),
    (("--set", "locations=0"), 2, "locations is a whole number, at least 1; got 0"),
    (("--set", "locations=1.5"), 2, "got 1.5"),
    (("--set", "locations=few"), 2, "got 'few'"),
    (("--set", "order=sometimes"), 2, "got 'sometimes'"),
    (("--set", "task.max_length=0"), 2, "got 0"),
    (("--set", "train.learning_rate=NaN"), 2, "got nan"),
    (("--set", f"locations={10**13}"), 1, "do not fit in memory"),
    (("--out", "folder"), 1, "--out"),
    (("--out", "empty.h5"), 1, "--out"),
    (("--out", "nowhere/run.h5"), 1, "No such file or directory"),
    (("--out", "/proc/run.h5"), 1, "cannot write a session here"),
    (("--resume", "{session}"), 2, "a network with 4 inputs and 3 outputs was wanted for copy"),
    (("--resume", "{session}", "--set", "task.bits=4", "--set", "locations=16"), 2, "locations is 48, got 16"),
    (("--nonsense",), 2, "--nonsense"),
]


@pytest.mark.parametrize(
    ("words", "wanted_code", "said"), BAD_TRAININGS, ids=[" ".join(case[0])[:40] for case in BAD_TRAININGS]
)
def test_a_training_that_cannot_be_is_refused_in_one_line(words, wanted_code, said, call, folder, session):
    before = sorted(folder.iterdir())
    out = () if "--out" in words else ("--out", "run.h5")
    code, told, err = call(*TINY, *out, *(word.format(session=session) for word in words))
    check_refused(code, wanted_code, err, said)
    assert (told, sorted(folder.iterdir())) == ([], before)


def test_a_session_is_never_overwritten(call, folder, session):
    copy = folder / "run.h5"
    copy.write_bytes(session.read_bytes())
    code, out, err = call(*TINY, "--out", copy)
    check_refused(code, 1, err, "never replaces a file")
    assert err[0].endswith(str(copy))
    assert (out, copy.read_bytes()) == ([], session.read_bytes())


BAD_CALLS = [
    (("train",), 2, "TASK"),
    (("train", "juggling"), 2, "a task is one of copy; got 'juggling'"),
    (("info",), 2, "FILE"),
    (("figure",), 2, "FILE"),
    (("figure", "{session}", "-o", "out.gif"), 2, "ends in .png, .svg, .pdf; got '.gif'"),
    (("figure", "{session}", "-o", "folder"), 2, "got ''"),
    (("figure", "{session}", "-o", "nowhere/out.svg"), 1, "No such file or directory"),
    (("figure", "{session}", "-o", "out.png", "--episode", "99"), 1, "got 99"),
    (("figure", "{session}", "-o", "out.png", "--episode", "best"), 2, "a number or 'last' was wanted; got 'best'"),
    (("figure", "{session}", "-o", "out.png", "--step", "99"), 1, "got 99"),
    (("figure", "{session}", "-o", "out.png", "--step", "-1"), 1, "got -1"),
    (("{session}", "--screenshot", "out.png", "--episode", "99"), 1, "got 99"),
    (("{session}", "--screenshot", "out.png", "--step", "99"), 1, "got 99"),
    (("{session}", "--screenshot", "out.png", "--size", "big"), 2, "got 'big'"),
    (("{session}", "--screenshot", "out.png", "--size", "1x1"), 2, "from 1024x680 to 8000x8000 was wanted; got '1x1'"),
    (("{session}", "--screenshot", "out.png", "--size", "9000x900"), 2, "got '9000x900'"),
    (("{session}", "--screenshot", "out.png", "--scale", "nan"), 2, "got 'nan'"),
    (("{session}", "--screenshot", "out.png", "--theme", "pink"), 2, "'pink'"),
    (("{session}", "--screenshot", "out.png", "--workspace", "nope"), 2, "'nope'"),
    (("{session}", "--screenshot", "nowhere/out.png"), 1, "nowhere/out.png"),
    (("{session}", "--screenshot", "folder"), 1, "folder"),
    (("{session}", "{session}", "--screenshot", "out.png"), 2, "one session was wanted"),
    (("{session}", "--episode", "1"), 2, "go with --screenshot"),
    (("follow", "missing.h5"), 1, "there is no such file yet: missing.h5"),
    (("demo", "--out", "out"), 2, "--out goes with --headless"),
    (("demo", "--headless", "--out", "text.h5/out"), 1, "the demo's folder cannot be made"),
    (("--nonsense",), 2, "--nonsense"),
]


@pytest.mark.parametrize(
    ("words", "wanted_code", "said"), BAD_CALLS, ids=[" ".join(case[0])[:60] for case in BAD_CALLS]
)
def test_what_cannot_be_done_is_said_in_one_line(words, wanted_code, said, call, folder, qapp, session):
    before = sorted(folder.iterdir())
    code, _, err = call(*(word.format(session=session) for word in words))
    check_refused(code, wanted_code, err, said)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("words", [(), ("{session}",), ("follow", "{session}"), ("demo",)])
def test_without_a_display_a_window_says_what_to_do_instead(words, session):
    done = launch(
        *(word.format(session=session) for word in words), DISPLAY=None, WAYLAND_DISPLAY=None, QT_QPA_PLATFORM=None
    )
    check_refused(done.returncode, 1, done.stderr.splitlines(), "a window needs a display")
    assert "--screenshot" in done.stderr


def test_pictures_are_drawn_without_a_display(tmp_path, session):
    no_display = {"DISPLAY": None, "WAYLAND_DISPLAY": None, "QT_QPA_PLATFORM": None}
    for words in ((session, "--screenshot", tmp_path / "a.png"), ("figure", session, "-o", tmp_path / "b.png")):
        done = launch(*words, **no_display)
        assert (done.returncode, done.stderr) == (0, "")
        assert not QImage(done.stdout.strip()).isNull()


def test_verbose_shows_where_an_error_came_from(call, folder):
    _, _, plain = call("info", "missing.h5")
    code, _, verbose = call("info", "missing.h5", "--verbose")
    assert code == 1
    assert verbose[0] == "Traceback (most recent call last):"
    assert verbose[-1] == plain[-1]


def test_an_error_nobody_foresaw_is_one_line_too(call, monkeypatch, session):
    def fail(path):
        raise ZeroDivisionError("what a\nsurprise")

    monkeypatch.setattr(sessions, "open", fail)
    code, _, err = call("info", session)
    assert code == 1
    assert err == [
        "ntmviz: ZeroDivisionError: what a surprise. This is a fault of ntmviz; 'ntmviz ... --verbose' shows where"
    ]


def test_a_reader_that_has_enough_is_no_error(session):
    with subprocess.Popen(
        [*PROGRAM, "info", session],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as info:
        info.stdout.close()
        assert info.stderr.read() == b""
    assert info.returncode == 1


def test_help_is_there_for_every_command(call):
    for words in ((), ("train",), ("demo",), ("follow",), ("info",), ("figure",)):
        code, out, err = call(*words, "--help")
        assert (code, err) == (0, [])
        assert re.match(rf"usage: {' '.join(('ntmviz', *words))}\b", out[0])


def test_an_interrupted_training_is_measured_and_sealed(tmp_path):
    path = tmp_path / "run.ntmviz.h5"
    with subprocess.Popen(
        [*PROGRAM, *TINY, "--iterations", "1000000", "--out", str(path), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as training:
        try:
            wait_for(lambda: iterations_in(path) > 20)
            training.send_signal(signal.SIGINT)
            out, err = training.communicate(timeout=30)
        finally:
            training.kill()
    assert (training.returncode, err) == (0, "stopping: measuring and sealing the session\n")
    result = json.loads(out.splitlines()[-1])
    with sessions.open(path) as recording:
        assert recording.complete
        assert len(recording.metrics.iterations()) == result["iterations"] > 20
        assert len(recording.episodes) == result["recorded_episodes"]
        assert recording.checkpoints[-1].iteration == result["iterations"]
    assert list(result["bit_error_rate"]) == ["3", "9", "18"]
