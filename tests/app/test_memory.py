"""What the process of the window does with memory, so that it stays quick and does not grow."""

import gc
import subprocess
import sys

import pytest


def test_what_is_imported_is_not_looked_through_for_garbage(qapp):
    assert gc.get_freeze_count() > 10_000


ARRAYS = """
from pathlib import Path

import numpy as np
from ntmviz.app import application

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 2**20

application()
del_me = np.ones(2 * 2**20)  # 16 MiB, freed: from now on glibc would keep what is smaller in its heap
del del_me
before = resident_mib()
arrays = [np.ones(2**17) for _ in range(200)]
arrays = arrays[-1:]
print(resident_mib() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it is glibc that keeps what is freed")
def test_memory_of_arrays_that_are_freed_goes_back_to_the_system():
    done = subprocess.run([sys.executable, "-c", ARRAYS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 50, "200 MiB were freed"
