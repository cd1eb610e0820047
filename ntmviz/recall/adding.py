"""Items of a file for a lab that is there already: where each goes, what it is called, which record it points to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ntm_core.recall.operations import Store
from ntmviz.errors import NtmvizError
from ntmviz.wording import grouped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ntm_core.recall.recall_config import RecallConfig
    from ntm_core.recall.references import Reference
    from ntmviz.recall.ready import NewItem


@dataclass(frozen=True, slots=True)
class Addition:
    """What is done to store items."""

    operations: tuple[Store, ...]
    names: Mapping[int, str]
    """By number, of items that are new"""
    pointers: Mapping[int, Reference]
    """By number, of items that are rows of a dataset in the folder of records"""


def addition(
    items: Sequence[NewItem],
    pointers: Mapping[int, Reference],
    config: RecallConfig,
    names: Sequence[str],
    free: Sequence[int],
) -> Addition:
    """Store every item in a free row: of the segment it names, or else of the one that has most.

    pointers: by place among the items.   names: of the items there are, by number.   free: rows of each segment.
    Raises NtmvizError, one line, where words have another size or there is no room; nothing is stored then.
    """
    size = len(items[0].word)
    if size != config.word_size:
        raise NtmvizError(
            f"items of {config.word_size} numbers were wanted for this lab; these have {size}. Make a new lab of them: "
            "Recall, New lab from a file…"
        )
    if len(items) > sum(free):
        raise NtmvizError(
            f"{grouped(len(items))} free rows were wanted; this lab has {grouped(sum(free))}. Take a part of the file, "
            "or make a new lab of it"
        )
    known = {name: number for number, name in reversed(list(enumerate(names))) if name}
    left, places = list(free), config.parts.names
    count = len(names)
    operations, new_names, pointed = [], {}, {}
    for place, item in enumerate(items):
        number = known.get(item.name)
        if number is None:
            number, count = count, count + 1
            known[item.name], new_names[number] = number, item.name
        wished = places.index(item.segment) if item.segment in places else -1
        segment = wished if wished >= 0 and left[wished] else max(range(len(left)), key=left.__getitem__)
        left[segment] -= 1
        operations.append(Store(item.word, item=number, segment=segment if len(places) > 1 else None))
        if place in pointers:
            pointed[number] = pointers[place]
    if count > config.items:
        raise NtmvizError(
            f"this memory tells {config.items} items apart, and with these there would be {count}; make a new lab of "
            "the file"
        )
    return Addition(tuple(operations), new_names, pointed)
