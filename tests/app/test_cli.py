"""The command line from outside: what it prints, what it writes, how it ends."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest
from PySide6.QtGui import QImage

import sessions
from ntm_core import checkpoints, commands
from ntm_core.engine import Engine
from ntmviz import __version__
from ntmviz.cli import demo, main
from ntmviz.run_options import RunOptions
from ntmviz.window import MainWindow
from tests.app import command_line
from tests.app.command_line import PROGRAM, TINY
from tests.app.conftest import SMALL
from tests.app.lines import check_failed
from tests.app.processes import iterations_in, wait_for

TRAIN_KEYS = (
    *("session", "model", "task", "solved", "sequences", "iterations", "seconds", "cpu_seconds"),
    *(
        "bit_error_rate",
        "bits_per_sequence",
        "bits_above_optimum",
        "loss",
        "recorded_episodes",
        "dropped_episodes",
        "skipped_updates",
    ),
)
INFO_KEYS = (
    *(
        "format",
        "complete",
        "model",
        "task",
        "device",
        "episodes",
        "steps",
        "bytes",
        "checkpoint_bytes",
        "fields",
        "health",
    ),
)


def test_training_prints_the_promised_json_last(call, folder):
    code, out, err = call(*TINY, "--out", "run.h5", "--json")
    assert (code, err) == (0, [])
    result = json.loads(out[-1])
    assert tuple(result) == TRAIN_KEYS
    assert (result["model"], result["task"], result["solved"]) == ("ntm", "copy", False)
    assert (result["iterations"], result["sequences"], result["dropped_episodes"]) == (4, 8, 0)
    assert result["skipped_updates"] == 0
    assert list(result["bit_error_rate"]) == ["3", "9", "18"]
    assert all(0 < share < 1 for share in result["bit_error_rate"].values())
    assert result["bits_above_optimum"] == result["bits_per_sequence"], "copy can be said without an error"
    assert list(result["bits_per_sequence"]) == ["3", "9", "18"]
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
        assert info.task_settings == {"min_length": 1, "max_length": 3, "bits": 3, "mixed_lengths": False}
        assert (info.train["learning_rate"], info.train["batch"], info.train["iterations"]) == (0.01, 2, 4)


def test_a_training_resumed_starts_with_the_weights_that_the_other_ended_with(call, folder):
    longer = ("--set", "train.learning_rate=0.01", "--set", "task.max_length=1")
    assert call(*TINY, *longer, "--iterations", 150, "--out", "first.h5")[0] == 0
    resumed = ("--seed", 1, "--resume", "first.h5", "--iterations", 300, "--out", "second.h5")
    assert call(*TINY, *longer, *resumed)[0] == 0
    with sessions.open("first.h5") as first, sessions.open("second.h5") as second:
        before, after = (checkpoints.load(each.read()) for each in (first.checkpoints[-1], second.checkpoints[0]))
        assert checkpoints.save(before) == checkpoints.save(after)
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
        assert found["checkpoint_bytes"] == sum(len(each.read()) for each in recording.checkpoints)
    assert found["fields"]["memory"] == {"shape": [SMALL["locations"], SMALL["word_size"]], "role": "memory"}
    assert found["bytes"] == session.stat().st_size > found["checkpoint_bytes"] > 0
    assert (found["format"], found["complete"], found["device"]) == (1, True, "cpu")


def test_info_tells_the_same_in_words(call, session):
    code, out, err = call("info", session)
    assert (code, err) == (0, [])
    assert out[0] == "one: ntm on copy, complete"
    assert "    memory             48 location x 8 word" in out


def test_info_ends_with_how_the_memory_is_used(call, session):
    told = json.loads(call("info", session, "--json")[1][-1])["health"]
    assert told[-1].startswith("Judged by ")
    assert len(told) > 3
    out = call("info", session)[1]
    ends = out[out.index("  how it uses its memory:") + 1 :]
    assert " ".join(line.strip() for line in ends) == " ".join(told)
    assert max(len(line) for line in ends) <= 100


def test_info_names_the_symmetry_trap(call, folder):
    assert call(*TINY, "--set", "first_weighting=uniform", "--out", "run.h5")[0] == 0
    assert json.loads(call("info", "run.h5", "--json")[1][-1])["health"][0].startswith("Symmetry trap: ")


def test_info_of_a_session_whose_steps_are_damaged_tells_all_the_rest(call, mine):
    with h5py.File(mine, "r+") as file:
        file["columns/memory"][...] = 3
    code, out, err = call("info", mine, "--json")
    assert (code, err) == (0, [])
    (sentence,) = json.loads(out[-1])["health"]
    assert sentence.startswith("How the memory is used can't be told: field 'memory' is damaged")


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
    done = command_line.launch(session, "--screenshot", tmp_path / "window.png", "--theme", "dark", *words)
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


def test_pictures_are_drawn_without_a_display(tmp_path, session):
    no_display = {"DISPLAY": None, "WAYLAND_DISPLAY": None, "QT_QPA_PLATFORM": None}
    for words in ((session, "--screenshot", tmp_path / "a.png"), ("figure", session, "-o", tmp_path / "b.png")):
        done = command_line.launch(*words, **no_display)
        assert (done.returncode, done.stderr) == (0, "")
        assert not QImage(done.stdout.strip()).isNull()


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


@pytest.mark.parametrize(("number", "wanted_code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_training_that_is_asked_to_leave_keeps_all_and_says_so_in_one_line(number, wanted_code, launch, tmp_path):
    path = tmp_path / "run.ntmviz.h5"
    training = launch("-m", "ntmviz", *TINY, "--iterations", "1000000", "--out", path, "--json")
    wait_for(lambda: iterations_in(path) > 20)
    training.send_signal(number)
    out, _ = training.communicate(timeout=30)
    result, errors = json.loads(out.splitlines()[-1]), (tmp_path / "errors.txt").read_text().splitlines()
    told = f"{number.name} ended the training after iteration {result['iterations']}"
    check_failed(training.returncode, errors, told, "are kept", str(path), wanted_code=wanted_code)
    assert result["bit_error_rate"] == {}, "nobody waits for it to be measured"
    with sessions.open(path) as recording:
        assert recording.complete
        assert len(recording.metrics.iterations()) == result["iterations"] > 20
        assert recording.checkpoints[-1].iteration == result["iterations"]


@pytest.mark.parametrize(("number", "wanted_code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_a_signal_while_the_network_is_measured_leaves_out_the_rest(number, wanted_code, monkeypatch, call, tmp_path):
    handle = Engine.handle

    def handle_and_signal(self, command):
        happened = handle(self, command)
        if isinstance(command, commands.Evaluate):
            signal.raise_signal(number)
        return happened

    monkeypatch.setattr(Engine, "handle", handle_and_signal)
    path = tmp_path / "run.ntmviz.h5"
    code, out, err = call(*TINY, "--iterations", "2", "--out", str(path), "--json")
    assert (code, err[0]) == (wanted_code, f"{number.name}: the rest is not measured")
    assert len(err) == (2 if code else 1)
    assert list(json.loads(out[-1])["bit_error_rate"]) == ["3"]
    with sessions.open(path) as recording:
        assert recording.complete
        assert recording.checkpoints[-1].iteration == 2


def test_a_training_under_nohup_goes_on_when_its_terminal_closes(launch, tmp_path):
    path = tmp_path / "run.ntmviz.h5"
    code = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    )
    training = launch("-c", code, *PROGRAM, *TINY, "--iterations", "1000000", "--out", path)
    wait_for(lambda: iterations_in(path) > 20)
    training.send_signal(signal.SIGHUP)
    then = iterations_in(path)
    wait_for(lambda: iterations_in(path) > then + 50)
    training.terminate()
    training.communicate(timeout=30)
    assert training.returncode == 143


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
