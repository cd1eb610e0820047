"""Command lines for tests: a tiny training, and a process for any."""

import os
import subprocess
import sys

PROGRAM = [sys.executable, "-m", "ntmviz"]
TINY = (
    *("train", "copy", "--iterations", "4", "--batch", "2", "--device", "cpu", "--record", "every:2"),
    *("--set", "locations=16", "--set", "word_size=6", "--set", "hidden_size=8"),
    *("--set", "task.max_length=3", "--set", "task.bits=3", "--set", "kernel=eager"),
)
"""A training of a fraction of a second, less than a kernel takes to load; words added after it take precedence."""


def launch(*words, **environment):
    """Runs a command line in a process of its own; None takes a variable of the environment away."""
    variables = {**os.environ, **environment}
    return subprocess.run(
        [*PROGRAM, *map(str, words)],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
    )
