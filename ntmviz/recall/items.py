"""The things that an associative memory holds, by name: told to the session as events, so that a recording knows them.

An item is a number to the memory; what it is called is for people. The names are part of the session, told once each,
and a number never changes its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from sessions import Recording

EVENT = "item"
"""Kind of the event that names one: its text is the number, a space and the name."""
MODEL = "recall"
"""Name of the associative memory in the registry."""
LONGEST = 24
"""Letters of a name."""
NOT_JUDGED = "This memory is worked by hand: nothing was learned whose health could be judged."


def is_lab(recording: Recording | None) -> bool:
    """Whether a session is of an associative memory."""
    return recording is not None and recording.info.model == MODEL


def told(names: Mapping[int, str]) -> list[str]:
    """Texts of the events that name items."""
    return [f"{number} {name}" for number, name in names.items()]


def names_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Names by number, from the texts of a session's events; "" for a number that was never named."""
    found: dict[int, str] = {}
    for text in texts:
        number, _, name = text.partition(" ")
        if number.isascii() and number.isdigit() and int(number) < 2**16:
            found.setdefault(int(number), name)
    return tuple(found.get(number, "") for number in range(max(found, default=-1) + 1))


def names_of(recording: Recording) -> tuple[str, ...]:
    """Names of the items of a session."""
    return names_in(event.text for event in recording.events if event.kind == EVENT)


def owners(record: Mapping[str, NDArray[np.floating]]) -> NDArray[np.intp]:
    """The item that most of each row was written for, (N,); -1 where it was written for none."""
    owned = record.get("ownership")
    if owned is None or not owned.shape[1]:
        return np.full(len(record["usage"]), -1)
    return np.where(owned.max(1) > 0, owned.argmax(1), -1)


def row_names(record: Mapping[str, NDArray[np.floating]], names: Sequence[str]) -> tuple[str, ...]:
    """What each row is called: "" where it was never written, its number where it has no name."""
    return tuple(
        "" if used <= 0 else names[item] if 0 <= item < len(names) and names[item] else f"row {row}"
        for row, (used, item) in enumerate(zip(record["usage"], owners(record), strict=True))
    )
