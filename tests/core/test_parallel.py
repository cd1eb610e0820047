"""Training in several processes: two real ones over loopback do what one does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ntm_core import parallel
from ntm_core.errors import ConfigError, CoreError, DeviceError, ProcessError
from ntm_core.parallel import Group, Processes
from ntm_core.train_config import TrainConfig
from ntm_core.training import Trainer
from tests.core.builders import SpoiltTask, small_model, small_task

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 100
CASES = {
    "plain": {},
    "mixed lengths": {"mixed_lengths": True},
    "bad batch": {"spoilt": [2]},
    "other first weights": {"seeds": [0, 9]},
}
CONFIG = {"batch": 4, "check_sequences": 8, "clip_norm": 0.05}
UPDATES = 5


class DoubleTask:
    """A task in float64: rounding is no excuse then."""

    def __init__(self, task):
        self._task = task

    def __getattr__(self, name):
        return getattr(self._task, name)

    def sample(self, *arguments, **sizes):
        sample = self._task.sample(*arguments, **sizes)
        return type(sample)(*(tensor.double() for tensor in sample))


def trainer_of(case, group=None, *, is_double=False):
    """The trainer of a case; in processes but the first, the weights may be others at first."""
    group = group or Group()
    task = small_task(mixed_lengths=case.get("mixed_lengths", False))
    task = SpoiltTask(task, case.get("spoilt", ()), item=3)  # of the last process
    model = small_model(seed=case.get("seeds", [0, 0])[group.rank])
    if is_double:
        task, model = DoubleTask(task), model.double()
    return Trainer(model, task, TrainConfig(**CONFIG), seed=1, group=group)


def trained(trainer):
    """What a case comes to: figures of all updates and their items, checks, and the last gradients and weights."""
    told, checks = [], []
    for _ in range(UPDATES):
        update = trainer.step(record=True)
        told.append([*update.figures.values(), *update.item_loss, *update.item_wrong_bits])
        if trainer.is_check_due:
            checks.append(list(trainer.check().result))
    gradients = torch.cat([parameter.grad.reshape(-1) for parameter in trainer.model.parameters()])
    return {
        "told": told,
        "checks": checks,
        "gradients": gradients.tolist(),
        "weights": torch.cat([parameter.detach().reshape(-1) for parameter in trainer.model.parameters()]).tolist(),
        "skipped": trainer.skipped,
        "shapes": [list(update.sample.inputs.shape), list(update.logits.shape), update.trace.steps[0].shape[1]],
    }


SCRIPT = """
import json, sys, torch
from ntm_core import parallel
from tests.core import test_parallel as shared

torch.set_num_threads(1)
group = parallel.of_environment()
group.join("cpu")
found = {}
for name, case in shared.CASES.items():
    found[name] = shared.trained(shared.trainer_of(case, group))
    found[name + " in double"] = shared.trained(shared.trainer_of(case, group, is_double=True))
trainer = shared.trainer_of({}, group)
group.wish_to_end() if group.rank == 1 else None
before = group.is_ending
trainer.step()
found["ending"] = [before, group.is_ending]
found["first to tell"] = group.is_first_to_tell()
group.leave()
print(json.dumps(found))
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(script, rank, port):
    environment = {
        "PYTHONPATH": str(ROOT),
        "GLOO_SOCKET_IFNAME": "lo",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
    }
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_two(script):
    """The script in two processes that meet: exit code, output and errors of each. None of them outlives this."""
    port = free_port()
    processes = [start(script, rank, port) for rank in range(2)]
    try:
        told = [process.communicate(timeout=TIMEOUT_S) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return [(process.returncode, *texts) for process, texts in zip(processes, told, strict=True)]


@pytest.fixture(scope="module")
def two():
    """What both processes found."""
    ended = run_two(SCRIPT)
    assert [code for code, _, _ in ended] == [0, 0], ended
    return [json.loads(out.splitlines()[-1]) for _, out, _ in ended]


@pytest.mark.parametrize("name", CASES)
def test_two_processes_do_what_one_does_on_the_joint_batch(two, name):
    alone = trained(trainer_of(CASES[name]))
    for part in ("told", "checks", "gradients"):
        np.testing.assert_allclose(two[0][name][part], alone[part], rtol=1e-6, atol=1e-6, equal_nan=True)
    # An update divides a gradient by its own size, and so the rounding of one that is almost zero.
    np.testing.assert_allclose(two[0][name]["weights"], alone["weights"], rtol=0, atol=1e-5)
    exact = trained(trainer_of(CASES[name], is_double=True))
    for part in ("told", "checks", "gradients", "weights"):
        np.testing.assert_allclose(two[0][f"{name} in double"][part], exact[part], rtol=0, atol=1e-11, equal_nan=True)


@pytest.mark.parametrize("name", CASES)
def test_all_processes_are_told_the_same_and_have_the_same_weights_to_the_bit(two, name):
    for part in ("told", "checks", "weights", "skipped"):
        np.testing.assert_equal(two[0][name][part], two[1][name][part])
    assert len(two[0][name]["checks"]) == 2


def test_a_bad_sequence_of_one_process_is_skipped_in_all(two):
    assert [found["bad batch"]["skipped"] for found in two] == [1, 1]
    assert [found["plain"]["skipped"] for found in two] == [0, 0]


def test_a_process_runs_its_share_of_the_batch_and_knows_all_of_it(two):
    for found in two:
        inputs, logits, traced = found["plain"]["shapes"]
        assert (inputs[1], logits[1], traced) == (4, 2, 1)


def test_a_process_that_wishes_to_end_ends_all_after_one_update(two):
    assert [found["ending"] for found in two] == [[False, True], [False, True]]


def test_one_of_the_processes_tells_what_went_wrong(two):
    assert sorted(found["first to tell"] for found in two) == [False, True]


LEFT_ALONE = """
import os, torch
from ntm_core import parallel
from ntm_core.errors import ProcessError
from tests.core import test_parallel as shared

torch.set_num_threads(1)
group = parallel.of_environment()
group.join("cpu")
trainer = shared.trainer_of({}, group)
trainer.step()
if group.rank == 1:
    os._exit(9)
weights = [parameter.clone() for parameter in trainer.model.parameters()]
try:
    trainer.step()
except ProcessError as error:
    print(error)
assert trainer.iteration == 1
assert all(map(torch.equal, weights, trainer.model.parameters()))
"""


def test_a_process_whose_other_died_says_so_and_has_its_last_weights():
    (code, out, err), (other, _, _) = run_two(LEFT_ALONE)
    assert (code, other, err) == (0, 9, "")
    assert out.startswith("another of the 2 processes of this training is gone, and none goes on without it")
    assert len(out.splitlines()) == 1


ENDING = """
import atexit, threading
from ntm_core.parallel import of_environment
atexit.register(print, "taken down")
group = of_environment()
threading.Thread(target=threading.Event().wait).start()  # would keep an interpreter from ending
print("all is written", flush=True)
group.end_process(3 + group.rank)
"""


def test_one_of_several_processes_ends_without_taking_the_interpreter_down():
    assert run_two(ENDING) == [(3, "all is written\n", ""), (4, "all is written\n", "")]


def test_one_process_that_meets_nobody_is_told_why(monkeypatch):
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MASTER_PORT", raising=False)
    with pytest.raises(ProcessError, match=r"the 2 processes of this training did not meet: .*MASTER_PORT"):
        parallel.of_environment().join("cpu")


def test_the_environment_tells_which_process_this_is():
    assert type(parallel.of_environment({})) is Group
    assert type(parallel.of_environment({"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"})) is Group
    found = parallel.of_environment({"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1"})
    assert (type(found), found.rank, found.size, found.is_first) == (Processes, 3, 4, False)


@pytest.mark.parametrize(
    "told", [{"RANK": "2", "WORLD_SIZE": "2"}, {"RANK": "-1", "WORLD_SIZE": "2"}, {"RANK": "0", "WORLD_SIZE": "two"}]
)
def test_nonsense_in_the_environment_is_refused(told):
    with pytest.raises(CoreError, match="torchrun tells a process its RANK"):
        parallel.of_environment(told)


def test_the_shares_are_even_and_make_up_the_batch():
    shares = [Processes(rank, 3, rank).share(6) for rank in range(3)]
    assert [item for share in shares for item in range(6)[share]] == list(range(6))
    assert Group().share(5) == slice(0, 5)
    with pytest.raises(ConfigError, match="a batch that 3 processes can share was wanted, a multiple of 3; got 5"):
        Processes(0, 3, 0).share(5)


def test_each_process_of_a_machine_takes_the_gpu_of_its_local_rank(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    group = Processes(5, 8, 1)
    assert [str(group.device(name)) for name in ("auto", "cuda", "cpu")] == ["cuda:1", "cuda:1", "cpu"]
    with pytest.raises(DeviceError, match="cuda for one GPU each; got 'cuda:0'"):
        group.device("cuda:0")
    with pytest.raises(DeviceError, match="got 'cuda:2'"):
        Processes(6, 8, 2).device("cuda")
