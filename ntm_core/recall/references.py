"""Rows that point to a record outside: which one a row is of, and what has become of it (an extension of ntmviz).

The memory itself keeps, for each row, how much of it was written for each item; a table says which record an item is
of. A reference is data: text that names a place, never code, and only a reader that was given a folder opens it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from ntm_core import checks
from ntm_core.errors import ConfigError

if TYPE_CHECKING:
    from ntm_core.trace import Array

PURE = 0.9
"""A row of which no item owns so much is blended: it points to several records at once."""
PREVIEW = 280
"""Characters of a text that a preview shows."""
_NUMBERS = 8
_MAGIC = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"BM": "BMP"}


class ReferenceKind(StrEnum):
    """What a record is, and so how it is shown."""

    FILE = "file"
    DATASET = "dataset"
    """Of an HDF5 file, or one row of it."""
    TEXT = "text"
    IMAGE = "image"


class Status(StrEnum):
    """What has become of the record that a row points to."""

    FOUND = "found"
    DANGLING = "dangling"
    """It is not there any more."""
    STALE = "stale"
    """It is another one than was stored."""
    REFUSED = "refused"
    """It is nothing that may be opened."""
    NONE = "none"
    """The row points to nothing."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A place within the folder that a reader was given. Raises ConfigError on one that can't be."""

    kind: ReferenceKind
    path: str
    dataset: str = ""
    row: int | None = None
    digest: str = ""
    """SHA-256 of the record, in hexadecimal; "" where it is not known, and then never stale"""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", checks.choice("kind", self.kind, ReferenceKind))
        for name in ("path", "dataset", "digest"):
            checks.text(name, getattr(self, name))
        if self.row is not None:
            checks.whole("row", self.row, at_least=0)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"kind": self.kind.value}

    @classmethod
    def from_json(cls, plain: object) -> Reference:
        """The reference that `to_json` wrote. Raises ConfigError on anything else."""
        known = checks.plain_settings("a reference", plain, cls.__slots__)
        checks.present("a reference", known, ("kind", "path"))
        return cls(**known)


class Record(Protocol):
    """What a reader reads; `sessions.folder.Record` is one."""

    @property
    def data(self) -> bytes: ...
    @property
    def values(self) -> Array | None: ...


class Reader(Protocol):
    """Opens records under one folder; `sessions.folder.Folder` is one."""

    def read(self, path: str, dataset: str = "", row: int | None = None) -> Record:
        """Raises LookupError where there is no such record, PermissionError where it may not be opened."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Dereferenced:
    """What a row points to."""

    reference: Reference | None
    item: int
    """-1 where the row is of none"""
    share: float
    """How much of the row was written for that item; the rest is of others, or of none"""
    status: Status
    message: str
    """One line for a person; "" where all is well"""
    preview: str = ""
    """The start of a text, the numbers of a dataset, the kind and size of an image"""
    data: bytes = b""
    values: Array | None = None

    @property
    def is_blended(self) -> bool:
        """Whether the row was written for several items, so that the reference is only its first."""
        return self.item >= 0 and self.share < PURE


def signed(reference: Reference, reader: Reader) -> Reference:
    """The reference with the digest of what is there now. Raises what the reader does."""
    record = reader.read(reference.path, reference.dataset, reference.row)
    return Reference(reference.kind, reference.path, reference.dataset, reference.row, digest(record.data))


def digest(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def owners(record: Mapping[str, Array], row: int) -> dict[int, float]:
    """How much of a row was written for each item, the most first; what is missing to 1 is of none, or faded.

    record: of a step of the associative memory. Exact: the share that each write kept of what it found, multiplied up.
    """
    owned, strength = record["ownership"][row], float(record["trace_strength"][row])
    order = sorted((item for item in range(len(owned)) if owned[item] > 0), key=lambda item: -owned[item])
    return {item: float(owned[item]) / strength for item in order}


def dereference(record: Mapping[str, Array], row: int, table: Mapping[int, Reference], reader: Reader) -> Dereferenced:
    """Open what a row points to most. table: the reference of each item that has one."""
    item, share = next(iter(owners(record, row).items()), (-1, 0.0))
    return opened(table.get(item), reader, row=row, item=item, share=share)


def opened(reference: Reference | None, reader: Reader, *, row: int, item: int, share: float) -> Dereferenced:
    """Open the reference of the item that a row is most of. share: how much of the row is of it."""
    if reference is None:
        return Dereferenced(None, item, share, Status.NONE, f"row {row} points to no record")
    try:
        found = reader.read(reference.path, reference.dataset, reference.row)
    except LookupError as error:
        return Dereferenced(reference, item, share, Status.DANGLING, f"the record is gone: {error}")
    except PermissionError as error:
        return Dereferenced(reference, item, share, Status.REFUSED, f"the record is not opened: {error}")
    status, message = Status.FOUND, ""
    if reference.digest and digest(found.data) != reference.digest:
        status, message = Status.STALE, f"the record has changed since it was stored: {reference.path}"
    elif share < PURE:
        message = f"row {row} is blended: {share:.0%} of it is of this record"
    return Dereferenced(
        reference, item, share, status, message, _preview(reference.kind, found), found.data, found.values
    )


def table_to_json(table: Mapping[int, Reference]) -> dict[str, Any]:
    """A table as a JSON object."""
    return {str(item): reference.to_json() for item, reference in table.items()}


def table_from_json(plain: object) -> dict[int, Reference]:
    """The table that `table_to_json` wrote. Raises ConfigError on anything else."""
    if not isinstance(plain, Mapping) or not all(isinstance(each, str) and each.isdecimal() for each in plain):
        raise ConfigError(f"a table of references by item was wanted; got {plain!r}")
    return {int(item): Reference.from_json(each) for item, each in plain.items()}


def _preview(kind: ReferenceKind, record: Record) -> str:
    if record.values is not None:
        flat = record.values.ravel()
        numbers = ", ".join(f"{each:.3g}" if flat.dtype.kind in "fiu" else str(each) for each in flat[:_NUMBERS])
        return f"{record.values.dtype} {record.values.shape}: {numbers}{', …' if flat.size > _NUMBERS else ''}"
    if kind is ReferenceKind.TEXT:
        return record.data[: 4 * PREVIEW].decode("utf-8", "replace")[:PREVIEW]
    what = next((name for magic, name in _MAGIC.items() if record.data.startswith(magic)), "")
    return (
        f"{what or 'no known'} image, {len(record.data)} bytes"
        if kind is ReferenceKind.IMAGE
        else (f"{len(record.data)} bytes")
    )
