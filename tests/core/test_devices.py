"""Where to compute, on machines that have more than this one."""

from __future__ import annotations

import pytest
import torch

from ntm_core import devices
from ntm_core.errors import DeviceError


@pytest.fixture
def machine(monkeypatch):
    def has(cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return has


@pytest.mark.parametrize(
    ("there", "chosen"),
    [({}, "cpu"), ({"mps": True}, "mps"), ({"cuda": 1}, "cuda"), ({"cuda": 1, "mps": True}, "cuda")],
)
def test_auto_takes_the_fastest_that_is_there(machine, there, chosen):
    machine(**there)
    assert devices.choose() == torch.device(chosen)


def test_a_named_device_is_taken_if_it_is_there(machine):
    machine(cuda=2)
    assert devices.choose("cuda:1") == torch.device("cuda:1")
    assert devices.choose("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "mps", "cuda:2", "gpu", "meta", ""])
def test_a_device_that_is_absent_is_an_error_that_lists_those_that_are_not(machine, name):
    machine(cuda=2 if name == "cuda:2" else 0)
    with pytest.raises(DeviceError, match=f"device is auto or one of .*cpu; got '{name}'"):
        devices.choose(name)
