"""Items from files: a table of text, a dataset of HDF5 or an array of NumPy, one item a row. Nothing in them is run."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ntm_core.recall.references import Reference, ReferenceKind, digest, signed
from ntmviz.errors import NtmvizError
from ntmviz.recall import records
from ntmviz.recall.items import LONGEST
from ntmviz.recall.ready import NewItem
from sessions import SessionError
from sessions.errors import reason
from sessions.folder import LARGEST, Folder, record_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MOST_ROWS, MOST_NUMBERS = 128, 256
"""Of a lab: what is recorded at each step grows with the square of the rows."""
SEGMENT = "Items"
ENDINGS = {".csv": "table", ".npy": "array", ".h5": "HDF5", ".hdf5": "HDF5"}
FILTER = "Items (*.csv *.npy *.h5 *.hdf5);;All files (*)"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file came to."""

    items: tuple[NewItem, ...]
    records: Mapping[int, Reference]
    """By place among the items: of rows of a dataset in the folder of records"""


def read_items(path: Path, dataset: str = "", folder: Path | None = None) -> Imported:
    """The items of a file, and where they are rows of a dataset in a folder of records, the reference of each.

    dataset: of an HDF5 file.   Raises NtmvizError, one line: what was wanted, what came.
    """
    if ENDINGS.get(path.suffix.lower()) != "HDF5" or folder is None:
        return Imported(items_of(path, dataset), {})
    name = dataset or next(iter(tables_of(path)))
    return Imported(items_of(path, name), _records(path, name, folder))


def items_of(path: Path, dataset: str = "") -> tuple[NewItem, ...]:
    """The items of a file. dataset: of an HDF5 file.

    A table has a name, a segment and numbers in each line. Raises NtmvizError, one line: what was wanted, what came.
    """
    kind = ENDINGS.get(path.suffix.lower())
    try:
        if path.is_file() and path.stat().st_size > LARGEST:
            raise NtmvizError(f"a file of at most {LARGEST >> 20} MiB was wanted; this one is larger: {path}")
        if kind == "table":
            made = _of_table(path)
        elif kind == "array":
            made = _of_rows(_array(path), path)
        elif kind == "HDF5":
            made = _of_rows(_dataset(path, dataset), path)
        else:
            raise NtmvizError(f"a table (.csv), an array (.npy) or HDF5 (.h5) was wanted; got {path.suffix!r}: {path}")
    except (OSError, ValueError, csv.Error, EOFError) as error:
        raise NtmvizError(f"items cannot be read from this file ({reason(error)}): {path}") from None
    _check(made, path)
    return made


def tables_of(path: Path) -> dict[str, int]:
    """How many rows each table of numbers in an HDF5 file has, links not followed. Raises NtmvizError."""
    whole = path.resolve()
    try:
        found = Folder(whole.parent).tables(whole.name)
    except SessionError as error:
        raise NtmvizError(str(error)) from None
    if not found:
        raise NtmvizError(f"a dataset of rows and numbers was wanted; this file has none: {path}")
    return found


def _of_table(path: Path) -> tuple[NewItem, ...]:
    made = []
    with path.open(newline="", encoding="utf-8-sig") as file:
        for number, line in enumerate(csv.reader(file), 1):
            if not any(cell.strip() for cell in line):
                continue
            if len(line) < 3:
                raise NtmvizError(
                    f"a name, a segment and numbers were wanted in line {number}; got {len(line)} cells: {path}"
                )
            try:
                word = tuple(float(cell) for cell in line[2:])
            except ValueError:
                if not made and number == 1:
                    continue  # titles of columns
                raise NtmvizError(f"numbers were wanted from the third cell of line {number} on: {path}") from None
            made.append(NewItem(_name(line[0], len(made)), _segment(line[1]), word))
            if len(made) > MOST_ROWS:
                break
    return tuple(made)


def _array(path: Path) -> NDArray[np.generic]:
    found = np.load(path, allow_pickle=False, mmap_mode="r")
    return np.asarray(found)


def _dataset(path: Path, dataset: str) -> NDArray[np.generic]:
    there = tables_of(path)
    if dataset and dataset not in there:
        raise NtmvizError(f"a dataset, one of {', '.join(there)}, was wanted; got {dataset!r}: {path}")
    whole = path.resolve()
    try:
        values = Folder(whole.parent).read(whole.name, dataset or next(iter(there))).values
    except SessionError as error:
        raise NtmvizError(str(error)) from None
    assert values is not None
    return values


def _records(path: Path, dataset: str, folder: Path) -> dict[int, Reference]:
    """A reference to each row of a dataset; none where the folder would not give that row."""
    values = _dataset(path, dataset)[: MOST_ROWS + 1]
    digests = [digest(record_of(np.asarray(row)).data) for row in values]
    try:
        place = records.within(folder, path)
        first = signed(Reference(ReferenceKind.DATASET, place, dataset, 0), Folder(folder))
    except (NtmvizError, SessionError, OSError):
        return {}
    if first.digest != digests[0]:
        return {}
    return {row: Reference(first.kind, place, dataset, row, each) for row, each in enumerate(digests)}


def _of_rows(values: NDArray[np.generic], path: Path) -> tuple[NewItem, ...]:
    if values.ndim == 1:
        values = values[None]
    if values.ndim != 2 or values.dtype.kind not in "fiub":
        raise NtmvizError(
            f"rows of numbers were wanted; got {values.dtype} of shape {'×'.join(map(str, values.shape))}: {path}"
        )
    rows = values[: MOST_ROWS + 1].astype(float)
    return tuple(
        NewItem(f"{path.stem[: LONGEST - 5]} {at}", SEGMENT, tuple(row)) for at, row in enumerate(rows.tolist())
    )


def _name(text: str, number: int) -> str:
    name = " ".join(text.split())[:LONGEST]
    return name or f"item {number}"


def _segment(text: str) -> str:
    """A segment's name: without what its notation uses itself."""
    return " ".join(text.replace(",", " ").split())[:LONGEST] or SEGMENT


def _check(made: Sequence[NewItem], path: Path) -> None:
    if not made:
        raise NtmvizError(f"items were wanted, one a row; there are none: {path}")
    if len(made) > MOST_ROWS:
        raise NtmvizError(f"up to {MOST_ROWS} items were wanted; this file has more. Take a part of it: {path}")
    sizes = {len(item.word) for item in made}
    if len(sizes) > 1:
        raise NtmvizError(f"items of equally many numbers were wanted; got {min(sizes)} to {max(sizes)}: {path}")
    if not 2 <= max(sizes) <= MOST_NUMBERS:
        raise NtmvizError(f"2 to {MOST_NUMBERS} numbers an item were wanted; got {max(sizes)}: {path}")
    if not np.isfinite([item.word for item in made]).all():
        raise NtmvizError(f"finite numbers were wanted; there is one that is none: {path}")
