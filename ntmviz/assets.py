"""Finds the files that come with the program, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path


def asset(name: str) -> Path:
    """The path of a file under assets/. Raises FileNotFoundError where the installation lacks it."""
    here = Path(__file__).resolve().parent
    for folder in (here / "_assets", here.parent / "assets"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"the installation lacks its file {name!r}; reinstall ntmviz")
