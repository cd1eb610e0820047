"""Commands and events as plain JSON objects, and back, checked field by field: they cross from process to process."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Protocol, TypeVar

from ntm_core.errors import MessageError


class Message(Protocol):
    """A dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


M = TypeVar("M", bound=Message)
KIND = "kind"
"""The key that names the class of a message."""


def to_json(message: Message) -> dict[str, Any]:
    """The message as a JSON object; its class is named under "kind"."""
    return {KIND: type(message).__name__, **asdict(message)}


def from_json(plain: object, kinds: Mapping[str, type[M]]) -> M:
    """The message that `to_json` wrote, if its class is among `kinds`. Raises MessageError on anything else."""
    name = plain.get(KIND) if isinstance(plain, Mapping) else None
    if not isinstance(plain, Mapping) or not isinstance(name, str) or name not in kinds:
        raise MessageError(f"a message is a JSON object whose {KIND!r} is one of {', '.join(kinds)}; got {plain!r}")
    kind = kinds[name]
    wanted = typing.get_type_hints(kind)
    given = {str(name): value for name, value in plain.items() if name != KIND}
    for name in given:
        if name not in wanted:
            raise MessageError(f"{kind.__name__} has fields {', '.join(wanted)}; got {name!r}")
    try:
        return kind(**{name: _checked(kind, name, value, wanted[name]) for name, value in given.items()})
    except TypeError:
        raise MessageError(f"{kind.__name__} has fields {', '.join(wanted)}; got only {', '.join(given)}") from None


def by_name(*kinds: type[M]) -> dict[str, type[M]]:
    """Classes by the name they have in JSON."""
    return {kind.__name__: kind for kind in kinds}


def _checked(kind: type[Any], name: str, value: object, wanted: Any) -> object:
    """The value in the type its field names: int, float, bool, str, a tuple of one type, or one of several."""
    options = typing.get_args(wanted) if isinstance(wanted, types.UnionType) else (wanted,)
    for option in options:
        if typing.get_origin(option) is tuple and isinstance(value, list | tuple):
            inner = typing.get_args(option)[0]
            return tuple(_checked(kind, name, each, inner) for each in value)
        if option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if isinstance(option, type) and isinstance(value, option) and isinstance(value, bool) == (option is bool):
            return value
    raise MessageError(f"field {name!r} of {kind.__name__} is {wanted}; got {value!r}")
