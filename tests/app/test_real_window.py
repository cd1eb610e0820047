"""Once in a real window: a real X server, a real process, keys and clicks that come from outside."""

import os
import shutil
import subprocess
import sys

import pytest

MISSING = [program for program in ("Xvfb", "xdotool") if shutil.which(program) is None]

SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from ntmviz.app import application, make_window

app = application()
assert app.platformName() == "xcb", app.platformName()
window = make_window("dark")
window.resize(1280, 800)
window.move(0, 0)
window.show()
window.commands.open_path(Path(sys.argv[1]))

def tell(now):
    if now is not None:
        print("step", now.step, "row pitch", window.store.state.row_pitch, flush=True)

def ready():
    window.presenter.presented.connect(tell)
    sequence = window.views.sequence
    place = sequence.viewport().mapToGlobal(sequence.rect().topLeft())
    x = place.x() + sequence.sequence_layout.x(5) + 3
    window.activateWindow()
    print("window", int(window.winId()), x, place.y() + 60, len(window.presenter.now.source), flush=True)

QTimer.singleShot(1500, ready)
window.desk.closed.connect(app.quit)
sys.exit(app.exec())
"""


@pytest.fixture
def display():
    """A display of the test's own, on a number that the server picks."""
    if MISSING:
        pytest.skip(f"a real window needs {' and '.join(MISSING)}; 'make test' as root installs them")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(10)


def test_keys_and_clicks_from_outside_drive_a_real_window(display, session, tmp_path):
    environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "XDG_CONFIG_HOME": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(session)], env=environment, stdout=subprocess.PIPE, text=True
    )

    def act(*words: object) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=environment, check=True, timeout=20)

    def told(start: str) -> list[str]:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(start):
                return line.split()
        pytest.fail(f"the window ended before it said {start!r}")

    try:
        _, window, x, y, steps = told("window")
        act("mousemove", x, y, "click", 1)
        assert told("step 5")
        act("windowfocus", window)
        act("key", "--window", window, "Right")
        assert told("step 6")
        act("key", "--window", window, "End")
        assert told(f"step {int(steps) - 1}")
        act("key", "--window", window, "ctrl+w")
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
