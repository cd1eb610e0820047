"""What a session has beside its steps: texts, metrics, events, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from sessions import schema
from sessions.schema import TextKind
from sessions.tables import Table, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from sessions.container import Dataset

Blob = bytes


class Texts:
    """The texts that other tables name by number."""

    def __init__(self, table: Table, content: Dataset, path: Path) -> None:
        self._table = table
        self._content = content
        self._path = path
        self._read: dict[int, str] = {}

    def text(self, number: int) -> str:
        """'' for -1, no text."""
        if number == schema.NONE or not 0 <= number < len(self._table.rows):
            return ""
        if number not in self._read:
            row = self._table.rows[number]
            self._read[number] = read_bytes(self._content, row, f"text {number}", self._path).decode("utf-8", "replace")
        return self._read[number]

    def of_kind(self, kind: TextKind) -> list[str]:
        """All texts of a kind, in the order they appeared."""
        return [self.text(int(number)) for number in np.flatnonzero(self._table.rows["kind"] == kind)]


class Metrics(Mapping[str, NDArray[np.float64]]):
    """Numbers by iteration: name -> one value a row, NaN where a row has none of that name."""

    def __init__(self, table: Table, texts: Texts) -> None:
        self._table = table
        self._texts = texts

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._texts.of_kind(TextKind.METRIC)[: schema.METRIC_COLUMNS])

    @property
    def rows(self) -> int:
        """How many there are by now."""
        return len(self._table.rows)

    def iterations(self) -> NDArray[np.int64]:
        """Iteration of each row, in the order they were logged."""
        return np.ascontiguousarray(self._table.rows["iteration"])

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        names = self.names
        if name not in names:
            raise KeyError(f"no metric {name!r} in this session; it has {', '.join(names) or 'none'}")
        return self._table.rows["values"][:, names.index(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; -1 where it has no episode, step or iteration."""

    kind: str
    episode: int = -1
    step: int = -1
    iteration: int = -1
    wall_time: float = 0.0
    """Seconds since 1970, UTC."""
    text: str = ""


class Events(Sequence[Event]):
    """All events as far as the session was read."""

    def __init__(self, table: Table, texts: Texts) -> None:
        self._table = table
        self._texts = texts

    def __len__(self) -> int:
        return len(self._table.rows)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        row = self._table.rows[index]
        return Event(
            kind=row["kind"].decode("ascii", "replace"),
            episode=int(row["episode"]),
            step=int(row["step"]),
            iteration=int(row["iteration"]),
            wall_time=float(row["wall_time"]),
            text=self._texts.text(int(row["text"])),
        )


class Checkpoint:
    """Weights kept in the session."""

    def __init__(self, row: Any, number: int, content: Dataset, path: Path) -> None:
        self._row = row
        self._number = number
        self._content = content
        self._path = path

    @property
    def iteration(self) -> int:
        return int(self._row["iteration"])

    @property
    def wall_time(self) -> float:
        """Seconds since 1970, UTC."""
        return float(self._row["wall_time"])

    @property
    def bytes(self) -> int:
        return int(self._row["length"])

    def read(self) -> Blob:
        """The safetensors blob, checked. DamageError where it is not what was kept."""
        return read_bytes(self._content, self._row, f"checkpoint {self._number}", self._path)


class Checkpoints(Sequence[Checkpoint]):
    """All checkpoints as far as the session was read."""

    def __init__(self, table: Table, content: Dataset, path: Path) -> None:
        self._table = table
        self._content = content
        self._path = path

    def __len__(self) -> int:
        return len(self._table.rows)

    @overload
    def __getitem__(self, index: int) -> Checkpoint: ...
    @overload
    def __getitem__(self, index: slice) -> list[Checkpoint]: ...
    def __getitem__(self, index: int | slice) -> Checkpoint | list[Checkpoint]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self))[index]
        return Checkpoint(self._table.rows[number], number, self._content, self._path)
