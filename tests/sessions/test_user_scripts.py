"""A user's script, of any form and whatever becomes of it, gets its session and is never held up by it."""

import os
import signal
import subprocess
import sys

import pytest

import sessions
from ntm_core.trace import EpisodeKind
from tests.sessions.checks import check_session, is_over
from tests.sessions.runner import PRELUDE, ROOT, run

SIMPLE = f"{PRELUDE}\nrecorder = new_recorder(path)\nrecord(recorder, 3)\n"


def test_a_script_from_another_folder_records(path, tmp_path_factory):
    script = tmp_path_factory.mktemp("scripts") / "train.py"
    script.write_text(SIMPLE)
    assert run("", path, way=[sys.executable, "-W", "error", script]).stderr == ""
    check_session(path, 3)


def test_a_script_from_standard_input_records(path):
    assert run("", path, way=[sys.executable, "-W", "error", "-"], input=SIMPLE).stderr == ""
    check_session(path, 3)


def test_a_script_under_the_debugger_records(path):
    script = path.with_name("train.py")
    script.write_text(SIMPLE + "recorder.close()\n")
    done = run("", path, way=[sys.executable, "-m", "pdb", "-c", "continue", script], input="quit\n")
    assert "The program finished" in done.stdout
    check_session(path, 3)


def test_lines_typed_by_hand_record(path):
    typed = "record(recorder)\nprint(recorder.failure)\n"
    done = run("", path, way=[sys.executable, "-i", "-c", SIMPLE], input=typed)
    assert done.stdout == "None\n"
    check_session(path, 4)


NOTEBOOK = """
import asyncio, io

cells = ["recorder = new_recorder(path)", "record(recorder)", "print('progress'); record(recorder)"]

async def run_cells():
    for cell in cells:
        exec(compile(cell, "<cell>", "exec"), globals())
        await asyncio.sleep(0)

told = sys.stdout = sys.stderr = io.StringIO()
asyncio.run(run_cells())
assert told.getvalue() == "progress\\n"
"""


@pytest.mark.parametrize(
    ("end", "complete"), [("", True), ("assert recorder.flush(10)\nos._exit(0)", False)], ids=["in order", "at once"]
)
def test_cells_of_a_notebook_record(path, end, complete, wait_until):
    run(NOTEBOOK + end, path)
    wait_until(lambda: is_over(path))
    check_session(path, 2, complete=complete)


@pytest.mark.parametrize(
    ("deed", "expected"),
    [("sys.exit(7)", 7), ("raise LookupError", 1), ("recorder.close()\nrecorder.close()", 0)],
)
def test_a_script_that_leaves_while_it_records_seals_its_session(path, deed, expected):
    script = (
        f"with new_recorder(path) as recorder:\n    record(recorder, 2)\n    {deed.replace(chr(10), chr(10) + '    ')}"
    )
    done = run(script, path, expected=expected)
    assert done.stderr.count("Error") == (expected == 1)
    check_session(path, 2)


@pytest.mark.parametrize("daemon", [False, True])
def test_a_recorder_made_and_used_in_a_thread_records(path, daemon):
    script = f"""
import threading

def train():
    global recorder
    recorder = new_recorder(path)
    record(recorder, 2)
    made.set()
    while {daemon}:
        recorder.log(1, loss=1.0)

made = threading.Event()
threading.Thread(target=train, daemon={daemon}).start()
made.wait()
"""
    assert run(script, path).stderr == ""
    check_session(path, 2)


def test_a_script_that_does_not_wait_for_its_children_records(path):
    script = "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwith new_recorder(path) as recorder:\n    record(recorder)"
    assert run(script, path).stderr == ""
    check_session(path, 1)


FORKS = """
recorder = new_recorder(path)
record(recorder)
for deed in ("ends", "raises", "records", "records its own"):
    child = os.fork()
    if child == 0:
        match deed:
            case "raises":
                os.close(2)
                raise LookupError
            case "records":
                record(recorder)
                recorder.log(1, loss=1.0)
                recorder.event("hit")
                assert recorder.checkpoint(b"weights", 1) == -1
                assert not recorder.flush(10)
                assert "this is a fork of that" in recorder.failure
                recorder.close()
            case "records its own":
                with new_recorder(path + ".child") as own:
                    record(own)
        sys.exit()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (deed == "raises")
    record(recorder)
"""


def test_forks_of_a_script_that_records_leave_its_session_alone(path):
    assert run(FORKS, path).stderr == ""
    check_session(path, 5)
    check_session(path.with_name(f"{path.name}.child"), 1)


def test_a_fork_at_the_very_moment_when_a_recorder_starts_does_not_keep_its_writer(path, wait_until, is_gone):
    script = """
import subprocess, threading

started = subprocess.Popen

def fork():
    if os.fork() == 0:
        idle()

class Popen(started):
    def __init__(self, *words, **settings):
        super().__init__(*words, **settings)
        forking = threading.Thread(target=fork)
        forking.start()
        forking.join(0.2)

subprocess.Popen = Popen
recorder = new_recorder(path)
record(recorder)
assert recorder.flush(10)
print(recorder.writer_pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", PRELUDE + script, path]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, start_new_session=True, text=True) as owner:
        pid = int(owner.stdout.readline())
        try:
            wait_until(lambda: is_gone(pid))
        finally:
            os.killpg(owner.pid, signal.SIGKILL)
    check_session(path, 1, complete=False)


def test_pools_of_processes_beside_a_recorder_work(path):
    script = """
import multiprocessing

if __name__ == "__main__":
    recorder = new_recorder(path)
    for way in ("fork", "spawn"):
        with multiprocessing.get_context(way).Pool(1) as pool:
            assert pool.map(abs, [-1, 2]) == [1, 2]
        record(recorder)
"""
    file = path.with_name("train.py")
    file.write_text(PRELUDE + script)
    assert run("", path, way=[sys.executable, "-W", "error", file]).stderr == ""
    check_session(path, 2)


@pytest.fixture(scope="module")
def torch_folder(tmp_path_factory):
    """Where a script with torch has recorded while it loaded data with workers, and then trained a network of ours."""
    script = """
import ntmviz
import torch
from ntmviz.run_options import RunOptions

recorder = new_recorder(path)
for _ in torch.utils.data.DataLoader(torch.arange(4), num_workers=2):
    record(recorder)
    assert recorder.failure is None

small = {"locations": 8, "word_size": 4, "hidden_size": 4}
run = ntmviz.Run(RunOptions(
    out="run.ntmviz.h5", iterations=4, record="all", device="cpu", seed=1, train={"batch": 1},
    task_settings={"min_length": 3, "max_length": 3, "bits": 4}, model_settings=small,
))
while not run.is_over:
    run.advance()
run.leave()
"""
    folder = tmp_path_factory.mktemp("torch")
    assert run(script, folder / "loader.ntmviz.h5").stderr == ""
    return folder


def test_a_torch_loader_with_workers_feeds_a_script_that_records(torch_folder):
    check_session(torch_folder / "loader.ntmviz.h5", 4)


def test_a_training_run_in_a_plain_script_is_recorded(torch_folder):
    with sessions.open(torch_folder / "run.ntmviz.h5") as recording:
        assert recording.complete
        assert recording.metrics.iterations().tolist() == [0, 1, 2, 3]
        trained = [episode for episode in recording.episodes if episode.info.kind is EpisodeKind.TRAIN]
        assert [(episode.info.iteration, len(episode)) for episode in trained] == [(0, 7), (1, 7), (2, 7), (3, 7)]
        assert len(recording.checkpoints) >= 1
