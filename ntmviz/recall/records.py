"""Which record each item is of: told to the session as events, so that a recording, a copy and a fork know it.

An event says it of one item; what was said last holds. A text that says nothing of the kind is passed over.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ntm_core.errors import CoreError
from ntm_core.recall.references import Reference, ReferenceKind
from ntmviz.errors import NtmvizError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sessions import Recording

EVENT = "record"
"""Kind of the event that says which record an item is of: its text is a JSON object, {"item", "reference"}."""
LONGEST = 1 << 12
"""Letters of such a text."""
TABLES = (".h5", ".hdf5")
"""Endings of files of which a record is a dataset, or a row of one."""
_TEXTS = (".txt", ".md", ".csv", ".json", ".log", ".tex", ".py", ".html", ".xml", ".toml", ".yaml", ".ini")
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp")
_MOST_ITEMS = 1 << 16

Records = dict[int, Reference | None]
"""By the number of the item; None takes the reference from it."""


def told(records: Mapping[int, Reference | None]) -> list[str]:
    """Texts of the events that say which records items are of. Raises NtmvizError on one that is too long to keep."""
    texts = []
    for item, reference in records.items():
        plain = {"item": item, "reference": None if reference is None else reference.to_json()}
        text = json.dumps(plain, separators=(",", ":"))
        if len(text) > LONGEST:
            raise NtmvizError(f"a path of at most {LONGEST} letters was wanted for a record; got {len(text)}")
        texts.append(text)
    return texts


def table_in(texts: Iterable[str]) -> dict[int, Reference]:
    """The reference of each item that has one, from the texts of a session's events."""
    table: dict[int, Reference] = {}
    for text in texts:
        try:
            plain = json.loads(text)
            item, reference = plain["item"], plain["reference"]
            if isinstance(item, bool) or not isinstance(item, int) or not 0 <= item < _MOST_ITEMS:
                continue
            if reference is None:
                table.pop(item, None)
            else:
                table[item] = Reference.from_json(reference)
        except (ValueError, KeyError, TypeError, RecursionError, CoreError):
            continue
    return table


def table_of(recording: Recording) -> dict[int, Reference]:
    """The reference of each item of a session that has one."""
    return table_in(event.text for event in recording.events if event.kind == EVENT)


def from_json(plain: Mapping[str, Any]) -> Records:
    """Records as an order tells them. Raises ConfigError on one that is none."""
    return {int(item): None if each is None else Reference.from_json(each) for item, each in plain.items()}


def to_json(records: Mapping[int, Reference | None] | None) -> dict[str, Any]:
    """What `from_json` reads."""
    return {str(item): None if each is None else each.to_json() for item, each in (records or {}).items()}


def kind_of(path: str) -> ReferenceKind:
    """What a record is, by the ending of its file."""
    ending = Path(path).suffix.lower()
    if ending in TABLES:
        return ReferenceKind.DATASET
    if ending in _IMAGES:
        return ReferenceKind.IMAGE
    return ReferenceKind.TEXT if ending in _TEXTS else ReferenceKind.FILE


def within(folder: Path | None, path: Path) -> str:
    """A path as it is told within the folder, with / between its parts. Raises NtmvizError where it is not in it."""
    if folder is None:
        raise NtmvizError("a folder of records was wanted; none is chosen. Choose one first: Recall, Records folder…")
    places = [(folder.absolute(), path.absolute())]
    with contextlib.suppress(OSError, RuntimeError):  # links in a circle
        places.append((folder.resolve(), path.parent.resolve() / path.name))
    for root, file in places:
        if ".." not in file.parts and file.is_relative_to(root) and file != root:
            return file.relative_to(root).as_posix()
    raise NtmvizError(
        f"a file in the folder of records, {folder}, was wanted; this one is not. Move it there, or choose another "
        f"folder: {path}"
    )


def place_of(reference: Reference) -> str:
    """Where a record is, in words."""
    where = reference.path
    if reference.dataset:
        where += f", {reference.dataset}"
    return where if reference.row is None else f"{where}, row {reference.row}"
