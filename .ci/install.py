"""Make the virtual environment and install everything into it: `python3 .ci/install.py [test]`, called by the Makefile.

Where all is in place it does nothing, offline and in a fraction of a second: the dynamic loader is asked for the
system libraries, and the environment remembers what it was installed from. Debian and its relatives get missing
system packages through apt-get when run as root; anyone else is told the command. Standard library only, and an old
Python gets as far as its error message.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
ENVIRONMENT_PYTHON = ENVIRONMENT / "bin" / "python"
OLDEST_PYTHON = (3, 11)
VERSION = "{}.{}".format(*sys.version_info[:2])
OTHER_PYTHON = "Name another Python: make PYTHON=/path/to/python3"

# What Qt opens at run time and no wheel brings: library -> Debian package.
QT_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
}
X11_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}
WAYLAND_LIBRARIES = {"libwayland-client.so.0": "libwayland-client0", "libwayland-cursor.so.0": "libwayland-cursor0"}
# With these the tests also open a real window; without them they say why not.
X11_TEST_PROGRAMS = {"Xvfb": "xvfb", "xauth": "xauth", "xdotool": "xdotool"}


class InstallError(Exception):
    """Something is missing that only the user can bring; the message says how."""


def main(extra: str) -> None:
    """Bring system packages and the environment up to date; `extra` is "test", or "" for what running needs."""
    if sys.version_info < OLDEST_PYTHON:
        oldest = "{}.{}".format(*OLDEST_PYTHON)
        raise InstallError(f"Python {oldest} or newer is needed; {sys.executable!r} is {VERSION}. {OTHER_PYTHON}")
    install_system_packages(missing_system_packages())
    digest = installed_from()
    if is_installed(extra, digest):
        return
    if extra == "test":
        install_window_test_packages()
    make_environment()
    install_packages(extra)
    for name in {"", extra}:
        stamp(name).write_text(digest)


def missing_system_packages() -> list[str]:
    """Debian packages without which installing or starting must fail on this machine."""
    libraries = dict(QT_LIBRARIES)
    for variable, more in (("DISPLAY", X11_LIBRARIES), ("WAYLAND_DISPLAY", WAYLAND_LIBRARIES)):
        if os.environ.get(variable):
            libraries.update(more)
    # Debian keeps ensurepip, which every other Python has, in a package of its own.
    environment = [] if importlib.util.find_spec("ensurepip") else [f"python{VERSION}-venv"]
    return environment + missing_libraries(libraries)


def missing_libraries(libraries: dict[str, str]) -> list[str]:
    """Packages of those libraries that the dynamic loader does not find; none but on Linux."""
    packages = []
    for library, package in libraries.items() if sys.platform == "linux" else ():
        try:
            ctypes.CDLL(library)
        except OSError:
            packages.append(package)
    return packages


def install_system_packages(packages: list[str]) -> None:
    """Install Debian packages; raises InstallError with the command where that is not ours to do or fails."""
    if not packages:
        return
    command = shlex.join(["apt-get", "install", "--no-install-recommends", *packages])
    if shutil.which("apt-get") is None:
        if importlib.util.find_spec("ensurepip") is None:
            raise InstallError(f"{sys.executable!r} has no ensurepip, which makes environments. {OTHER_PYTHON}")
        say(f"Qt may not start without what Debian calls {', '.join(packages)}: install that with your system's tools")
    elif os.geteuid() != 0:
        raise InstallError(f"system packages are missing. Install them, then try again:\n\n    sudo {command}\n")
    else:
        say(f"installing {' '.join(packages)}")
        complaint = apt_install(packages)
        if complaint:
            raise InstallError(f"apt-get failed. Make this work, then try again: {command}\n\n{complaint}")


def install_window_test_packages() -> None:
    """Install what a test in a real window needs, where that is ours to do; without it the test is skipped."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    packages = missing_libraries(X11_LIBRARIES)
    packages += [package for program, package in X11_TEST_PROGRAMS.items() if shutil.which(program) is None]
    if packages:
        say(f"installing {' '.join(packages)} for the test in a real window")
        if apt_install(packages):
            say("apt-get could not; that test will be skipped")


def apt_install(packages: list[str]) -> str:
    """Install quietly and ask nothing; returns "", or what apt-get printed when it failed."""
    options = ["-qq", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=30", "-o", "DPkg::Lock::Timeout=120"]
    install = ["apt-get", *options, "install", "--yes", "--no-install-recommends", *packages]
    update = ["apt-get", *options, "update"]
    # The package lists may be absent (a fresh container) or good as they are (no network): update only if need be.
    for command in (install, update, install):
        done = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if command is install and done.returncode == 0:
            return ""
    return done.stdout or f"it printed nothing and ended with {done.returncode}"


def installed_from() -> str:
    """Digest of all that decides what is in the environment."""
    digest = hashlib.sha256(f"{VERSION}\n{ROOT}\n".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def stamp(extra: str) -> Path:
    return ENVIRONMENT / f"installed-{extra or 'run'}"


def is_installed(extra: str, digest: str) -> bool:
    return ENVIRONMENT_PYTHON.exists() and stamp(extra).exists() and stamp(extra).read_text() == digest


def make_environment() -> None:
    """Make .venv, or keep the one there is if its Python is of this version and has pip."""
    probe = "import sys, pip; sys.exit('{}.{}'.format(*sys.version_info[:2]) != sys.argv[1])"
    if ENVIRONMENT_PYTHON.exists():
        kept = subprocess.run([ENVIRONMENT_PYTHON, "-c", probe, VERSION], stderr=subprocess.DEVNULL)
        if kept.returncode == 0:
            return
    say(f"making the virtual environment {ENVIRONMENT.name}")
    run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)])


def install_packages(extra: str) -> None:
    """Install ntmviz, editable, and what it depends on at the versions of constraints.txt."""
    say("installing ntmviz and what it needs; the first time this takes minutes, most of them for torch")
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    pip = [str(ENVIRONMENT_PYTHON), "-m", "pip", "install", *quiet, "--disable-pip-version-check", "--no-input"]
    run([*pip, "--constraint", "constraints.txt", "--editable", f".[{extra}]" if extra else "."])


def run(command: list[str]) -> None:
    """Run a command in the repository; raises InstallError if it fails, which it has explained itself."""
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode != 0:
        raise InstallError(f"see above, this failed: {shlex.join(command)}")


def say(text: str) -> None:
    print(f"ntmviz: {text}", flush=True)


if __name__ == "__main__":
    try:
        main(*(sys.argv[1:] or [""]))
    except InstallError as error:
        sys.exit(f"ntmviz: {error}")
