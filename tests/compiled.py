"""Kernels are compiled once on a machine, for minutes: before any test waits for them with less patience."""

import os
import subprocess
import sys

NETWORKS = ("ntm", "dnc", "mann")
_DONE = "NTMVIZ_TEST_KERNELS"
_WARM_UP = """
import sys
from ntm_core import kernels, models

numbers, *names = sys.argv[1:]
for name in names:
    kernels.warm_up(getattr(models.build(name, 3, 2, locations=4, hidden_size=4), numbers)())
"""


def compile_kernels(networks: tuple[str, ...], *types: str) -> None:
    """For numbers of these types, "float" or "double": side by side, and once for all processes of a run of tests."""
    done = set(os.environ.get(_DONE, "").split())
    missing = {each: [name for name in networks if f"{name}.{each}" not in done] for each in types}
    words = [(each, *names) for each, names in missing.items() if names]
    compiling = [subprocess.Popen([sys.executable, "-c", _WARM_UP, *each]) for each in words]
    assert not any([each.wait() for each in compiling])
    os.environ[_DONE] = " ".join(sorted(done | {f"{name}.{each}" for each in types for name in networks}))
