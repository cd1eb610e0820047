"""One thread: two that wait for each other on a busy machine are slower than one, and the tests are small."""

import pytest
import torch

from ntm_core import kernels
from tests.core.builders import small_model


@pytest.fixture(scope="session", autouse=True)
def kernels_are_compiled():
    """Before any test has a limit of time that a first compiling would use up."""
    kernels.warm_up(small_model())


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def nothing_is_compiled(monkeypatch):
    """As where numba is not there: the CPU, too, gets torch's operations."""
    monkeypatch.setattr(kernels, "_found", lambda name: "it is set aside")
    kernels._tell.cache_clear()
    yield
    kernels._tell.cache_clear()
