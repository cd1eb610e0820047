"""The checks that every settings dataclass makes of itself, so that their errors read alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from numbers import Integral, Real
from typing import Any, TypeVar

from ntm_core.errors import ConfigError

LARGEST = 3.4e38
"""What float32 holds, about."""

Choice = TypeVar("Choice", bound=StrEnum)


def whole(name: str, value: object, *, at_least: int) -> None:
    """Raises ConfigError unless value is an int (NumPy's too, no bool) of at least `at_least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < at_least:
        raise ConfigError(f"{name} is a whole number, at least {at_least}; got {value!r}")


def number(
    name: str,
    value: object,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    at_least: float | None = None,
    at_most: float | None = None,
) -> None:
    """Raises ConfigError unless value is a finite number between the limits; `above` and `below` are not included."""
    low, high = (-math.inf if at_least is None else at_least), (math.inf if at_most is None else at_most)
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not above < value < below or not low <= value <= high:  # type: ignore[operator]
        words = (("above", above), ("below", below), ("at least", low), ("at most", high))
        limits = [f"{word} {limit:g}" for word, limit in words if math.isfinite(limit)]
        raise ConfigError(f"{name} is a finite number {' and '.join(limits)}".rstrip() + f"; got {value!r}")


def vector(name: str, values: object) -> tuple[float, ...]:
    """The numbers of a sequence or array of one axis. Raises ConfigError on anything else."""
    try:
        numbers = tuple(float(value) for value in values)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        raise ConfigError(f"{name} is a sequence of numbers; got {values!r}") from None
    for value in numbers:
        number(name, value, at_least=-LARGEST, at_most=LARGEST)
    return numbers


def text(name: str, value: object) -> None:
    """Raises ConfigError unless value is a string without control characters."""
    if not isinstance(value, str) or any(ord(each) < 32 for each in value):
        raise ConfigError(f"{name} is a text of one line; got {value!r}")


def switch(name: str, value: object) -> None:
    """Raises ConfigError unless value is True or False."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name} is true or false; got {value!r}")


def in_order(low_name: str, low: int, high_name: str, high: int) -> None:
    """Raises ConfigError unless low is at most high."""
    if high < low:
        raise ConfigError(f"{high_name} is at least {low_name}, {low}; got {high}")


def share(name: str, value: object) -> None:
    """Raises ConfigError unless value is a number from 0 up to but not including 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ConfigError(f"{name} is a number from 0 and below 1; got {value!r}")


def choice(name: str, value: str, kind: type[Choice]) -> Choice:
    """The member of an enumeration that value is or spells. Raises ConfigError, listing the members."""
    try:
        return kind(value)
    except ValueError:
        raise ConfigError(f"{name} is one of {listed(kind)}; got {value!r}") from None


def known(what: str, names: Iterable[str], valid: Iterable[str]) -> None:
    """Raises ConfigError for the first name that is not among the valid ones."""
    valid = tuple(valid)
    for name in names:
        if name not in valid:
            raise ConfigError(f"{what} is one of {listed(valid)}; got {name!r}")


def listed(names: Iterable[str]) -> str:
    """Names for a person to read."""
    return ", ".join(sorted(str(name) for name in names))


def plain_settings(what: str, plain: object, valid: Iterable[str]) -> Mapping[str, Any]:
    """`plain` itself, if it is a JSON object with no name outside the valid ones. Raises ConfigError otherwise."""
    if not isinstance(plain, Mapping):
        raise ConfigError(f"settings of {what} are a JSON object; got {plain!r}")
    known(f"a setting of {what}", plain, valid)
    return plain


def present(what: str, plain: Mapping[str, Any], wanted: Iterable[str]) -> None:
    """Raises ConfigError for the first name that plain lacks."""
    for name in wanted:
        if name not in plain:
            raise ConfigError(f"{what} needs a setting {name!r}; got {listed(plain)}")
