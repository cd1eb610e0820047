"""What a hand does to the associative memory, each one step, and the vector of numbers that a step gets of it.

An operation is a frozen dataclass; `vector` makes the input of a step of it and `of_vector` reads one back, so that an
episode's recorded inputs tell what was done. Needs no torch.

An input has 1 on the channel of its kind, then the settings in the order of SETTINGS, then a word (what is stored, or
the cue) and a mask of it. All zeros is nothing: no time passes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from ntm_core import checks
from ntm_core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STRENGTH = 20.0
"""Of a key, where nothing else is asked for: sharp among words of some dozen numbers."""
MOST_PROMINENCE = 4.0
"""Above 1 it runs away to one row; `prominence.stability` says so, and a hand may look at that."""

Word: TypeAlias = "tuple[float, ...]"


class Kind(IntEnum):
    """Operations, by the channel that is 1."""

    WAIT = 0
    STORE = 1
    RECALL = 2
    FOLLOW = 3
    PRIME = 4
    REPLAY = 5
    LESION = 6


class Among(IntEnum):
    """Which store is looked in."""

    ALL = 0
    SHORT_TERM = 1
    LONG_TERM = 2


SETTINGS = (
    "elapsed",
    "item",
    "location",
    "segment",
    "gate",
    "erase",
    "blur",
    "ends_event",
    "strength",
    "prominence",
    "priming",
    "link_priming",
    "goes_on",
    "among",
    "direction",
    "sharpness",
    "amount",
    "draw",
    "cuts_writes",
    "cuts_reads",
)
"""Names of the channels between the kinds and the word."""
COUNTED_FROM_ONE = ("item", "location", "segment")
"""Settings that are 0 where there is none."""
MOST_SEGMENTS = 24
"""A recall of several segments names segments below this: the channel of the segment then has, negative, the sum of 2
to the power of each, which float32 holds exactly."""


def size(word_size: int) -> int:
    """Numbers of an input."""
    return len(Kind) + len(SETTINGS) + 2 * word_size


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing but time."""

    kind: ClassVar[Kind] = Kind.WAIT
    elapsed: float = 1.0
    """Steps that pass; may be a part of one."""

    def __post_init__(self) -> None:
        _in_limits(self)


@dataclass(frozen=True, slots=True)
class Store:
    """Write a word to a row: the given one, or the first free one of the segment."""

    kind: ClassVar[Kind] = Kind.STORE
    word: Word
    item: int | None = None
    """What the word is of, a number below the memory's items."""
    location: int | None = None
    segment: int | None = None
    """The router chooses if None, where the row is not given either. Where it is given, the router learns from it."""
    gate: float = 1.0
    """How much is written."""
    erase: float = 1.0
    """How much of what was there makes room."""
    blur: float = 0.0
    """How much of the write goes to the two rows beside, within the segment."""
    ends_event: bool = False
    """Whether what is stored next is no longer linked to this: an extension, a DNC's precedence never ends."""
    elapsed: float = 1.0

    def __post_init__(self) -> None:
        _in_limits(self)


@dataclass(frozen=True, slots=True)
class Recall:
    """Read by content: what resembles a cue, or the word that the step before recalled."""

    kind: ClassVar[Kind] = Kind.RECALL
    cue: Word | None = None
    """None: goes on with what was recalled last."""
    mask: Word | None = None
    """Which numbers of the cue are compared, 0 to 1; all if None."""
    strength: float = STRENGTH
    prominence: float = 0.0
    """lambda: how much rows that were recalled of late come first."""
    priming: float = 0.0
    """mu: how much rows that were recalled together with recent ones come first."""
    link_priming: float = 0.0
    """The same for rows written right before or after recent ones."""
    segment: int | None = None
    among: Among = Among.ALL
    elapsed: float = 1.0
    segments: tuple[int, ...] | None = None
    """Instead of one segment several, looked in as if they were one and there were no others; no router is asked."""

    def __post_init__(self) -> None:
        _in_limits(self)


@dataclass(frozen=True, slots=True)
class Follow:
    """Read what was written right after, or before, what the step before recalled."""

    kind: ClassVar[Kind] = Kind.FOLLOW
    direction: int = 1
    """1 is later, -1 earlier."""
    sharpness: float = 1.0
    """1 follows links as they are; more undoes their blur (Csordas and Schmidhuber 2019)."""
    elapsed: float = 1.0

    def __post_init__(self) -> None:
        _in_limits(self)


@dataclass(frozen=True, slots=True)
class Prime:
    """Activate what resembles a cue without recalling it: it is not read, nor counted as recalled."""

    kind: ClassVar[Kind] = Kind.PRIME
    cue: Word | None = None
    mask: Word | None = None
    strength: float = STRENGTH
    segment: int | None = None
    amount: float = 1.0
    """Of activation; a recall gives 1."""
    elapsed: float = 1.0
    segments: tuple[int, ...] | None = None
    """As of a recall."""

    def __post_init__(self) -> None:
        _in_limits(self)


@dataclass(frozen=True, slots=True)
class Replay:
    """Move the long-term copy of one short-term row towards it, drawn in proportion to its prominence."""

    kind: ClassVar[Kind] = Kind.REPLAY
    draw: float
    """Which row, 0 to 1 along all of them: give a random number."""
    elapsed: float = 0.0

    def __post_init__(self) -> None:
        _in_limits(self)


@dataclass(frozen=True, slots=True)
class Lesion:
    """Cut writing or reading from here on, or wipe a segment. There is no cure but to step back."""

    kind: ClassVar[Kind] = Kind.LESION
    cuts_writes: bool = False
    cuts_reads: bool = False
    segment: int | None = None
    elapsed: float = 0.0

    def __post_init__(self) -> None:
        _in_limits(self)


Operation: TypeAlias = Wait | Store | Recall | Follow | Prime | Replay | Lesion
OPERATIONS: dict[Kind, type[Operation]] = {
    each.kind: each for each in (Wait, Store, Recall, Follow, Prime, Replay, Lesion)
}
_LIMITS: dict[str, tuple[float, float]] = {
    "elapsed": (0, 1e6),
    "gate": (0, 1),
    "erase": (0, 1),
    "blur": (0, 1),
    "strength": (0, 1e4),
    "prominence": (0, MOST_PROMINENCE),
    "priming": (0, 100),
    "link_priming": (0, 100),
    "sharpness": (1, 1e4),
    "amount": (0, 100),
    "draw": (0, 1),
}


def vector(operation: Operation, word_size: int) -> Word:
    """The input of a step. Raises ConfigError on a word or mask of another size."""
    settings = dict.fromkeys(SETTINGS, 0.0)
    word: Sequence[float] = [0.0] * word_size
    mask: Sequence[float] = [1.0] * word_size
    for name, value in _values(operation):
        if name == "segments":
            settings["segment"] -= sum(2.0**each for each in value or ())
        elif name in ("word", "cue"):
            settings["goes_on"] = float(value is None)
            word = word if value is None else _sized(name, value, word_size)
        elif name == "mask":
            mask = mask if value is None else _sized(name, value, word_size)
        elif name in COUNTED_FROM_ONE:
            settings[name] = 0.0 if value is None else value + 1.0
        else:
            settings[name] = float(value)
    kinds = [float(kind is operation.kind) for kind in Kind]
    return (*kinds, *settings.values(), *word, *mask)


def of_vector(numbers: Iterable[float], word_size: int) -> Operation | None:
    """The operation whose input this is; None for an input of zeros. Raises ConfigError on one of no operation."""
    values = [float(each) for each in numbers]
    if len(values) != size(word_size):
        raise ConfigError(f"an input of {size(word_size)} numbers was wanted; got {len(values)}")
    if not any(values):
        return None
    kinds, rest = values[: len(Kind)], values[len(Kind) :]
    if sorted(kinds) != [0.0] * (len(Kind) - 1) + [1.0]:
        raise ConfigError(f"a 1 on one of the first {len(Kind)} channels, the operation, was wanted; got {kinds}")
    made = OPERATIONS[Kind(kinds.index(1.0))]
    settings = dict(zip(SETTINGS, rest, strict=False))
    word, mask = tuple(rest[len(SETTINGS) : -word_size]), tuple(rest[-word_size:])
    given: dict[str, Any] = {}
    for each in fields(made):
        if each.name in ("word", "cue"):
            given[each.name] = None if settings["goes_on"] else word
        elif each.name == "mask":
            given["mask"] = None if set(mask) == {1.0} else mask
        elif each.name == "segments":
            given["segments"] = _segments_of(settings["segment"])
        elif each.name in COUNTED_FROM_ONE:
            given[each.name] = round(settings[each.name]) - 1 if settings[each.name] > 0 else None
        else:
            given[each.name] = settings[each.name]
    return made(**given)


def words(operation: Operation) -> str:
    """An operation in a few words, as the label of a fork has them: what sets it apart from the plain one."""
    match operation:
        case Store():
            return "store" if operation.location is None else f"store in row {operation.location}"
        case Recall():
            terms = ((name, getattr(operation, name)) for name in ("prominence", "priming", "link_priming"))
            told = [f"{name.replace('_', ' ')} {value:g}" for name, value in terms if value]
            what = "recall on" if operation.cue is None else "recall"
            return f"{what}, {', '.join(told)}" if told else what
        case Follow():
            return "follow on" if operation.direction > 0 else "follow back"
        case Lesion():
            cuts = ("writing", operation.cuts_writes), ("reading", operation.cuts_reads)
            told = [f"{name} cut" for name, is_cut in cuts if is_cut]
            told += [] if operation.segment is None else [f"segment {operation.segment} wiped"]
            return ", ".join(told) or "lesion of nothing"
        case Wait():
            return f"wait {operation.elapsed:g}"
        case _:
            return operation.kind.name.lower()


def _values(operation: Operation) -> list[tuple[str, Any]]:
    return [(each.name, getattr(operation, each.name)) for each in fields(operation)]


def _in_limits(operation: Operation) -> None:
    """Make values what they are declared to be. Raises ConfigError on one that can't be."""
    for name, value in _values(operation):
        made: Any = value
        if name in ("word", "cue", "mask"):
            made = None if value is None and name != "word" else checks.vector(f"a {name}", value)
            if name == "mask" and made is not None:
                for each in made:
                    checks.number("a number of a mask", each, at_least=0, at_most=1)
        elif name == "segments":
            made = None if value is None else _several(operation, value)
        elif name in COUNTED_FROM_ONE:
            if value is not None:
                checks.whole(name, value, at_least=0)
                made = int(value)
        elif name == "among":
            made = _among(value)
        elif name == "direction":
            if value not in (1, -1):
                raise ConfigError(f"direction is 1, to what was written later, or -1; got {value!r}")
            made = int(value)
        elif name in _LIMITS:
            low, high = _LIMITS[name]
            checks.number(name, value, at_least=low, at_most=high)
            made = float(value)
        else:
            if value not in (0, 1):
                raise ConfigError(f"{name} is true or false; got {value!r}")
            made = bool(value)
        object.__setattr__(operation, name, made)


def _several(operation: Operation, value: Any) -> tuple[int, ...]:
    """Segments of a recall, each once and in order."""
    for each in value:
        checks.whole("a segment", each, at_least=0)
    made = tuple(sorted({int(each) for each in value}))
    if not made or made[-1] >= MOST_SEGMENTS or getattr(operation, "segment", None) is not None:
        raise ConfigError(f"one segment, or of segments some below {MOST_SEGMENTS}, were wanted; got {value!r}")
    return made


def _segments_of(number: float) -> tuple[int, ...] | None:
    """The segments that the number of a channel tells of; None where it tells of one or none."""
    told = -round(number)
    return tuple(at for at in range(MOST_SEGMENTS) if told >> at & 1) if told > 0 else None


def _among(value: Any) -> Among:
    try:
        return Among(value)
    except ValueError:
        raise ConfigError(f"among is one of {', '.join(f'{each:d}' for each in Among)}; got {value!r}") from None


def _sized(name: str, value: Word, word_size: int) -> Word:
    if len(value) != word_size or not all(map(math.isfinite, value)):
        raise ConfigError(f"a {name} of {word_size} numbers was wanted; got {len(value)}")
    return value
