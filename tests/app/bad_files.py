"""The files that are no session, or no whole one: how each is made, and what is said of it.

One table for all that opens a session: the command line, the Python functions and the window.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from sessions import schema

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class BadFile:
    """What was made in a folder, from a good session where it needs one."""

    name: str
    make: Callable[[Path, Path], Path]
    """(folder, session) -> the path that is opened."""
    said: str
    """A part of the one line."""


def holding(content: bytes) -> Callable[[Path, Path], Path]:
    def make(folder: Path, session: Path) -> Path:
        path = folder / "bad.h5"
        path.write_bytes(content)
        return path

    return make


def named(name: str) -> Callable[[Path, Path], Path]:
    """A path that nothing has."""
    return lambda folder, session: folder / name


def rubbish_named(name: str) -> Callable[[Path, Path], Path]:
    def make(folder: Path, session: Path) -> Path:
        path = folder / name
        path.write_text("rubbish")
        return path

    return make


def cut_to(share: float) -> Callable[[Path, Path], Path]:
    """The first part of a session: a share of its bytes."""
    return lambda folder, session: holding(session.read_bytes()[: int(share * session.stat().st_size)])(folder, session)


def folder_in_its_place(folder: Path, session: Path) -> Path:
    path = folder / "bad.h5"
    path.mkdir()
    return path


def under_a_file(folder: Path, session: Path) -> Path:
    return rubbish_named("file.h5")(folder, session) / "y.h5"


def forbidden(folder: Path, session: Path) -> Path:
    path = Path(shutil.copy(session, folder / "bad.h5"))
    path.chmod(0)
    return path


def pipe(folder: Path, session: Path) -> Path:
    path = folder / "pipe.h5"
    os.mkfifo(path)
    return path


def listening_socket(folder: Path, session: Path) -> Path:
    # By a relative name: the address of a socket has at most 107 bytes.
    here = os.getcwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket.h5")
    finally:
        os.chdir(here)
    return folder / "socket.h5"


def link_to(target: str) -> Callable[[Path, Path], Path]:
    def make(folder: Path, session: Path) -> Path:
        path = folder / "link.h5"
        path.symlink_to(target)
        return path

    return make


def of_another_program(folder: Path, session: Path) -> Path:
    path = folder / "data.h5"
    with h5py.File(path, "w") as file:
        file["data"] = np.arange(3)
    return path


def of_another_program_of_today(folder: Path, session: Path) -> Path:
    path = folder / "data.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["data"] = np.arange(3)
    return path


def of_a_newer_format(folder: Path, session: Path) -> Path:
    path = Path(shutil.copy(session, folder / "newer.h5"))
    with h5py.File(path, "r+", libver=("v110", "v110")) as file:
        header = json.loads(file["header"][()].tobytes()) | {"format": 2}
        text = json.dumps(header).encode()
        del file["header"]
        file.create_dataset("header", data=np.frombuffer(text, np.uint8)).attrs["crc32"] = np.uint32(zlib.crc32(text))
    return path


BAD_FILES = [
    BadFile("nothing", named("missing.h5"), "No such file or directory"),
    BadFile("not HDF5", holding(b"the quick brown fox " * 100), "is an HDF5 file; this is none"),
    BadFile("HDF5 of another program", of_another_program, "is no session of ntmviz"),
    BadFile("HDF5 of another program of today", of_another_program_of_today, "is no session of ntmviz"),
    BadFile("empty", holding(b""), "this file is empty"),
    BadFile("one byte", holding(b"\x89"), "is an HDF5 file; this is none"),
    BadFile("a signature alone", holding(schema.SIGNATURE), "cut short after 8 bytes"),
    BadFile(
        "a hundred bytes", lambda folder, session: cut_to(100 / session.stat().st_size)(folder, session), "cut short"
    ),
    *(BadFile(f"cut to {share:.0%}", cut_to(share), "cut short; look for a whole copy") for share in (0.1, 0.5, 0.99)),
    BadFile("a newer format", of_a_newer_format, "found format 2. Update ntmviz"),
    BadFile("a folder", folder_in_its_place, "this is a folder"),
    *([BadFile("unreadable", forbidden, "Permission denied")] if os.geteuid() else []),  # root may read everything
    BadFile("under a file", under_a_file, "Not a directory"),
    BadFile("a pipe", pipe, "this is a pipe, a socket or a device"),
    BadFile("a socket", listening_socket, "this is a pipe, a socket or a device"),
    BadFile("a device without end", lambda folder, session: Path("/dev/zero"), "this is a pipe, a socket or a device"),
    BadFile("a link to nothing", link_to("nowhere.h5"), "No such file or directory"),
    BadFile("a link to itself", link_to("link.h5"), "Too many levels of symbolic links"),
    BadFile("a name of 300 letters", named("x" * 300), "File name too long"),
    BadFile("a name of two lines", rubbish_named("a\nb.h5"), r"/a\nb.h5"),
    BadFile("a name that colours a terminal", rubbish_named("\x1b[31ma.h5"), r"/\x1b[31ma.h5"),
    BadFile("a name that is no text", rubbish_named("\udce9.h5"), r"/\udce9.h5"),
    BadFile("a name of markup", rubbish_named("<b>a.h5"), "/<b>a.h5"),
]
