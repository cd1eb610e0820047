"""The command line under torchrun: one session and one voice, whatever becomes of the processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sessions
from ntm_core import checkpoints
from tests.app.command_line import TINY
from tests.app.processes import children, is_gone, iterations_in, wait_for

ROOT = Path(__file__).parents[2]
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2, "-m", "ntmviz")
TIMEOUT_S = 100
ENDLESS = ("--iterations", 10**6, "--out", "run.h5", "--json")


@pytest.fixture
def torchrun(folder):
    """Starts a command line in two processes; whatever is left of them in the end is killed."""
    started = []

    def begin(*words):
        process = subprocess.Popen(
            [sys.executable, *map(str, (*TORCHRUN, *words))],
            env=os.environ | {"PYTHONPATH": str(ROOT), "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        for pid in (*children(process.pid), process.pid):
            if not is_gone(pid):
                os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=30)


def ended(process):
    """Exit code and output of a torchrun, and what ntmviz said beside: torchrun itself reports at length."""
    out, err = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, out.splitlines(), [line for line in err.splitlines() if line.startswith("ntmviz: ")]


def ranks(process):
    """The ids of the processes that train, by rank; empty until all are there."""
    found = {}
    for pid in children(process.pid):
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        told = dict(word.split(b"=", 1) for word in words if b"=" in word)
        if b"RANK" in told:
            found[int(told[b"RANK"])] = pid
    return found


def test_two_processes_train_as_one_does_and_write_one_session(call, folder, torchrun):
    words = ("--iterations", 6, "--set", "task.mixed_lengths=true", "--seed", 2)
    process = torchrun(*TINY, *words, "--out", "two.h5", "--json")
    code, out, err = ended(process)
    assert (code, err, len(out)) == (0, [], 1)
    assert call(*TINY, *words, "--out", "one.h5")[0] == 0
    assert json.loads(out[0])["sequences"] == 12
    assert sorted(path.name for path in folder.glob("*.ntmviz*")) == []
    with sessions.open("one.h5") as one, sessions.open("two.h5") as two:
        assert two.complete
        assert two.info.train == one.info.train
        assert list(two.metrics.iterations()) == list(range(6))
        for name in one.metrics.names:
            np.testing.assert_allclose(two.metrics[name], one.metrics[name], rtol=0, atol=1e-5, err_msg=name)
        assert [episode.info.iteration for episode in two.episodes] == [e.info.iteration for e in one.episodes]
        for recorded, wanted in zip(two.episodes, one.episodes, strict=True):
            assert recorded.info.seed == wanted.info.seed
            np.testing.assert_array_equal(recorded.series("input"), wanted.series("input"))
            np.testing.assert_allclose(recorded.series("memory"), wanted.series("memory"), rtol=0, atol=1e-5)
        state = checkpoints.training(two.checkpoints[-1].read())
        assert (state.iteration, state.sequences) == (6, 12)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_dies_ends_all_with_one_line_and_the_training_can_be_resumed(rank, call, folder, torchrun):
    process = torchrun(*TINY, *ENDLESS)
    wait_for(lambda: iterations_in(folder / "run.h5") > 110, TIMEOUT_S)
    pids = ranks(process)
    os.kill(pids[rank], signal.SIGKILL)
    code, _, err = ended(process)
    assert code != 0
    assert len(err) == 1
    assert "another of the 2 processes of this training is gone" in err[0]
    assert all(map(is_gone, pids.values()))
    with sessions.open("run.h5") as recording:
        reached, kept = int(recording.metrics.iterations()[-1]) + 1, recording.checkpoints[-1].iteration
        assert kept >= (100 if rank == 0 else reached)  # the first one keeps the weights if it is there to do it
    resumed = ("--resume", "run.h5", "--iterations", kept + 2, "--out", "on.h5")
    assert call("train", "copy", "--device", "cpu", *resumed)[0] == 0
    with sessions.open("on.h5") as on:
        assert list(on.metrics.iterations()) == [kept, kept + 1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_to_torchrun_ends_all_after_the_same_update_and_seals_the_session(number, folder, torchrun):
    process = torchrun(*TINY, *ENDLESS)
    wait_for(lambda: iterations_in(folder / "run.h5") > 20, TIMEOUT_S)
    pids = ranks(process)
    process.send_signal(number)
    _, out, err = ended(process)
    assert len(err) == (number != signal.SIGINT)
    assert all(f"{number.name} ended the training" in line for line in err)
    result = json.loads(out[-1])
    assert all(map(is_gone, pids.values()))
    with sessions.open("run.h5") as recording:
        assert recording.complete
        assert len(recording.metrics.iterations()) == result["iterations"] > 20
        assert recording.checkpoints[-1].iteration == result["iterations"]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_signal_to_one_rank_ends_all_and_seals_the_session(rank, folder, torchrun):
    process = torchrun(*TINY, *ENDLESS)
    wait_for(lambda: iterations_in(folder / "run.h5") > 20, TIMEOUT_S)
    pids = ranks(process)
    os.kill(pids[rank], signal.SIGTERM)
    _, out, err = ended(process)
    assert len(err) == (rank == 0)
    assert all(map(is_gone, pids.values()))
    with sessions.open("run.h5") as recording:
        assert recording.complete
        assert recording.checkpoints[-1].iteration == json.loads(out[-1])["iterations"]


def test_a_batch_that_has_no_even_shares_is_refused_in_one_line(folder, torchrun):
    code, out, err = ended(torchrun(*TINY, "--batch", 3, "--out", "run.h5"))
    assert code != 0
    assert out == []
    assert err == ["ntmviz: a batch that 2 processes can share was wanted, a multiple of 2; got 3"]
    assert not (folder / "run.h5").exists()


def test_a_word_that_is_no_option_is_refused_in_one_line(torchrun):
    _, _, err = ended(torchrun(*TINY, "--nonsense"))
    assert len(err) == 1
    assert "--nonsense" in err[0]
