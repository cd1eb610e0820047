"""Runs the scripts of users that tests have made up."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRELUDE = """
import os, signal, sys
import sessions
from tests.sessions.scripts import idle, new_recorder, record

path = sys.argv[1]
"""


def run(script, path, *, way=(), expected=0, **settings):
    """Run a script to its end: it prints nothing but what it says, and leaves as expected."""
    done = subprocess.run(
        [*(way or [sys.executable, "-W", "error", "-c", PRELUDE + script]), path],
        cwd=path.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        **settings,
    )
    assert done.returncode == expected, done.stderr
    return done
