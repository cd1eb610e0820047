"""Kernels are compiled once on a machine, for half a minute: before any test waits for them with less patience."""

import os
import subprocess
import sys

_DONE = "NTMVIZ_TEST_KERNELS"
_WARM_UP = (
    "from ntm_core import kernels, models;kernels.warm_up(models.build('ntm', 3, 2, locations=4, hidden_size=4).{}())"
)


def compile_kernels(*types: str) -> None:
    """For numbers of these types, "float" or "double": side by side, and once for all processes of a run of tests."""
    done = os.environ.get(_DONE, "").split()
    missing = [each for each in types if each not in done]
    compiling = [subprocess.Popen([sys.executable, "-c", _WARM_UP.format(each)]) for each in missing]
    assert not any([each.wait() for each in compiling])
    os.environ[_DONE] = " ".join([*done, *missing])
