"""The networks there are, by name. A new one is a file of its own and one line here."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

from ntm_core import checks, seeding
from ntm_core.ntm import NTM, NTMConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ntm_core.network import MemoryNetwork


class Architecture(NamedTuple):
    """A network and the settings it takes."""

    network: type[MemoryNetwork[Any, Any]]
    config: type[Any]
    """A frozen dataclass that has inputs, outputs, to_json and from_json (`network.Config`)."""


MODELS: Mapping[str, Architecture] = {
    NTM.name: Architecture(NTM, NTMConfig),
}


def settings(name: str) -> tuple[str, ...]:
    """The settings that `build` takes for a model. Raises ConfigError if there is no such model."""
    return tuple(each.name for each in fields(_architecture(name).config) if each.name not in ("inputs", "outputs"))


def build(name: str, inputs: int, outputs: int, *, seed: int | None = None, **chosen: Any) -> MemoryNetwork[Any, Any]:
    """A new network; equal seeds give equal weights. Raises ConfigError on a name, setting or value that can't be."""
    checks.known(f"a setting of model {name!r}", chosen, settings(name))
    architecture = _architecture(name)
    return _new(architecture, architecture.config(inputs=inputs, outputs=outputs, **chosen), seed)


def from_json(name: str, plain: Mapping[str, Any]) -> MemoryNetwork[Any, Any]:
    """A new network with the settings that its config's `to_json` wrote. Raises ConfigError on anything else."""
    architecture = _architecture(name)
    return _new(architecture, architecture.config.from_json(plain), None)


def _architecture(name: str) -> Architecture:
    checks.known("a model", (name,), MODELS)
    return MODELS[name]


def _new(architecture: Architecture, config: Any, seed: int | None) -> MemoryNetwork[Any, Any]:
    return architecture.network(config, None if seed is None else seeding.generator(seed))
