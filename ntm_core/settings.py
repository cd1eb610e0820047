"""Settings that describe and check themselves: each says its default, its limits and what people call it, once.

Needs no torch: a form is made from them in a process that computes nothing.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Self

from ntm_core import checks

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = "setting"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as people meet it. `low` and `high` are included, `above` and `below` are not."""

    name: str
    kind: type[Any]
    """int, float, bool or an enumeration of strings."""
    default: Any
    text: str
    """Its label in a form."""
    tip: str = ""
    low: float | None = None
    high: float | None = None
    above: float = -math.inf
    below: float = math.inf
    is_loose: bool = False
    """Whether weights that were learned with another value fit all the same."""
    offered: int = 0
    """The greatest whole number that a form offers; greater ones are taken all the same."""

    def checked(self, value: Any) -> Any:
        """The value, made a member where the kind is an enumeration. Raises ConfigError on one that can't be."""
        if issubclass(self.kind, StrEnum):
            return checks.choice(self.name, value, self.kind)
        if self.kind is bool:
            checks.switch(self.name, value)
        elif self.kind is int:
            checks.whole(self.name, value, at_least=int(self.low or 0))
        else:
            checks.number(self.name, value, above=self.above, below=self.below, at_least=self.low, at_most=self.high)
        return value


def whole(default: int, text: str, tip: str = "", *, low: int = 1, offered: int = 10_000) -> Any:
    """A field of a settings dataclass: a whole number, at least `low`."""
    return _field(Setting("", int, default, text, tip, low, offered=offered))


def number(
    default: float,
    text: str,
    tip: str = "",
    *,
    low: float | None = None,
    high: float | None = None,
    above: float = -math.inf,
    below: float = math.inf,
    is_loose: bool = False,
) -> Any:
    """A field of a settings dataclass: a finite number."""
    return _field(Setting("", float, default, text, tip, low, high, above, below, is_loose))


def choice(default: StrEnum, text: str, tip: str = "", *, is_loose: bool = False) -> Any:
    """A field of a settings dataclass: a member of an enumeration."""
    return _field(Setting("", type(default), default, text, tip, is_loose=is_loose))


def switch(default: bool, text: str, tip: str = "") -> Any:
    """A field of a settings dataclass: on or off."""
    return _field(Setting("", bool, default, text, tip))


def described(kind: type[Any]) -> tuple[Setting, ...]:
    """The settings of a settings dataclass, in order."""
    return tuple(
        dataclasses.replace(each.metadata[_KEY], name=each.name) for each in fields(kind) if _KEY in each.metadata
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Base of the settings of a model, a task or a trainer. Raises ConfigError on values that can't be."""

    what: ClassVar[str] = "this"
    """What they are the settings of, in messages."""

    def __post_init__(self) -> None:
        for each in described(type(self)):
            object.__setattr__(self, each.name, each.checked(getattr(self, each.name)))

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and strings; `from_json` gives equal settings back."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: str(value) if isinstance(value, str) else value for name, value in values.items()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """The settings that `to_json` wrote; what is missing takes its default. Raises ConfigError on anything else."""
        plain = checks.plain_settings(cls.what, plain, (each.name for each in fields(cls)))
        needed = (each.name for each in fields(cls) if each.default is dataclasses.MISSING)
        checks.present(cls.what, plain, needed)
        return cls(**plain)


def _field(setting: Setting) -> Any:
    return dataclasses.field(default=setting.default, metadata={_KEY: setting})
