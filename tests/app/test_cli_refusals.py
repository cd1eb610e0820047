"""What the command line refuses: one clear line on standard error, the right exit code, nothing left behind."""

import pytest

import sessions
from ntmviz import room
from tests.app.command_line import TINY, launch
from tests.app.lines import check_failed

BAD_TRAININGS = [
    (("--model", "nope"), 2, "a model is one of dnc, lstm, mann, ntm; got 'nope'"),
    (("--controller", "gru"), 2, "controller is one of feedforward, lstm; got 'gru'"),
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
    (("--set", f"locations={10**13}"), 1, f"make locations, {10**13}, smaller"),
    (("--set", f"hidden_size={10**11}"), 1, f"make hidden_size, {10**11}, smaller"),
    (("--set", f"hidden_size={10**300}"), 1, "make hidden_size"),
    (("--set", f"layers={10**9}"), 1, f"make layers, {10**9}, smaller"),
    (("--set", f"read_heads={10**12}"), 1, f"make read_heads, {10**12}, smaller"),
    (("--set", f"task.bits={10**10}"), 1, f"make task.bits, {10**10}, smaller"),
    (("--set", f"task.max_length={10**11}"), 1, f"make task.max_length, {10**11}, smaller"),
    (("--batch", "99999999999999"), 1, "make the batch, 99999999999999, smaller"),
    (("--model", "dnc", "--set", f"locations={10**6}"), 1, f"make locations, {10**6}, smaller"),
    (("--model", "dnc", "--set", f"sparse_links={10**12}"), 2, f"sparse_links is at most locations, 16; got {10**12}"),
    (("--model", "dnc", "--set", "sparse_links=1e12"), 2, "sparse_links is a whole number"),
    (("--out", "folder"), 1, "--out"),
    (("--out", "empty.h5"), 1, "--out"),
    (("--out", "nowhere/run.h5"), 1, "No such file or directory"),
    (("--out", "/proc/run.h5"), 1, "cannot write a session here"),
    (("--out", ""), 2, "a name was wanted; got ''"),
    (("--resume", ""), 2, "a name was wanted; got ''"),
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
    check_failed(code, err, said, wanted_code=wanted_code)
    assert (told, sorted(folder.iterdir())) == ([], before)


@pytest.mark.parametrize("batch", [10**13, 10**30])
def test_a_training_whose_first_batch_nothing_holds_leaves_nothing(batch, call, folder, monkeypatch):
    monkeypatch.setattr(room, "lacking_for_training", lambda *arguments: "")
    before = sorted(folder.iterdir())
    code, _, err = call(*TINY, "--batch", batch, "--out", "run.h5")
    assert (code, len(err)) == (1, 1)
    assert sorted(folder.iterdir()) == before


def test_a_session_is_never_overwritten(call, folder, session):
    copy = folder / "run.h5"
    copy.write_bytes(session.read_bytes())
    code, out, err = call(*TINY, "--out", copy)
    check_failed(code, err, "never replaces a file")
    assert err[0].endswith(str(copy))
    assert (out, copy.read_bytes()) == ([], session.read_bytes())


BAD_CALLS = [
    (("train",), 2, "TASK"),
    (("train", "juggling"), 2, "priority_sort, repeat_copy; got 'juggling'"),
    (("info",), 2, "FILE"),
    (("figure",), 2, "FILE"),
    (("figure", "{session}", "-o", "out.gif"), 2, "ends in .png, .svg, .pdf; got '.gif'"),
    (("figure", "{session}", "-o", "folder"), 2, "got ''"),
    (("figure", "{session}", "-o", "nowhere/out.svg"), 1, "No such file or directory"),
    (("figure", "{session}", "-o", "out.png", "--episode", "99"), 1, "an episode from 0 to"),
    (("figure", "{session}", "-o", "out.png", "--episode=-99"), 1, "got -99"),
    (("figure", "{session}", "-o", "out.png", "--episode", str(10**30)), 1, f"got {10**30}"),
    (("figure", "{session}", "-o", "out.png", "--episode", "best"), 2, "a number or 'last' was wanted; got 'best'"),
    (("figure", "{session}", "-o", "out.png", "--step", "99"), 1, "got 99"),
    (("figure", "{session}", "-o", "out.png", "--step", "-1"), 1, "got -1"),
    (("{session}", "--screenshot", "out.png", "--episode", "99"), 1, "an episode from 0 to"),
    (("{session}", "--screenshot", "out.png", "--episode=-99"), 1, "got -99"),
    (("{session}", "--screenshot", "out.png", "--step", "99"), 1, "a step from 0 to"),
    (("{session}", "--screenshot", "out.png", "--step=-99"), 1, "got -99"),
    (("{session}", "--screenshot", "out.png", "--step", str(10**30)), 1, f"got {10**30}"),
    (("{session}", "--screenshot", "out.png", "--size", "big"), 2, "got 'big'"),
    (("{session}", "--screenshot", "out.png", "--size", "1x1"), 2, "from 1024x680 to 8000x8000 was wanted; got '1x1'"),
    (("{session}", "--screenshot", "out.png", "--size", "9000x900"), 2, "got '9000x900'"),
    (("{session}", "--screenshot", "out.png", "--scale", "nan"), 2, "got 'nan'"),
    (("{session}", "--screenshot", "out.png", "--theme", "pink"), 2, "'pink'"),
    (("{session}", "--screenshot", "out.png", "--workspace", "nope"), 2, "'nope'"),
    (("{session}", "--screenshot", "nowhere/out.png"), 1, "nowhere/out.png"),
    (("{session}", "--screenshot", "folder"), 2, "a picture's name ends in .png; got ''"),
    (("{session}", "{session}", "--screenshot", "out.png"), 2, "one session was wanted"),
    (("{session}", "--episode", "1"), 2, "go with --screenshot"),
    (("follow", "missing.h5"), 1, "No such file or directory"),
    (("demo", "--out", "out"), 2, "--out goes with --headless"),
    (("demo", "--headless", "--out", "text.h5/out"), 1, "the demo's folder cannot be made"),
    (("--nonsense",), 2, "--nonsense"),
    (("verify",), 2, "a command (demo, train, "),
    (("verify", "{session}"), 2, "got 'verify'"),
    (("recover", "{session}", "--screenshot", "out.png"), 2, "got 'recover'"),
    (("trian", "copy"), 2, "got 'trian'"),
    (("--theme", "dark", "verify"), 2, "got 'verify'"),
    (("missing.h5",), 2, "got 'missing.h5'"),
    (("{session}", "folder/missing.h5"), 2, "got 'folder/missing.h5'"),
    (("",), 2, "a name was wanted; got ''"),
    (("info", ""), 2, "a name was wanted; got ''"),
    (("figure", "{session}", "-o", ""), 2, "a name was wanted; got ''"),
    (("demo", "--headless", "--out", ""), 2, "a name was wanted; got ''"),
    (("{session}", "--screenshot", ""), 2, "a name was wanted; got ''"),
]


@pytest.mark.parametrize(
    ("words", "wanted_code", "said"), BAD_CALLS, ids=[" ".join(case[0])[:60] for case in BAD_CALLS]
)
def test_what_cannot_be_done_is_said_in_one_line(words, wanted_code, said, call, folder, qapp, session):
    before = sorted(folder.iterdir())
    code, _, err = call(*(word.format(session=session) for word in words))
    check_failed(code, err, said, wanted_code=wanted_code)
    assert sorted(folder.iterdir()) == before


NO_DISPLAY = {"DISPLAY": None, "WAYLAND_DISPLAY": None, "QT_QPA_PLATFORM": None}
BAD_DISPLAYS = {
    "none": (NO_DISPLAY, "neither DISPLAY nor WAYLAND_DISPLAY is set"),
    "of a server that is gone": (NO_DISPLAY | {"DISPLAY": ":987"}, ":987"),
    "of a compositor that is gone": (NO_DISPLAY | {"WAYLAND_DISPLAY": "wayland-987"}, "Qt cannot use this one"),
    "of no known kind": (NO_DISPLAY | {"QT_QPA_PLATFORM": "paper"}, "paper"),
}


@pytest.mark.parametrize(
    ("words", "display"),
    [
        *(
            (words, display)
            for words in ((), ("{session}",), ("follow", "{session}"), ("demo",))
            for display in ("none", "of a server that is gone")
        ),
        ((), "of a compositor that is gone"),
        ((), "of no known kind"),
    ],
)
def test_without_a_display_a_window_says_what_to_do_instead(words, display, session):
    environment, said = BAD_DISPLAYS[display]
    done = launch(*(word.format(session=session) for word in words), **environment)
    check_failed(done.returncode, done.stderr.splitlines(), "a window needs a display", said, "--screenshot")


@pytest.mark.parametrize("words", [("figure", "{session}", "-o"), ("{session}", "--screenshot")])
def test_a_picture_needs_no_display_even_where_one_is_named(words, session, tmp_path):
    environment, _ = BAD_DISPLAYS["of a server that is gone"]
    out = tmp_path / "out.png"
    done = launch(*(word.format(session=session) for word in words), out, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert out.stat().st_size > 10_000


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
